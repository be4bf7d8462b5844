/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The curves over time: how many threads exist, look busy, are on a core, make progress; for the
 * whole tree and for each process. Checks identities 2 and 3, each against an account of its own:
 *  - curves go by what the changes say that a thread leaves, the states' counts by what is
 *    remembered of it;
 *  - the levels must sum to the time from the first birth to the last death, and, each times its
 *    height, to the integral of the curve;
 *  - scheduled must be the time between the switches, as the timeline counted it from the records.
 *
 * A curve is kept as its integral, in thread-nanoseconds, over the scope's wall time and over its
 * active time (apparent + wait.io except listening > 0).
 */
#ifndef ANALYZER_CURVES_H
#define ANALYZER_CURVES_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/identity.h"
#include "analyzer/sink.h"

enum curve { CURVE_ALIVE, CURVE_APPARENT, CURVE_SCHEDULED, CURVE_TRUE, CURVE_OVERLAP, CURVE_CNT };

/* "alive", ... */
extern const char *const curve_names[CURVE_CNT];
/* Which of the states' marks makes a curve count them; CURVE_ALIVE counts them all. */
extern const unsigned int curve_counts[CURVE_CNT];

struct scope {
	bool begun;
	uint64_t start_ns, last_ns;
	uint64_t active_ns, any_on_core_ns;
	uint64_t integral_ns[CURVE_CNT], active_integral_ns[CURVE_CNT];
	uint64_t *level_ns;	/* time with true == index */
	size_t levels_cap, levels_cnt;
	/* From the lives of those who died: */
	uint64_t birth_ns, death_ns;	/* the first, the last */
	uint64_t on_core_ns;
	/* Now: */
	uint64_t counts[CURVE_CNT];
	uint64_t in_state[STATE_CNT];
};

struct curves {
	struct identity *identity;
	struct scope tree;
	struct scope *processes;	/* by process slot */
	size_t processes_cap, processes_cnt;
	unsigned char *states;		/* by thread slot: 1 + its state, 0 = not alive */
	size_t states_cap;
};

/* ctx: a struct curves, zeroed but for `identity`. */
extern const struct sink curves_sink;
void curves_clear(struct curves *curves);

#endif
