/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work and span: at every instant, whoever makes progress has a chain of work behind it that grows; who
 * is woken or born goes on from the longer of its own and its waker's. Unlocked: as if no waking had ended
 * a wait for a GIL or a lock.
 */
#ifndef TESTS_SIM_SPAN_H
#define TESTS_SIM_SPAN_H

#include "tests/sim/story.h"

struct sim_span {
	uint64_t work_ns, span_ns, unlocked_ns;
};

struct sim_span sim_span_measure(const struct sim_story *story);

#endif
