/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums, for each number of active threads, who was among them for how long; and divides that.
 */
#include "tests/sim/bottle.h"

#include "tests/sim/instants.h"
#include "tests/sim/memory.h"

#define FINE_BITS 100	/* of a quotient's fraction */
#define REST_BITS 24	/* to which it is rounded */

struct levels {
	const bool *counts, *shares;	/* by state */
	struct sim_bottle *bottles;
	uint64_t **active_ns;	/* by how many are active, then by slot; NULL: never so many */
	uint64_t whole_ns;
};

static void instant_count(const struct sim_instant *instant, void *ctx)
{
	struct levels *levels = ctx;
	size_t active = 0, cnt = instant->story->tracks_cnt;

	for (size_t i = 0; i < cnt; i++)
		active += instant->threads[i] && levels->counts[instant->threads[i]->state];
	if (!active)
		return;
	if (!levels->active_ns[active])
		levels->active_ns[active] = zalloc(cnt, sizeof(**levels->active_ns));
	levels->whole_ns += instant->passed_ns;
	for (size_t i = 0; i < cnt; i++) {
		if (!instant->threads[i] || !levels->shares[instant->threads[i]->state])
			continue;
		levels->active_ns[active][i] += instant->passed_ns;
		levels->bottles[i].active_ns += instant->passed_ns;
	}
}

/* Heights are in whole nanoseconds afterwards, rounded down; the rests are below 2^REST_BITS. */
static void levels_add_up(struct levels *levels, size_t cnt, uint64_t *rests)
{
	for (size_t i = 0; i < cnt; i++) {
		struct sim_bottle *bottle = &levels->bottles[i];
		unsigned __int128 fine = 0;

		for (size_t active = 1; active <= cnt; active++) {
			uint64_t own_ns = levels->active_ns[active] ? levels->active_ns[active][i] : 0;

			bottle->height_ns += own_ns / active;
			fine += ((unsigned __int128)(own_ns % active) << FINE_BITS) / active;
		}
		fine += (unsigned __int128)1 << (FINE_BITS - REST_BITS - 1);
		bottle->height_ns += (uint64_t)(fine >> FINE_BITS);
		rests[i] = (uint64_t)(fine >> (FINE_BITS - REST_BITS)) & ((1u << REST_BITS) - 1);
	}
}

/* Returns the rests. */
static uint64_t *levels_make(struct levels *levels, const struct sim_story *story)
{
	size_t cnt = story->tracks_cnt;
	uint64_t *rests = zalloc(cnt, sizeof(*rests));

	memset(levels->bottles, 0, cnt * sizeof(*levels->bottles));
	levels->active_ns = zalloc(cnt + 1, sizeof(*levels->active_ns));
	instants_each(story, instant_count, levels);
	levels_add_up(levels, cnt, rests);
	for (size_t active = 0; active <= cnt; active++)
		free(levels->active_ns[active]);
	free(levels->active_ns);
	return rests;
}

uint64_t bottles_make(const struct sim_story *story, enum sim_curve activity, struct sim_bottle *ret_bottles)
{
	bool active[SIM_STATE_CNT];
	struct levels levels = { .counts = active, .shares = active, .bottles = ret_bottles };
	size_t cnt = story->tracks_cnt;
	uint64_t *rests, given_ns = 0;

	for (int state = 0; state < SIM_STATE_CNT; state++)
		active[state] = sim_state_counts[state][activity];
	rests = levels_make(&levels, story);
	for (size_t i = 0; i < cnt; i++)
		given_ns += ret_bottles[i].height_ns;
	for (; given_ns < levels.whole_ns; given_ns++) {
		size_t best = 0;

		for (size_t i = 1; i < cnt; i++)
			if (rests[i] > rests[best])
				best = i;
		rests[best] = 0;
		ret_bottles[best].height_ns++;
	}
	free(rests);
	return levels.whole_ns;
}

void cmetrics_make(const struct sim_story *story, struct sim_bottle *ret_bottles)
{
	static const bool runnable[SIM_STATE_CNT] = {
		[SIM_RUN_GIL] = true, [SIM_RUN_FREE] = true, [SIM_RUN_SPIN] = true,
		[SIM_READY_WOKEN] = true, [SIM_READY_PREEMPTED] = true,
	};
	static const bool runs[SIM_STATE_CNT] = {
		[SIM_RUN_GIL] = true, [SIM_RUN_FREE] = true, [SIM_RUN_SPIN] = true,
	};
	struct levels levels = { .counts = runnable, .shares = runs, .bottles = ret_bottles };
	uint64_t *rests = levels_make(&levels, story);

	for (size_t i = 0; i < story->tracks_cnt; i++)
		ret_bottles[i].height_ns += rests[i] >> (REST_BITS - 1);
	free(rests);
}
