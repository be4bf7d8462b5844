/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that the filter lets through.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/json_scope.h"
#include "analyzer/sections/section.h"

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

static int processes_text(const struct report *report, struct style style, FILE *out)
{
	size_t rows = report_rows(report, report->processes_listed);
	struct table *table = table_new("rnrrrrrrr");
	int err = table ? 0 : -ENOMEM;

	if (!err)
		err = table_cells(table, (const char *const[]){
			"", "", "", "", "", "appa-", "sche-", "", "over-", "pid", "name",
			"threads", "life", "alive", "rent", "duled", "true", "lap", NULL });
	for (size_t i = 0; !err && i < rows; i++)
		err = process_row(table, &report->processes[i], style);
	if (!err) {
		table_print(table, style, "  ", out);
		left_out_print(rows, report->processes_listed, out);
	}
	table_free(table);
	return err;
}

static json_t *process_json(struct json_out *out, const struct report *report, size_t i)
{
	const struct report_process *row = &report->processes[i];
	const struct process *process = row->process;
	json_t *object = json_object();

	put_number(out, object, "id", process->id);
	put_number(out, object, "pid", process->pid);
	put_text(out, object, "comm", row->comm);
	put_number(out, object, "threads", row->threads_cnt);
	put_number(out, object, "birth_ns", process->birth_ns);
	put_number(out, object, "death_ns", process->death_ns);
	put_number(out, object, "run_ns", row->on_core_ns);
	put_number(out, object, "gil_pending_ns", process->gil_pending_ns);
	scope_put(out, object, &row->scope);
	return object;
}

static size_t processes_rows(const struct report *report)
{
	return report->processes_listed;
}

static bool processes_any(const struct report *report)
{
	return report->processes_cnt > 1 && report->processes_listed;
}

const struct section processes_section = {
	.name = "processes",
	.says = "averages over their lives",
	.any = processes_any,
	.text = processes_text,
	.rows = processes_rows,
	.row = process_json,
};
