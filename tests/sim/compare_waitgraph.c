/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knots, by their definition: from each thread, whom it can reach.
 */
#include <string.h>

#include "tests/sim/blame.h"
#include "tests/sim/memory.h"
#include "tests/sim/sides.h"

struct graph {
	size_t cnt;
	size_t (*edges)[2];	/* sorted by the first */
	size_t cap, edges_cnt;
	size_t *first;		/* by vertex, and one more */
	bool *reached;		/* from the vertex at hand */
	size_t *list, listed;
};

static void graph_make(struct graph *graph, const struct sides *sides, const struct sim_blame *blame)
{
	uint64_t trim_ns = (sides->story->end_ns - sides->story->start_ns) / WAITGRAPH_TRIM;

	*graph = (struct graph){ .cnt = blame->threads_cnt };
	graph->first = zalloc(graph->cnt + 1, sizeof(*graph->first));
	graph->reached = zalloc(graph->cnt, sizeof(*graph->reached));
	graph->list = zalloc(graph->cnt, sizeof(*graph->list));
	for (size_t i = 0; i < graph->cnt; i++) {
		for (size_t j = 0; j < graph->cnt; j++) {
			uint64_t ns = blame->handed_ns[i * blame->culprits_cnt + j];

			if (!ns || ns < trim_ns)
				continue;
			grow(&graph->edges, &graph->cap, graph->edges_cnt + 1, sizeof(*graph->edges));
			graph->edges[graph->edges_cnt][0] = i;
			graph->edges[graph->edges_cnt++][1] = j;
		}
		graph->first[i + 1] = graph->edges_cnt;
	}
}

static void graph_free(struct graph *graph)
{
	free(graph->edges);
	free(graph->first);
	free(graph->reached);
	free(graph->list);
}

static void vertex_reach(struct graph *graph, size_t from)
{
	for (size_t i = graph->first[from]; i < graph->first[from + 1]; i++) {
		size_t to = graph->edges[i][1];

		if (!graph->reached[to])
			graph->list[graph->listed++] = to;
		graph->reached[to] = true;
	}
}

/* All that can be reached along one edge or more. */
static void graph_reach(struct graph *graph, size_t from)
{
	memset(graph->reached, 0, graph->cnt * sizeof(*graph->reached));
	graph->listed = 0;
	vertex_reach(graph, from);
	for (size_t i = 0; i < graph->listed; i++)
		vertex_reach(graph, graph->list[i]);
}

/* Whom each of a knot reaches is that knot. */
static bool knot_same(struct sides *sides, struct graph *graph, const struct wait_knot *knot)
{
	for (size_t i = 0; i < knot->members_cnt; i++) {
		const struct thread *thread = sides->analysis->people.threads[knot->members[i]];

		graph_reach(graph, slot_of(sides, thread));
		if (!same(sides, "a knot, from thread", thread->id, "threads", graph->listed, knot->members_cnt))
			return false;
		for (size_t j = 0; j < knot->members_cnt; j++) {
			thread = sides->analysis->people.threads[knot->members[j]];
			if (!graph->reached[slot_of(sides, thread)])
				return differ(sides, "thread %zu is of a knot, not reached", j);
		}
	}
	return true;
}

/* It reaches somebody, and whomever it reaches reaches it. */
static bool is_in_knot(struct graph *graph, size_t vertex)
{
	size_t cnt, *list;
	bool back;

	graph_reach(graph, vertex);
	cnt = graph->listed;
	back = cnt && graph->reached[vertex];
	list = zalloc(cnt, sizeof(*list));
	memcpy(list, graph->list, cnt * sizeof(*list));
	for (size_t i = 0; back && i < cnt; i++) {
		graph_reach(graph, list[i]);
		back = graph->reached[vertex];
	}
	free(list);
	return back;
}

bool waitgraph_same(struct sides *sides, const struct sim_blame *wanted)
{
	const struct waitgraph *waitgraph = &sides->analysis->waitgraph;
	uint64_t members_cnt = 0, wanted_cnt = 0;
	struct graph graph;
	bool equal = true;

	/* Who waits for whom is not known then. */
	if (sides->analysis->blame.handed_together_ns)
		return true;
	graph_make(&graph, sides, wanted);
	for (size_t i = 0; equal && i < waitgraph->knots_cnt; i++) {
		members_cnt += waitgraph->knots[i].members_cnt;
		equal = knot_same(sides, &graph, &waitgraph->knots[i]);
	}
	for (size_t i = 0; equal && i < graph.cnt; i++)
		wanted_cnt += is_in_knot(&graph, i);
	graph_free(&graph);
	return equal && same(sides, "the wait-for graph", 0, "threads in knots", members_cnt, wanted_cnt);
}
