/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses the sentences. Nothing is blamed that is not large: a loss below a tenth of the work in
 * hand, or of one thread, is not worth the first lines of a report.
 */
#include "analyzer/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/shown.h"
#include "analyzer/table.h"

/* Losses below this part of the whole are not named. */
#define WORTH_NAMING 10
#define CAUSES_NAMED 2
#define READY (1u << STATE_READY_WOKEN | 1u << STATE_READY_PREEMPTED)

static const char *const phrases[STATE_CNT] = {
	[STATE_RUN_GIL] = "run with the GIL",
	[STATE_RUN_FREE] = "run and need no GIL",
	[STATE_RUN_SPIN] = "fight for a lock on a core",
	[STATE_READY_WOKEN] = "are woken and wait for a core",
	[STATE_READY_PREEMPTED] = "are pushed off their core",
	[STATE_WAIT_GIL] = "wait for the GIL",
	[STATE_WAIT_LOCK] = "wait for a lock",
	[STATE_WAIT_KLOCK] = "wait for a lock in the kernel",
	[STATE_WAIT_SYNC] = "wait for other threads",
	[STATE_WAIT_IO] = "wait for input or output",
	[STATE_WAIT_LISTEN] = "wait for connections",
	[STATE_WAIT_SLEEP] = "sleep",
	[STATE_WAIT_OTHER] = "wait for something else",
	[STATE_UNKNOWN] = "are unknown",
};

const char *state_phrase(enum thread_state state)
{
	return phrases[state];
}

static void say(struct answer *answer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct answer *answer, const char *format, ...)
{
	size_t len = strlen(answer->text);
	va_list args;

	va_start(args, format);
	vsnprintf(answer->text + len, sizeof(answer->text) - len, format, args);
	va_end(args);
}

/* The state with the most time of those that are (not) work in hand, without `except`. */
static enum thread_state largest(const struct report_scope *scope, bool in_hand,
				 unsigned int except)
{
	enum thread_state best = STATE_CNT;

	for (int state = 0; state < STATE_CNT; state++) {
		unsigned int counts = state_infos[state].counts;

		if (counts & COUNTS_TRUE || state == STATE_UNKNOWN || except & 1u << state ||
		    !(counts & COUNTS_APPARENT) == in_hand || !scope->state_ns[state])
			continue;
		if (best == STATE_CNT || scope->state_ns[state] > scope->state_ns[best])
			best = (enum thread_state)state;
	}
	return best;
}

/* "2.95 of 3.98 wait for the GIL, 0.40 are pushed off their core." Returns the states named. */
static unsigned int say_largest(struct answer *answer, const struct report_scope *scope,
				const struct shown *shown, bool in_hand)
{
	enum curve whole = in_hand ? CURVE_APPARENT : CURVE_ALIVE;
	uint64_t whole_ns = scope->curves->integral_ns[whole];
	unsigned int named = 0;

	for (int i = 0; i < CAUSES_NAMED; i++) {
		enum thread_state state = largest(scope, in_hand, named);

		if (state == STATE_CNT || scope->state_ns[state] < whole_ns / WORTH_NAMING ||
		    scope->state_ns[state] < scope->wall_ns / WORTH_NAMING)
			break;
		say(answer, "%s%s", named ? ", " : *answer->text ? "  " : "",
		    format_hundredths(shown->states[state]).s);
		if (!named)
			say(answer, " of %s", format_hundredths(shown->curves[whole]).s);
		say(answer, " %s", phrases[state]);
		named |= 1u << state;
	}
	if (named)
		say(answer, ".");
	return named;
}

/* What the cores did that our threads worked on. */
struct core_sums {
	uint64_t idle_ns, other_ns, unknown_ns;
};

static void sums_make(struct core_sums *sums, const struct report *report)
{
	*sums = (struct core_sums){ 0 };
	for (size_t i = 0; i < report->cores_cnt; i++) {
		const struct report_core *core = &report->cores[i];

		if (!core->at_work)
			continue;
		sums->idle_ns += core->idle_ns;
		sums->other_ns += core->other_ns;
		sums->unknown_ns += core->unknown_ns;
	}
}

/*
 * A core that stood idle is no room for threads that may not run there, and that they did not is a
 * sign. Where none wants for a core, it says just what they used.
 */
static void say_full(struct answer *answer, const struct report *report, const struct shown *shown,
		     const struct core_sums *sums, bool wanted)
{
	uint64_t at_work = report->cores_at_work_cnt, others = report->cores_cnt - at_work;
	bool only = report->cores_used_cnt == at_work, known = report->idle.away_known;

	if (!wanted) {
		if (others)
			say(answer, "  Its threads %s %s of the %s cores.",
			    !known ? "were seen on" : only ? "used" : "hardly used more than",
			    format_count(at_work).s, format_count(report->cores_cnt).s);
		return;
	}
	if (others)
		say(answer, "  Its %s %s full", format_noun(at_work, "core", "cores").s,
		    at_work == 1 ? "was" : "were");
	else
		say(answer, "  The cores were full");
	say(answer, ": %s ours, %s other programs'",
	    format_hundredths(shown->curves[CURVE_SCHEDULED]).s,
	    format_average(sums->other_ns, report->tree.wall_ns).s);
	if (others)
		say(answer, "; its threads %s the other%s%s", !known ? "were not seen on" :
		    only ? "did not use" : "hardly used", others > 1 ? " " : "",
		    others > 1 ? format_count(others).s : "");
	say(answer, ".");
}

/* Of the cores at work, how many stood idle at the very instants in which these states' threads lacked one. */
static uint64_t room_for_ns(const struct report *report, unsigned int named)
{
	static const enum thread_state waits[ROOM_WAITS] = { STATE_WAIT_GIL, STATE_WAIT_LOCK,
							     STATE_WAIT_KLOCK };
	const struct room *room = &report->analysis->room;
	const struct range *away = room->bounds[ROOM_AWAY].ranges;
	uint64_t ns = named & READY ? range_low(room->ready_ns, away[ROOM_READY]) : 0;

	for (int i = 0; i < ROOM_WAITS; i++)
		if (named & 1u << waits[i])
			ns += range_low(room->wait_ns[i], away[ROOM_GIL + i]);
	return ns;
}

/* Cores that stand idle at other times are no room for those that were named. */
static void say_room(struct answer *answer, const struct report *report, const struct shown *shown,
		     uint64_t idle_ns, uint64_t least_ns, unsigned int named)
{
	uint64_t wall_ns = report->tree.wall_ns, at_work = report->cores_at_work_cnt;
	uint64_t for_ns = room_for_ns(report, named), named_ns = 0;
	const char *cores = at_work == report->cores_cnt ? "The cores" : at_work == 1 ?
			    "The core it used" : "The cores it used";
	struct text idle = at_work == report->cores_cnt ? format_hundredths(shown->idle) :
			   format_average(idle_ns, wall_ns);

	for (int state = 0; state < STATE_CNT; state++)
		named_ns += named & 1u << state ? report->tree.state_ns[state] : 0;
	if (for_ns >= idle_ns - idle_ns / (2 * WORTH_NAMING))
		say(answer, "  %s had room: %s of %s stood idle meanwhile.", cores,
		    idle.s, format_count(at_work).s);
	else if (for_ns >= least_ns || for_ns >= named_ns / WORTH_NAMING)
		say(answer, "  %s had room for %s of them: %s of %s stood idle.", cores,
		    format_average(for_ns, wall_ns).s, idle.s, format_count(at_work).s);
	else
		say(answer, "  %s had room for only %s of them, though %s of %s stood idle at times.",
		    cores, format_average(for_ns, wall_ns).s, idle.s, format_count(at_work).s);
}

static void say_cores(struct answer *answer, const struct report *report,
		      const struct shown *shown, unsigned int named)
{
	uint64_t wall_ns = report->tree.wall_ns, at_work = report->cores_at_work_cnt;
	/* Below a twentieth of each core, there was no room. */
	uint64_t room_ns = (uint64_t)((double)wall_ns * (double)at_work / (2 * WORTH_NAMING));
	struct core_sums sums;

	sums_make(&sums, report);
	if (!at_work)
		return;
	if (sums.idle_ns >= room_ns)
		say_room(answer, report, shown, sums.idle_ns, room_ns, named);
	else if (sums.idle_ns + sums.unknown_ns < room_ns)
		say_full(answer, report, shown, &sums, named & READY);
}

/* Nothing large is lost: nothing at all, or many small things. */
static void say_no_loss(struct answer *answer, const struct report_scope *tree,
			const struct shown *shown)
{
	uint64_t apparent_ns = tree->curves->integral_ns[CURVE_APPARENT];

	if (report_loss_ns(tree) <= apparent_ns / WORTH_NAMING)
		say(answer, "What looks busy makes progress.");
	else
		say(answer, "%s of %s look busy and make no progress, for several small reasons.",
		    format_hundredths(shown->loss).s,
		    format_hundredths(shown->curves[CURVE_APPARENT]).s);
}

struct answer answer_make(const struct report *report)
{
	const struct report_scope *tree = &report->tree;
	const uint64_t *integral_ns = tree->curves->integral_ns;
	uint64_t apparent_ns = integral_ns[CURVE_APPARENT], alive_ns = integral_ns[CURVE_ALIVE];
	uint64_t unknown_ns = tree->state_ns[STATE_UNKNOWN];
	struct answer answer = { "" };
	struct shown shown;
	unsigned int named;

	if (!alive_ns) {
		say(&answer, "No thread was recorded.");
		return answer;
	}
	shown_make(&shown, report);
	named = say_largest(&answer, tree, &shown, true);
	if (named)
		say_cores(&answer, report, &shown, named);
	else if (apparent_ns >= tree->wall_ns / WORTH_NAMING &&
		 unknown_ns < apparent_ns / WORTH_NAMING)
		say_no_loss(&answer, tree, &shown);
	/* Most of them idle: say so, it is no loss. */
	if (alive_ns - apparent_ns > alive_ns / 2)
		say_largest(&answer, tree, &shown, false);
	if (unknown_ns > alive_ns / 1000 && shown.states[STATE_UNKNOWN])
		say(&answer, "%s%s of %s are unknown: each of them may have been in any state.",
		    *answer.text ? "  " : "", format_hundredths(shown.states[STATE_UNKNOWN]).s,
		    format_hundredths(shown.curves[CURVE_ALIVE]).s);
	if (report->run->cut)
		say(&answer, "%sThe file is cut: this is what was recorded until then.",
		    *answer.text ? "  " : "");
	return answer;
}
