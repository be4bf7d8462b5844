/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brute force: a story cut at every instant at which anything changes, and at each stretch in between,
 * the state of every thread and core.
 */
#ifndef TESTS_SIM_INSTANTS_H
#define TESTS_SIM_INSTANTS_H

#include "tests/sim/story.h"

struct sim_instant {
	const struct sim_story *story;
	uint64_t now_ns, passed_ns;			/* until the next one */
	const struct sim_piece *const *threads;		/* by slot; NULL: it does not live */
	const struct sim_core_piece *const *cores;
};

/* From the story's start to its end, in order. */
void instants_each(const struct sim_story *story, void (*each)(const struct sim_instant *instant, void *ctx),
		   void *ctx);

/*
 * A whole split in proportion to weights: the largest remainders first, then the lower index.
 * The parts sum to the whole; all weights 0: nothing is given to anybody.
 */
void share_out(uint64_t whole, const uint64_t *weights, size_t cnt, uint64_t *ret_parts);

#endif
