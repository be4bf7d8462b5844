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
	&gil_kind, &convoy_kind, &gil_off_core_kind, &lock_kind, &lock_off_core_kind, &spin_kind,
	&serial_phase_kind, &serial_kind, &wake_up_kind, &others_kind, &idle_ready_kind, &steal_kind,
	&oversubscribed_kind, &unknown_kind,
};

_Static_assert(ARRAY_SIZE(kinds) <= FINDINGS_MAX, "room for each kind");

const char *const verdict_names[] = {
	[VERDICT_NOTHING] = "nothing to fix",
	[VERDICT_FOUND] = "found",
	[VERDICT_INCONCLUSIVE] = "inconclusive",
};

const char *const reason_names[REASON_CNT] = {
	[REASON_NONE] = "",
	[REASON_UNKNOWN] = "unknown",
	[REASON_OTHERS] = "other programs",
	[REASON_AWAY] = "cores not used",
	[REASON_TOGETHER] = "several",
	[REASON_OUTSIDE] = "not the program",
};

const char *const reason_phrases[REASON_CNT] = {
	[REASON_NONE] = "",
	[REASON_UNKNOWN] = "what is unknown could turn the verdict",
	[REASON_OTHERS] = "on a quiet machine, without the other programs, the verdict could be another",
	[REASON_AWAY] = "it depends on cores that its threads did not use, and may not be allowed on",
	[REASON_TOGETHER] = ("what is unknown, other programs, and cores that its threads did not use "
			    "could turn the verdict together"),
	[REASON_OUTSIDE] = "so much is lost to what is not the program's doing that it hides the rest",
};

static struct range range_sum(struct range a, struct range b)
{
	return (struct range){ a.down_ns + b.down_ns, a.up_ns + b.up_ns };
}

static void time_make(struct core_time *time, const struct report *report)
{
	const struct room *room = &report->analysis->room;
	struct range others = report->analysis->trust.parts[STACK_OTHERS_READY], unknown = { 0 };
	uint64_t known_ns = 0;

	for (size_t i = 0; i < report->cores_cnt; i++) {
		known_ns += report->cores[i].ours_ns + report->cores[i].idle_ns;
		unknown.up_ns += report->cores[i].unknown_ns;
	}
	time->others_ns = report->analysis->cores.other_ready_ns;
	time->all_ns = known_ns + time->others_ns;
	time->all = range_sum(others, unknown);
	time->busy_ns = room->busy_cores_ns + time->others_ns;
	time->busy = range_sum(others, room->bounds[ROOM_UNKNOWN].ranges[ROOM_BUSY]);
	time->most_ns = trust_most_ns(&report->analysis->trust);
	time->lost_ns = time->others_ns + report->tree.state_ns[STATE_RUN_SPIN] +
			report->quality.steal_ns;
	for (int part = 0; part <= ROOM_FEW; part++)
		time->lost_ns += room_part_ns(room, (enum room_part)part);
}

static uint64_t threshold(uint64_t busy_ns, uint64_t all_ns, unsigned int part_all)
{
	busy_ns /= FINDING_PART_BUSY;
	all_ns /= part_all ? part_all : FINDING_PART_ALL;
	return busy_ns > all_ns ? busy_ns : all_ns;
}

uint64_t finding_threshold_ns(const struct core_time *time, const struct finding_kind *kind)
{
	return threshold(time->busy_ns, time->all_ns, kind->part_all);
}

static uint64_t threshold_low(const struct core_time *time, unsigned int part_all)
{
	return threshold(range_low(time->busy_ns, time->busy), range_low(time->all_ns, time->all), part_all);
}

static uint64_t threshold_high(const struct core_time *time, unsigned int part_all)
{
	return threshold(range_high(time->busy_ns, time->busy), range_high(time->all_ns, time->all),
			 part_all);
}

static bool is_seen(const struct core_time *time, const struct finding *finding)
{
	return finding->cost_ns && finding->cost_ns >= finding_threshold_ns(time, finding->kind);
}

static bool is_worth(const struct core_time *time, const struct finding *finding)
{
	uint64_t high_ns = finding_high(finding);

	return finding->note || is_seen(time, finding) ||
	       (high_ns && high_ns >= threshold_low(time, finding->kind->part_all));
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

static bool is_certain(const struct core_time *time, const struct finding *finding, enum room_doubt doubt)
{
	uint64_t low_ns = range_low(finding->cost_ns, finding->bounds[doubt]);
	bool unknown = doubt == ROOM_UNKNOWN || doubt == ROOM_ANY;

	return low_ns >= (unknown ? threshold_high(time, finding->kind->part_all) :
				    finding_threshold_ns(time, finding->kind));
}

static void bounds_cap(const struct core_time *time, struct finding *finding)
{
	for (int i = 0; i < ROOM_DOUBT_CNT; i++)
		finding->bounds[i] = range_cap(finding->cost_ns, finding->bounds[i], time->most_ns);
}

static void look(struct findings *findings, const struct report *report,
		 size_t order)
{
	const struct finding_kind *kind = kinds[order];
	struct finding *finding = &findings->list[findings->cnt];

	*finding = (struct finding){ .kind = kind, .order = order };
	if (!kind->look(report, &findings->time, finding))
		return;
	bounds_cap(&findings->time, finding);
	if (!is_worth(&findings->time, finding))
		return;
	doubt_tell(report, finding);
	finding->inconclusive = !finding->note && !is_certain(&findings->time, finding, ROOM_ANY);
	findings->cnt++;
}

/*
 * What all findings of a part must come to. Too few threads with work are one only where that costs more,
 * unless a phase of the run is serial, or where it is not known.
 */
static unsigned int part_all(const struct report *report, int part, enum room_doubt doubt)
{
	const struct range *unknown = &report->analysis->room.bounds[ROOM_UNKNOWN].ranges[part];
	bool open = (doubt == ROOM_UNKNOWN || doubt == ROOM_ANY) && (unknown->down_ns || unknown->up_ns);

	return part == ROOM_FEW && !open && !has_serial_phase(report) ? serial_kind.part_all : 0;
}

/* Whether there may be something to find that was not seen, should this be otherwise. */
static bool may_be_more(const struct findings *findings, const struct report *report, enum room_doubt doubt)
{
	const struct core_time *time = &findings->time;
	const struct room *room = &report->analysis->room;
	uint64_t spin_ns = report->tree.state_ns[STATE_RUN_SPIN];
	struct range spin = report->analysis->trust.states[STATE_RUN_SPIN];
	struct range others = report->analysis->trust.parts[STACK_OTHERS_READY];

	for (int part = 0; part <= ROOM_FEW; part++) {
		struct range range = room->bounds[doubt].ranges[part];
		uint64_t high_ns = range_high(room_part_ns(room, (enum room_part)part), range);

		high_ns = high_ns < time->most_ns ? high_ns : time->most_ns;
		if (part == ROOM_GIL && doubt == ROOM_UNKNOWN)
			high_ns += range_high(spin_ns, spin);
		else if (part == ROOM_GIL)
			high_ns += gil_spin_ns(report);
		if (range.up_ns && high_ns >= threshold_low(time, part_all(report, part, doubt)))
			return true;
	}
	if (doubt != ROOM_UNKNOWN && doubt != ROOM_ANY)
		return false;
	if (spin.up_ns && range_high(spin_ns, spin) >= threshold_low(time, 0))
		return true;
	/* What is certain to be lost to other programs makes it inconclusive whatever is unknown. */
	return range_low(time->others_ns, others) < threshold_high(time, 0) && others.up_ns &&
	       range_high(time->others_ns, others) >= threshold_low(time, 0);
}

/* Whether the verdict may be another, should this be otherwise. */
static bool may_turn(const struct findings *findings, const struct report *report, enum room_doubt doubt)
{
	bool seen = false;

	for (size_t i = 0; i < findings->cnt; i++) {
		const struct finding *finding = &findings->list[i];

		if (finding->note || finding->kind->outside || !is_seen(&findings->time, finding))
			continue;
		if (is_certain(&findings->time, finding, doubt))
			return false;
		seen = true;
	}
	return seen || may_be_more(findings, report, doubt);
}

static bool is_found(const struct findings *findings, bool outside)
{
	for (size_t i = 0; i < findings->cnt; i++)
		if (!findings->list[i].note && findings->list[i].kind->outside == outside &&
		    is_seen(&findings->time, &findings->list[i]))
			return true;
	return false;
}

static void verdict_make(struct findings *findings, const struct report *report)
{
	static const enum findings_reason reasons[ROOM_DOUBT_CNT] = {
		[ROOM_UNKNOWN] = REASON_UNKNOWN, [ROOM_OTHERS] = REASON_OTHERS,
		[ROOM_AWAY] = REASON_AWAY, [ROOM_ANY] = REASON_TOGETHER,
	};

	findings->verdict = VERDICT_INCONCLUSIVE;
	for (int doubt = 0; doubt < ROOM_DOUBT_CNT; doubt++) {
		if (!may_turn(findings, report, (enum room_doubt)doubt))
			continue;
		findings->reason = reasons[doubt];
		return;
	}
	if (is_found(findings, false))
		findings->verdict = VERDICT_FOUND;
	else if (is_found(findings, true))
		findings->reason = REASON_OUTSIDE;
	else
		findings->verdict = VERDICT_NOTHING;
}

void findings_make(struct findings *findings, const struct report *report)
{
	*findings = (struct findings){ .cnt = 0 };
	time_make(&findings->time, report);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		look(findings, report, i);
	qsort(findings->list, findings->cnt, sizeof(*findings->list), finding_compare);
	verdict_make(findings, report);
}
