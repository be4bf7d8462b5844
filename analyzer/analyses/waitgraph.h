/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wait-for graph (wPerf: Zhou, Gan, Ma, Wang, OSDI 2018): threads, and from each to those that it waits
 * for how long that was, before and after cascaded redistribution; both as the blame analysis has them.
 *
 * A knot is a set of threads that wait for each other and for nobody else: each can be reached from each
 * along the edges, and no edge leaves the set. What makes waits anywhere in it shorter can make all of them
 * shorter, and nothing outside of it can.
 *
 * wPerf searches knots in a graph that is trimmed of edges too small to matter. Here: what is redistributed
 * counts; left out are edges of less than a hundredth of the wall time, which cannot cost the run more than
 * that, and waits for what is no thread. So are waits of threads that are not told apart (blame.h).
 */
#ifndef ANALYZER_ANALYSES_WAITGRAPH_H
#define ANALYZER_ANALYSES_WAITGRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/blame.h"

/* Edges of less than this part of the wall time are trimmed. */
#define WAITGRAPH_TRIM 100

struct wait_edge {
	uint32_t from, to;	/* slots; what else they may be: see struct blame */
	uint64_t waits_ns, handed_ns;
};

struct wait_knot {
	const uint32_t *members;	/* slots, in their order */
	size_t members_cnt;
	uint64_t waits_ns;		/* of its edges, redistributed */
	/* What its members waited for longest: a GIL, else a futex word, else what is of this state. */
	enum thread_state state;
	uint64_t gil;
	const struct futex_word *word;
};

struct words;

struct waitgraph {
	const struct blame *blame;
	const struct words *words;
	struct shares objects;		/* thread, what it waits for */
	/* After `end`: */
	struct wait_edge *edges;	/* what is most after redistribution first */
	size_t edges_cnt;
	uint64_t trim_ns, trimmed_ns;	/* edges below; their sum */
	struct wait_knot *knots;	/* the longest waits first */
	size_t knots_cnt;
	uint32_t *members;
};

/* ctx: a struct waitgraph, zeroed but for `blame`, whose sink comes first, and `words`. */
extern const struct sink waitgraph_sink;
void waitgraph_clear(struct waitgraph *graph);

/*
 * Strongly connected components of the graph of these edges, which are sorted by `from` and lead from and
 * to less than `cnt`: numbers them from 0, by vertex. Every edge that leaves one leads to one of a lower
 * number (Tarjan 1972).
 */
int components_find(const struct wait_edge *edges, size_t edges_cnt, uint32_t cnt, uint32_t *ret_components);

#endif
