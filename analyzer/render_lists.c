/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists of the text report. Threads have a column for each state that occurs, widest first when
 * not all of them fit.
 */
#include "analyzer/render_lists.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* State columns that fit beside the others in 80 columns. */
#define STATE_COLUMNS_MAX 6
#define NAME_WIDTH 15

/* Of what the report could not explain better than by its system call. */
static bool call_is_shown(const struct report_call *call)
{
	return call->state == STATE_WAIT_OTHER || call->state == STATE_WAIT_IO ||
	       call->state == STATE_WAIT_LISTEN;
}

static struct text call_text(const struct report_call *call)
{
	struct text text;

	if (!call->sysno)
		snprintf(text.s, sizeof(text.s), "no system call");
	else if (call->name)
		snprintf(text.s, sizeof(text.s), "%s (%" PRIu64 ")", call->name, call->sysno - 1);
	else
		snprintf(text.s, sizeof(text.s), "system call %" PRIu64, call->sysno - 1);
	return text;
}

int calls_print(const struct report *report, struct style style, FILE *out)
{
	struct table *table = table_new("llrr");
	size_t all = 0;
	int err = table ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < report->calls_cnt; i++) {
		const struct report_call *call = &report->calls[i];

		if (!call_is_shown(call) || all++ >= report->top)
			continue;
		err = table_cells(table, (const char *const[]){
			state_infos[call->state].name, call_text(call).s,
			format_time(call->ns, style).s,
			format_noun(call->cnt, "wait", "waits").s, NULL });
	}
	if (!err && all) {
		fprintf(out, "  Waits by system call\n");
		table_print(table, style, "    ", out);
		left_out_print(report_rows(report, all), all, out);
	}
	table_free(table);
	return err;
}

static int process_row(struct table *table, const struct report_process *row, struct style style)
{
	const struct report_scope *scope = &row->scope;
	struct text pid;
	int err;

	snprintf(pid.s, sizeof(pid.s), "%" PRIu64, row->process->pid);
	err = table_cells(table, (const char *const[]){
		pid.s, format_name(row->comm, NAME_WIDTH, style).s,
		format_count(row->threads_cnt).s, format_time(scope->wall_ns, style).s, NULL });
	for (int i = 0; !err && i < CURVE_CNT; i++)
		err = table_cell(table, format_average(scope->curves->integral_ns[i],
						       scope->wall_ns).s);
	return err;
}

int processes_print(const struct report *report, struct style style, FILE *out)
{
	size_t rows = report_rows(report, report->processes_listed);
	struct table *table;
	int err;

	if (report->processes_cnt < 2 || !rows)
		return 0;
	table = table_new("rnrrrrrrr");
	if (!table)
		return -ENOMEM;
	err = table_cells(table, (const char *const[]){
		"", "", "", "", "", "appa-", "sche-", "", "over-",
		"pid", "name", "threads", "life", "alive", "rent", "duled", "true", "lap", NULL });
	for (size_t i = 0; !err && i < rows; i++)
		err = process_row(table, &report->processes[i], style);
	if (!err) {
		fprintf(out, "\nProcesses, averages over their lives\n");
		table_print(table, style, "  ", out);
		left_out_print(rows, report->processes_listed, out);
	}
	table_free(table);
	return err;
}

/* The states to show, in the table's order, and whether others are summed up as "rest". */
struct state_columns {
	enum thread_state states[STATE_COLUMNS_MAX];
	size_t cnt;
	bool rest;
};

static void columns_choose(const struct report *report, struct state_columns *columns)
{
	uint64_t sums_ns[STATE_CNT] = { 0 };
	bool chosen[STATE_CNT] = { false };
	size_t occurring = 0;

	for (size_t i = 0; i < report->threads_listed; i++)
		for (int state = 0; state < STATE_CNT; state++)
			sums_ns[state] += report->threads[i].state_ns[state];
	for (int state = 0; state < STATE_CNT; state++)
		occurring += sums_ns[state] > 0;
	columns->rest = occurring > STATE_COLUMNS_MAX;
	for (size_t i = 0; i < (columns->rest ? STATE_COLUMNS_MAX - 1 : occurring); i++) {
		int best = -1;

		for (int state = 0; state < STATE_CNT; state++)
			if (!chosen[state] && sums_ns[state] &&
			    (best < 0 || sums_ns[state] > sums_ns[best]))
				best = state;
		chosen[best] = true;
	}
	columns->cnt = 0;
	for (int state = 0; state < STATE_CNT; state++)
		if (chosen[state])
			columns->states[columns->cnt++] = (enum thread_state)state;
}

/* Two lines of header: "wait" above "gil". */
static int columns_head(struct table *table, const struct state_columns *columns, bool second)
{
	int err = 0;

	for (size_t i = 0; !err && i < columns->cnt; i++) {
		const char *name = state_infos[columns->states[i]].name;
		const char *dot = strchr(name, '.');
		struct text text;

		if (second)
			snprintf(text.s, sizeof(text.s), "%s", dot ? dot + 1 : name);
		else
			snprintf(text.s, sizeof(text.s), "%.*s", dot ? (int)(dot - name) : 0, name);
		err = table_cell(table, text.s);
	}
	if (!err && columns->rest)
		err = table_cell(table, second ? "rest" : "");
	return err;
}

static int thread_row(struct table *table, const struct report_thread *row,
		      const struct state_columns *columns, struct style style)
{
	uint64_t rest_ns = row->life_ns;
	struct text tid;
	int err;

	snprintf(tid.s, sizeof(tid.s), "%" PRIu64, row->thread->tid);
	err = table_cells(table, (const char *const[]){
		tid.s, format_name(row->thread->comm, NAME_WIDTH, style).s,
		format_time(row->life_ns, style).s, NULL });
	for (size_t i = 0; !err && i < columns->cnt; i++) {
		uint64_t ns = row->state_ns[columns->states[i]];

		rest_ns -= ns;
		err = table_cell(table, format_share(ns, row->life_ns).s);
	}
	if (!err && columns->rest)
		err = table_cell(table, format_share(rest_ns, row->life_ns).s);
	return err;
}

/* Tables without rows would leave it open whether there is nothing or something went wrong. */
static int nothing_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_filter *filter = &report->filter;

	fputs("\nNo thread matches", out);
	if (filter->pid)
		fprintf(out, " --pid=%" PRIu64, filter->pid);
	if (filter->comm)
		fprintf(out, " --comm=%s", format_name(filter->comm, NAME_WIDTH, style).s);
	if (filter->thread)
		fprintf(out, " --thread=%s", format_name(filter->thread, NAME_WIDTH, style).s);
	fputs(".\n", out);
	return 0;
}

int threads_print(const struct report *report, struct style style, FILE *out)
{
	size_t rows = report_rows(report, report->threads_listed);
	struct state_columns columns;
	char align[3 + STATE_COLUMNS_MAX + 1] = "rnr";
	struct table *table;
	int err;

	if (!rows)
		return nothing_print(report, style, out);
	columns_choose(report, &columns);
	memset(align + 3, 'r', columns.cnt + columns.rest);
	align[3 + columns.cnt + columns.rest] = '\0';
	table = table_new(align);
	if (!table)
		return -ENOMEM;
	err = table_cells(table, (const char *const[]){ "", "", "", NULL });
	if (!err)
		err = columns_head(table, &columns, false);
	if (!err)
		err = table_cells(table, (const char *const[]){ "tid", "name", "life", NULL });
	if (!err)
		err = columns_head(table, &columns, true);
	for (size_t i = 0; !err && i < rows; i++)
		err = thread_row(table, &report->threads[i], &columns, style);
	if (!err) {
		fprintf(out, "\nThreads, %% of their lives in each state\n");
		table_print(table, style, "  ", out);
		left_out_print(rows, report->threads_listed, out);
	}
	table_free(table);
	return err;
}

/* The other program that had the core longest, and its share. */
static int guest_cells(struct table *table, const struct report_core *core, uint64_t wall_ns,
		       struct style style)
{
	const struct report_guest *guest = &core->guests[0];
	struct text text = { "" };

	if (guest->ns)
		snprintf(text.s, sizeof(text.s), "mostly %.60s", guest->comm && *guest->comm ?
			 format_name(guest->comm, NAME_WIDTH, style).s : "unnamed");
	return table_cells(table, (const char *const[]){
		text.s, guest->ns ? format_share(guest->ns, wall_ns).s : "", NULL });
}

int cores_print(const struct report *report, struct style style, FILE *out)
{
	size_t rows = report_rows(report, report->cores_cnt);
	uint64_t wall_ns = report->tree.wall_ns;
	struct table *table = table_new("rrrrrrrnr");
	int err = table ? 0 : -ENOMEM;

	if (!err)
		err = table_cells(table, (const char *const[]){
			"core", "ours", "true", "spin", "others", "idle", "unknown", "", "",
			NULL });
	for (size_t i = 0; !err && i < rows; i++) {
		const struct report_core *core = &report->cores[i];

		err = table_cells(table, (const char *const[]){
			format_count(core->core).s, format_share(core->ours_ns, wall_ns).s,
			format_share(core->true_ns, wall_ns).s,
			format_share(core->spin_ns, wall_ns).s,
			format_share(core->other_ns, wall_ns).s,
			format_share(core->idle_ns, wall_ns).s,
			format_share(core->unknown_ns, wall_ns).s, NULL });
		if (!err)
			err = guest_cells(table, core, wall_ns, style);
	}
	if (!err) {
		fprintf(out, "\nCores, %% of the time; true and spin are parts of ours\n");
		table_print(table, style, "  ", out);
		left_out_print(rows, report->cores_cnt, out);
	}
	table_free(table);
	return err;
}
