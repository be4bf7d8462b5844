/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place that puts a difference into words, and that knows which state is which.
 */
#include "tests/sim/sides.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool differ(struct sides *sides, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(sides->verdict->text, sizeof(sides->verdict->text), format, args);
	va_end(args);
	return false;
}

bool same(struct sides *sides, const char *what, uint64_t of, const char *figure, uint64_t got,
	  uint64_t wanted)
{
	if (got == wanted)
		return true;
	return differ(sides, "%s %" PRIu64 ": %s is %" PRIu64 ", should be %" PRIu64, what, of, figure, got,
		      wanted);
}

void states_match(struct sides *sides)
{
	for (int i = 0; i < STATE_CNT; i++) {
		sides->states[i] = -1;
		for (int j = 0; j < SIM_STATE_CNT; j++)
			if (!strcmp(state_infos[i].name, sim_state_names[j]))
				sides->states[i] = j;
	}
}

uint64_t of_state(const struct sides *sides, const uint64_t *values, int state)
{
	return sides->states[state] < 0 ? 0 : values[sides->states[state]];
}

size_t slot_of(const struct sides *sides, const struct thread *thread)
{
	size_t slot = 0;

	while (sides->story->tracks[slot].thread->id != thread->id)
		slot++;
	return slot;
}
