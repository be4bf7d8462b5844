/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks that are no GIL: waited for asleep, or on a core.
 */
#include <stdio.h>
#include <string.h>

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

/* The other lock that its holder waited for most of the time it was waited for; NULL: none. */
static const struct lock *lock_behind(const struct locks *locks, const struct lock *lock)
{
	size_t cnt;
	const struct share *shares = shares_of(&locks->chains, lock->waits.word->slot, &cnt);

	if (!cnt || shares[0].from == SEVERAL || share_sum(&shares[0]) <= lock->waits.wait_ns / 2)
		return NULL;
	return locks->locks[shares[0].from];
}

/*
 * The last lock of the chain that begins with the one that was waited for longest: the others are held
 * for so long because of it. Chains that close, with time, have no last. NULL where no lock is known.
 */
static const struct lock *lock_root(const struct locks *locks, size_t *ret_links)
{
	const struct lock *most = lock_most(locks), *root = most, *next = most;

	for (*ret_links = 0; next && *ret_links < locks->locks_cnt; ++*ret_links) {
		root = next;
		next = lock_behind(locks, root);
	}
	if (!next)
		return root;
	*ret_links = 1;
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

/* All waits for locks while their holders were off core. */
static uint64_t off_core_ns(const struct report *report)
{
	const struct locks *locks = &report->analysis->locks;
	uint64_t off_ns = 0;

	for (size_t i = 0; i < locks->locks_cnt; i++)
		if (locks->locks[i])
			off_ns += holder_off_ns(locks->locks[i]);
	return off_ns;
}

/* The thread that was blamed for most of the waits; NULL where none is known. */
static const struct share *blamed_most(const struct report *report, const struct lock *lock)
{
	const struct share *rows, *most = NULL;
	size_t cnt;

	rows = shares_of(&report->analysis->locks.blames, lock->waits.word->slot, &cnt);
	for (size_t i = 0; i < cnt; i++)
		if (rows[i].from != SEVERAL && (!most || share_sum(&rows[i]) > share_sum(most)))
			most = &rows[i];
	return most;
}

/* "  Because of worker-1 (tid 12) for 60.0 % of it; holders were off core for 5.0 %." */
static void lock_who(const struct report *report, const struct lock *lock, struct finding *finding)
{
	const struct people *people = &report->analysis->people;
	const struct path_object *object = path_word(&report->analysis->path, lock->waits.word->slot);
	const struct share *most = blamed_most(report, lock);
	size_t len = strlen(finding->evidence);

	if (most)
		len += (size_t)snprintf(finding->evidence + len, sizeof(finding->evidence) - len,
					"  Because of %s for %s of it; holders were off core for %s.",
					thread_place(people->threads[most->from]).s,
					format_percent(share_sum(most), lock->waits.wait_ns).s,
					format_percent(holder_off_ns(lock), lock->waits.wait_ns).s);
	if (object && object->hops.wait_ns && len < sizeof(finding->evidence))
		snprintf(finding->evidence + len, sizeof(finding->evidence) - len,
			 "  It is in the way of the critical path for %s of the run.",
			 format_percent(object->hops.wait_ns, report->analysis->path.length_ns).s);
}

/* "  It is at the end of a chain of 2 locks: most of the waits for 0x100 are ..." */
static void lock_chain(const struct report *report, size_t links, struct finding *finding)
{
	const struct lock *most = lock_most(&report->analysis->locks);
	size_t len = strlen(finding->evidence);

	if (links > 1 && len < sizeof(finding->evidence))
		snprintf(finding->evidence + len, sizeof(finding->evidence) - len,
			 "  It is at the end of a chain of %s: most of the waits for %s are for a holder that"
			 " waits itself.", format_noun(links, "lock", "locks").s,
			 lock_name(report, most->waits.word, ascii).s);
}

static bool lock_look(const struct report *report, const struct core_time *time,
		      struct finding *finding)
{
	size_t links;
	const struct lock *lock = lock_root(&report->analysis->locks, &links);
	uint64_t off_ns, waits_ns = report->tree.state_ns[STATE_WAIT_LOCK];

	(void)time;
	if (!lock || !lock->waits.waits_cnt)
		return false;
	off_ns = off_core_ns(report);
	cost_part(report, finding, ROOM_LOCK, waits_ns - off_ns, waits_ns,
		  report->analysis->trust.states[STATE_WAIT_LOCK]);
	finding_say(finding->place, "%s", lock_name(report, lock->waits.word, ascii).s);
	finding_say(finding->evidence, "%s threads with work wait for a lock, %s of that for this one:"
		    " %s, %s each.", threads_share(report, STATE_WAIT_LOCK).s,
		    format_percent(lock->waits.wait_ns, waits_ns).s,
		    format_noun(lock->waits.waits_cnt, "wait", "waits").s,
		    format_time(lock->waits.wait_ns / lock->waits.waits_cnt, ascii).s);
	lock_chain(report, links, finding);
	lock_who(report, lock, finding);
	finding->next = "hold it for less time, split it, or take it less often";
	finding->gain = gain_find(report, PREDICTION_LOCK, lock->waits.word);
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
	uint64_t off_ns = off_core_ns(report), waits_ns = report->tree.state_ns[STATE_WAIT_LOCK];

	for (size_t i = 0; i < locks->locks_cnt; i++)
		if (locks->locks[i] && (!most || holder_off_ns(locks->locks[i]) > holder_off_ns(most)))
			most = locks->locks[i];
	if (!off_ns)
		return false;
	cost_part(report, finding, ROOM_LOCK, off_ns, waits_ns,
		  report->analysis->trust.states[STATE_WAIT_LOCK]);
	/* It may cost no core, as where all share one, and still hold up whoever waits. */
	finding->note = finding->cost_ns < finding_threshold_ns(time, finding->kind) &&
			off_ns >= report->tree.wall_ns / FINDING_PART_BUSY;
	finding_say(finding->place, "%s", lock_name(report, most->waits.word, ascii).s);
	finding_say(finding->evidence, "Threads waited %s for locks whose holders were on no core and "
		    "waited for no lock, %s of all waits for locks.", format_time(off_ns, ascii).s,
		    format_percent(off_ns, waits_ns).s);
	finding->next = "priority inheritance, no blocking calls while it is held, spare cores";
	return true;
}

const struct finding_kind lock_off_core_kind = {
	.name = "lock_off_core",
	.title = "Lock held off core",
	.look = lock_off_core_look,
};

/* Outside of those with a GIL; NULL: none has any. */
static const struct report_process *spins_most(const struct report *report)
{
	const struct report_process *most = NULL;

	for (size_t i = 0; i < report->processes_listed; i++) {
		const struct report_process *row = &report->processes[i];
		uint64_t spin_ns = row->scope.state_ns[STATE_RUN_SPIN];

		if (row->process->gil != GIL_LOCATED && spin_ns &&
		    (!most || spin_ns > most->scope.state_ns[STATE_RUN_SPIN]))
			most = row;
	}
	return most;
}

static bool spin_look(const struct report *report, const struct core_time *time,
		      struct finding *finding)
{
	const struct report_process *row = spins_most(report);

	(void)time;
	if (!row)
		return false;
	finding->cost_ns = report->tree.state_ns[STATE_RUN_SPIN] - gil_spin_ns(report);
	cost_open(finding, report->analysis->trust.states[STATE_RUN_SPIN]);
	finding_say(finding->place, "%s", process_place(row).s);
	finding_say(finding->evidence, "%s threads are on a core on average only to fight for a lock, %s "
		    "of all on a core.", format_average(finding->cost_ns, report->tree.wall_ns).s,
		    format_percent(finding->cost_ns,
				   report->tree.curves->integral_ns[CURVE_SCHEDULED]).s);
	finding->next = "locks that let their waiters sleep, or fewer threads at it";
	return true;
}

const struct finding_kind spin_kind = {
	.name = "spin",
	.title = "Spinning",
	.look = spin_look,
};
