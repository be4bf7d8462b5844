/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who waits for a core at every instant, where, and what has that core: by the words of the analyzer's
 * header, analyses/runqueue.h and home.h.
 */
#ifndef TESTS_SIM_READY_H
#define TESTS_SIM_READY_H

#include "tests/sim/story.h"

struct sim_delays {
	uint64_t cnt, sum_ns, max_ns;
	uint64_t now_ns;		/* of stretches: so long already */
};

struct sim_ready_thread {
	uint64_t ready_ns, worst_ns;
	uint64_t use_ns[SIM_USE_OURS + 1], nowhere_ns;
	uint64_t room_ns, stranded_ns, caused_ns;
	uint64_t moves_cnt, ready_moves_cnt, elsewhere_cnt;
	/* At the instant at hand: */
	uint64_t place, last_core;	/* 1 + core, 0 = none */
};

struct sim_ready {
	struct sim_ready_thread *threads;	/* by slot */
	struct sim_delays woken, preempted, room, waste;
	uint64_t cut_cnt, wasted_ns, comings_cnt;
	uint64_t program_ns[SIM_PROGRAM_NAMELESS + 1];
};

void ready_measure(struct sim_ready *ready, const struct sim_story *story);
void ready_free(struct sim_ready *ready);

#endif
