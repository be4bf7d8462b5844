/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of a thread: at every instant from its birth to its death a thread is in exactly one.
 *
 * One table: names, and which curve counts a state. Curves over time (n = threads in a state):
 *   alive     = threads that exist
 *   apparent  = run.* + ready.* + wait.gil + wait.lock + wait.klock: work in hand
 *   scheduled = run.*: on a core
 *   true      = run.gil + run.free: on a core and making progress
 *   overlap   = true + wait.io except listening
 */
#ifndef ANALYZER_STATE_H
#define ANALYZER_STATE_H

/* Which curves count a state. */
enum {
	COUNTS_APPARENT = 1,
	COUNTS_SCHEDULED = 2,
	COUNTS_TRUE = 4,
	COUNTS_OVERLAP = 8,
};

#define COUNTS_PROGRESS (COUNTS_APPARENT | COUNTS_SCHEDULED | COUNTS_TRUE | COUNTS_OVERLAP)

/* STATE(NAME, name, curves that count it, what it says) */
#define THREAD_STATES(STATE) \
	STATE(RUN_GIL, "run.gil", COUNTS_PROGRESS, "on a core, holding a GIL") \
	STATE(RUN_FREE, "run.free", COUNTS_PROGRESS, "on a core, no GIL needed") \
	STATE(RUN_SPIN, "run.spin", COUNTS_APPARENT | COUNTS_SCHEDULED, \
	      "on a core, fighting for a lock") \
	STATE(READY_WOKEN, "ready.woken", COUNTS_APPARENT, "woken, waiting for a core") \
	STATE(READY_PREEMPTED, "ready.preempted", COUNTS_APPARENT, "pushed off its core") \
	STATE(WAIT_GIL, "wait.gil", COUNTS_APPARENT, "blocked for a GIL") \
	STATE(WAIT_LOCK, "wait.lock", COUNTS_APPARENT, "blocked for a user lock") \
	STATE(WAIT_KLOCK, "wait.klock", COUNTS_APPARENT, "blocked for a kernel lock") \
	STATE(WAIT_SYNC, "wait.sync", 0, "blocked until another thread has something for it") \
	STATE(WAIT_IO, "wait.io", COUNTS_OVERLAP, "blocked in input or output") \
	STATE(WAIT_LISTEN, "wait.io.listen", 0, "blocked until somebody connects") \
	STATE(WAIT_SLEEP, "wait.sleep", 0, "sleeping by its own wish") \
	STATE(WAIT_OTHER, "wait.other", 0, "blocked for something else") \
	STATE(UNKNOWN, "unknown", 0, "not known: events were lost, or nothing explains it")

#define STATE_ENUM(NAME, name, counts, doc) STATE_##NAME,
enum thread_state { THREAD_STATES(STATE_ENUM) STATE_CNT };
#undef STATE_ENUM

struct state_info {
	const char *name;
	unsigned int counts;
	const char *doc;
};

/* Indexed by enum thread_state. */
extern const struct state_info state_infos[STATE_CNT];

#endif
