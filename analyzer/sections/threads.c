/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threads that the filter lets through, with a column for each state that occurs, widest first
 * when not all of them fit.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyzer/json_scope.h"
#include "analyzer/sections/section.h"

/* State columns that fit beside the others in 80 columns. */
#define STATE_COLUMNS_MAX 6

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

bool no_thread_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_filter *filter = &report->filter;

	if (report->threads_listed)
		return false;
	fputs("  No thread matches", out);
	if (filter->pid)
		fprintf(out, " --pid=%" PRIu64, filter->pid);
	if (filter->comm)
		fprintf(out, " --comm=%s", format_name(filter->comm, NAME_WIDTH, style).s);
	if (filter->thread)
		fprintf(out, " --thread=%s", format_name(filter->thread, NAME_WIDTH, style).s);
	fputs(".\n", out);
	return true;
}

static int threads_text(const struct report *report, struct style style, FILE *out)
{
	size_t rows = report_rows(report, report->threads_listed);
	struct state_columns columns;
	char align[3 + STATE_COLUMNS_MAX + 1] = "rnr";
	struct table *table;
	int err;

	if (no_thread_print(report, style, out))
		return 0;
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
		table_print(table, style, "  ", out);
		left_out_print(rows, report->threads_listed, out);
	}
	table_free(table);
	return err;
}

static json_t *thread_json(struct json_out *out, const struct report *report, size_t i)
{
	const struct report_thread *row = &report->threads[i];
	const struct thread *thread = row->thread;
	json_t *object = json_object();

	put_number(out, object, "id", thread->id);
	put_number(out, object, "process", thread->process->id);
	put_number(out, object, "tid", thread->tid);
	put_number(out, object, "pid", thread->pid);
	put_text(out, object, "comm", thread->comm);
	put_number(out, object, "birth_ns", thread->birth_ns);
	put_number(out, object, "death_ns", thread->death_ns);
	put_bool(out, object, "birth_lost", thread->birth_lost);
	put_bool(out, object, "left_alive", thread->left_alive);
	put(out, object, "states", states_json(out, row->state_ns));
	put_number(out, object, "sampled_ns", row->sampled_ns);
	put_number(out, object, "run_ns", thread->on_core_ns);
	put_maybe(out, object, "kernel_run_ns", thread->has_usage, thread->kernel_run_ns);
	put_maybe(out, object, "kernel_delay_ns", thread->has_usage, thread->kernel_delay_ns);
	put_number(out, object, "gil_wait_episode_ns", thread->gil_wait.total_ns);
	put_number(out, object, "gil_waits", thread->gil_wait.cnt);
	put_maybe(out, object, "gil_hold_episode_ns", thread->exact.ever, thread->gil_hold.total_ns);
	put_maybe(out, object, "gil_holds", thread->exact.ever, thread->gil_hold.cnt);
	put_number(out, object, "lock_wait_episode_ns", thread->lock_wait.total_ns);
	put_number(out, object, "lock_waits", thread->lock_wait.cnt);
	put_number(out, object, "gil_held_off_core_ns", thread->gil_held_off_core_ns);
	put_number(out, object, "switches", thread->switch_outs);
	put_number(out, object, "switch_ins", thread->switch_ins);
	put_number(out, object, "idle_switch_ins", thread->idle_switch_ins);
	put_number(out, object, "woken_switch_ins", thread->woken_switch_ins);
	put_number(out, object, "migrations", thread->migrations);
	put_maybe(out, object, "exit_code", thread->has_exit, thread->exit_code);
	return object;
}

static size_t threads_rows(const struct report *report)
{
	return report->threads_listed;
}

const struct section threads_section = {
	.name = "threads",
	.says = "% of their lives in each state",
	.text = threads_text,
	.rows = threads_rows,
	.row = thread_json,
};
