/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks each kind of finding, keeps what is worth a line, and sorts it by cost.
 */
#include "analyzer/findings.h"

#include <stdlib.h>

#include "analyzer/analysis.h"
#include "analyzer/array.h"
#include "analyzer/findings/kinds.h"

static const struct finding_kind *const kinds[] = {
	&gil_kind, &convoy_kind, &gil_off_core_kind, &lock_kind, &lock_off_core_kind,
	&kernel_lock_kind, &spin_kind, &serial_kind, &wake_up_kind, &others_kind, &idle_ready_kind, &steal_kind,
	&oversubscribed_kind, &unknown_kind,
};

_Static_assert(ARRAY_SIZE(kinds) <= FINDINGS_MAX, "room for each kind");

const char *const verdict_names[] = {
	[VERDICT_NOTHING] = "nothing to fix",
	[VERDICT_FOUND] = "found",
	[VERDICT_INCONCLUSIVE] = "inconclusive",
};

static void time_make(struct core_time *time, const struct report *report)
{
	const struct room *room = &report->analysis->room;
	uint64_t known_ns = 0;

	for (size_t i = 0; i < report->cores_cnt; i++)
		known_ns += report->cores[i].ours_ns + report->cores[i].idle_ns;
	time->others_ns = report->analysis->cores.other_ready_ns;
	time->all_ns = known_ns + time->others_ns;
	time->busy_ns = room->busy_cores_ns + time->others_ns;
	time->lost_ns = time->others_ns + room->ready_ns + room->few_sync_ns +
			room->few_nobody_ns + report->tree.state_ns[STATE_RUN_SPIN];
	for (int i = 0; i < ROOM_WAITS; i++)
		time->lost_ns += room->wait_ns[i];
}

static uint64_t threshold_ns(const struct core_time *time, const struct finding_kind *kind)
{
	uint64_t busy_ns = time->busy_ns / FINDING_PART_BUSY;
	uint64_t all_ns = time->all_ns / (kind->part_all ? kind->part_all : FINDING_PART_ALL);

	return busy_ns > all_ns ? busy_ns : all_ns;
}

static bool is_worth(const struct core_time *time, const struct finding *finding)
{
	uint64_t least_ns = threshold_ns(time, finding->kind);

	return finding->note || (finding->cost_ns && finding->cost_ns >= least_ns) ||
	       (finding->high_ns && finding->high_ns >= least_ns);
}

static int finding_compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;

	if (a->note != b->note)
		return a->note - b->note;
	if (a->note && a->kind->outside != b->kind->outside)
		return a->kind->outside - b->kind->outside;
	if (!a->note && a->cost_ns != b->cost_ns)
		return a->cost_ns > b->cost_ns ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* Threads that are unknown may have lost as much, but no more than the cores have. */
static uint64_t hidden_make(const struct report *report)
{
	uint64_t unknown_ns = report->tree.state_ns[STATE_UNKNOWN];
	uint64_t cores_ns = report->tree.wall_ns * report->cores_cnt;

	return unknown_ns < cores_ns ? unknown_ns : cores_ns;
}

static void look(struct findings *findings, const struct report *report,
		 size_t order)
{
	const struct finding_kind *kind = kinds[order];
	struct finding *finding = &findings->list[findings->cnt];

	*finding = (struct finding){ .kind = kind, .order = order, .low_ns = UINT64_MAX };
	if (!kind->look(report, &findings->time, finding) || !is_worth(&findings->time, finding))
		return;
	if (finding->low_ns > finding->cost_ns)
		finding->low_ns = finding->cost_ns;
	if (finding->high_ns < finding->cost_ns)
		finding->high_ns = finding->cost_ns;
	finding->high_ns += finding->note ? 0 : findings->hidden_ns;
	finding->inconclusive = !finding->note &&
				finding->low_ns < threshold_ns(&findings->time, kind);
	findings->cnt++;
}

static enum findings_verdict verdict_make(const struct findings *findings)
{
	bool open = findings->hidden_ns && findings->hidden_ns >=
		    (findings->time.busy_ns + findings->hidden_ns) / FINDING_PART_BUSY;

	for (size_t i = 0; i < findings->cnt; i++) {
		const struct finding *finding = &findings->list[i];

		if (!finding->note && !finding->inconclusive && !finding->kind->outside)
			return VERDICT_FOUND;
		open |= !finding->note;
	}
	return open ? VERDICT_INCONCLUSIVE : VERDICT_NOTHING;
}

void findings_make(struct findings *findings, const struct report *report)
{
	*findings = (struct findings){ .hidden_ns = hidden_make(report) };
	time_make(&findings->time, report);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		look(findings, report, i);
	qsort(findings->list, findings->cnt, sizeof(*findings->list), finding_compare);
	findings->verdict = verdict_make(findings);
}
