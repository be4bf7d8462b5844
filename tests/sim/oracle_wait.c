/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits: what for, which wakings can have ended one, and who is to be believed to have done it.
 */
#include "tests/sim/oracle.h"

/* Wakings before the switch-out that no call vouches for: not older than this. */
#define JUST_BEFORE_NS 100000

enum sim_kind { KIND_FUTEX = 1, KIND_IO = 2, KIND_SLEEP = 4, KIND_CHILD = 8, KIND_ANY = 16, KIND_ALL = 31 };

static const enum sim_kind class_kinds[] = {
	[CLASS_GIL] = KIND_FUTEX, [CLASS_LOCK] = KIND_FUTEX, [CLASS_SYNC] = KIND_FUTEX,
	[CLASS_CHILD] = KIND_CHILD, [CLASS_IO] = KIND_IO, [CLASS_LISTEN] = KIND_IO,
	[CLASS_SLEEP] = KIND_SLEEP, [CLASS_OTHER] = KIND_ANY,
};

static enum sim_kind kind_of(const struct sim_fact *left)
{
	return left ? class_kinds[left->class] : KIND_ANY;
}

/* The kinds of wait that whoever is on the core can have ended, by the call that it is in. */
static unsigned int call_ends(const struct sim_fact *waking)
{
	if (!waking->thread)
		return 0;
	/* What is sent over a loopback arrives in an interrupt of the sender's. */
	if (waking->interrupt)
		return waking->call.sysno == CALL_WRITE ? KIND_IO : 0;
	switch (waking->call.sysno) {
	case CALL_FUTEX:
		return KIND_FUTEX;
	case CALL_READ:
	case CALL_WRITE:
	case CALL_ACCEPT:
		return KIND_IO;
	case CALL_EXIT:
		return KIND_FUTEX | KIND_IO | KIND_CHILD | KIND_ANY;
	/* They kill the others of their process. */
	case CALL_EXIT_GROUP:
	case CALL_EXECVE:
		return KIND_ALL;
	default:
		return 0;
	}
}

/* Its call names this very wait. */
static bool vouched(const struct sim_walk *walk, const struct sim_fact *waking, const struct sim_fact *left)
{
	uint64_t process = walk->track->process;
	bool same = process && waking->thread && process_of(walk->oracle, waking->thread) == process;

	if (!(call_ends(waking) & kind_of(left)))
		return false;
	if (kind_of(left) != KIND_FUTEX)
		return true;
	/* Shared memory may have any address in another process. */
	if (waking->call.sysno == CALL_FUTEX)
		return is_futex_wake(waking) &&
		       (same ? waking->call.arg0 == left->call.arg0 :
			       waking->call.arg1 == FUTEX_SHARED_WAKE && left->call.arg1 == FUTEX_SHARED_WAIT);
	return same || left->call.arg1 == FUTEX_SHARED_WAIT || call_ends(waking) == KIND_ALL;
}

enum sim_cause wait_cause(const struct sim_walk *walk, const struct sim_fact *waking,
			  const struct sim_fact *left)
{
	if (vouched(walk, waking, left))
		return SIM_BY_THREAD;
	if (waking->interrupt)
		return kind_of(left) == KIND_SLEEP || kind_of(left) == KIND_FUTEX ? SIM_BY_TIMER :
										   SIM_BY_INTERRUPT;
	if (waking->thread)
		return SIM_BY_UNCLEAR;
	return waking->program ? SIM_BY_PROGRAM : SIM_BY_INTERRUPT;
}

/* Nobody vouches for it, but such things end such waits. */
static bool fits(const struct sim_fact *waking, const struct sim_fact *left)
{
	unsigned int kinds = waking->interrupt ? KIND_ANY | KIND_FUTEX | KIND_IO | KIND_SLEEP :
			     waking->thread ? KIND_ANY : KIND_ANY | KIND_IO;

	return kinds & kind_of(left) && left->at_ns - waking->at_ns <= JUST_BEFORE_NS;
}

static int sort_of(const struct sim_fact *waking)
{
	return waking->interrupt ? 0 : waking->thread ? 1 : 2;
}

/*
 * The waking that may have ended the wait before it began. Of the wakings of a stay the last of each
 * sort counts, and the last by a call that ends waits of this kind.
 */
const struct sim_fact *wait_early(const struct sim_walk *walk, const struct sim_fact *left)
{
	const struct sim_fact *last = NULL;
	bool met_call = false, met[3] = { false };

	for (size_t i = walk->wakings_cnt; i--;) {
		const struct sim_fact *waking = &walk->oracle->recorder->facts[walk->wakings[i]];

		if (!met_call && call_ends(waking) & kind_of(left)) {
			met_call = true;
			if (vouched(walk, waking, left))
				return waking;
		}
		if (!met[sort_of(waking)] && !last && fits(waking, left))
			last = waking;
		met[sort_of(waking)] = true;
	}
	return last;
}

static bool word_is_lock(const struct sim_profile *profile, uint64_t key)
{
	for (size_t i = 0; i < profile->locks_cnt; i++)
		if (profile->locks[i] == key)
			return true;
	return false;
}

static enum sim_state futex_state(const struct sim_oracle *oracle, const struct sim_track *track,
				  size_t place)
{
	const struct sim_fact *left = &oracle->recorder->facts[place];
	const struct sim_profile *profile = &oracle->profiles[track->process];

	if (track->process && known_at(profile, place) == KNOWN_SOUGHT)
		return SIM_UNKNOWN;
	if (left->look.part != TRACE_GIL_PART_NONE)
		return SIM_WAIT_GIL;
	if (left->owner || (track->process &&
			    word_is_lock(profile, left->call.arg0 << 8 | oracle->spaces[place])))
		return SIM_WAIT_LOCK;
	return SIM_WAIT_SYNC;
}

enum sim_state wait_state(const struct sim_walk *walk, size_t place)
{
	switch (walk->oracle->recorder->facts[place].class) {
	case CLASS_CHILD:
		return SIM_WAIT_SYNC;
	case CLASS_IO:
		return SIM_WAIT_IO;
	case CLASS_LISTEN:
		return SIM_WAIT_LISTEN;
	case CLASS_SLEEP:
		return SIM_WAIT_SLEEP;
	case CLASS_OTHER:
		return SIM_WAIT_OTHER;
	default:
		/* Its steps say it, whichever word it is. */
		return walk->exact.waits ? SIM_WAIT_GIL : futex_state(walk->oracle, walk->track, place);
	}
}
