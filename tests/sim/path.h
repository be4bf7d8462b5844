/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The critical path: back from the end of the run, along the thread that ended it (of several that live
 * until then, the one that was the last on a core; of several, the first); where that thread had waited
 * for another one, on along the other from the instant of the waking; where it was born, along its
 * parent. A wait that no thread ended (time, a device, nobody knows) is part of the path itself. The
 * segments tile the run once, so their lengths sum to the wall time (identity 6).
 */
#ifndef TESTS_SIM_PATH_H
#define TESTS_SIM_PATH_H

#include "tests/sim/story.h"

struct sim_segment {
	uint64_t from_ns, to_ns;
	const struct sim_thread *thread;	/* NULL: before a birth that was lost */
	enum sim_state state;			/* of that thread */
};

/* Where the path goes over from one thread to the next. */
struct sim_hop {
	const struct sim_edge *edge;
	uint64_t wait_ns;	/* of the wait that the edge ended: while the path was with the waker */
};

struct sim_path {
	struct sim_segment *segments;	/* the last first; one for each stretch in one state */
	size_t cap, cnt;
	struct sim_hop *hops;		/* the last first */
	size_t hops_cap, hops_cnt;
};

/* Of the part of the run from one instant to the other, neither outside of it. */
struct sim_window {
	uint64_t from_ns, until_ns;
};

void sim_path_find(struct sim_path *path, const struct sim_story *story, const struct sim_window *window);
void sim_path_clear(struct sim_path *path);

#endif
