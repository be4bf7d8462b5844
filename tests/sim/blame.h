/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blame (Tallent, Mellor-Crummey, Porterfield, PPoPP 2010): every wait is split among those who caused
 * it, and the shares sum to the wait (identity 7).
 *
 *   wait.gil   at every instant, whoever holds that GIL then, on a core or off it; several in equal
 *              parts; nobody: the hand-over; it is not known which GIL, or nobody holds it while
 *              something is unknown of a thread of the process that has it: unclear
 *   wait.lock  the owner that could be read when the wait began; there was none: as all others
 *   others     whoever ended it, if a thread did; otherwise the kind of cause; unknown: nobody knows
 *
 * And what each culprit was doing itself meanwhile: that, too, sums to what it caused.
 *
 * Cascaded redistribution (wPerf, OSDI 2018): at an instant at which the one that is to blame waits as well,
 * the wait counts as that one's, and so on, as long as each
 *   - was over before the one that it is handed on from; or
 *   - is of the only thread that holds the GIL that is waited for, by which nothing came before.
 */
#ifndef TESTS_SIM_BLAME_H
#define TESTS_SIM_BLAME_H

#include "tests/sim/story.h"

/* Culprits that are no threads. */
enum sim_nobody {
	SIM_BLAME_HAND_OVER,	/* nobody held the GIL */
	SIM_BLAME_TIMER, SIM_BLAME_INTERRUPT, SIM_BLAME_PROGRAM, SIM_BLAME_UNCLEAR,
	SIM_BLAME_LASTS,	/* nothing had ended the wait at the run's end */
	SIM_BLAME_NOBODY_CNT
};

struct sim_blame {
	size_t threads_cnt;
	size_t culprits_cnt;	/* threads by slot, then enum sim_nobody */
	uint64_t *shares_ns;	/* waiter * culprits_cnt + culprit */
	uint64_t *handed_ns;	/* likewise, handed on */
	uint64_t (*doing_ns)[SIM_STATE_CNT + 1];	/* by culprit; the last: it did not live yet */
};

void sim_blame_make(struct sim_blame *blame, const struct sim_story *story);
void sim_blame_clear(struct sim_blame *blame);
uint64_t blame_of(const struct sim_blame *blame, size_t waiter, size_t culprit);

#endif
