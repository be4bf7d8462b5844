/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bottle graphs as a table: what is high and narrow has the time and little company.
 */
#include <errno.h>

#include "analyzer/analysis.h"
#include "analyzer/sections/party.h"
#include "analyzer/sections/section.h"

static const char *const kind_names[BOTTLE_KIND_CNT] = {
	[BOTTLE_TRUE] = "true", [BOTTLE_APPARENT] = "apparent", [BOTTLE_CMETRIC] = "cmetric",
};

static const struct bottles *bottles_of(const struct report *report)
{
	return &report->analysis->bottles;
}

static bool bottle_any(const struct report *report)
{
	return bottles_of(report)->crowds[BOTTLE_APPARENT].any_ns;
}

static void answer_print(const struct report *report, struct style style, FILE *out)
{
	const struct bottle_crowd *crowd = &bottles_of(report)->crowds[BOTTLE_TRUE];
	uint64_t unknown_ns = report->tree.state_ns[STATE_UNKNOWN];

	fprintf(out, "  For %s, %s of the wall time, somebody made progress; it is split\n"
		"  among those who did. Width: how many did at once, while these did.\n",
		format_time(crowd->any_ns, style).s, format_percent(crowd->any_ns, report->tree.wall_ns).s);
	if (unknown_ns)
		fprintf(out, "  For %s nothing is known of some thread: that is not in it.\n",
			format_time(unknown_ns, style).s);
}

static int group_row(const struct report *report, const struct group_bottles *row, struct style style,
		     struct table *table)
{
	const struct bottle *made = &row->bottles[BOTTLE_TRUE], *seemed = &row->bottles[BOTTLE_APPARENT];
	const struct bottle_crowd *crowds = bottles_of(report)->crowds;

	return table_cells(table, (const char *const[]){
		party_group(row->group, style).s, format_time(made->height_ns, style).s,
		format_share(made->height_ns, crowds[BOTTLE_TRUE].any_ns).s,
		format_average(made->active_ns, made->height_ns).s,
		format_time(seemed->height_ns, style).s,
		format_share(seemed->height_ns, crowds[BOTTLE_APPARENT].any_ns).s,
		format_average(seemed->active_ns, seemed->height_ns).s,
		format_time(row->bottles[BOTTLE_CMETRIC].height_ns, style).s, NULL });
}

static int bottle_text(const struct report *report, struct style style, FILE *out)
{
	size_t all = report->analysis->groups.groups_cnt, rows = report_rows(report, all);
	struct table *table = table_new("nrrrrrrr");
	int err = table ? table_cells(table, (const char *const[]){
			"", "true", "", "", "apparent", "", "", "",
			"threads", "height", "%", "width", "height", "%", "width", "CMetric", NULL }) :
			-ENOMEM;

	answer_print(report, style, out);
	for (size_t i = 0; !err && i < rows; i++)
		err = group_row(report, &bottles_of(report)->of_groups[i], style, table);
	if (!err) {
		table_print(table, style, "    ", out);
		left_out_print(rows, all, out);
	}
	table_free(table);
	return err;
}

static void kinds_put(struct json_out *out, json_t *object, const struct bottle bottles[BOTTLE_KIND_CNT])
{
	for (int i = 0; i < BOTTLE_KIND_CNT; i++) {
		json_t *bottle = json_object();

		put_number(out, bottle, "height_ns", bottles[i].height_ns);
		put_number(out, bottle, "active_ns", bottles[i].active_ns);
		put(out, object, kind_names[i], bottle);
	}
}

static size_t bottle_rows(const struct report *report)
{
	return bottles_of(report)->threads_cnt;
}

static json_t *bottle_row(struct json_out *out, const struct report *report, size_t i)
{
	const struct thread_bottles *own = &bottles_of(report)->threads[i];
	const struct groups *groups = &report->analysis->groups;
	json_t *object = json_object();

	put_number(out, object, "thread", own->thread->id);
	put_text(out, object, "group", groups->groups[groups->of_thread[own->thread->slot]].name);
	kinds_put(out, object, own->bottles);
	return object;
}

const struct section bottle_section = {
	.name = "bottle",
	.says = "whose the time was, and in what company",
	.any = bottle_any,
	.text = bottle_text,
	.member = "bottles",
	.rows = bottle_rows,
	.row = bottle_row,
};
