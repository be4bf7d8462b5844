/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run once more, with something in it changed: what would it have taken?
 *
 * The history is read once, forwards, and cut into each thread's own steps: work of so long (with or
 * without a GIL), "wakes that thread", "waits until that thread has come to that waking", "waits for
 * so long". These are the edges of the program activity graph as in Giraldeau & Dagenais (wait analysis
 * of distributed systems using kernel tracing) and wPerf (Zhou et al., OSDI 2018); played again they
 * give the time that the same work takes under other conditions. What is modelled:
 *  - Work keeps its length, on however many cores at once.
 *  - A wait that a believed thread ended lasts until that thread has done as much of its own work as it
 *    had when it woke; where it has done so already, there is no wait. That holds for births, joins,
 *    locks, conditions, pipes between traced threads. Any other wait keeps its length, and so does
 *    `unknown`. Of a wait that is cut off by the end, what is known of it counts, unless it was for another
 *    thread.
 *  - Who becomes ready gets a core after the time that it took when a core was free (the recorded one
 *    where one was free then, else the mean of those), and after others if there is none.
 *  - Cores are alike, and free ones go to whoever had them for the shortest time (fair, one queue for all,
 *    slices of REPLAY_SLICE_NS; who slept comes back at most one slice behind the others). Where all are
 *    taken, a thread has to have that on which it ran last: who wakes pushes off whom it finds there and is
 *    ahead of it by more than REPLAY_WAKE_NS, and the end of a slice there is its turn. After so many slices
 *    it comes to any core. No other programs.
 *  - A GIL is held by one thread, from its first work under it until work without it or a wait. Who
 *    finds it held waits in line; when that has lasted for REPLAY_INTERVAL_NS the holder has to hand
 *    it over and goes to the end of the line. Whoever drops it otherwise may take it again before
 *    the one that was woken for it has come. Recorded waits for GILs are not used.
 *  - A GIL that is removed costs nothing any more: nobody waits or spins for it. Work that was done
 *    under it takes as long as it did, or longer by a share that is given: what replaces the GIL (atomic
 *    reference counts, locks of objects; PEP 703) has its price, which no recording under a GIL shows.
 *  - A lock whose contention is removed lets everybody in at once: the work under it stays.
 * Slices, and what goes with them, are longer where the cores could have had more than REPLAY_SLICES_MAX:
 * so a replay takes as long as there are events, however long the run was.
 * A dependency between threads that made nobody wait when it was recorded is not known here.
 *
 * Memory: proportional to threads, GILs, and the steps between the thread that is furthest ahead in the
 * replay and the one that is furthest behind. From REPLAY_STEPS_MAX of these on whoever is ahead waits, and
 * `held_back` says so; further ones come only where all others wait for one of them.
 */
#ifndef ANALYZER_REPLAY_H
#define ANALYZER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/history.h"
#include "analyzer/thread.h"

#define REPLAY_SLICE_NS UINT64_C(3000000)
#define REPLAY_WAKE_NS UINT64_C(1000000)
#define REPLAY_MOVE_SLICES 4
#define REPLAY_INTERVAL_NS UINT64_C(5000000)
#define REPLAY_STEPS_MAX 500000
#define REPLAY_ALL_LOCKS UINT32_MAX
#define REPLAY_SLICES_MAX 200000

struct replay_setup {
	const struct history *history;
	const struct people *people;
	uint64_t start_ns, end_ns;
	uint64_t entries_max;		/* of the history: no more than so many are replayed */
	uint32_t recorded_cores;	/* that the run could use */
	/* What is changed: */
	uint32_t cores;
	bool without_gil;
	const struct process *gil_process;	/* without_gil: this process's alone; NULL = all */
	uint32_t gil_cost_permille;	/* without_gil: work under it takes so much longer */
	uint32_t lock;			/* 1 + slot of the futex word; REPLAY_ALL_LOCKS; 0 = none */
	const size_t *group_of;		/* by thread slot */
	size_t halved;			/* 1 + group; 0 = none */
	/* Filled in, by thread slot: when all that it had to do was done. NULL = not wanted. */
	uint64_t *done_ns;
};

struct replay_result {
	uint64_t recorded_ns;		/* that the same entries took */
	uint64_t wall_ns;
	uint64_t work_ns;		/* on cores, of all threads */
	bool full;			/* somebody was ready while no core was free */
	bool held_back;
	uint64_t kept_ns;		/* of all threads: waits that keep their length, unknown time as well */
	uint64_t stuck;			/* waits that nobody ended; 0 but for a history that is cut */
};

int replay_run(const struct replay_setup *setup, struct replay_result *ret_result);

#endif
