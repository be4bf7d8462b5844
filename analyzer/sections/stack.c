/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The speed-up stack: all cores over all of the run as one bar, and what each piece of it is.
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/analysis.h"
#include "analyzer/array.h"
#include "analyzer/json_scope.h"
#include "analyzer/sections/section.h"
#include "analyzer/shown.h"

#define STACK_BAR_WIDTH 76

/* `key` is of the JSON: those of waits are their states. */
static const struct part_info {
	char sign;
	const char *key, *says;
} part_infos[STACK_PART_CNT] = {
	[STACK_TRUE] = { '#', "true", "make progress" },
	[STACK_SPIN] = { 's', "spin", "fight for a lock" },
	[STACK_OTHERS_READY] = { 'X', "others_while_ready", "lost to other programs" },
	[STACK_IDLE_READY] = { '!', "idle_while_ready", "idle, while threads were ready" },
	[STACK_IDLE_GIL] = { 'g', "wait.gil", "idle, threads wait for the GIL" },
	[STACK_IDLE_LOCK] = { 'l', "wait.lock", "idle, threads wait for a lock" },
	[STACK_IDLE_KLOCK] = { 'k', "wait.klock", "idle, threads wait for a kernel lock" },
	[STACK_IDLE_SYNC] = { 'y', "wait.sync", "idle, threads wait for others" },
	[STACK_IDLE_IO] = { 'i', "wait.io", "idle, threads wait for I/O" },
	[STACK_IDLE_LISTEN] = { 'n', "wait.io.listen", "idle, threads wait for connections" },
	[STACK_IDLE_SLEEP] = { 'z', "wait.sleep", "idle, threads sleep" },
	[STACK_IDLE_OTHER] = { 'w', "wait.other", "idle, threads wait for something else" },
	[STACK_IDLE_NOBODY] = { '.', "no_threads", "idle, for want of threads" },
	[STACK_OTHERS] = { 'x', "others", "no loss: other programs" },
	[STACK_UNKNOWN] = { '?', "unknown", "not known" },
};

static const struct stack *stack_of(const struct report *report)
{
	return &report->analysis->stack;
}

static bool stack_any(const struct report *report)
{
	return stack_of(report)->whole_ns > 0;
}

/* As the answer has them where it has them; the others sum with those to all cores. */
static void parts_show(const struct report *report, uint64_t hundredths[STACK_PART_CNT])
{
	static const enum stack_part rest[] = { STACK_OTHERS_READY, STACK_OTHERS, STACK_UNKNOWN };
	uint64_t rest_ns[3], rest_shown[3], left = report->cores_cnt * 100;
	struct shown shown;

	shown_make(&shown, report);
	hundredths[STACK_TRUE] = shown.curves[CURVE_TRUE];
	hundredths[STACK_SPIN] = shown.states[STATE_RUN_SPIN];
	hundredths[STACK_IDLE_READY] = shown.idle_ready;
	for (int part = STACK_IDLE_GIL; part <= STACK_IDLE_OTHER; part++)
		hundredths[part] = shown.idle_wait[STATE_WAIT_GIL + part - STACK_IDLE_GIL];
	hundredths[STACK_IDLE_NOBODY] = shown.idle_nobody;
	left -= shown.curves[CURVE_SCHEDULED] + shown.idle;
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		rest_ns[i] = stack_of(report)->part_ns[rest[i]];
	hundredths_split(rest_ns, ARRAY_SIZE(rest), report->tree.wall_ns, left, rest_shown);
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		hundredths[rest[i]] = rest_shown[i];
}

static void bar_print(const struct stack *stack, FILE *out)
{
	uint64_t widths[STACK_PART_CNT];

	hundredths_split(stack->part_ns, STACK_PART_CNT, stack->whole_ns / STACK_BAR_WIDTH * 100,
			 STACK_BAR_WIDTH, widths);
	fputs("  ", out);
	for (int part = 0; part < STACK_PART_CNT; part++)
		for (uint64_t i = 0; i < widths[part]; i++)
			fputc(part_infos[part].sign, out);
	fputs("\n", out);
}

static const char *program_comm(const struct report *report, const struct stack_program *row)
{
	const struct program *program = run_program(report->run, row->program);

	return program && *program->comm ? program->comm : "unnamed";
}

/* "other programs, while threads were ready: mostly stress" */
static struct text part_says(const struct report *report, enum stack_part part, struct style style)
{
	const struct stack *stack = stack_of(report);
	const struct stack_program *most = NULL;
	struct text text;

	for (size_t i = 0; i < stack->programs_cnt; i++) {
		const struct stack_program *row = &stack->programs[i];

		if (part == STACK_OTHERS_READY && row->ready_ns && !most)
			most = row;
		if (part == STACK_OTHERS && row->ns > row->ready_ns &&
		    (!most || row->ns - row->ready_ns > most->ns - most->ready_ns))
			most = row;
	}
	snprintf(text.s, sizeof(text.s), "%s%s%.45s", part_infos[part].says, most ? ", mostly " : "",
		 most ? format_name(program_comm(report, most), 15, style).s : "");
	return text;
}

static struct text part_range(const struct report *report, int part, uint64_t hundredths)
{
	return average_range(report, stack_of(report)->part_ns[part], report->analysis->trust.parts[part],
			     hundredths);
}

/* ranged: with what it may be. */
static int part_row(struct table *table, const struct report *report, enum stack_part part,
		    uint64_t hundredths, bool ranged, struct style style)
{
	const struct stack *stack = stack_of(report);
	const char sign[] = { part_infos[part].sign, '\0' };
	int err = table_cells(table, (const char *const[]){ sign, format_hundredths(hundredths).s, NULL });

	if (!err && ranged)
		err = table_cell(table, part_range(report, part, hundredths).s);
	if (err)
		return err;
	return table_cells(table, (const char *const[]){
		format_time(stack->part_ns[part], style).s,
		format_percent(stack->part_ns[part], stack->whole_ns).s,
		part_says(report, part, style).s, NULL });
}

static int stack_text(const struct report *report, struct style style, FILE *out)
{
	const struct stack *stack = stack_of(report);
	uint64_t hundredths[STACK_PART_CNT];
	bool ranged = false;
	struct table *table;
	int err;

	parts_show(report, hundredths);
	for (int part = 0; part < STACK_PART_CNT; part++)
		ranged |= stack->part_ns[part] && *part_range(report, part, hundredths[part]).s;
	table = table_new(ranged ? "lrlrrn" : "lrrrn");
	err = table ? 0 : -ENOMEM;
	bar_print(stack, out);
	for (int part = 0; !err && part < STACK_PART_CNT; part++)
		if (stack->part_ns[part])
			err = part_row(table, report, (enum stack_part)part, hundredths[part],
				       ranged, style);
	if (!err)
		table_print(table, style, "  ", out);
	table_free(table);
	if (!err && report->quality.steal_ns)
		fprintf(out, "  of which the hypervisor took %s, %s\n",
			format_time(report->quality.steal_ns, style).s,
			format_percent(report->quality.steal_ns, stack->whole_ns).s);
	return err;
}

static json_t *program_json(struct json_out *out, const struct report *report,
			    const struct stack_program *row)
{
	const struct program *program = run_program(report->run, row->program);
	json_t *object = json_object();

	put_number(out, object, "pid", program ? program->pid : 0);
	put_text(out, object, "comm", program ? program->comm : "");
	put_number(out, object, "ns", row->ns);
	put_number(out, object, "while_ready_ns", row->ready_ns);
	return object;
}

static json_t *stack_json(struct json_out *out, const struct report *report)
{
	json_t *object = json_object(), *parts = json_object(), *programs = json_array();
	const struct stack *stack = stack_of(report);
	json_t *bounds = json_object();

	for (int part = 0; part < STACK_PART_CNT; part++) {
		put_number(out, parts, part_infos[part].key, stack->part_ns[part]);
		if (part != STACK_UNKNOWN)
			put(out, bounds, part_infos[part].key,
			    bounds_json(out, stack->part_ns[part], report->analysis->trust.parts[part]));
	}
	for (size_t i = 0; i < stack->programs_cnt; i++)
		append(out, programs, program_json(out, report, &stack->programs[i]));
	put_number(out, object, "whole_ns", stack->whole_ns);
	put(out, object, "parts", parts);
	put(out, object, "bounds", bounds);
	put_number(out, object, "steal_ns", report->quality.steal_ns);
	put(out, object, "programs", programs);
	return object;
}

const struct section stack_section = {
	.name = "stack",
	.says = "where the time of all cores went, in cores",
	.any = stack_any,
	.text = stack_text,
	.json = stack_json,
};
