/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums, for each number of active threads, who was among them; and splits that.
 */
#include "tests/sim/bottle.h"

#include "tests/sim/instants.h"
#include "tests/sim/memory.h"

struct levels {
	enum sim_curve activity;
	struct sim_bottle *bottles;
	uint64_t **active_ns;	/* by how many are active, then by slot; NULL: never so many */
	uint64_t *level_ns;
};

static void instant_count(const struct sim_instant *instant, void *ctx)
{
	struct levels *levels = ctx;
	size_t active = 0, cnt = instant->story->tracks_cnt;

	for (size_t i = 0; i < cnt; i++)
		active += instant->threads[i] && sim_state_counts[instant->threads[i]->state][levels->activity];
	if (!active)
		return;
	if (!levels->active_ns[active])
		levels->active_ns[active] = zalloc(cnt, sizeof(**levels->active_ns));
	levels->level_ns[active] += instant->passed_ns;
	for (size_t i = 0; i < cnt; i++) {
		if (!instant->threads[i] || !sim_state_counts[instant->threads[i]->state][levels->activity])
			continue;
		levels->active_ns[active][i] += instant->passed_ns;
		levels->bottles[i].active_ns += instant->passed_ns;
		levels->bottles[i].area_ns += active * instant->passed_ns;
	}
}

uint64_t bottles_make(const struct sim_story *story, enum sim_curve activity, struct sim_bottle *ret_bottles)
{
	size_t cnt = story->tracks_cnt;
	struct levels levels = { .activity = activity, .bottles = ret_bottles };
	uint64_t *parts = zalloc(cnt, sizeof(*parts)), whole_ns = 0;

	memset(ret_bottles, 0, cnt * sizeof(*ret_bottles));
	levels.active_ns = zalloc(cnt + 1, sizeof(*levels.active_ns));
	levels.level_ns = zalloc(cnt + 1, sizeof(*levels.level_ns));
	instants_each(story, instant_count, &levels);
	for (size_t active = 1; active <= cnt; active++) {
		if (!levels.active_ns[active])
			continue;
		share_out(levels.level_ns[active], levels.active_ns[active], cnt, parts);
		for (size_t i = 0; i < cnt; i++)
			ret_bottles[i].height_ns += parts[i];
		whole_ns += levels.level_ns[active];
		free(levels.active_ns[active]);
	}
	free(levels.active_ns);
	free(levels.level_ns);
	free(parts);
	return whole_ns;
}
