/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the blame analysis know of threads and GILs while they go back through the run.
 * Times go down: a wait is met at its end and left at its beginning.
 */
#ifndef ANALYZER_ANALYSES_BLAME_WALK_H
#define ANALYZER_ANALYSES_BLAME_WALK_H

#include <stdbool.h>

#include "analyzer/analyses/blame.h"
#include "analyzer/idmap.h"

struct walk_gil {
	uint32_t *holders;	/* slots, by thread id */
	size_t holders_cap, holders_cnt;
	uint32_t *waiters;	/* slots */
	size_t waiters_cap, waiters_cnt;
	/* Its holders are the same from now up to this time; what came later is settled. */
	uint64_t until_ns;
	uint64_t untils_ns;	/* sum over the waiters: until when their waits are not settled */
};

struct walk_thread {
	enum thread_state state;	/* STATE_CNT: it does not live */
	uint64_t until_ns;		/* end of that */
	uint64_t state_ns[STATE_CNT];	/* of all later states */
	uint64_t gil;			/* that it holds or waits for */
	bool holds;
	size_t waits_at;		/* in the GIL's waiters */
	uint32_t culprit;		/* of a wait for anything else */
	uint64_t culprit_ns[STATE_CNT];	/* the culprit's states after the wait */
	/* Of waits for several holders at once, times 840 over their number: what it was doing. */
	uint64_t shared_doing[STATE_CNT];
};

struct blame_walk {
	struct blame *blame;
	struct walk_thread *threads;	/* by slot */
	struct idmap gil_ids;
	struct walk_gil **gils;
	size_t gils_cap, gils_cnt;
	/* By the number of culprits at once; of several, each has the whole time. */
	struct shares shared[BLAME_HOLDERS_MAX + 1];
};

/* blame_gil.c: the thread holds or waits for its GIL at all times before now_ns, or no longer. */
int walk_hold(struct blame_walk *walk, uint32_t slot, uint64_t now_ns);
int walk_unhold(struct blame_walk *walk, uint32_t slot, uint64_t now_ns);
int walk_wait(struct blame_walk *walk, uint32_t slot, uint64_t now_ns);
int walk_unwait(struct blame_walk *walk, uint32_t slot, uint64_t now_ns);
void walk_gils_clear(struct blame_walk *walk);

/* blame_sum.c: the shares of all, once the begin of the run is reached. */
int walk_sum_up(struct blame_walk *walk);

#endif
