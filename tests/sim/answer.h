/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a story adds up to: every figure that the analyzer is asked for, by looking at every thread and
 * every core at every instant.
 */
#ifndef TESTS_SIM_ANSWER_H
#define TESTS_SIM_ANSWER_H

#include "tests/sim/story.h"

struct sim_scope {
	uint64_t start_ns, end_ns, active_ns;
	uint64_t integral_ns[SIM_CURVE_CNT], active_integral_ns[SIM_CURVE_CNT];
	uint64_t *level_ns;	/* time with true == index */
	size_t levels_cap, levels_cnt;
	uint64_t counts[SIM_CURVE_CNT];		/* at the instant at hand */
};

struct sim_sum {
	uint64_t state_ns[SIM_STATE_CNT];
	uint64_t sampled_ns;
};

struct sim_core_sum {
	uint64_t unknown_ns, idle_ns, other_ns, ours_ns;
	uint64_t true_ns, spin_ns, unsure_ns;	/* parts of ours */
	uint64_t program_ns[SIM_PROGRAMS + 2];
	uint64_t program_crowded_ns[SIM_PROGRAMS + 2];	/* while a ready thread found no idle core */
};

/* For how long threads ran under a GIL; doubled: two at once, which cannot be. */
struct sim_gil_sum {
	uint64_t run_ns, doubled_ns;
	uint64_t off_core_ns;	/* for how long threads held it on no core */
	uint64_t running_cnt;	/* at the instant at hand */
};

struct sim_call_sum {
	enum sim_state state;
	uint64_t sysno, ns, cnt;
};

struct sim_answer {
	struct sim_scope tree;
	struct sim_scope *processes;	/* by id; one that was never seen has no end */
	size_t processes_cnt;
	struct sim_sum *threads;	/* by slot */
	size_t threads_cnt;
	struct sim_core_sum *cores;
	size_t cores_cnt;
	struct sim_gil_sum *gils;	/* by id */
	size_t gils_cnt;
	/* Idle time of all cores, in its parts. */
	uint64_t idle_ready_ns, idle_wait_ns[SIM_STATE_CNT], idle_nobody_ns;
	uint64_t other_ready_ns;	/* cores of other programs, as many as ready threads lacked */
	struct sim_call_sum *calls;
	size_t calls_cap, calls_cnt;
	uint64_t causes[SIM_CAUSE_CNT];
};

void sim_answer_make(struct sim_answer *answer, const struct sim_story *story);
void sim_answer_clear(struct sim_answer *answer);
void sim_answer_print(const struct sim_answer *answer, const struct sim_story *story, FILE *out);

#endif
