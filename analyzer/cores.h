/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every core did, and what the threads lacked while cores stood idle.
 *
 * At every instant a core is exactly one of: ours, another program, idle, unknown. Checked (the
 * part of identity 5 that these figures use): each core's uses sum to the wall time; ours is true,
 * spin, or a thread's whose state was lost; all cores' together is the time that the threads'
 * states say that they were scheduled; the parts of the idle time sum to it. Idle cores are
 * accounted for as in speed-up stacks (Eyerman, Du Bois, Eeckhout, ISPASS 2012): as many as there
 * are ready threads idle while work waited; then as many as there are waiting threads, in equal
 * parts over those threads by the class of their wait; the rest idle because there are no threads.
 * What is split is summed first, for each number of waiting threads, and divided at the end, the
 * largest remainders first: so the parts do not depend on how often something else changed. Who wants
 * to know the part of some of the waiting threads takes the share of one, before and after.
 *
 * Another program's core is lost to us only while one of our threads is ready and finds no idle
 * core: then of those cores as many as there are such threads. A core where none of ours could have
 * run is no loss.
 */
#ifndef ANALYZER_CORES_H
#define ANALYZER_CORES_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/identity.h"
#include "analyzer/idmap.h"
#include "analyzer/sink.h"

#define CORE_USE_CNT (CORE_UNKNOWN + 1)

/* A share is in parts of a nanosecond, 2 to the power of so many, so that small ones add up. */
#define CORE_SHARE_BITS 32

struct core_guest {
	uint64_t program;
	uint64_t ns;
	uint64_t crowded_ns;	/* of it, while a thread of ours was ready and found no idle core */
};

struct core_tally {
	enum core_use use;
	uint32_t thread_slot;		/* use == CORE_OURS */
	struct core_guest *guest;	/* use == CORE_OTHER */
	uint64_t since_ns;
	uint64_t crowded_since_ns;	/* cores->crowded_ns at since_ns */
	uint64_t use_ns[CORE_USE_CNT];
	uint64_t crowded_ns;		/* of CORE_OTHER */
	uint64_t true_ns, spin_ns, unsure_ns;	/* parts of CORE_OURS */
	struct idmap guest_ids;
	struct core_guest **guests;
	size_t guests_cap, guests_cnt;
};

/* Idle time while so many threads waited. */
struct core_split {
	uint64_t whole_ns;			/* of cores: to be split */
	unsigned __int128 thread_ns[STATE_CNT];	/* the same, times the threads in each wait */
};

/* What is kept of a thread: its state, and its core while it has one. */
struct core_thread {
	enum thread_state state;	/* STATE_CNT = not alive */
	bool on_core;
	uint32_t core;
};

struct cores {
	struct identity *identity;
	struct core_tally *cores;
	size_t cores_cnt;
	struct core_thread *threads;	/* by thread slot */
	size_t threads_cap, threads_cnt;
	uint64_t last_ns;
	uint64_t idle_cnt, other_cnt;
	uint64_t crowded_ns;	/* time in which a ready thread found no idle core */
	uint64_t other_ready_ns;	/* cores of other programs that ready threads could have used */
	uint64_t scheduled_cnt, scheduled_since_ns;	/* threads on a core, by their states */
	uint64_t scheduled_ns;
	uint64_t in_state[STATE_CNT];
	struct core_split *splits;	/* by the number of waiting threads */
	size_t splits_cap, splits_cnt;
	unsigned __int128 idle_share;	/* so far, of each thread that waited all the while */
	/* Idle time of all cores together, in its parts: */
	uint64_t idle_ready_ns, idle_nobody_ns;
	uint64_t idle_wait_ns[STATE_CNT];	/* at the end */
};

/* ctx: a struct cores, zeroed but for `identity`. */
extern const struct sink cores_sink;
void cores_clear(struct cores *cores);

#endif
