/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for people, in 80 columns: the answer first, then the sections that explain it.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyzer/answer.h"
#include "analyzer/array.h"
#include "analyzer/render.h"
#include "analyzer/render_lists.h"
#include "analyzer/render_trace.h"
#include "analyzer/sections/section.h"
#include "analyzer/shown.h"
#include "analyzer/wrap.h"

#define BAR_WIDTH 20

static struct text cores_text(const struct report *report)
{
	struct text text = format_noun(report->cores_cnt, "core", "cores");

	if (report->cores_at_work_cnt && report->cores_at_work_cnt < report->cores_cnt)
		snprintf(text.s, sizeof(text.s), "%" PRIu64 " of %" PRIu64 " cores",
			 report->cores_at_work_cnt, report->cores_cnt);
	return text;
}

static void title_print(const struct report *report, const char *file, struct style style,
			FILE *out)
{
	const char *slash = strrchr(file, '/');
	struct text base = format_name(slash ? slash + 1 : file, 24, style);
	struct text name;
	char line[512], facts[400];
	int fill;

	snprintf(facts, sizeof(facts), "%s on %s, %s, %s",
		 format_noun(report->threads_cnt, "thread", "threads").s, cores_text(report).s,
		 format_time(report->tree.wall_ns, style).s,
		 format_noun(report->processes_cnt, "process", "processes").s);
	fill = REPORT_COLUMNS - 3 - (int)text_width(facts);
	name = format_name(report->name, fill > 20 ? 20 : fill < 8 ? 8 : (unsigned int)fill, style);
	snprintf(line, sizeof(line), "%s   %s", name.s, facts);
	fill = REPORT_COLUMNS - (int)text_width(line) - (int)text_width(base.s);
	if (fill >= 2)
		fprintf(out, "%s%*s%s\n\n", line, fill, "", base.s);
	else
		fprintf(out, "%s\n%*s%s\n\n", line, REPORT_COLUMNS - (int)text_width(base.s), "",
			base.s);
}

/*
 * " up to +0.50": whoever is unknown was alive, and can only add to what is known of the others. No
 * more of them than there are cores can have been on one.
 */
static struct text bounds_text(const struct report *report, const struct shown *shown, int curve)
{
	uint64_t more = shown->states[STATE_UNKNOWN];
	uint64_t cores = report->cores_cnt * 100;
	struct text text = { "" };

	if (curve == CURVE_SCHEDULED || curve == CURVE_TRUE) {
		cores = cores > shown->curves[curve] ? cores - shown->curves[curve] : 0;
		more = more < cores ? more : cores;
	}
	if (curve != CURVE_ALIVE && more)
		snprintf(text.s, sizeof(text.s), "  up to +%.20s", format_hundredths(more).s);
	return text;
}

static void bars_print(const struct report *report, const struct shown *shown, struct style style,
		       FILE *out)
{
	static const char *const says[CURVE_CNT] = {
		[CURVE_ALIVE] = "threads exist",
		[CURVE_APPARENT] = "have work in hand",
		[CURVE_SCHEDULED] = "are on a core",
		[CURVE_TRUE] = "make progress",
		[CURVE_OVERLAP] = "make progress or do I/O",
	};
	const uint64_t *integral_ns = report->tree.curves->integral_ns;
	int value_width = 4, bounds_width = 0, bar_width = BAR_WIDTH;

	for (int i = 0; i < CURVE_CNT; i++) {
		int value = (int)strlen(format_hundredths(shown->curves[i]).s);
		int bounds = (int)strlen(bounds_text(report, shown, i).s);

		value_width = value > value_width ? value : value_width;
		bounds_width = bounds > bounds_width ? bounds : bounds_width;
	}
	if (!bounds_width && value_width < 6)
		value_width = 6;
	/* Words fill the line; thousands of unknown threads take a piece of the bar. */
	if (value_width + bounds_width > 19)
		bar_width -= value_width + bounds_width - 19;
	for (int i = 0; i < CURVE_CNT; i++) {
		struct text bar = format_bar(integral_ns[i], integral_ns[CURVE_ALIVE],
					     (unsigned int)bar_width, style);

		fprintf(out, "  %-9s  %s%*s  %*s%-*s   %s\n", curve_names[i], bar.s,
			bar_width - (int)text_width(bar.s), "", value_width,
			format_hundredths(shown->curves[i]).s, bounds_width,
			bounds_text(report, shown, i).s, says[i]);
	}
}

/*
 * Which averages the bars are; and what they are without the time in which nothing was to do, if
 * that is known.
 */
static void averages_print(const struct report *report, const struct shown *shown,
			   struct style style, FILE *out)
{
	const struct scope *curves = report->tree.curves;
	struct text active = format_time(curves->active_ns, style);
	struct text wall = format_time(report->tree.wall_ns, style);

	fprintf(out, "  averages over %s of wall time", wall.s);
	if (curves->active_ns && !shown->states[STATE_UNKNOWN] && strcmp(active.s, wall.s))
		fprintf(out, "; active %s: apparent %s, true %s", active.s,
			format_average(curves->active_integral_ns[CURVE_APPARENT],
				       curves->active_ns).s,
			format_average(curves->active_integral_ns[CURVE_TRUE],
				       curves->active_ns).s);
	fputc('\n', out);
}

static void answer_print(const struct report *report, struct style style, FILE *out)
{
	struct shown shown;

	shown_make(&shown, report);
	bars_print(report, &shown, style, out);
	averages_print(report, &shown, style, out);
	fputc('\n', out);
	wrap_print("  ", answer_make(report).text, out);
}

static int loss_row(struct table *table, const struct report *report, const struct shown *shown,
		    enum thread_state state, uint64_t whole_ns, struct style style)
{
	uint64_t ns = report->tree.state_ns[state];
	int err = table_cell(table, state_infos[state].name);

	if (!err)
		err = table_cell(table, format_hundredths(shown->states[state]).s);
	if (!err)
		err = table_cell(table, format_time(ns, style).s);
	if (!err)
		err = table_cell(table, format_percent(ns, whole_ns).s);
	if (!err)
		err = table_cell(table, state_phrase(state));
	return err;
}

/* The known states whose `counts` mark is as wanted. */
static int loss_table(const struct report *report, const struct shown *shown, bool in_hand,
		      struct style style, FILE *out)
{
	const struct report_scope *tree = &report->tree;
	uint64_t whole_ns = tree->curves->integral_ns[in_hand ? CURVE_APPARENT : CURVE_ALIVE];
	struct table *table = table_new("lrrrl");
	int err = table ? 0 : -ENOMEM;

	for (int state = 0; !err && state < STATE_CNT; state++) {
		unsigned int counts = state_infos[state].counts;

		if (counts & COUNTS_TRUE || !(counts & COUNTS_APPARENT) == in_hand ||
		    !tree->state_ns[state] || state == STATE_UNKNOWN)
			continue;
		err = loss_row(table, report, shown, (enum thread_state)state, whole_ns, style);
	}
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

	fprintf(out, "%s: ", what);
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

static int loss_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_scope *tree = &report->tree;
	const uint64_t *integral_ns = tree->curves->integral_ns;
	uint64_t unknown_ns = tree->state_ns[STATE_UNKNOWN];
	struct shown shown;
	int err = 0;

	shown_make(&shown, report);
	fputc('\n', out);
	difference_print("Loss of parallelism", &shown, true, out);
	if (report_loss_ns(tree))
		err = loss_table(report, &shown, true, style, out);
	if (!err && integral_ns[CURVE_ALIVE] - integral_ns[CURVE_APPARENT] > unknown_ns) {
		difference_print("No work in hand", &shown, false, out);
		err = loss_table(report, &shown, false, style, out);
	}
	if (!err && unknown_ns)
		fprintf(out, "Not known: %s of %s alive, %s, %s\n",
			format_hundredths(shown.states[STATE_UNKNOWN]).s,
			format_hundredths(shown.curves[CURVE_ALIVE]).s,
			format_time(unknown_ns, style).s,
			format_percent(unknown_ns, integral_ns[CURVE_ALIVE]).s);
	return err;
}

/*
 * "Cores idle 0.97 of 2: 0.01 while threads were ready, 0.95 while threads waited (...), ..."
 * A thread that is ready need not be allowed on the core that is idle: nothing is said of a cause.
 */
static void idle_print(const struct report *report, FILE *out)
{
	const struct report_idle *idle = &report->idle;
	const char *before = " (";
	struct shown shown;
	char line[600];
	size_t len;

	shown_make(&shown, report);
	len = (size_t)snprintf(line, sizeof(line), "Cores idle %s of %s",
			       format_hundredths(shown.idle).s,
			       format_count(report->cores_cnt).s);
	if (idle->away_ns)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
					" (%s where its threads %s)",
					format_average(idle->away_ns, report->tree.wall_ns).s,
					!idle->away_known ? "were not seen" :
					report->cores_used_cnt > report->cores_at_work_cnt ?
					"hardly ran" : "never ran");
	len += (size_t)snprintf(line + len, sizeof(line) - len, ": %s while threads were ready,"
				" %s while threads waited", format_hundredths(shown.idle_ready).s,
				format_hundredths(shown.idle_waiting).s);
	for (int state = 0; state < STATE_CNT; state++) {
		/* What rounds to 0.00 is not worth a word. */
		if (!shown.idle_wait[state])
			continue;
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s %s", before,
					format_hundredths(shown.idle_wait[state]).s,
					state_infos[state].name);
		before = ", ";
	}
	snprintf(line + len, sizeof(line) - len, "%s, %s for want of threads.",
		 *before == ',' ? ")" : "", format_hundredths(shown.idle_nobody).s);
	wrap_print("  ", line, out);
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

/* Threads that are unknown may have made progress as well, beside those that were seen to. */
static void levels_doubt(const struct report *report, struct style style, FILE *out)
{
	uint64_t unknown_ns = report->tree.state_ns[STATE_UNKNOWN];
	uint64_t wall_ns = report->tree.wall_ns;

	if (unknown_ns)
		sentence_print(out, "  ", "Threads were unknown for up to %s of this time: there, "
			       "it was at least so many.",
			       format_time(unknown_ns < wall_ns ? unknown_ns : wall_ns, style).s);
}

static int levels_print(const struct report *report, struct style style, FILE *out)
{
	const struct scope *curves = report->tree.curves;
	struct table *table = table_new("rrrl");
	uint64_t most_ns = 0;
	int err = table ? 0 : -ENOMEM;

	for (size_t i = 0; i < curves->levels_cnt; i++)
		if (curves->level_ns[i] > most_ns)
			most_ns = curves->level_ns[i];
	for (size_t i = 0; !err && i < curves->levels_cnt; i++) {
		uint64_t ns = curves->level_ns[i];

		if (!ns)
			continue;
		err = table_cell(table, format_count(i).s);
		if (!err)
			err = table_cell(table, format_time(ns, style).s);
		if (!err)
			err = table_cell(table, format_percent(ns, report->tree.wall_ns).s);
		if (!err)
			err = table_cell(table, format_bar(ns, most_ns, BAR_WIDTH, style).s);
	}
	if (!err && most_ns) {
		fprintf(out, "\nTrue parallelism: so many made progress, for so long\n");
		table_print(table, style, "    ", out);
		levels_doubt(report, style, out);
	}
	table_free(table);
	return err;
}

static int idle_section(const struct report *report, struct style style, FILE *out)
{
	marks_print(report, style, out);
	idle_print(report, out);
	return 0;
}

/* "GIL: who held it, and who waited for it" */
static int section_print(const struct section *section, const struct report *report, struct style style,
			 FILE *out)
{
	if (section->any && !section->any(report))
		return 0;
	fprintf(out, "\n%c%s: %s\n", toupper((unsigned char)*section->name), section->name + 1,
		section->says);
	return section->text(report, style, out);
}

int render_text(const struct report *report, const char *file, struct style style, FILE *out)
{
	static int (*const parts[])(const struct report *, struct style, FILE *) = {
		loss_print, idle_section, calls_print, processes_print,
		threads_print, cores_print, levels_print,
	};
	int err = 0;

	title_print(report, file, style, out);
	answer_print(report, style, out);
	for (size_t i = 0; !err && i < ARRAY_SIZE(parts) && report->threads_cnt; i++)
		err = parts[i](report, style, out);
	for (size_t i = 0; !err && sections[i] && report->threads_cnt; i++)
		err = section_print(sections[i], report, style, out);
	if (!err)
		trace_print(report, style, out);
	return err;
}
