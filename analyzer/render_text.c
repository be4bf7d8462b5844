/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for people, in 80 columns: the answer first, then the sections that explain it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "analyzer/answer.h"
#include "analyzer/array.h"
#include "analyzer/render.h"
#include "analyzer/render_lists.h"

#define COLUMNS 80
#define BAR_WIDTH 20

/* Prints words in lines that begin with the indent and end before the right edge. */
static void wrap_print(const char *indent, const char *text, FILE *out)
{
	size_t column = 0;

	while (*text) {
		size_t blanks = strspn(text, " ");
		size_t bytes = strcspn(text + blanks, " ");
		size_t width = 0;

		for (size_t i = 0; i < bytes; i++)
			width += (text[blanks + i] & 0xc0) != 0x80;
		if (column && column + blanks + width > COLUMNS - 2) {
			fputc('\n', out);
			column = 0;
		}
		if (!column)
			column = (size_t)fprintf(out, "%s", indent);
		else
			column += (size_t)fprintf(out, "%*s", (int)blanks, "");
		fwrite(text + blanks, 1, bytes, out);
		column += width;
		text += blanks + bytes;
	}
	fputc('\n', out);
}

static void sentence_print(FILE *out, const char *indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void sentence_print(FILE *out, const char *indent, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	wrap_print(indent, line, out);
}

static struct text cores_text(const struct report *report)
{
	struct text text = format_noun(report->cores_cnt, "core", "cores");

	if (report->cores_used_cnt && report->cores_used_cnt < report->cores_cnt)
		snprintf(text.s, sizeof(text.s), "%" PRIu64 " of %" PRIu64 " cores",
			 report->cores_used_cnt, report->cores_cnt);
	return text;
}

static void title_print(const struct report *report, const char *file, struct style style,
			FILE *out)
{
	const char *slash = strrchr(file, '/');
	struct text name = format_name(report->name, 20, style);
	struct text base = format_name(slash ? slash + 1 : file, 24, style);
	char line[512];
	int fill;

	snprintf(line, sizeof(line), "%s   %s on %s, %s, %s", name.s,
		 format_noun(report->threads_cnt, "thread", "threads").s, cores_text(report).s,
		 format_time(report->tree.wall_ns, style).s,
		 format_noun(report->processes_cnt, "process", "processes").s);
	fill = COLUMNS - (int)text_width(line) - (int)text_width(base.s);
	if (fill >= 2)
		fprintf(out, "%s%*s%s\n\n", line, fill, "", base.s);
	else
		fprintf(out, "%s\n%*s%s\n\n", line, COLUMNS - (int)text_width(base.s), "", base.s);
}

static void answer_print(const struct report *report, struct style style, FILE *out)
{
	static const char *const says[CURVE_CNT] = {
		[CURVE_ALIVE] = "threads exist",
		[CURVE_APPARENT] = "have work in hand",
		[CURVE_SCHEDULED] = "are on a core",
		[CURVE_TRUE] = "make progress",
		[CURVE_OVERLAP] = "make progress or do I/O",
	};
	const struct report_scope *tree = &report->tree;
	const uint64_t *integral_ns = tree->curves->integral_ns;
	uint64_t unknown_ns = tree->state_ns[STATE_UNKNOWN];

	for (int i = 0; i < CURVE_CNT; i++) {
		struct text bar = format_bar(integral_ns[i], integral_ns[CURVE_ALIVE], BAR_WIDTH,
					     style);
		struct text value = format_average(integral_ns[i], tree->wall_ns);

		fprintf(out, "  %-9s  %s%*s  %6s", curve_names[i], bar.s,
			BAR_WIDTH - (int)text_width(bar.s), "", value.s);
		/* Whoever is unknown may have been in any of these, but was alive. */
		if (i != CURVE_ALIVE && unknown_ns * 200 >= tree->wall_ns && unknown_ns)
			fprintf(out, " %s %s", style.utf8 ? "±" : "+-",
				format_average(unknown_ns, tree->wall_ns).s);
		fprintf(out, "   %s\n", says[i]);
	}
	fputc('\n', out);
	wrap_print("  ", answer_make(report).text, out);
}

static int loss_row(struct table *table, const struct report_scope *scope, enum thread_state state,
		    uint64_t whole_ns, struct style style)
{
	uint64_t ns = scope->state_ns[state];
	int err = table_cell(table, state_infos[state].name);

	if (!err)
		err = table_cell(table, format_average(ns, scope->wall_ns).s);
	if (!err)
		err = table_cell(table, format_time(ns, style).s);
	if (!err)
		err = table_cell(table, format_percent(ns, whole_ns).s);
	if (!err)
		err = table_cell(table, state_phrase(state));
	return err;
}

/* The states whose `counts` mark is as wanted, with a line that names the sum. */
static int loss_table(const struct report *report, bool in_hand, struct style style, FILE *out)
{
	const struct report_scope *tree = &report->tree;
	uint64_t whole_ns = tree->curves->integral_ns[in_hand ? CURVE_APPARENT : CURVE_ALIVE];
	struct table *table = table_new("lrrrl");
	int err = table ? 0 : -ENOMEM;

	for (int state = 0; !err && state < STATE_CNT; state++) {
		unsigned int counts = state_infos[state].counts;

		if (counts & COUNTS_TRUE || !(counts & COUNTS_APPARENT) == in_hand ||
		    !tree->state_ns[state])
			continue;
		err = loss_row(table, tree, (enum thread_state)state, whole_ns, style);
	}
	if (!err)
		table_print(table, "    ", out);
	table_free(table);
	return err;
}

static int loss_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_scope *tree = &report->tree;
	const uint64_t *integral_ns = tree->curves->integral_ns;
	uint64_t loss_ns = report_loss_ns(tree);
	uint64_t rest_ns = integral_ns[CURVE_ALIVE] - integral_ns[CURVE_APPARENT];
	int err = 0;

	fprintf(out, "\nLoss of parallelism: apparent %s - true %s = %s\n",
		format_average(integral_ns[CURVE_APPARENT], tree->wall_ns).s,
		format_average(integral_ns[CURVE_TRUE], tree->wall_ns).s,
		format_average(loss_ns, tree->wall_ns).s);
	if (loss_ns)
		err = loss_table(report, true, style, out);
	if (err || !rest_ns)
		return err;
	fprintf(out, "No work in hand: alive %s - apparent %s = %s\n",
		format_average(integral_ns[CURVE_ALIVE], tree->wall_ns).s,
		format_average(integral_ns[CURVE_APPARENT], tree->wall_ns).s,
		format_average(rest_ns, tree->wall_ns).s);
	return loss_table(report, false, style, out);
}

/* "Cores idle 0.97 of 2: 0.01 while work was ready, 0.95 while threads waited (...), ..." */
static void idle_print(const struct report *report, FILE *out)
{
	const struct report_idle *idle = &report->idle;
	uint64_t wall_ns = report->tree.wall_ns;
	const char *before = " (";
	char line[600];
	size_t len;

	len = (size_t)snprintf(line, sizeof(line), "Cores idle %s of %s: %s while work was ready,"
			       " %s while threads waited", format_average(idle->idle_ns, wall_ns).s,
			       format_count(report->cores_cnt).s,
			       format_average(idle->ready_ns, wall_ns).s,
			       format_average(idle->waiting_ns, wall_ns).s);
	for (int state = 0; state < STATE_CNT; state++) {
		/* What rounds to 0.00 is not worth a word. */
		if (idle->wait_ns[state] * 200 < wall_ns || !idle->wait_ns[state])
			continue;
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s %s", before,
					format_average(idle->wait_ns[state], wall_ns).s,
					state_infos[state].name);
		before = ", ";
	}
	snprintf(line + len, sizeof(line) - len, "%s, %s with no threads.",
		 *before == ',' ? ")" : "", format_average(idle->nobody_ns, wall_ns).s);
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
		table_print(table, "    ", out);
	}
	table_free(table);
	return err;
}

static void cost_print(const struct report *report, FILE *out)
{
	const struct report_quality *quality = &report->quality;
	struct text cost = format_percent(quality->probe_ns + quality->collector_ns,
					  report->tree.wall_ns);
	bool doubted = *quality->doubts;

	sentence_print(out, "", "Trace: %s, %s lost, tracing cost %s%s. Confidence: %s%s%s%s.",
		       format_noun(quality->records_cnt, "event", "events").s,
		       format_count(quality->lost).s, quality->has_cost ? cost.s : "unknown",
		       quality->has_cost ? " of one core" : "",
		       confidence_names[quality->confidence], doubted ? " (" : "",
		       quality->doubts, doubted ? ")" : "");
}

static void trace_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_quality *quality = &report->quality;
	const struct trace_fault *cut = report->run->cut;

	fputc('\n', out);
	cost_print(report, out);
	if (cut)
		sentence_print(out, "  ", "The file is cut at byte %" PRIu64 ": %s.  What a core"
			       " did after its last record in it is unknown.", cut->offset,
			       cut->reason);
	if (quality->left_alive)
		sentence_print(out, "  ", "%s still alive when the recording ended.",
			       format_noun(quality->left_alive, "thread was", "threads were").s);
	if (quality->clock.threads_cnt)
		sentence_print(out, "  ", "Clock check: %s on cores by the switches, %s by the "
			       "kernel's own clock; largest difference of a thread %s.",
			       format_time(quality->clock.run_ns, style).s,
			       format_time(quality->clock.kernel_run_ns, style).s,
			       format_time(quality->clock.worst_ns, style).s);
	if (quality->gil_peeks)
		sentence_print(out, "  ", "GIL: %s, %s of holder seen, %s unseen.",
			       format_noun(quality->gil_peeks, "look", "looks").s,
			       format_noun(quality->gil_switches_seen, "change", "changes").s,
			       format_count(quality->gil_switches_missed).s);
	if (quality->gil_pending_ns)
		sentence_print(out, "  ", "Until the GIL was located, futex waits are unknown: %s.",
			       format_time(quality->gil_pending_ns, style).s);
	if (quality->unseen)
		sentence_print(out, "  ", "%s on a core not shown by the kernel, but inferred.",
			       format_noun(quality->unseen, "arrival", "arrivals").s);
	if (quality->steal_ns)
		sentence_print(out, "  ", "The hypervisor took %s from the cores meanwhile.",
			       format_time(quality->steal_ns, style).s);
}

static int idle_section(const struct report *report, struct style style, FILE *out)
{
	marks_print(report, style, out);
	idle_print(report, out);
	return 0;
}

int render_text(const struct report *report, const char *file, struct style style, FILE *out)
{
	static int (*const sections[])(const struct report *, struct style, FILE *) = {
		loss_print, idle_section, calls_print, processes_print,
		threads_print, cores_print, levels_print,
	};
	int err = 0;

	title_print(report, file, style, out);
	answer_print(report, style, out);
	for (size_t i = 0; !err && i < ARRAY_SIZE(sections) && report->threads_cnt; i++)
		err = sections[i](report, style, out);
	if (!err)
		trace_print(report, style, out);
	return err;
}
