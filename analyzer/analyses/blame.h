/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blame (Tallent, Mellor-Crummey, Porterfield, PPoPP 2010): every wait is split among those who caused
 * it, and the shares sum to the wait (identity 7).
 *
 *   wait.gil   at every instant, whoever holds that GIL then, on a core or off it; several in equal
 *              parts; nobody: the hand-over, or unclear while a thread of its process is unknown, which
 *              may hold it
 *   wait.lock  its holder, as lock_holder() has it
 *   others     whoever ended it, if a thread did; otherwise what did; a wait for a lock of which no
 *              holder is known likewise
 *
 * Whole nanoseconds: what a waiter waited for k holders at once is split in the end, for each k: the
 * largest remainders first, then the lower thread id.
 *
 * Cascaded redistribution (wPerf: Zhou, Gan, Ma, Wang, OSDI 2018): while a waits for b, and b waits for c,
 * a's wait is handed on to the wait of b for c, and so on; it counts for the pair whose culprit does not
 * wait. Nothing gets lost or is counted twice: all sums of waits stay what they are.
 *  - A wait of b that lasts longer than that of a, or as long, did not keep b from ending a's: it is not
 *    handed on to that.
 *  - For a GIL it is the instant that counts: while one thread alone holds it and waits, the others' waits
 *    are handed on to that wait. What came by a GIL is not handed on by a second one. While several seem to
 *    hold it nothing is.
 *
 * Who waits for whom is told pair by pair, as far as there are not too many pairs, and where not more
 * than BLAME_TOGETHER wait for one GIL at the same time; the rest is told by culprit alone. What is
 * told by culprit is complete in any case. A story is read backwards, so that whoever ends a wait is
 * known while it lasts.
 */
#ifndef ANALYZER_ANALYSES_BLAME_H
#define ANALYZER_ANALYSES_BLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/groups.h"
#include "analyzer/analyses/shares.h"
#include "analyzer/history.h"
#include "analyzer/identity.h"
#include "analyzer/sink.h"

struct gil_uses;	/* analyzer/analyses/gil.h */

#define BLAME_SHARES_MAX ((size_t)1 << 17)
#define BLAME_TOGETHER 64
/* Threads that seem to hold one GIL at once, of those with the lowest ids. */
#define BLAME_HOLDERS_MAX 8

/* Culprits that are no threads. */
enum blame_nobody {
	BLAME_HAND_OVER,	/* nobody held the GIL, for certain */
	BLAME_TIMER,
	BLAME_INTERRUPT,
	BLAME_PROGRAM,		/* that is not traced */
	BLAME_UNCLEAR,		/* which thread it was, or which GIL */
	BLAME_OPEN,		/* nothing is known to have ended it: it lasts, or its end was lost */
	BLAME_NOBODY_CNT
};

struct blame_thread {
	const struct thread *thread;
	bool born;				/* in what is looked at */
	uint64_t waits_ns[SHARE_PART_CNT];	/* its own, by their states alone */
	uint64_t caused_ns[SHARE_PART_CNT];	/* others' waits that it is to blame for */
	/* Of caused_ns, what it was doing itself meanwhile; STATE_CNT: it was not born yet. */
	uint64_t doing_ns[SHARE_PART_CNT][STATE_CNT + 1];
};

struct blame {
	struct identity *identity;
	const struct history *history;
	const struct groups *groups;
	const struct people *people;
	const struct gil_uses *gil_uses;
	struct blame_thread *threads;	/* by slot */
	size_t threads_cap, threads_cnt;
	/* After `end`: */
	uint32_t *listed;		/* slots of those that were born or are to blame for something */
	size_t listed_cnt;
	uint64_t nobody_ns[BLAME_NOBODY_CNT][SHARE_PART_CNT];
	/*
	 * Waiters and culprits by slot; a culprit that is no thread: threads_cnt + enum blame_nobody. A
	 * waiter UINT32_MAX: several, that are not told apart. In the order of shares_by_to().
	 */
	struct shares shares;
	/* The same by groups; groups_cnt + enum blame_nobody. */
	struct shares of_groups;
	uint64_t together_ns;		/* of all waits, those of waiters that are not told apart */
	struct shares handed;		/* like `shares`, but handed on */
	uint64_t handed_together_ns;
};

/*
 * ctx: a struct blame, zeroed but for `identity`, `people` and `history`, `groups`, `gil_uses`, whose
 * sinks come first.
 */
extern const struct sink blame_sink;
void blame_clear(struct blame *blame);

#endif
