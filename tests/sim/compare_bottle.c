/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bottles and CMetrics, thread by thread.
 */
#include "tests/sim/bottle.h"
#include "tests/sim/memory.h"
#include "tests/sim/sides.h"

static bool bottles_equal(struct sides *sides, enum bottle_kind kind, const char *what,
			  const struct sim_bottle *wanted)
{
	const struct bottles *bottles = &sides->analysis->bottles;

	for (size_t i = 0; i < bottles->threads_cnt; i++) {
		const struct thread_bottles *own = &bottles->threads[i];
		const struct sim_bottle *bottle = &wanted[slot_of(sides, own->thread)];

		if (!same(sides, what, own->thread->id, "height", own->bottles[kind].height_ns,
			  bottle->height_ns) ||
		    !same(sides, what, own->thread->id, "active", own->bottles[kind].active_ns,
			  bottle->active_ns))
			return false;
	}
	return true;
}

bool bottles_same(struct sides *sides)
{
	struct sim_bottle *wanted = zalloc(sides->story->tracks_cnt, sizeof(*wanted));
	const struct bottle_crowd *crowds = sides->analysis->bottles.crowds;
	uint64_t any_ns;
	bool equal;

	any_ns = bottles_make(sides->story, SIM_TRUE, wanted);
	equal = same(sides, "true bottles", 0, "sum", crowds[BOTTLE_TRUE].any_ns, any_ns) &&
		bottles_equal(sides, BOTTLE_TRUE, "true bottle", wanted);
	any_ns = bottles_make(sides->story, SIM_APPARENT, wanted);
	equal = equal && same(sides, "apparent bottles", 0, "sum", crowds[BOTTLE_APPARENT].any_ns, any_ns) &&
		bottles_equal(sides, BOTTLE_APPARENT, "apparent bottle", wanted);
	cmetrics_make(sides->story, wanted);
	equal = equal && bottles_equal(sides, BOTTLE_CMETRIC, "CMetric", wanted);
	free(wanted);
	return equal;
}
