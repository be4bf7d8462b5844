/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work and span.
 */
#include "tests/sim/sides.h"
#include "tests/sim/span.h"

bool span_same(struct sides *sides)
{
	const struct span *span = &sides->analysis->span;
	struct sim_span wanted = sim_span_measure(sides->story);
	uint64_t gil_ns = 0;

	for (size_t i = 1; i < sides->answer->gils_cnt; i++)
		if (sides->answer->gils[i].run_ns > gil_ns)
			gil_ns = sides->answer->gils[i].run_ns;
	return same(sides, "the run", 0, "work", span->work_ns, wanted.work_ns) &&
	       same(sides, "the run", 0, "span", span->span_ns, wanted.span_ns) &&
	       same(sides, "the run", 0, "unlocked span", span->unlocked_ns, wanted.unlocked_ns) &&
	       same(sides, "the run", 0, "time under the busiest GIL", span->gil_ns, gil_ns);
}
