/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for people, in 80 columns: the answer first, then the sections that explain it.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyzer/analyses/measured.h"
#include "analyzer/analysis.h"
#include "analyzer/answer.h"
#include "analyzer/array.h"
#include "analyzer/render.h"
#include "analyzer/sections/section.h"
#include "analyzer/shown.h"
#include "analyzer/wrap.h"

#define BAR_WIDTH 20
/* Findings on the first screen. */
#define HELP_ROWS 3

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
		fprintf(out, "%s%*s%s\n", line, fill, "", base.s);
	else
		fprintf(out, "%s\n%*s%s\n", line, REPORT_COLUMNS - (int)text_width(base.s), "",
			base.s);
}

/* Of a part of the run: which. */
static void window_print(const struct report *report, struct style style, FILE *out)
{
	const struct run *run = report->run;

	if (run->windowed)
		fprintf(out, "  from %s to %s of %s\n",
			format_time(run->start_ns - run->whole_start_ns, style).s,
			format_time(run->end_ns - run->whole_start_ns, style).s,
			format_time(run->whole_end_ns - run->whole_start_ns, style).s);
}

/* "  0.95 .. 1.20", for what it may be. */
static struct text bounds_text(const struct report *report, const struct shown *shown, int curve)
{
	struct text range = average_range(report, report->tree.curves->integral_ns[curve],
					  report->analysis->trust.curves[curve], shown->curves[curve]);
	struct text text = { "" };

	if (*range.s)
		snprintf(text.s, sizeof(text.s), "  %.60s", range.s);
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

		/* Without input or output it is the same as true. */
		if (i == CURVE_OVERLAP && shown->curves[i] == shown->curves[CURVE_TRUE])
			continue;
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

static void gain_print(const struct predict *predict, const struct prediction *gain, FILE *out)
{
	const struct measured *error = &measured[gain->kind];
	struct text so_far = { "" };

	if (error->cases_cnt)
		snprintf(so_far.s, sizeof(so_far.s), "; such predictions were %.20s off, at most %.20s",
			 format_percent(error->median_permille, 1000).s,
			 format_percent(error->worst_permille, 1000).s);
	sentence_print(out, "     ", "about %s times as fast without it (replay; unchanged it is %s off%s)",
		       format_average(predict->base.wall_ns, gain->result.wall_ns).s,
		       format_percent(predict_error_ns(predict), predict_own_ns(predict)).s, so_far.s);
}

/* "  1. GIL of app (pid 12): 0.93 s of core time lost, 92 % of what is lost" */
static void help_row(const struct report *report, size_t i, struct style style, FILE *out)
{
	const struct finding *finding = &report->findings.list[i];
	const struct predict *predict = &report->analysis->predict;

	if (finding->note)
		sentence_print(out, "  ", "%zu. %s", i + 1, finding->kind->title);
	else if (finding->inconclusive)
		sentence_print(out, "  ", "%zu. %s: anything from %s to %s of core time", i + 1,
			       finding->kind->title, format_time(finding_low(finding), style).s,
			       format_time(finding_high(finding), style).s);
	else
		sentence_print(out, "  ", "%zu. %s: %s of core time, %s of the loss", i + 1,
			       finding->kind->title, format_time(finding->cost_ns, style).s,
			       format_percent(finding->cost_ns, report->findings.time.lost_ns).s);
	if (finding->gain && finding->gain->result.wall_ns)
		gain_print(predict, finding->gain, out);
	wrap_print("     ", finding->next, out);
}

/* The first of the findings; the section has the rest of them. */
static void help_print(const struct report *report, struct style style, FILE *out)
{
	const struct findings *findings = &report->findings;

	fputs("\nWhat would help\n", out);
	verdict_print(report, out);
	for (size_t i = 0; i < findings->cnt && i < HELP_ROWS; i++)
		help_row(report, i, style, out);
}

/* A share, unless the recorder's start alone took longer than the run. */
static struct text cost_text(const struct report *report, struct style style)
{
	const struct report_quality *quality = &report->quality;
	uint64_t cost_ns = quality->probe_ns + quality->collector_ns;
	struct text text = { "unknown" };

	if (quality->has_cost && cost_ns > report->tree.wall_ns)
		snprintf(text.s, sizeof(text.s), "%.40s of CPU time",
			 format_time(cost_ns, style).s);
	else if (quality->has_cost)
		snprintf(text.s, sizeof(text.s), "%.40s of one core",
			 format_percent(cost_ns, report->tree.wall_ns).s);
	return text;
}

/* What was recorded, what it cost, and how far it can be trusted, in one line. */
static void trace_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_quality *quality = &report->quality;
	bool doubted = *quality->doubts;

	sentence_print(out, "", "Trace: %s, %s lost, tracing cost %s. Confidence: %s%s%s%s.",
		       format_noun(quality->records_cnt, "event", "events").s,
		       format_count(quality->lost).s, cost_text(report, style).s,
		       confidence_names[quality->confidence], doubted ? " (" : "",
		       quality->doubts, doubted ? ")" : "");
}

/* "GIL: who held it, and who waited for it" */
static int section_print(const struct section *section, const struct report *report, struct style style,
			 FILE *out)
{
	if (section->title)
		fprintf(out, "\n%s: %s\n", section->title, section->says);
	else
		fprintf(out, "\n%c%s: %s\n", toupper((unsigned char)*section->name), section->name + 1,
			section->says);
	if (section->any && !section->any(report)) {
		if (section->none)
			section->none(report, out);
		else
			fputs("  There is nothing of this in the run.\n", out);
		return 0;
	}
	return section->text(report, style, out);
}

/* Those that were asked for, whatever there is to say; else those that have something to say. */
static bool section_is_shown(const struct report *report, size_t i)
{
	uint64_t wanted = report->filter.sections;

	if (wanted)
		return wanted >> i & 1;
	return report->threads_cnt && (!sections[i]->any || sections[i]->any(report));
}

int render_text(const struct report *report, const char *file, struct style style, FILE *out)
{
	int err = 0;

	title_print(report, file, style, out);
	window_print(report, style, out);
	if (!report->filter.sections) {
		fputc('\n', out);
		answer_print(report, style, out);
		if (report->threads_cnt)
			help_print(report, style, out);
	}
	/* Of sections that were asked for by name, this is all that is said of doubts. */
	if (!report->filter.sections || report->quality.confidence != CONFIDENCE_HIGH) {
		fputc('\n', out);
		trace_print(report, style, out);
	}
	for (size_t i = 0; !err && sections[i]; i++)
		if (section_is_shown(report, i))
			err = section_print(sections[i], report, style, out);
	return err;
}
