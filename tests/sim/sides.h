/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both sides of a comparison: what was true in a world, and what the analyzer made of its trace. Each
 * analysis is held against its answer in a file of its own, compare_NAME.c, with a row in compare.c.
 */
#ifndef TESTS_SIM_SIDES_H
#define TESTS_SIM_SIDES_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/analysis.h"
#include "analyzer/report.h"
#include "tests/sim/answer.h"
#include "tests/sim/compare.h"

struct sides {
	const struct sim_recorder *recorder;
	const struct sim_story *story;
	const struct sim_answer *answer;
	const struct analysis *analysis;
	const struct report *report;
	struct sim_verdict *verdict;
	int states[STATE_CNT];		/* of the analyzer's, the oracle's; -1: it has none */
};

/* Keeps the difference for the verdict; always false. */
bool differ(struct sides *sides, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether a figure of something with a number is as it should be. */
bool same(struct sides *sides, const char *what, uint64_t of, const char *figure, uint64_t got,
	  uint64_t wanted);

void states_match(struct sides *sides);
/* What the oracle says of the analyzer's state; 0 where it has none. */
uint64_t of_state(const struct sides *sides, const uint64_t *values, int state);

/* By its id; every thread of the analyzer's is one of the world's by then. */
size_t slot_of(const struct sides *sides, const struct thread *thread);

/* Each in compare_NAME.c: */
bool blame_same(struct sides *sides);
bool bottles_same(struct sides *sides);
bool gil_uses_same(struct sides *sides);
bool locks_same(struct sides *sides);
bool path_same(struct sides *sides);
bool phases_same(struct sides *sides);
bool predict_same(struct sides *sides);
bool runqueue_same(struct sides *sides);
bool span_same(struct sides *sides);
struct sim_blame;
/* Called for by blame_same(), which has the answer. */
bool waitgraph_same(struct sides *sides, const struct sim_blame *wanted);
bool stack_same(struct sides *sides);

#endif
