/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * True parallelism by level. Its figures are the whole run's histogram in the JSON.
 */
#include <errno.h>

#include "analyzer/sections/section.h"
#include "analyzer/wrap.h"

#define BAR_WIDTH 20

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

/* How many levels had more time: those with the most are shown, in their own order. */
static size_t rank(const struct scope *curves, size_t level)
{
	size_t before = 0;

	for (size_t i = 0; i < curves->levels_cnt; i++)
		before += curves->level_ns[i] > curves->level_ns[level] ||
			  (curves->level_ns[i] == curves->level_ns[level] && i < level);
	return before;
}

static int levels_text(const struct report *report, struct style style, FILE *out)
{
	const struct scope *curves = report->tree.curves;
	struct table *table = table_new("rrrl");
	uint64_t most_ns = 0;
	size_t cnt = 0;
	int err = table ? 0 : -ENOMEM;

	for (size_t i = 0; i < curves->levels_cnt; i++) {
		if (curves->level_ns[i] > most_ns)
			most_ns = curves->level_ns[i];
		cnt += curves->level_ns[i] > 0;
	}
	for (size_t i = 0; !err && i < curves->levels_cnt; i++) {
		uint64_t ns = curves->level_ns[i];

		if (!ns || rank(curves, i) >= report->top)
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
		table_print(table, style, "  ", out);
		left_out_print(report_rows(report, cnt), cnt, out);
		levels_doubt(report, style, out);
	}
	table_free(table);
	return err;
}

const struct section levels_section = {
	.name = "levels",
	.says = "so many threads made progress at once, for so long",
	.text = levels_text,
};
