/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bottle graphs (Du Bois, Sartor, Eyerman, Eeckhout, OOPSLA 2013): while k threads are active, each
 * has a k-th of the time; what it has in sum is its height. The heights sum to the time in which
 * anybody is active (identity 4). CMetric (Nair & Field, ICPE 2020): k are those that run or are ready
 * to, and only those that run have a share.
 */
#ifndef TESTS_SIM_BOTTLE_H
#define TESTS_SIM_BOTTLE_H

#include "tests/sim/story.h"

struct sim_bottle {
	uint64_t height_ns;
	uint64_t active_ns;	/* in which the thread itself is */
};

/*
 * SIM_TRUE or SIM_APPARENT activity; one bottle for each track. Whole nanoseconds: the heights, to the
 * nearest 2^-24 ns, are rounded down, and what is missing goes to the largest remainders, then the
 * lower slot. Returns the time with anybody active.
 */
uint64_t bottles_make(const struct sim_story *story, enum sim_curve activity, struct sim_bottle *ret_bottles);
/* The same of CMetrics; rounded to the nearest, one by one. */
void cmetrics_make(const struct sim_story *story, struct sim_bottle *ret_bottles);

#endif
