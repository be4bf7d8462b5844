/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bottle graphs (Du Bois, Sartor, Eyerman, Eeckhout, OOPSLA 2013): while k threads are active, each
 * has a k-th of the time; what it has in sum is its height, and the mean of k while it is active its
 * width. The heights sum to the time in which anybody is active (identity 4). A height is also the
 * CMetric of its thread (Nair & Field, ICPE 2020).
 */
#ifndef TESTS_SIM_BOTTLE_H
#define TESTS_SIM_BOTTLE_H

#include "tests/sim/story.h"

struct sim_bottle {
	uint64_t height_ns;
	uint64_t active_ns;	/* in which the thread itself is */
	uint64_t area_ns;	/* of that, each instant times the threads active in it: width = area / active */
};

/*
 * SIM_TRUE or SIM_APPARENT activity; one bottle for each track. Whole nanoseconds: the time with k
 * active threads is split among them at the end, for each k, by share_out(). Returns the time with
 * anybody active.
 */
uint64_t bottles_make(const struct sim_story *story, enum sim_curve activity, struct sim_bottle *ret_bottles);

#endif
