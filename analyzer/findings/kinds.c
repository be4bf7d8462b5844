/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the looks of several kinds of findings need.
 */
#include "analyzer/findings/kinds.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/shown.h"

/* Findings go to all outputs, and each of these has its own alphabet. */
static const struct style ascii = { .utf8 = false };

void finding_say(char line[FINDING_LINE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(line, FINDING_LINE, format, args);
	va_end(args);
}

/* Of who came before the file begins neither the name nor the number need be known. */
static struct text place_text(const char *name, const char *kind, uint64_t number)
{
	struct text text;

	snprintf(text.s, sizeof(text.s), "%.60s", *name ? format_name(name, FINDING_NAME, ascii).s : "unnamed");
	if (number)
		snprintf(text.s + strlen(text.s), sizeof(text.s) - strlen(text.s), " (%s %" PRIu64 ")",
			 kind, number);
	return text;
}

struct text thread_place(const struct thread *thread)
{
	return place_text(thread->comm, "tid", thread->tid);
}

struct text process_place(const struct report_process *row)
{
	return place_text(row->comm, "pid", row->process->pid);
}

const struct report_process *process_most(const struct report *report, enum thread_state state)
{
	const struct report_process *most = NULL;

	for (size_t i = 0; i < report->processes_listed; i++) {
		const struct report_process *row = &report->processes[i];

		if (row->scope.state_ns[state] &&
		    (!most || row->scope.state_ns[state] > most->scope.state_ns[state]))
			most = row;
	}
	return most;
}

struct text threads_share(const struct report *report, enum thread_state state)
{
	struct shown shown;
	struct text text;

	shown_make(&shown, report);
	snprintf(text.s, sizeof(text.s), "%.20s of %.20s", format_hundredths(shown.states[state]).s,
		 format_hundredths(shown.curves[CURVE_APPARENT]).s);
	return text;
}

const struct prediction *gain_find(const struct report *report, enum prediction_kind kind,
				   const struct futex_word *word)
{
	const struct predict *predict = &report->analysis->predict;

	for (size_t i = 0; i < predict->predictions_cnt; i++) {
		const struct prediction *prediction = &predict->predictions[i];

		if (prediction->kind == kind && !prediction->process && prediction->word == word)
			return prediction;
	}
	return NULL;
}

uint64_t gil_spin_ns(const struct report *report)
{
	uint64_t spin_ns = 0;

	for (size_t i = 0; i < report->processes_listed; i++)
		if (report->processes[i].process->gil == GIL_LOCATED)
			spin_ns += report->processes[i].scope.state_ns[STATE_RUN_SPIN];
	return spin_ns;
}

static uint64_t scale(uint64_t ns, uint64_t part_ns, uint64_t whole_ns)
{
	return whole_ns ? (uint64_t)((unsigned __int128)ns * part_ns / whole_ns) : 0;
}

static uint64_t width_ns(struct range range)
{
	return range.down_ns + range.up_ns;
}

void doubt_tell(const struct report *report, struct finding *finding)
{
	const struct range *bounds = finding->bounds;
	int most = ROOM_UNKNOWN;

	for (int i = 0; i < ROOM_ANY; i++)
		if (width_ns(bounds[i]) > width_ns(bounds[most]))
			most = i;
	if (most == ROOM_AWAY)
		finding_say(finding->doubt, "its threads used %s of %s cores, and may not be allowed on "
			    "the others", format_count(report->cores_at_work_cnt).s,
			    format_count(report->cores_cnt).s);
	else if (most == ROOM_OTHERS)
		finding_say(finding->doubt, "other programs had cores that threads could have used");
	else if (width_ns(bounds[most]))
		finding_say(finding->doubt, "threads or cores that are unknown may have done anything");
	else if (width_ns(bounds[ROOM_ANY]))
		finding_say(finding->doubt, "what is unknown, other programs, and cores that its threads did "
			    "not use may add up");
}

/* All of what was lost to it may be its, or less than is seen. */
static struct range part_range(uint64_t ns, struct range range, uint64_t part_ns, uint64_t whole_ns,
			       struct range open)
{
	uint64_t cost_ns = scale(ns, part_ns, whole_ns);
	uint64_t low_ns = scale(range_low(ns, range), range_low(part_ns, open), range_high(whole_ns, open));
	uint64_t high_ns = width_ns(open) ? range_high(ns, range) :
			   scale(range_high(ns, range), part_ns, whole_ns);

	return (struct range){ cost_ns > low_ns ? cost_ns - low_ns : 0,
			       high_ns > cost_ns ? high_ns - cost_ns : 0 };
}

void cost_part(const struct report *report, struct finding *finding, enum room_part part, uint64_t part_ns,
	       uint64_t whole_ns, struct range open)
{
	const struct room *room = &report->analysis->room;
	uint64_t ns = room_part_ns(room, part);

	finding->cost_ns = scale(ns, part_ns, whole_ns);
	for (int i = 0; i < ROOM_DOUBT_CNT; i++) {
		bool unknown = i == ROOM_UNKNOWN || i == ROOM_ANY;

		finding->bounds[i] = part_range(ns, room->bounds[i].ranges[part], part_ns, whole_ns,
						unknown ? open : (struct range){ 0 });
	}
}

void cost_whole(const struct report *report, struct finding *finding, enum room_part part)
{
	cost_part(report, finding, part, 1, 1, (struct range){ 0 });
}

void ready_cost(const struct report *report, struct finding *finding)
{
	uint64_t away_ns = report->analysis->room.bounds[ROOM_AWAY].ranges[ROOM_READY].down_ns;

	cost_whole(report, finding, ROOM_READY);
	finding->cost_ns = finding->cost_ns > away_ns ? finding->cost_ns - away_ns : 0;
	for (int i = 0; i < ROOM_DOUBT_CNT; i++) {
		struct range *range = &finding->bounds[i];

		if (i == ROOM_AWAY || i == ROOM_ANY)
			range->down_ns -= range->down_ns < away_ns ? range->down_ns : away_ns;
	}
}

static void bounds_add(struct finding *finding, enum room_doubt doubt, struct range open)
{
	finding->bounds[doubt].down_ns += open.down_ns;
	finding->bounds[doubt].up_ns += open.up_ns;
	finding->bounds[ROOM_ANY].down_ns += open.down_ns;
	finding->bounds[ROOM_ANY].up_ns += open.up_ns;
}

void cost_open(struct finding *finding, struct range open)
{
	bounds_add(finding, ROOM_UNKNOWN, open);
}

void cost_unbound(const struct report *report, struct finding *finding)
{
	uint64_t ready_ns = report->analysis->room.bounds[ROOM_AWAY].ranges[ROOM_READY].down_ns;
	struct range *bounds = finding->bounds;

	/* Of what is unknown it may be ready for all the time. */
	if (ready_ns + report->tree.state_ns[STATE_UNKNOWN] > report->tree.wall_ns / 100)
		return;
	bounds[ROOM_AWAY] = (struct range){ 0 };
	bounds[ROOM_ANY] = (struct range){
		.down_ns = bounds[ROOM_UNKNOWN].down_ns + bounds[ROOM_OTHERS].down_ns,
		.up_ns = bounds[ROOM_UNKNOWN].up_ns + bounds[ROOM_OTHERS].up_ns,
	};
}

void cost_away(struct finding *finding, struct range open)
{
	bounds_add(finding, ROOM_AWAY, open);
}
