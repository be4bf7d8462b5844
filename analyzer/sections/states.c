/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What threads did that made no progress. Its figures are members of the whole run in the JSON.
 */
#include <errno.h>

#include "analyzer/analysis.h"
#include "analyzer/answer.h"
#include "analyzer/sections/section.h"
#include "analyzer/shown.h"
#include "analyzer/wrap.h"

static struct text state_range(const struct report *report, const struct shown *shown, int state)
{
	return average_range(report, report->tree.state_ns[state],
			     report->analysis->trust.states[state], shown->states[state]);
}

/* ranged: with what it may be. */
static int loss_row(struct table *table, const struct report *report, const struct shown *shown,
		    enum thread_state state, bool ranged, struct style style)
{
	bool in_hand = state_infos[state].counts & COUNTS_APPARENT;
	uint64_t whole_ns = report->tree.curves->integral_ns[in_hand ? CURVE_APPARENT : CURVE_ALIVE];
	uint64_t ns = report->tree.state_ns[state];
	int err = table_cell(table, state_infos[state].name);

	if (!err)
		err = table_cell(table, format_hundredths(shown->states[state]).s);
	if (!err && ranged)
		err = table_cell(table, state_range(report, shown, state).s);
	if (!err)
		err = table_cell(table, format_time(ns, style).s);
	if (!err)
		err = table_cell(table, format_percent(ns, whole_ns).s);
	if (!err)
		err = table_cell(table, state_phrase(state));
	return err;
}

/* Of the known states, those that there is any of and whose `counts` mark is as wanted. */
static bool state_is_row(const struct report *report, int state, bool in_hand)
{
	unsigned int counts = state_infos[state].counts;

	if (counts & COUNTS_TRUE || !(counts & COUNTS_APPARENT) == in_hand || state == STATE_UNKNOWN)
		return false;
	return report->tree.state_ns[state];
}

static int loss_table(const struct report *report, const struct shown *shown, bool in_hand,
		      struct style style, FILE *out)
{
	bool ranged = false;
	struct table *table;
	int err;

	for (int state = 0; state < STATE_CNT; state++)
		ranged |= state_is_row(report, state, in_hand) && *state_range(report, shown, state).s;
	table = table_new(ranged ? "lrlrrn" : "lrrrl");
	err = table ? 0 : -ENOMEM;
	for (int state = 0; !err && state < STATE_CNT; state++)
		if (state_is_row(report, state, in_hand))
			err = loss_row(table, report, shown, (enum thread_state)state, ranged, style);
	if (!err)
		table_print(table, style, "    ", out);
	table_free(table);
	return err;
}

/* "alive 4.95 - apparent 3.98 - unknown 0.02 = 0.95"; true only with all its decimals. */
static void difference_print(const char *what, const struct shown *shown, bool in_hand, FILE *out)
{
	enum curve from = in_hand ? CURVE_APPARENT : CURVE_ALIVE;
	enum curve less = in_hand ? CURVE_TRUE : CURVE_APPARENT;
	uint64_t result = in_hand ? shown->loss : shown->rest;
	uint64_t unknown = in_hand ? 0 : shown->states[STATE_UNKNOWN];

	fprintf(out, "  %s: ", what);
	if (shown->curves[from] >= 10000) {
		fprintf(out, "%s of %s %s\n", format_hundredths(result).s,
			format_hundredths(shown->curves[from]).s, curve_names[from]);
		return;
	}
	fprintf(out, "%s %s - %s %s", curve_names[from], format_hundredths(shown->curves[from]).s,
		curve_names[less], format_hundredths(shown->curves[less]).s);
	if (unknown)
		fprintf(out, " - unknown %s", format_hundredths(unknown).s);
	fprintf(out, " = %s\n", format_hundredths(result).s);
}

static void marks_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_scope *tree = &report->tree;

	if (report->gil_held_off_core_ns)
		sentence_print(out, "  ", "GIL held off core: %s, %s of the time.",
			       format_time(report->gil_held_off_core_ns, style).s,
			       format_percent(report->gil_held_off_core_ns, tree->wall_ns).s);
	if (tree->sampled_ns)
		sentence_print(out, "  ", "%s of the time on a core rests on samples as to the GIL"
			       " (run.gil or run.free).",
			       format_percent(tree->sampled_ns,
					      tree->curves->integral_ns[CURVE_SCHEDULED]).s);
}

static int states_text(const struct report *report, struct style style, FILE *out)
{
	const struct report_scope *tree = &report->tree;
	const uint64_t *integral_ns = tree->curves->integral_ns;
	uint64_t unknown_ns = tree->state_ns[STATE_UNKNOWN];
	struct shown shown;
	int err = 0;

	shown_make(&shown, report);
	difference_print("Loss of parallelism", &shown, true, out);
	if (report_loss_ns(tree))
		err = loss_table(report, &shown, true, style, out);
	if (!err && integral_ns[CURVE_ALIVE] - integral_ns[CURVE_APPARENT] > unknown_ns) {
		difference_print("No work in hand", &shown, false, out);
		err = loss_table(report, &shown, false, style, out);
	}
	if (!err && unknown_ns)
		fprintf(out, "  Not known: %s of %s alive, %s, %s\n",
			format_hundredths(shown.states[STATE_UNKNOWN]).s,
			format_hundredths(shown.curves[CURVE_ALIVE]).s,
			format_time(unknown_ns, style).s,
			format_percent(unknown_ns, integral_ns[CURVE_ALIVE]).s);
	if (!err)
		marks_print(report, style, out);
	return err;
}

const struct section states_section = {
	.name = "states",
	.says = "average number of threads that made no progress, and why",
	.text = states_text,
};
