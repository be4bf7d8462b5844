/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each GIL: how long it was held, who waited for it, how it went from one thread to the next.
 *
 *   holds   a thread in run.gil under it, and from there on while it takes the GIL along off its core
 *   wants   a thread in wait.gil for it, and from there on through ready.* and run.spin: a wait lasts
 *           from where it blocks to where it holds the GIL, or turns out to do something else
 *   gap     nobody holds it, though somebody wants it: its idle time. Somebody fights for it on a core
 *           (taking); nobody does, but one is woken and waits for a core (ready); or all sleep
 *           (asleep): nobody has been told
 *   hand-over  somebody who wants it gets it: from the end of the last hold, or from where it began to
 *           want it should that be later. There is none where nobody knows when the last hold ended, or
 *           where that takes no time: then the evidence for the two stands in one record
 *   overtaking  somebody who did not have to wait gets it while others want it
 *   starving   the larger part of the waiting a thread has, against its part of the holding, the more
 *   yield   who holds it goes straight from there to fighting or waiting for it: it was made to let go.
 *           Where steps at the GIL are recorded, requests say that (gils.h)
 *
 * Checked: holds and waits, summed one by one, are the integrals of how many hold and want it; the gaps
 * and the time in which it is both held and wanted sum to the time in which it is wanted.
 *
 * Amdahl's law (AFIPS 1967): with a share s of the work under the GIL, P cores make it at most
 * 1 / (s + (1 - s) / P) times as fast as one. Work is run.gil and run.free; s is that under this GIL.
 */
#ifndef ANALYZER_ANALYSES_GIL_H
#define ANALYZER_ANALYSES_GIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/identity.h"
#include "analyzer/idmap.h"
#include "analyzer/sink.h"
#include "analyzer/spread.h"
#include "analyzer/trust.h"

struct gils;	/* analyzer/gils.h */
struct people;
struct process;

enum gil_gap { GIL_GAP_TAKING, GIL_GAP_READY, GIL_GAP_ASLEEP, GIL_GAP_CNT };

extern const char *const gil_gap_names[GIL_GAP_CNT];

/* A thread at a GIL. */
struct gil_part {
	const struct thread *thread;
	uint64_t holds_cnt, hold_ns;
	uint64_t waits_cnt, wait_ns, wait_max_ns;
	uint64_t hold_since_ns, wait_since_ns;
	bool hold_cut, wait_cut;	/* it was at it before */
	__int128 starved;	/* its share of all waiting less that of all holding, times both sums */
};

struct gil_use {
	uint64_t id;
	const struct process *process;	/* it is said to be of; else of whoever came to it first */
	/* Now: */
	uint64_t last_ns;
	uint64_t holding_cnt, running_cnt;	/* of those who hold it, in run.gil */
	uint64_t wanting_cnt, wanting_in[GIL_GAP_CNT];
	uint64_t fresh_ns, fresh_cnt;	/* of these, the waits that began when the last of them did */
	uint64_t taken_cnt;		/* at this instant, by threads that had not waited for it */
	uint64_t held_from_ns;		/* on the process's active clock */
	bool released;			/* it is known when the last hold ended: */
	uint64_t released_ns;
	/* Time with somebody holding it; of that with its process active, nobody on a core. */
	uint64_t held_ns, held_active_ns, off_core_ns;
	struct range held;	/* at the end: what doubts leave open of held_ns */
	uint64_t run_ns, sampled_ns;	/* of held_ns: in run.gil; thread time that rests on samples */
	uint64_t doubt_ns;		/* thread time in run.gil that may have been run.free or run.spin */
	uint64_t wanted_ns, wanted_held_ns;	/* somebody wants it; of that, it is held */
	uint64_t wanted_off_core_ns;	/* of that, nobody who holds it is on a core */
	uint64_t asleep_off_core_ns;	/* meanwhile: times the threads in wait.gil for it */
	uint64_t gap_ns[GIL_GAP_CNT];
	uint64_t *level_ns;		/* by how many want it, from 1 on */
	size_t levels_cap, levels_cnt;
	unsigned __int128 holding_ns;	/* times how many hold it */
	struct spread hold, wait, hand_over;
	uint64_t cut_cnt;		/* holds and waits that begin or end elsewhere, or nobody knows when */
	uint64_t overtakes_cnt, yields_cnt;
	/* At the end, of its process: */
	uint64_t active_ns, work_ns, unknown_ns;	/* somebody active; true; somebody unknown */
	struct idmap part_ids;		/* by 1 + thread slot */
	struct gil_part **parts;	/* at the end: who starves most first */
	size_t parts_cap, parts_cnt;
};

/* What a thread is doing with GILs; NULL = nothing. */
struct gil_doing {
	struct gil_use *held, *wanted;
	struct gil_part *held_part, *wanted_part;
	bool runs;		/* in run.gil */
	enum gil_gap as;	/* how it wants `wanted` */
};

/* Clocks of a process that stand still while nobody in it is in such a state. */
struct gil_clock {
	uint64_t last_ns;
	uint64_t active_cnt, true_cnt, unknown_cnt;
	uint64_t active_ns, work_ns, unknown_ns;
	uint64_t free_doubt_ns;	/* thread time in which it may have been held, and is not known to be */
};

struct gil_uses {
	struct identity *identity;
	const struct gils *gils;
	const struct people *people;
	const struct trust *trust;	/* of the changes before the one at hand */
	struct idmap ids;
	struct gil_use **uses;		/* at the end: the most waited for first, then the most held */
	size_t uses_cap, uses_cnt;
	struct gil_doing *threads;	/* by thread slot */
	size_t threads_cap;
	struct gil_clock *clocks;	/* by process slot */
	size_t clocks_cap;
	uint64_t nameless_ns;		/* thread time in run.gil and wait.gil with no GIL known */
};

/* ctx: a struct gil_uses, zeroed but for `identity`, `gils`, `people` and `trust`. */
extern const struct sink gil_sink;
void gil_uses_clear(struct gil_uses *uses);

/* NULL: nobody held or wanted it. */
const struct gil_use *gil_use_of(const struct gil_uses *uses, uint64_t id);

/* The most cores can do, times one core; 0 where nothing was done. */
double gil_ceiling(const struct gil_use *use, uint64_t cores_cnt);

#endif
