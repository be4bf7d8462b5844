/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills the report from what the sinks added up.
 */
#include "analyzer/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/array.h"
#include "analyzer/judge.h"
#include "analyzer/waitclass.h"

uint64_t report_loss_ns(const struct report_scope *scope)
{
	return scope->curves->integral_ns[CURVE_APPARENT] - scope->curves->integral_ns[CURVE_TRUE];
}

/* The last part of the command's path, or what its first thread calls itself. */
static void name_fill(struct report *report, const struct analysis *analysis)
{
	const char *command = analysis->run.command;
	const char *slash = strrchr(command, '/');
	const struct people *people = &analysis->people;

	if (slash && slash[1])
		command = slash + 1;
	if (!*command && people->threads_cnt)
		command = people->threads[0]->comm;
	name_copy(report->name, &(struct trace_bytes){ command, strlen(command) });
}

static const char *process_comm(const struct process *process)
{
	return process->leader ? process->leader->comm : "";
}

size_t report_rows(const struct report *report, size_t all)
{
	return all < report->top ? all : report->top;
}

size_t report_rows_beside(const struct report *report, size_t all, size_t few)
{
	size_t rows = report->filter.top ? report->filter.top : few;

	return all < rows ? all : rows;
}

static bool thread_is(const struct thread *thread, const char *tid_or_name)
{
	char tid[24];

	snprintf(tid, sizeof(tid), "%" PRIu64, thread->tid);
	return !strcmp(tid_or_name, tid) || !strcmp(tid_or_name, thread->comm);
}

bool report_lists_thread(const struct report *report, const struct thread *thread)
{
	const struct report_filter *filter = &report->filter;

	if (filter->pid && filter->pid != thread->pid && filter->pid != thread->tid)
		return false;
	if (filter->thread && !thread_is(thread, filter->thread))
		return false;
	return !filter->comm || !strcmp(filter->comm, thread->comm) ||
	       !strcmp(filter->comm, process_comm(thread->process));
}

static int threads_fill(struct report *report, const struct analysis *analysis)
{
	static const struct thread_tally nothing;
	const struct people *people = &analysis->people;

	report->threads = calloc(people->threads_cnt + 1, sizeof(*report->threads));
	if (!report->threads)
		return -ENOMEM;
	for (size_t i = 0; i < people->threads_cnt; i++) {
		const struct thread *thread = people->threads[i];
		const struct thread_tally *tally = i < analysis->tally.threads_cnt ?
						   &analysis->tally.threads[i] : &nothing;
		struct report_thread *row = &report->threads[report->threads_listed];

		if (!thread->born)
			continue;
		row->thread = thread;
		row->life_ns = thread->death_ns - thread->birth_ns;
		row->sampled_ns = tally->sampled_ns;
		memcpy(row->state_ns, tally->state_ns, sizeof(row->state_ns));
		report->threads_listed++;
	}
	report->threads_cnt = report->threads_listed;
	return 0;
}

static int processes_fill(struct report *report, const struct analysis *analysis)
{
	const struct people *people = &analysis->people;

	report->processes = calloc(people->processes_cnt + 1, sizeof(*report->processes));
	if (!report->processes)
		return -ENOMEM;
	/* By slot for now: threads are added to them by slot. */
	for (size_t i = 0; i < people->processes_cnt; i++) {
		const struct process *process = people->processes[i];
		struct report_process *row = &report->processes[i];

		row->process = process;
		row->comm = process_comm(process);
		row->scope.wall_ns = process->born ? process->death_ns - process->birth_ns : 0;
		if (i < analysis->curves.processes_cnt)
			row->scope.curves = &analysis->curves.processes[i];
	}
	report->processes_listed = people->processes_cnt;
	return 0;
}

static void scope_add(struct report_scope *scope, const struct report_thread *thread)
{
	scope->sampled_ns += thread->sampled_ns;
	for (int state = 0; state < STATE_CNT; state++)
		scope->state_ns[state] += thread->state_ns[state];
}

static void episodes_add(struct report_episodes *sum, const struct episodes *episodes)
{
	sum->total_ns += episodes->total_ns;
	sum->cnt += episodes->cnt;
}

static void sums_fill(struct report *report, const struct analysis *analysis)
{
	report->tree.wall_ns = analysis->run.end_ns - analysis->run.start_ns;
	report->tree.curves = &analysis->curves.tree;
	for (size_t i = 0; i < report->threads_listed; i++) {
		const struct report_thread *row = &report->threads[i];
		const struct thread *thread = row->thread;
		struct report_process *process = &report->processes[thread->process->slot];

		scope_add(&report->tree, row);
		scope_add(&process->scope, row);
		report->processes_cnt += !process->threads_cnt++;
		process->on_core_ns += thread->on_core_ns;
		report->gil_held_off_core_ns += thread->gil_held_off_core_ns;
		episodes_add(&report->gil_wait, &thread->gil_wait);
		episodes_add(&report->lock_wait, &thread->lock_wait);
		episodes_add(&report->gil_hold, &thread->gil_hold);
		report->exact |= thread->exact.ever;
	}
}

static uint64_t thread_work_ns(const struct report_thread *row)
{
	uint64_t work_ns = 0;

	for (int state = 0; state < STATE_CNT; state++)
		if (state_infos[state].counts & COUNTS_APPARENT)
			work_ns += row->state_ns[state];
	return work_ns;
}

static int thread_compare(const void *left, const void *right)
{
	const struct report_thread *a = left, *b = right;
	uint64_t work_a = thread_work_ns(a), work_b = thread_work_ns(b);

	if (work_a != work_b)
		return work_a > work_b ? -1 : 1;
	return a->thread->slot < b->thread->slot ? -1 : 1;
}

static int process_compare(const void *left, const void *right)
{
	const struct report_process *a = left, *b = right;

	if (a->on_core_ns != b->on_core_ns)
		return a->on_core_ns > b->on_core_ns ? -1 : 1;
	return a->process->slot < b->process->slot ? -1 : 1;
}

/* Drops what the filter does not let through, and sorts the rest. */
static int lists_settle(struct report *report)
{
	size_t threads = 0, processes = 0;
	bool *wanted = calloc(report->processes_listed + 1, sizeof(*wanted));

	if (!wanted)
		return -ENOMEM;
	for (size_t i = 0; i < report->threads_listed; i++) {
		const struct thread *thread = report->threads[i].thread;

		if (!report_lists_thread(report, thread))
			continue;
		wanted[thread->process->slot] = true;
		report->threads[threads++] = report->threads[i];
	}
	for (size_t i = 0; i < report->processes_listed; i++)
		if (wanted[i])
			report->processes[processes++] = report->processes[i];
	free(wanted);
	report->threads_listed = threads;
	report->processes_listed = processes;
	qsort(report->threads, threads, sizeof(*report->threads), thread_compare);
	qsort(report->processes, processes, sizeof(*report->processes), process_compare);
	return 0;
}

static void guest_insert(struct report_core *row, const struct report_guest *guest)
{
	struct report_guest next = *guest;

	for (size_t i = 0; i < REPORT_GUESTS; i++) {
		struct report_guest here = row->guests[i];

		if (here.ns >= next.ns)
			continue;
		row->guests[i] = next;
		next = here;
	}
}

static void core_fill(struct report_core *row, const struct analysis *analysis, uint32_t core)
{
	const struct core_tally *tally = &analysis->cores.cores[core];

	row->core = core;
	row->ours_ns = tally->use_ns[CORE_OURS];
	row->true_ns = tally->true_ns;
	row->spin_ns = tally->spin_ns;
	row->other_ns = tally->use_ns[CORE_OTHER];
	row->crowded_ns = tally->crowded_ns;
	row->idle_ns = tally->use_ns[CORE_IDLE];
	row->unknown_ns = tally->use_ns[CORE_UNKNOWN];
	for (size_t i = 0; i < tally->guests_cnt; i++) {
		uint64_t id = tally->guests[i]->program;
		const struct program *program = run_program(&analysis->run, id);

		guest_insert(row, &(struct report_guest){
			.program = id,
			.pid = program ? program->pid : 0,
			.comm = program ? program->comm : NULL,
			.ns = tally->guests[i]->ns,
		});
	}
	if (core < analysis->quality.cores_cnt)
		row->steal_ns = run_share_ns(&analysis->run,
					     analysis->quality.cores[core].steal_last_ns -
					     analysis->quality.cores[core].steal_first_ns);
}

/*
 * Which cores the threads could have used is not recorded, but which they did: where they may not
 * run, at most a few moments before they were told so are theirs.
 */
static void cores_judge(struct report *report)
{
	uint64_t most_ns = 0, unknown_ns = 0, away_ns = 0;

	for (size_t i = 0; i < report->cores_cnt; i++)
		if (report->cores[i].ours_ns > most_ns)
			most_ns = report->cores[i].ours_ns;
	for (size_t i = 0; i < report->cores_cnt; i++) {
		struct report_core *core = &report->cores[i];

		core->at_work = core->ours_ns && core->ours_ns >= most_ns / 100;
		report->cores_used_cnt += core->ours_ns > 0;
		report->cores_at_work_cnt += core->at_work;
		if (core->at_work)
			continue;
		report->idle.away_ns += core->idle_ns;
		unknown_ns += core->unknown_ns;
		away_ns += core->idle_ns + core->other_ns + core->unknown_ns + core->ours_ns;
	}
	report->idle.away_known = unknown_ns <= away_ns / 100;
}

static int cores_fill(struct report *report, const struct analysis *analysis)
{
	const struct cores *cores = &analysis->cores;

	report->cores_cnt = cores->cores_cnt;
	report->cores = calloc(cores->cores_cnt + 1, sizeof(*report->cores));
	if (!report->cores)
		return -ENOMEM;
	for (size_t i = 0; i < cores->cores_cnt; i++) {
		core_fill(&report->cores[i], analysis, (uint32_t)i);
		report->idle.idle_ns += report->cores[i].idle_ns;
	}
	cores_judge(report);
	report->idle.ready_ns = cores->idle_ready_ns;
	report->idle.nobody_ns = cores->idle_nobody_ns;
	for (int state = 0; state < STATE_CNT; state++) {
		report->idle.wait_ns[state] = cores->idle_wait_ns[state];
		report->idle.waiting_ns += cores->idle_wait_ns[state];
	}
	return 0;
}

static int call_compare(const void *left, const void *right)
{
	const struct report_call *a = left, *b = right;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	if (a->state != b->state)
		return a->state < b->state ? -1 : 1;
	return (a->sysno > b->sysno) - (a->sysno < b->sysno);
}

static int calls_fill(struct report *report, const struct tally *tally)
{
	report->calls = calloc(tally->calls_cnt * STATE_CNT + 1, sizeof(*report->calls));
	if (!report->calls)
		return -ENOMEM;
	for (size_t i = 0; i < tally->calls_cnt; i++) {
		const struct call_tally *call = tally->calls[i];

		for (int state = 0; state < STATE_CNT; state++)
			if (call->cnt[state])
				report->calls[report->calls_cnt++] = (struct report_call){
					.state = (enum thread_state)state,
					.sysno = call->sysno,
					.name = syscall_name(call->sysno),
					.ns = call->wait_ns[state],
					.cnt = call->cnt[state],
				};
	}
	qsort(report->calls, report->calls_cnt, sizeof(*report->calls), call_compare);
	return 0;
}

int report_make(struct report *report, const struct analysis *analysis,
		const struct report_filter *filter)
{
	int err;

	*report = (struct report){
		.analysis = analysis,
		.run = &analysis->run,
		.filter = *filter,
		.top = filter->top ? filter->top : REPORT_TOP,
	};
	name_fill(report, analysis);
	err = threads_fill(report, analysis);
	if (!err)
		err = processes_fill(report, analysis);
	if (!err)
		err = cores_fill(report, analysis);
	if (!err)
		err = calls_fill(report, &analysis->tally);
	if (!err) {
		sums_fill(report, analysis);
		report->gils = analysis->timeline.gils.counts;
		report->gils_cnt = analysis->timeline.gils.counts_cnt;
		judge_quality(report, analysis);
		findings_make(&report->findings, report);
		err = lists_settle(report);
	}
	if (err)
		report_clear(report);
	return err;
}

void report_clear(struct report *report)
{
	free(report->processes);
	free(report->threads);
	free(report->cores);
	free(report->calls);
	*report = (struct report){ 0 };
}
