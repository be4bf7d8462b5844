/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks that are no GIL: waited for asleep, in the kernel, or on a core.
 */
#include <stdio.h>

#include "analyzer/analysis.h"
#include "analyzer/findings/kinds.h"
#include "analyzer/sections/lock_name.h"

static const struct style ascii = { .utf8 = false };

/* The one that was waited for longest; NULL where none is known. */
static const struct lock *lock_most(const struct locks *locks)
{
	const struct lock *most = NULL;

	for (size_t i = 0; i < locks->locks_cnt; i++) {
		const struct lock *lock = locks->locks[i];

		if (lock && (!most || lock->waits.wait_ns > most->waits.wait_ns))
			most = lock;
	}
	return most;
}

/* Its waits while the holder neither ran nor waited for a lock itself. */
static uint64_t holder_off_ns(const struct lock *lock)
{
	uint64_t off_ns = 0;

	for (int i = 0; i < OWNER_UNKNOWN; i++) {
		const uint64_t *state_ns = lock->holder[i].state_ns;

		off_ns += state_ns[STATE_READY_WOKEN] + state_ns[STATE_READY_PREEMPTED] +
			  state_ns[STATE_WAIT_IO] + state_ns[STATE_WAIT_SLEEP] +
			  state_ns[STATE_WAIT_OTHER];
	}
	return off_ns;
}

/* All waits for locks while their holders were off core, and their part of what the waits cost. */
static uint64_t off_costs(const struct report *report, uint64_t *ret_cost_ns)
{
	const struct locks *locks = &report->analysis->locks;
	uint64_t waits_ns = report->tree.state_ns[STATE_WAIT_LOCK], off_ns = 0;

	for (size_t i = 0; i < locks->locks_cnt; i++)
		if (locks->locks[i])
			off_ns += holder_off_ns(locks->locks[i]);
	*ret_cost_ns = !waits_ns ? 0 : (uint64_t)((unsigned __int128)off_ns *
			report->analysis->room.wait_ns[1] / waits_ns);
	return off_ns;
}

static bool lock_look(const struct report *report, const struct core_time *time,
		      struct finding *finding)
{
	const struct lock *lock = lock_most(&report->analysis->locks);
	uint64_t off_ns, off_cost_ns, waits_ns = report->tree.state_ns[STATE_WAIT_LOCK];

	(void)time;
	if (!lock || !lock->waits.waits_cnt)
		return false;
	off_ns = off_costs(report, &off_cost_ns);
	finding->cost_ns = report->analysis->room.wait_ns[1] - off_cost_ns;
	finding_say(finding->place, "%s", lock_name(report, lock->waits.word, ascii).s);
	finding_say(finding->evidence, "%s threads with work wait for a lock, %s of that for this one:"
		    " %s, %s each.", threads_share(report, STATE_WAIT_LOCK).s,
		    format_percent(lock->waits.wait_ns, waits_ns).s,
		    format_noun(lock->waits.waits_cnt, "wait", "waits").s,
		    format_time(lock->waits.wait_ns / lock->waits.waits_cnt, ascii).s);
	finding->next = "hold it for less time, split it, or take it less often";
	finding->gain = gain_find(report, PREDICTION_LOCK, lock->waits.word);
	wait_range(report, finding, waits_ns - off_ns);
	return true;
}

const struct finding_kind lock_kind = {
	.name = "lock",
	.title = "Lock",
	.look = lock_look,
};

static bool lock_off_core_look(const struct report *report, const struct core_time *time,
			       struct finding *finding)
{
	const struct locks *locks = &report->analysis->locks;
	const struct lock *most = NULL;
	uint64_t off_ns;

	(void)time;
	for (size_t i = 0; i < locks->locks_cnt; i++)
		if (locks->locks[i] && (!most || holder_off_ns(locks->locks[i]) > holder_off_ns(most)))
			most = locks->locks[i];
	off_ns = off_costs(report, &finding->cost_ns);
	if (!off_ns)
		return false;
	/* It may cost no core, as where all share one, and still hold up whoever waits. */
	finding->note = finding->cost_ns < time->all_ns / FINDING_PART_BUSY &&
			off_ns >= report->tree.wall_ns / FINDING_PART_BUSY;
	finding_say(finding->place, "%s", lock_name(report, most->waits.word, ascii).s);
	finding_say(finding->evidence, "Threads waited %s for locks whose holders were on no core and "
		    "waited for no lock, %s of all waits for locks.", format_time(off_ns, ascii).s,
		    format_percent(off_ns, report->tree.state_ns[STATE_WAIT_LOCK]).s);
	finding->next = "priority inheritance, no blocking calls while it is held, spare cores";
	wait_range(report, finding, 0);
	return true;
}

const struct finding_kind lock_off_core_kind = {
	.name = "lock_off_core",
	.title = "Lock held off core",
	.look = lock_off_core_look,
};

static bool kernel_lock_look(const struct report *report, const struct core_time *time,
			     struct finding *finding)
{
	const struct report_process *row = process_most(report, STATE_WAIT_KLOCK);

	(void)time;
	if (!row)
		return false;
	finding->cost_ns = report->analysis->room.wait_ns[2];
	finding_say(finding->place, "%s", process_place(row).s);
	finding_say(finding->evidence, "%s threads with work wait for a lock "
		    "in the kernel.", threads_share(report, STATE_WAIT_KLOCK).s);
	finding->next = "fewer calls at once on one file, one pipe, or one address space";
	wait_range(report, finding, report->tree.state_ns[STATE_WAIT_KLOCK]);
	return true;
}

const struct finding_kind kernel_lock_kind = {
	.name = "kernel_lock",
	.title = "Lock in the kernel",
	.look = kernel_lock_look,
};

static bool spin_look(const struct report *report, const struct core_time *time,
		      struct finding *finding)
{
	const struct report_process *row = process_most(report, STATE_RUN_SPIN);

	(void)time;
	if (!row)
		return false;
	finding->cost_ns = report->tree.state_ns[STATE_RUN_SPIN] - gil_spin_ns(report);
	finding_say(finding->place, "%s", process_place(row).s);
	finding_say(finding->evidence, "%s threads with work are on a core "
		    "only to fight for a lock.", threads_share(report, STATE_RUN_SPIN).s);
	finding->next = "locks that let their waiters sleep, or fewer threads at it";
	return true;
}

const struct finding_kind spin_kind = {
	.name = "spin",
	.title = "Spinning",
	.look = spin_look,
};
