/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses the sentences. Nothing is blamed that is not large: a loss below a tenth of the work in
 * hand, or of one thread, is not worth the first lines of a report.
 */
#include "analyzer/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/table.h"

/* Losses below this part of the whole are not named. */
#define WORTH_NAMING 10
#define CAUSES_NAMED 2

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
				bool in_hand, uint64_t whole_ns)
{
	unsigned int named = 0;

	for (int i = 0; i < CAUSES_NAMED; i++) {
		enum thread_state state = largest(scope, in_hand, named);

		if (state == STATE_CNT || scope->state_ns[state] < whole_ns / WORTH_NAMING ||
		    scope->state_ns[state] < scope->wall_ns / WORTH_NAMING)
			break;
		say(answer, "%s%s", named ? ", " : *answer->text ? "  " : "",
		    format_average(scope->state_ns[state], scope->wall_ns).s);
		if (!named)
			say(answer, " of %s", format_average(whole_ns, scope->wall_ns).s);
		say(answer, " %s", phrases[state]);
		named |= 1u << state;
	}
	if (named)
		say(answer, ".");
	return named;
}

static void say_cores(struct answer *answer, const struct report *report, unsigned int named)
{
	const unsigned int ready = 1u << STATE_READY_WOKEN | 1u << STATE_READY_PREEMPTED;
	uint64_t wall_ns = report->tree.wall_ns;
	uint64_t idle_ns = report->idle.idle_ns, other_ns = 0;

	if (idle_ns * WORTH_NAMING * 2 >= wall_ns * report->cores_cnt) {
		say(answer, "  The cores had room: %s of %s stood idle meanwhile.",
		    format_average(idle_ns, wall_ns).s, format_count(report->cores_cnt).s);
	} else if (named & ready) {
		for (size_t i = 0; i < report->cores_cnt; i++)
			other_ns += report->cores[i].other_ns;
		say(answer, "  The cores were full: %s ours, %s other programs'.",
		    format_average(report->tree.curves->integral_ns[CURVE_SCHEDULED], wall_ns).s,
		    format_average(other_ns, wall_ns).s);
	}
}

/* Nothing large is lost: nothing at all, or many small things. */
static void say_no_loss(struct answer *answer, const struct report_scope *tree)
{
	uint64_t apparent_ns = tree->curves->integral_ns[CURVE_APPARENT];
	uint64_t loss_ns = report_loss_ns(tree);

	if (loss_ns <= apparent_ns / WORTH_NAMING)
		say(answer, "What looks busy makes progress.");
	else
		say(answer, "%s of %s look busy and make no progress, for several small reasons.",
		    format_average(loss_ns, tree->wall_ns).s,
		    format_average(apparent_ns, tree->wall_ns).s);
}

struct answer answer_make(const struct report *report)
{
	const struct report_scope *tree = &report->tree;
	const uint64_t *integral_ns = tree->curves->integral_ns;
	uint64_t apparent_ns = integral_ns[CURVE_APPARENT], alive_ns = integral_ns[CURVE_ALIVE];
	struct answer answer = { "" };
	unsigned int named;

	if (!alive_ns) {
		say(&answer, "No thread was recorded.");
		return answer;
	}
	named = say_largest(&answer, tree, true, apparent_ns);
	if (named)
		say_cores(&answer, report, named);
	else if (apparent_ns >= tree->wall_ns / WORTH_NAMING)
		say_no_loss(&answer, tree);
	/* Most of them idle: say so, it is no loss. */
	if ((alive_ns - apparent_ns) * 2 > alive_ns)
		say_largest(&answer, tree, false, alive_ns);
	if (tree->state_ns[STATE_UNKNOWN] * 1000 > alive_ns)
		say(&answer, "  %s of %s are unknown: these figures may be off by as much.",
		    format_average(tree->state_ns[STATE_UNKNOWN], tree->wall_ns).s,
		    format_average(alive_ns, tree->wall_ns).s);
	if (report->run->cut)
		say(&answer, "  The file is cut: this is what was recorded until then.");
	return answer;
}
