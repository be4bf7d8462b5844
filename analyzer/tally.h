/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long every thread was in each state, and what ended the waits. Checks identity 1: the states
 * tile each thread's life, up to its death; and those on a core its time between the switches,
 * which the timeline counts from the records.
 */
#ifndef ANALYZER_TALLY_H
#define ANALYZER_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/identity.h"
#include "analyzer/idmap.h"
#include "analyzer/sink.h"

struct thread_tally {
	enum thread_state state;	/* now; STATE_CNT = not alive */
	uint64_t since_ns;
	uint64_t state_ns[STATE_CNT];
	uint64_t sampled_ns;		/* in states that rest on samples */
	uint64_t entries[STATE_CNT];
};

/* Time in wait.other and wait.io by system call. */
struct call_tally {
	uint64_t sysno;		/* 1 + nr, 0 = none (page fault and the like) */
	uint64_t wait_ns[STATE_CNT];
	uint64_t cnt[STATE_CNT];
};

struct tally {
	struct identity *identity;
	struct thread_tally *threads;	/* by thread slot */
	size_t threads_cap, threads_cnt;
	struct idmap call_ids;
	struct call_tally **calls;
	size_t calls_cap, calls_cnt;
	uint64_t causes[CAUSE_CNT];	/* wakings by what caused them, births not counted */
};

/* ctx: a struct tally, zeroed but for `identity`. */
extern const struct sink tally_sink;
void tally_clear(struct tally *tally);

#endif
