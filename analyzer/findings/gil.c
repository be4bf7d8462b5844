/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that wait for a GIL: because it is in use, because a thread that does input and output gets
 * it too seldom, or because its holder is on no core. Of the cores that this costs each has a part.
 */
#include <inttypes.h>
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

/* Of all waits for GILs: while the holder was on no core, of those who starve, and the rest. */
struct gil_waits {
	uint64_t all_ns, off_core_ns, starved_ns, held_ns;
	struct range open;
};

static void waits_make(const struct report *report, struct gil_waits *waits)
{
	const struct gil_uses *uses = &report->analysis->gil;
	uint64_t starved_ns, rest_ns;

	*waits = (struct gil_waits){
		.all_ns = report->tree.state_ns[STATE_WAIT_GIL],
		.open = report->analysis->trust.states[STATE_WAIT_GIL],
	};
	for (size_t i = 0; i < uses->uses_cnt; i++)
		waits->off_core_ns += uses->uses[i]->asleep_off_core_ns;
	rest_ns = waits->all_ns - waits->off_core_ns;
	starved_most(report, &starved_ns);
	/* Who starves waits for holders that are off core no less than others do. */
	if (waits->all_ns)
		waits->starved_ns = (uint64_t)((unsigned __int128)rest_ns * starved_ns / waits->all_ns);
	waits->held_ns = rest_ns - waits->starved_ns;
}

/* The one that was waited for longest. */
static const struct gil_use *use_most(const struct report *report)
{
	const struct gil_uses *uses = &report->analysis->gil;

	return uses->uses_cnt ? uses->uses[0] : NULL;
}

/* "GIL of app (pid 12)", "GIL 3 of app (pid 12)" where it has several. */
static void gil_place(const struct report *report, struct finding *finding, const struct gil_use *use,
		      const struct report_process *row)
{
	const struct gil_uses *uses = &report->analysis->gil;
	size_t cnt = 0;

	for (size_t i = 0; i < uses->uses_cnt; i++)
		cnt += uses->uses[i]->process == use->process;
	if (cnt > 1)
		finding_say(finding->place, "GIL %" PRIu64 " of %s", use->id, process_place(row).s);
	else
		finding_say(finding->place, "GIL of %s", process_place(row).s);
}

static const struct report_process *process_row(const struct report *report, const struct process *process)
{
	for (size_t i = 0; i < report->processes_listed; i++)
		if (report->processes[i].process == process)
			return &report->processes[i];
	return NULL;
}

static bool gil_cost_look(const struct report *report, const struct core_time *time,
		     struct finding *finding)
{
	const struct path *path = &report->analysis->path;
	const struct gil_use *use = use_most(report);
	const struct report_process *row = use ? process_row(report, use->process) : NULL;
	const struct path_object *object = use ? path_gil(path, use->id) : NULL;
	struct gil_waits waits;

	(void)time;
	waits_make(report, &waits);
	cost_part(report, finding, ROOM_GIL, waits.held_ns, waits.all_ns, waits.open);
	finding->cost_ns += gil_spin_ns(report);
	cost_open(finding, report->analysis->trust.states[STATE_RUN_SPIN]);
	if (!row || !finding->cost_ns)
		return false;
	gil_place(report, finding, use, row);
	finding_say(finding->evidence, "%s threads with work wait for the GIL.  It is held for %s of the "
		    "time in which %s has work; %s of the critical path runs under it.",
		    threads_share(report, STATE_WAIT_GIL).s,
		    format_percent(use->held_active_ns, use->active_ns).s, process_place(row).s,
		    format_percent(object ? object->run_ns : 0, path->length_ns).s);
	finding->next = "processes, a free-threaded build, or native code that lets go of it";
	finding->gain = gain_find(report, PREDICTION_GIL, NULL);
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
	struct gil_waits waits;
	uint64_t starved_ns;

	(void)time;
	waits_make(report, &waits);
	row = starved_most(report, &starved_ns);
	if (!row)
		return false;
	cost_part(report, finding, ROOM_GIL, waits.starved_ns, waits.all_ns, waits.open);
	finding_say(finding->place, "thread %s", thread_place(row->thread).s);
	finding_say(finding->evidence, "It gives the GIL away for every call "
		    "and gets it back late: %s, %s each, %s of its life; it ran for %s.",
		    format_noun(row->thread->gil_wait.cnt, "wait", "waits").s,
		    format_time(row->thread->gil_wait.total_ns / row->thread->gil_wait.cnt, ascii).s,
		    format_percent(row->state_ns[STATE_WAIT_GIL], row->life_ns).s,
		    format_percent(run_ns(row->state_ns), row->life_ns).s);
	finding->next = "compute in another process, or read more with each call";
	return true;
}

const struct finding_kind convoy_kind = {
	.name = "gil_convoy",
	.title = "I/O starved by the GIL",
	.look = convoy_look,
};

/* Time in which somebody wanted a GIL whose holder was on no core. */
static uint64_t off_core_ns(const struct report *report)
{
	const struct gil_uses *uses = &report->analysis->gil;
	uint64_t sum_ns = 0;

	for (size_t i = 0; i < uses->uses_cnt; i++)
		sum_ns += uses->uses[i]->wanted_off_core_ns;
	return sum_ns;
}

static const struct thread *holder_most(const struct report *report)
{
	const struct thread *most = NULL;

	for (size_t i = 0; i < report->threads_listed; i++) {
		const struct thread *thread = report->threads[i].thread;

		if (thread->gil_held_off_core_ns &&
		    (!most || thread->gil_held_off_core_ns > most->gil_held_off_core_ns))
			most = thread;
	}
	return most;
}

static bool off_core_look(const struct report *report, const struct core_time *time,
			  struct finding *finding)
{
	static const struct style ascii = { .utf8 = false };
	const struct thread *most = holder_most(report);
	uint64_t wanted_ns = off_core_ns(report);
	struct gil_waits waits;

	waits_make(report, &waits);
	cost_part(report, finding, ROOM_GIL, waits.off_core_ns, waits.all_ns, waits.open);
	if (!most || !wanted_ns)
		return false;
	/* It may cost no core, as where all share one, and still hold up whoever waits. */
	finding->note = finding->cost_ns < finding_threshold_ns(time, finding->kind) &&
			wanted_ns >= report->tree.wall_ns / FINDING_PART_BUSY;
	finding_say(finding->place, "thread %s", thread_place(most).s);
	finding_say(finding->evidence, "For %s, %s of the run, threads wanted a GIL whose holder was on no "
		    "core; of all such holding %s was this one's.", format_time(wanted_ns, ascii).s,
		    format_percent(wanted_ns, report->tree.wall_ns).s,
		    format_percent(most->gil_held_off_core_ns, report->gil_held_off_core_ns).s);
	finding->next = "a core of its own for it, and no blocking calls while it has the GIL";
	return true;
}

const struct finding_kind gil_off_core_kind = {
	.name = "gil_off_core",
	.title = "GIL held off core",
	.look = off_core_look,
};
