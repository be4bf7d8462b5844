/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work and span: for how many cores there is work at all, and what limits it.
 */
#include <errno.h>

#include "analyzer/analysis.h"
#include "analyzer/sections/section.h"
#include "analyzer/wrap.h"

static const struct span *span_of(const struct report *report)
{
	return &report->analysis->span;
}

static bool span_any(const struct report *report)
{
	return report->threads_cnt > 1 && span_of(report)->span_ns;
}

static void answer_print(const struct report *report, struct style style, FILE *out)
{
	const struct span *span = span_of(report);
	uint64_t unknown_ns = report->tree.state_ns[STATE_UNKNOWN], bound_ns = span_bound_ns(span, 0);
	uint64_t here_ns = span_bound_ns(span, report->cores_cnt);

	sentence_print(out, "  ", "As it took turns, it has work for %s cores on average: no number of them "
		       "does it in less than %s.",
		       format_average(span->work_ns, bound_ns).s, format_time(bound_ns, style).s);
	if (here_ns > bound_ns)
		sentence_print(out, "  ", "These %s cores take %s at least.", format_count(report->cores_cnt).s,
			       format_time(here_ns, style).s);
	/* A tenth: what a hand-over here and there adds says nothing of the program. */
	if (span->unlocked_ns < bound_ns - bound_ns / 10)
		sentence_print(out, "  ", "Without turns at locks and GILs: for %s cores, %s.",
			       format_average(span->work_ns, span->unlocked_ns).s,
			       format_time(span->unlocked_ns, style).s);
	if (unknown_ns)
		sentence_print(out, "  ", "For %s nothing is known of some thread: there may be more work, and "
			       "longer chains of it.", format_time(unknown_ns, style).s);
}

static int span_row(const struct report *report, const char *name, uint64_t ns, const char *says,
		    struct style style, struct table *table)
{
	return table_cells(table, (const char *const[]){
		name, format_time(ns, style).s, format_average(span_of(report)->work_ns, ns).s, says, NULL });
}

static int span_text(const struct report *report, struct style style, FILE *out)
{
	const struct span *span = span_of(report);
	struct table *table = table_new("lrrl");
	int err = table ? table_cells(table, (const char *const[]){ "", "time", "work/time", "", NULL }) : -ENOMEM;

	answer_print(report, style, out);
	if (!err)
		err = span_row(report, "work", span->work_ns, "of all threads, on cores", style, table);
	if (!err)
		err = span_row(report, "wall", report->tree.wall_ns, "that it took", style, table);
	if (!err)
		err = span_row(report, "span", span->span_ns, "longest chain of work along wakings, births",
			       style, table);
	if (!err && span->gil_ns)
		err = span_row(report, "GIL", span->gil_ns, "under the busiest GIL, one at a time", style,
			       table);
	if (!err)
		err = span_row(report, "unlocked", span->unlocked_ns, "the span without waits for locks, GILs",
			       style, table);
	if (!err)
		table_print(table, style, "    ", out);
	table_free(table);
	return err;
}

static double parallelism(uint64_t work_ns, uint64_t span_ns)
{
	return span_ns ? (double)work_ns / (double)span_ns : 0;
}

static json_t *span_json(struct json_out *out, const struct report *report)
{
	const struct span *span = span_of(report);
	json_t *object = json_object();

	put_number(out, object, "work_ns", span->work_ns);
	put_number(out, object, "span_ns", span->span_ns);
	put_number(out, object, "unlocked_span_ns", span->unlocked_ns);
	put_number(out, object, "gil_ns", span->gil_ns);
	put_number(out, object, "bound_ns", span_bound_ns(span, report->cores_cnt));
	put(out, object, "parallelism", json_real(parallelism(span->work_ns, span->span_ns)));
	put(out, object, "unlocked_parallelism", json_real(parallelism(span->work_ns, span->unlocked_ns)));
	return object;
}

const struct section span_section = {
	.name = "span",
	.member = "work_and_span",
	.says = "work, and the longest chain of it that no number of cores can shorten",
	.any = span_any,
	.text = span_text,
	.json = span_json,
};
