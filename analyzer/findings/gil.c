/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that wait for a GIL: because it is in use, because a thread that does input and output gets
 * it too seldom, or because its holder is on no core. Of the cores that this costs each has a part.
 */
#include <stdio.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/findings/kinds.h"

/* Starved: it ran less than so small a part of what a thread of its process ran on average, */
#define STARVED_RUN 4
/* and waited for the GIL for so large a part of its life, */
#define STARVED_WAIT 4
/* in waits that came again and again. */
#define STARVED_WAITS 10

struct gil_costs {
	uint64_t held_ns, convoy_ns, off_core_ns;
};

static uint64_t run_ns(const uint64_t state_ns[STATE_CNT])
{
	return state_ns[STATE_RUN_GIL] + state_ns[STATE_RUN_FREE];
}

/* For a good part of its life it ran, or would have if it had the GIL. */
static bool competes(const struct report_thread *row)
{
	return run_ns(row->state_ns) + row->state_ns[STATE_WAIT_GIL] >= row->life_ns / STARVED_WAIT;
}

static bool waits_much(const struct report_thread *row)
{
	return row->thread->gil_wait.cnt >= STARVED_WAITS &&
	       row->state_ns[STATE_WAIT_GIL] >= row->life_ns / STARVED_WAIT;
}

/* What those of a process ran on average. */
static uint64_t fair_run_ns(const struct report *report, const struct process *process)
{
	uint64_t sum_ns = 0, cnt = 0;

	for (size_t i = 0; i < report->threads_listed; i++) {
		const struct report_thread *row = &report->threads[i];

		if (row->thread->process != process || !competes(row))
			continue;
		sum_ns += run_ns(row->state_ns);
		cnt++;
	}
	return cnt ? sum_ns / cnt : 0;
}

/* In the process that waits most: whoever runs far less than its equals; all their waits. */
static const struct report_thread *starved_most(const struct report *report, uint64_t *ret_sum_ns)
{
	const struct report_process *process = process_most(report, STATE_WAIT_GIL);
	const struct report_thread *most = NULL;
	uint64_t fair_ns = process ? fair_run_ns(report, process->process) : 0;

	*ret_sum_ns = 0;
	for (size_t i = 0; process && i < report->threads_listed; i++) {
		const struct report_thread *row = &report->threads[i];

		if (row->thread->process != process->process || !waits_much(row) ||
		    run_ns(row->state_ns) >= fair_ns / STARVED_RUN)
			continue;
		*ret_sum_ns += row->state_ns[STATE_WAIT_GIL];
		if (!most || row->state_ns[STATE_WAIT_GIL] > most->state_ns[STATE_WAIT_GIL])
			most = row;
	}
	return most;
}

static void costs_make(const struct report *report, struct gil_costs *costs)
{
	uint64_t wait_ns = report->analysis->room.wait_ns[0];
	uint64_t waits_ns = report->tree.state_ns[STATE_WAIT_GIL], starved_ns;
	uint64_t off_ns = report->gil_held_off_core_ns;

	*costs = (struct gil_costs){ 0 };
	costs->off_core_ns = off_ns < wait_ns ? off_ns : wait_ns;
	wait_ns -= costs->off_core_ns;
	starved_most(report, &starved_ns);
	if (waits_ns)
		costs->convoy_ns = (uint64_t)((unsigned __int128)wait_ns * starved_ns / waits_ns);
	costs->held_ns = wait_ns - costs->convoy_ns + gil_spin_ns(report);
}

/* Of a process that has several, all. */
static uint64_t gils_run_ns(const struct report *report, const struct process *process)
{
	uint64_t sum_ns = 0;

	for (size_t i = 0; i < report->gils_cnt; i++)
		if (report->gils[i]->process == process->id)
			sum_ns += report->gils[i]->run_ns;
	return sum_ns;
}

static bool gil_cost_look(const struct report *report, const struct core_time *time,
		     struct finding *finding)
{
	const struct report_process *row = process_most(report, STATE_WAIT_GIL);
	struct gil_costs costs;
	uint64_t starved_ns;

	(void)time;
	costs_make(report, &costs);
	starved_most(report, &starved_ns);
	if (!row || !costs.held_ns)
		return false;
	finding->cost_ns = costs.held_ns;
	finding_say(finding->place, "GIL of %s", process_place(row).s);
	finding_say(finding->evidence, "%s threads with work wait for the "
		    "GIL.  A thread ran under it for %s of the time in which %s had work.",
		    threads_share(report, STATE_WAIT_GIL).s,
		    format_percent(gils_run_ns(report, row->process), row->scope.curves->active_ns).s,
		    process_place(row).s);
	finding->next = "processes, a free-threaded build, or native code that lets go of it";
	finding->gain = gain_find(report, PREDICTION_GIL, NULL);
	wait_range(report, finding, report->tree.state_ns[STATE_WAIT_GIL] - starved_ns);
	return true;
}

const struct finding_kind gil_kind = {
	.name = "gil",
	.title = "GIL",
	.look = gil_cost_look,
};

static bool convoy_look(const struct report *report, const struct core_time *time,
			struct finding *finding)
{
	static const struct style ascii = { .utf8 = false };
	const struct report_thread *row;
	struct gil_costs costs;
	uint64_t starved_ns;

	(void)time;
	costs_make(report, &costs);
	row = starved_most(report, &starved_ns);
	if (!row)
		return false;
	finding->cost_ns = costs.convoy_ns;
	finding_say(finding->place, "thread %s", thread_place(row->thread).s);
	finding_say(finding->evidence, "It gives the GIL away for every call "
		    "and gets it back late: %s, %s each, %s of its life; it ran for %s.",
		    format_noun(row->thread->gil_wait.cnt, "wait", "waits").s,
		    format_time(row->thread->gil_wait.total_ns / row->thread->gil_wait.cnt, ascii).s,
		    format_percent(row->state_ns[STATE_WAIT_GIL], row->life_ns).s,
		    format_percent(run_ns(row->state_ns), row->life_ns).s);
	finding->next = "compute in another process, or read more with each call";
	wait_range(report, finding, starved_ns);
	return true;
}

const struct finding_kind convoy_kind = {
	.name = "gil_convoy",
	.title = "I/O starved by the GIL",
	.look = convoy_look,
};

static bool off_core_look(const struct report *report, const struct core_time *time,
			  struct finding *finding)
{
	const struct report_thread *most = NULL;
	struct gil_costs costs;

	costs_make(report, &costs);
	for (size_t i = 0; i < report->threads_listed; i++)
		if (!most || report->threads[i].thread->gil_held_off_core_ns >
			     most->thread->gil_held_off_core_ns)
			most = &report->threads[i];
	if (!most || !report->gil_held_off_core_ns)
		return false;
	finding->cost_ns = costs.off_core_ns;
	/* It may cost no core, as where all share one, and still hold up whoever waits. */
	finding->note = finding->cost_ns < time->all_ns / FINDING_PART_BUSY &&
			report->gil_held_off_core_ns >= report->tree.wall_ns / FINDING_PART_BUSY;
	finding_say(finding->place, "thread %s", thread_place(most->thread).s);
	finding_say(finding->evidence, "Holders of the GIL were on no core "
		    "for %s of the time, this one for most of it; nobody else can run under it then.",
		    format_percent(report->gil_held_off_core_ns, report->tree.wall_ns).s);
	finding->next = "a core of its own for it, and no blocking calls while it has the GIL";
	wait_range(report, finding, 0);
	return true;
}

const struct finding_kind gil_off_core_kind = {
	.name = "gil_off_core",
	.title = "GIL held off core",
	.look = off_core_look,
};
