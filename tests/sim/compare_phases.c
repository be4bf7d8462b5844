/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The curves over time: each bucket, added up instant by instant.
 */
#include <string.h>

#include "tests/sim/instants.h"
#include "tests/sim/sides.h"

struct buckets {
	const struct phases *phases;
	uint64_t integral_ns[PHASES_BUCKETS][SIM_CURVE_CNT], unknown_ns[PHASES_BUCKETS];
};

static void instant_spread(const struct sim_instant *instant, void *ctx)
{
	uint64_t counts[SIM_CURVE_CNT] = { 0 }, unknown = 0;
	struct buckets *buckets = ctx;
	uint64_t width_ns = buckets->phases->width_ns;
	uint64_t at_ns = instant->now_ns - instant->story->start_ns;
	uint64_t end_ns = at_ns + instant->passed_ns;

	for (size_t i = 0; i < instant->story->tracks_cnt; i++)
		if (instant->threads[i]) {
			for (int curve = 0; curve < SIM_CURVE_CNT; curve++)
				counts[curve] += sim_state_counts[instant->threads[i]->state][curve];
			unknown += instant->threads[i]->state == SIM_UNKNOWN;
		}
	while (at_ns < end_ns) {
		size_t at = at_ns / width_ns;
		uint64_t next_ns = (at + 1) * width_ns < end_ns ? (at + 1) * width_ns : end_ns;

		for (int curve = 0; curve < SIM_CURVE_CNT && at < PHASES_BUCKETS; curve++)
			buckets->integral_ns[at][curve] += counts[curve] * (next_ns - at_ns);
		if (at < PHASES_BUCKETS)
			buckets->unknown_ns[at] += unknown * (next_ns - at_ns);
		at_ns = next_ns;
	}
}

bool phases_same(struct sides *sides)
{
	static const int curves[CURVE_CNT] = {
		[CURVE_ALIVE] = SIM_ALIVE, [CURVE_APPARENT] = SIM_APPARENT,
		[CURVE_SCHEDULED] = SIM_SCHEDULED, [CURVE_TRUE] = SIM_TRUE, [CURVE_OVERLAP] = SIM_OVERLAP,
	};
	const struct phases *phases = &sides->analysis->phases;
	static struct buckets buckets;

	memset(&buckets, 0, sizeof(buckets));
	buckets.phases = phases;
	instants_each(sides->story, instant_spread, &buckets);
	for (size_t i = 0; i < PHASES_BUCKETS; i++) {
		for (int curve = 0; curve < CURVE_CNT; curve++)
			if (!same(sides, "bucket", i, curve_names[curve],
				  phases->buckets[i].integral_ns[curve],
				  buckets.integral_ns[i][curves[curve]]))
				return false;
		if (!same(sides, "bucket", i, "unknown", phases->buckets[i].unknown_ns,
			  buckets.unknown_ns[i]))
			return false;
	}
	return true;
}
