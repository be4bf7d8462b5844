/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tarjan's search: depth first, without recursion, as chains may be as long as there are threads.
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/analyses/waitgraph.h"

struct vertex {
	size_t next, end;	/* edges that were not gone along yet */
	uint32_t order;		/* when it was met, 0 = not yet */
	uint32_t low;		/* the first met that is known to be reached from it */
	uint32_t caller;	/* 1 + the vertex that it was met from */
	bool open;		/* met, and in no component yet */
};

struct search {
	const struct wait_edge *edges;
	struct vertex *vertices;
	uint32_t *open;
	uint32_t open_cnt, met_cnt, components_cnt;
	uint32_t *components;
};

static void vertex_meet(struct search *search, uint32_t at, uint32_t caller)
{
	struct vertex *vertex = &search->vertices[at];

	vertex->order = vertex->low = ++search->met_cnt;
	vertex->caller = caller;
	vertex->open = true;
	search->open[search->open_cnt++] = at;
}

static void low_take(struct vertex *vertex, uint32_t low)
{
	if (low < vertex->low)
		vertex->low = low;
}

/* All that were met since are of its component. */
static void component_close(struct search *search, uint32_t at)
{
	uint32_t member;

	do {
		member = search->open[--search->open_cnt];
		search->vertices[member].open = false;
		search->components[member] = search->components_cnt;
	} while (member != at);
	search->components_cnt++;
}

static void search_from(struct search *search, uint32_t root)
{
	uint32_t at = root;

	vertex_meet(search, root, 0);
	for (;;) {
		struct vertex *vertex = &search->vertices[at];

		if (vertex->next < vertex->end) {
			uint32_t to = search->edges[vertex->next++].to;

			if (!search->vertices[to].order) {
				vertex_meet(search, to, at + 1);
				at = to;
			} else if (search->vertices[to].open) {
				low_take(vertex, search->vertices[to].order);
			}
			continue;
		}
		if (vertex->low == vertex->order)
			component_close(search, at);
		if (!vertex->caller)
			return;
		at = vertex->caller - 1;
		low_take(&search->vertices[at], vertex->low);
	}
}

int components_find(const struct wait_edge *edges, size_t edges_cnt, uint32_t cnt, uint32_t *ret_components)
{
	struct search search = { .edges = edges, .components = ret_components };
	int err = 0;

	search.vertices = calloc((size_t)cnt + 1, sizeof(*search.vertices));
	search.open = calloc((size_t)cnt + 1, sizeof(*search.open));
	if (!search.vertices || !search.open)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < edges_cnt; i++) {
		struct vertex *vertex = &search.vertices[edges[i].from];

		if (!vertex->end)
			vertex->next = i;
		vertex->end = i + 1;
	}
	for (uint32_t i = 0; !err && i < cnt; i++)
		if (!search.vertices[i].order)
			search_from(&search, i);
	free(search.vertices);
	free(search.open);
	return err;
}
