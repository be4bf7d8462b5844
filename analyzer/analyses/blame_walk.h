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

/* The ways by which waits come to a thread that others hand them on to. */
enum walk_way { WAY_DIRECT, WAY_GIL, WAY_CNT };

struct walk_gil {
	uint32_t process;	/* slot of that which has it */
	uint32_t *holders;	/* slots, by thread id */
	size_t holders_cap, holders_cnt;
	uint32_t *waiters;	/* slots */
	size_t waiters_cap, waiters_cnt;
	/* Its holders are the same from now up to this time; what came later is settled. */
	uint64_t until_ns;
	uint64_t untils_ns;	/* sum over the waiters: until when their waits are not settled */
	uint64_t weights[WAY_CNT];	/* sum over the waiters, and times that `until`: */
	uint64_t weighted_ns[WAY_CNT];
};

struct walk_thread {
	enum thread_state state;	/* STATE_CNT: it does not live */
	uint64_t until_ns, since_ns;	/* end of that, and its begin */
	uint64_t state_ns[STATE_CNT];	/* of all later states */
	uint64_t gil;			/* that it holds or waits for */
	bool holds;
	size_t waits_at;		/* in the GIL's waiters */
	uint32_t culprit;		/* of a wait for anything else */
	uint64_t culprit_ns[STATE_CNT];	/* the culprit's states after the wait */
	/* Of waits for several holders at once, times 840 over their number: what it was doing. */
	uint64_t shared_doing[STATE_CNT];

	/* blame_cascade.c: */
	bool waits;			/* and not for 0 ns */
	uint64_t weights[WAY_CNT];	/* how many waits its own stands for */
	uint64_t mark_ns;		/* settled up to here */
	uint64_t handed_ns;		/* settled: its wait, times the weight, but for what was handed on */
	uint64_t passed_ns;		/* its later waits, and all of the one that it is in */
	uint64_t in[WAY_CNT];		/* weights of waits for it that it hands on when it waits itself */
	uint64_t late[WAY_CNT];		/* those that are over before the wait that it is in */
	uint64_t fresh_ns;		/* those that ended at this instant are a list, 1 + slot: */
	uint32_t fresh, fresh_next;
};

/* Sums by waiter and culprit, for each number of culprits at once; of several, each has the whole time. */
struct walk_book {
	struct shares shared[BLAME_HOLDERS_MAX + 1];
};

struct blame_walk {
	struct blame *blame;
	struct walk_thread *threads;	/* by slot */
	size_t *unknown_cnts;		/* by process slot: its threads in `unknown` */
	struct idmap gil_ids;
	struct walk_gil **gils;
	size_t gils_cap, gils_cnt;
	struct walk_book waits;		/* as they are */
	struct walk_book handed;	/* handed on */
};

/* blame_gil.c: the thread holds or waits for its GIL at all times before now_ns, or no longer. */
int walk_hold(struct blame_walk *walk, uint32_t slot, uint64_t now_ns);
int walk_unhold(struct blame_walk *walk, uint32_t slot, uint64_t now_ns);
int walk_wait(struct blame_walk *walk, uint32_t slot, uint64_t now_ns);
int walk_unwait(struct blame_walk *walk, uint32_t slot, uint64_t now_ns);
/* It is in `unknown` at all times before now_ns, or no longer; sign: 1, -1. */
int walk_lose(struct blame_walk *walk, uint32_t slot, uint64_t now_ns, size_t sign);
/*
 * The weights of a waiter change; *change becomes what that changes of its GIL's only holder, if that hands
 * it on: 1 and who that is. Otherwise 0; or a negative errno.
 */
int walk_weigh(struct blame_walk *walk, uint32_t slot, uint64_t now_ns, uint64_t change[WAY_CNT],
	       uint32_t *ret_holder);
void walk_gils_clear(struct blame_walk *walk);

/*
 * blame_cascade.c: the end of a wait; who is to blame for it, if a thread is and it is not for a GIL; its
 * begin. `change` is added to what the thread's wait stands for.
 */
void cascade_enter(struct blame_walk *walk, uint32_t slot);
void cascade_blame(struct blame_walk *walk, uint32_t slot);
int cascade_change(struct blame_walk *walk, uint32_t slot, uint64_t now_ns, const uint64_t change[WAY_CNT]);
int cascade_leave(struct blame_walk *walk, uint32_t slot, uint64_t now_ns, enum share_part part);
static inline bool is_of_gil(const struct walk_thread *thread)
{
	return thread->state == STATE_WAIT_GIL && thread->gil;
}

/* blame_sum.c: the shares of all, once the begin of the run is reached. */
int walk_sum_up(struct blame_walk *walk);

#endif
