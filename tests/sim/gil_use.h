/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who holds each GIL at every instant, and who wants it.
 *
 *   holds   in run.gil under it, or took it along off its core
 *   wants   in wait.gil for it; then through ready.* and run.spin, until anything else
 *
 * While nobody holds it and somebody wants it there is a gap: somebody who wants it is in run.spin;
 * else somebody is ready; else all are in wait.gil.
 */
#ifndef TESTS_SIM_GIL_USE_H
#define TESTS_SIM_GIL_USE_H

#include "tests/sim/story.h"

enum sim_pause { SIM_PAUSE_TAKING, SIM_PAUSE_READY, SIM_PAUSE_ASLEEP, SIM_PAUSE_CNT };

/* From where a thread begins to hold or want it to where that ends. */
struct sim_spell {
	uint64_t from_ns, to_ns;
	size_t track;
	const struct sim_piece *next;	/* NULL: none, it dies */
};

struct sim_spells {
	struct sim_spell *spells;
	size_t cap, cnt;
};

struct sim_gil_use {
	uint64_t process;	/* that has it; where it was never found, of whoever came to it first */
	/* Somebody holds it; of that with its process active, with nobody in run.gil; in run.gil */
	uint64_t held_ns, held_active_ns, off_core_ns, run_ns;
	uint64_t sampled_ns;		/* of the threads in run.gil */
	uint64_t wanted_ns, wanted_held_ns, gap_ns[SIM_PAUSE_CNT];
	uint64_t *level_ns;		/* by how many want it */
	uint64_t *hold_ns, *wait_ns;	/* by track */
	struct sim_spells holds, waits;
	/*
	 * Who wants it gets it: from the end of the last hold, or from where it began to want it; not where
	 * somebody else seems to hold it until then or longer, or nobody knows since when nobody does.
	 */
	uint64_t hand_overs_cnt, hand_overs_ns, hand_over_max_ns;
	uint64_t cut_cnt;		/* holds and waits that nobody knows the end of */
	uint64_t yields_cnt;		/* holds that went over into fighting or waiting for a GIL */
	uint64_t overtakes_cnt;		/* holds that no wait led to, begun while others waited */
	/* At the instant at hand: */
	uint64_t holding, running, wanting, wanting_in[SIM_PAUSE_CNT];
};

struct sim_gil_uses {
	struct sim_gil_use *uses;	/* by id */
	size_t uses_cnt, tracks_cnt;
	/* By process id: somebody is active; everybody's time in run.gil and run.free; somebody unknown. */
	uint64_t *active_ns, *work_ns, *unknown_ns;
	uint64_t nameless_ns;	/* everybody's time in run.gil and wait.gil of no known GIL */
};

void gil_uses_make(struct sim_gil_uses *uses, const struct sim_story *story);
void gil_uses_free(struct sim_gil_uses *uses);

#endif
