/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins the edges before and after redistribution, trims them, and finds the knots and what they turn
 * round.
 */
#include "analyzer/analyses/waitgraph.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/run.h"
#include "analyzer/thread.h"
#include "analyzer/words.h"

#define OBJECTS_MAX ((size_t)1 << 16)

/* Numbers of what is waited for: states, then GILs and words in turns. */
#define GILS_MAX (UINT32_C(1) << 30)

static uint32_t object_number(enum thread_state state, const struct wait_for *wait)
{
	if (state == STATE_WAIT_GIL && wait->gil && wait->gil < GILS_MAX)
		return STATE_CNT + 2 * (uint32_t)wait->gil;
	return wait->word ? STATE_CNT + 2 * wait->word->slot + 1 : (uint32_t)state;
}

static void object_name(const struct waitgraph *graph, uint32_t number, struct wait_knot *knot)
{
	if (number < STATE_CNT) {
		knot->state = number;
		return;
	}
	number -= STATE_CNT;
	if (number % 2)
		knot->word = graph->words->words[number / 2];
	else
		knot->gil = number / 2;
}

static bool is_contention(enum thread_state state)
{
	return state == STATE_WAIT_GIL || state == STATE_WAIT_LOCK || state == STATE_WAIT_KLOCK;
}

static int waitgraph_change(void *ctx, const struct change *change)
{
	struct waitgraph *graph = ctx;

	if (!is_contention(change->from))
		return 0;
	return shares_add(&graph->objects, OBJECTS_MAX, change->thread->slot,
			  object_number(change->from, &change->from_wait), SHARE_CONTENTION,
			  change->at_ns - change->since_ns);
}

/* Of all other waits, those for a thread. */
static int waitgraph_edge(void *ctx, const struct edge *edge)
{
	struct waitgraph *graph = ctx;

	if (!edge->waker || edge->ended == STATE_CNT || is_contention(edge->ended))
		return 0;
	return shares_add(&graph->objects, OBJECTS_MAX, edge->wakee->slot,
			  object_number(edge->ended, &edge->wait), SHARE_REST, edge->at_ns - edge->since_ns);
}

static int place_compare(const void *left, const void *right)
{
	const struct wait_edge *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

static int size_compare(const void *left, const void *right)
{
	const struct wait_edge *a = left, *b = right;

	if (a->handed_ns != b->handed_ns)
		return a->handed_ns > b->handed_ns ? -1 : 1;
	if (a->waits_ns != b->waits_ns)
		return a->waits_ns > b->waits_ns ? -1 : 1;
	return place_compare(left, right);
}

static int knot_compare(const void *left, const void *right)
{
	const struct wait_knot *a = left, *b = right;

	if (a->waits_ns != b->waits_ns)
		return a->waits_ns > b->waits_ns ? -1 : 1;
	return (a->members[0] > b->members[0]) - (a->members[0] < b->members[0]);
}

/* By their places, before and after redistribution in one. */
static int edges_join(struct waitgraph *graph)
{
	const struct shares *waits = &graph->blame->shares, *handed = &graph->blame->handed;
	size_t cnt = 0;

	graph->edges = calloc(waits->cnt + handed->cnt + 1, sizeof(*graph->edges));
	if (!graph->edges)
		return -ENOMEM;
	for (size_t i = 0; i < waits->cnt; i++)
		graph->edges[cnt++] = (struct wait_edge){ .from = waits->shares[i].from,
			.to = waits->shares[i].to, .waits_ns = share_sum(&waits->shares[i]) };
	for (size_t i = 0; i < handed->cnt; i++)
		graph->edges[cnt++] = (struct wait_edge){ .from = handed->shares[i].from,
			.to = handed->shares[i].to, .handed_ns = share_sum(&handed->shares[i]) };
	qsort(graph->edges, cnt, sizeof(*graph->edges), place_compare);
	for (size_t i = 0; i < cnt; i++) {
		struct wait_edge *last = graph->edges + graph->edges_cnt - 1;

		if (graph->edges_cnt && !place_compare(last, &graph->edges[i])) {
			last->waits_ns += graph->edges[i].waits_ns;
			last->handed_ns += graph->edges[i].handed_ns;
		} else {
			graph->edges[graph->edges_cnt++] = graph->edges[i];
		}
	}
	return 0;
}

/* The edges that count, in the same order; returns how many. */
static size_t edges_trim(struct waitgraph *graph, struct wait_edge *ret_edges)
{
	size_t cnt = 0;

	for (size_t i = 0; i < graph->edges_cnt; i++) {
		const struct wait_edge *edge = &graph->edges[i];

		if (edge->from >= graph->blame->threads_cnt || edge->to >= graph->blame->threads_cnt)
			continue;
		if (edge->handed_ns && edge->handed_ns >= graph->trim_ns)
			ret_edges[cnt++] = *edge;
		else
			graph->trimmed_ns += edge->handed_ns;
	}
	return cnt;
}

/* By component: the waits inside, or UINT64_MAX if an edge leaves it. */
static void inner_sum(const struct wait_edge *edges, size_t cnt, const uint32_t *components, uint64_t *inner_ns)
{
	for (size_t i = 0; i < cnt; i++) {
		uint32_t from = components[edges[i].from];

		if (from != components[edges[i].to])
			inner_ns[from] = UINT64_MAX;
		else if (inner_ns[from] != UINT64_MAX)
			inner_ns[from] += edges[i].handed_ns;
	}
}

/* Of each knot, the object that its members waited for longest. */
static int objects_find(struct waitgraph *graph, const uint32_t *components, const uint32_t *knot_of)
{
	struct shares sums = { 0 };
	uint64_t *most_ns = calloc(graph->knots_cnt + 1, sizeof(*most_ns));
	int err = most_ns ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < graph->objects.cnt; i++) {
		const struct share *object = &graph->objects.shares[i];

		if (object->from != SEVERAL && knot_of[components[object->from]])
			err = shares_add(&sums, SIZE_MAX, knot_of[components[object->from]] - 1, object->to,
					 SHARE_REST, share_sum(object));
	}
	for (size_t i = 0; !err && i < sums.cnt; i++) {
		const struct share *sum = &sums.shares[i];
		struct wait_knot *knot = &graph->knots[sum->from];

		if (share_sum(sum) <= most_ns[sum->from])
			continue;
		most_ns[sum->from] = share_sum(sum);
		knot->state = STATE_CNT;
		knot->gil = 0;
		knot->word = NULL;
		object_name(graph, sum->to, knot);
	}
	shares_clear(&sums);
	free(most_ns);
	return err;
}

/* knot_of: by component, 1 + place, 0 = none. */
static int knots_fill(struct waitgraph *graph, const uint32_t *components, const uint64_t *inner_ns,
		      uint32_t *knot_of)
{
	size_t threads_cnt = graph->blame->threads_cnt, members_cnt = 0;

	graph->members = calloc(threads_cnt + 1, sizeof(*graph->members));
	graph->knots = calloc(threads_cnt + 1, sizeof(*graph->knots));
	if (!graph->members || !graph->knots)
		return -ENOMEM;
	for (size_t i = 0; i < threads_cnt; i++)
		if (inner_ns[components[i]] && inner_ns[components[i]] != UINT64_MAX) {
			if (!knot_of[components[i]]) {
				knot_of[components[i]] = (uint32_t)++graph->knots_cnt;
				graph->knots[graph->knots_cnt - 1].waits_ns = inner_ns[components[i]];
				graph->knots[graph->knots_cnt - 1].state = STATE_CNT;
			}
			graph->knots[knot_of[components[i]] - 1].members_cnt++;
		}
	for (size_t i = 0; i < graph->knots_cnt; i++) {
		graph->knots[i].members = graph->members + members_cnt;
		members_cnt += graph->knots[i].members_cnt;
		graph->knots[i].members_cnt = 0;
	}
	for (size_t i = 0; i < threads_cnt; i++)
		if (knot_of[components[i]]) {
			struct wait_knot *knot = &graph->knots[knot_of[components[i]] - 1];

			graph->members[(size_t)(knot->members - graph->members) + knot->members_cnt++] =
				(uint32_t)i;
		}
	return 0;
}

static int knots_find(struct waitgraph *graph)
{
	size_t threads_cnt = graph->blame->threads_cnt, cnt;
	struct wait_edge *edges = calloc(graph->edges_cnt + 1, sizeof(*edges));
	uint32_t *components = calloc(threads_cnt + 1, sizeof(*components));
	uint32_t *knot_of = calloc(threads_cnt + 1, sizeof(*knot_of));
	uint64_t *inner_ns = calloc(threads_cnt + 1, sizeof(*inner_ns));
	int err = -ENOMEM;

	if (edges && components && knot_of && inner_ns) {
		cnt = edges_trim(graph, edges);
		err = components_find(edges, cnt, (uint32_t)threads_cnt, components);
		if (!err)
			inner_sum(edges, cnt, components, inner_ns);
	}
	if (!err)
		err = knots_fill(graph, components, inner_ns, knot_of);
	if (!err)
		err = objects_find(graph, components, knot_of);
	free(edges);
	free(components);
	free(knot_of);
	free(inner_ns);
	return err;
}

static int waitgraph_end(void *ctx, const struct run *run)
{
	struct waitgraph *graph = ctx;
	int err;

	graph->trim_ns = (run->end_ns - run->start_ns) / WAITGRAPH_TRIM;
	err = edges_join(graph);
	if (!err)
		err = knots_find(graph);
	if (err)
		return err;
	qsort(graph->edges, graph->edges_cnt, sizeof(*graph->edges), size_compare);
	qsort(graph->knots, graph->knots_cnt, sizeof(*graph->knots), knot_compare);
	return 0;
}

void waitgraph_clear(struct waitgraph *graph)
{
	shares_clear(&graph->objects);
	free(graph->edges);
	free(graph->knots);
	free(graph->members);
	*graph = (struct waitgraph){ 0 };
}

const struct sink waitgraph_sink = {
	.name = "waitgraph",
	.change = waitgraph_change,
	.edge = waitgraph_edge,
	.end = waitgraph_end,
};
