/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts records against what the probes counted.
 */
#include "analyzer/quality.h"

#include <stdlib.h>

#include "analyzer/array.h"

/* Kinds that probes make, and count; the others are the recorder's own. */
static const bool kind_is_counted[TRACE_KIND_MAX] = {
	[TRACE_SWITCH] = true, [TRACE_WAKING] = true, [TRACE_SAMPLE] = true,
	[TRACE_THREAD] = true, [TRACE_EXEC] = true, [TRACE_EXIT] = true,
	[TRACE_USAGE] = true, [TRACE_COMM] = true, [TRACE_MIGRATE] = true,
	[TRACE_CORE] = true, [TRACE_GIL] = true, [TRACE_GILOP] = true, [TRACE_LOCKOP] = true,
};

/* NULL where there is no such core. */
static int core_find(struct quality *quality, uint64_t core, struct core_quality **ret_core)
{
	int err;

	if (core >= TRACE_STREAM_COLLECTOR) {
		*ret_core = NULL;
		return 0;
	}
	err = array_reserve(&quality->cores, &quality->cores_cap, core + 1,
			    sizeof(*quality->cores));
	if (err)
		return err;
	if (quality->cores_cnt <= core)
		quality->cores_cnt = core + 1;
	*ret_core = &quality->cores[core];
	return 0;
}

static int stat_take(struct quality *quality, const struct trace_corestat *stat, uint64_t at_ns)
{
	struct core_quality *core;
	int err = core_find(quality, stat->core, &core);

	if (err || !core)
		return err;
	/* The one before covers the window's end. */
	if (core->has_stat && core->steal_at_ns >= quality->window->until_ns)
		return 0;
	if (!core->has_stat || at_ns <= quality->window->from_ns)
		core->steal_first_ns = stat->steal_ns;
	if (core->has_stat && stat->steal_ns < core->steal_last_ns)
		quality->steal_backwards++;
	else
		core->steal_last_ns = stat->steal_ns;
	core->steal_at_ns = at_ns;
	core->has_stat = true;
	return 0;
}

static int tally_take(struct quality *quality, const struct trace_tally *tally)
{
	struct core_quality *core;
	int err = core_find(quality, tally->core, &core);

	if (err)
		return err;
	quality->untracked += tally->untracked;
	quality->unread += tally->unread;
	quality->unseen += tally->unseen;
	if (core) {
		core->has_tally = true;
		core->counted = tally->counted;
		core->lost = tally->lost;
		core->unseen = tally->unseen;
	}
	return 0;
}

static void cost_take(struct quality *quality, const struct trace_cost *cost)
{
	quality->has_cost = true;
	quality->probe_ns = cost->probe_ns;
	quality->probe_runs = cost->probe_runs;
	quality->collector_ns = cost->collector_ns;
	quality->missed = cost->missed;
	quality->hits = cost->hits;
	quality->hits_ns = cost->hits_ns;
}

int quality_record(struct quality *quality, const struct trace_record *record)
{
	struct core_quality *core;
	int err;

	quality->records_cnt++;
	if (record->kind >= TRACE_KIND_MAX)
		return 0;
	quality->kinds[record->kind]++;
	err = core_find(quality, record->stream, &core);
	if (err)
		return err;
	if (core && kind_is_counted[record->kind])
		core->recorded++;
	switch (record->kind) {
	case TRACE_SWITCH:
		if (core)
			core->inferred += record->sched_switch.inferred != 0;
		return 0;
	case TRACE_GAP:
		quality->gaps_cnt++;
		if (core)
			core->gap_lost += record->gap.count;
		return 0;
	case TRACE_CORESTAT:
		return stat_take(quality, &record->corestat, record->ts_ns);
	case TRACE_TALLY:
		return tally_take(quality, &record->tally);
	case TRACE_COST:
		cost_take(quality, &record->cost);
		return 0;
	default:
		return 0;
	}
}

void quality_clear(struct quality *quality)
{
	free(quality->cores);
	*quality = (struct quality){ 0 };
}

uint64_t quality_lost(const struct quality *quality)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < quality->cores_cnt; i++) {
		const struct core_quality *core = &quality->cores[i];

		lost += core->lost > core->gap_lost ? core->lost : core->gap_lost;
	}
	return lost;
}

bool quality_balances(const struct quality *quality)
{
	for (size_t i = 0; i < quality->cores_cnt; i++) {
		const struct core_quality *core = &quality->cores[i];

		if (!core->has_tally && (core->recorded || core->gap_lost))
			return false;
		if (core->recorded + core->lost != core->counted)
			return false;
		/* What was lost, and no gap says when, is known nowhere in the timeline. */
		if (core->gap_lost != core->lost)
			return false;
	}
	return true;
}

uint64_t quality_contradictions(const struct quality *quality)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < quality->cores_cnt; i++) {
		const struct core_quality *core = &quality->cores[i];

		if (!core->has_tally || core->inferred == core->unseen)
			continue;
		cnt += core->inferred > core->unseen || !core->lost;
	}
	return cnt;
}

uint64_t quality_steal_ns(const struct quality *quality)
{
	uint64_t steal_ns = 0;

	for (size_t i = 0; i < quality->cores_cnt; i++)
		steal_ns += quality->cores[i].steal_last_ns - quality->cores[i].steal_first_ns;
	return steal_ns;
}
