/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * At which core a thread is, or waits for its turn: the one that it came to last, or that the scheduler
 * took it to since.
 *
 * A thread that was unknown may have been taken anywhere by what was lost: its home is not known, until
 * it comes to a core or is taken to one while its state is known. What happens at one instant happens at
 * once: neither does the order matter nor a state that is over in the same instant.
 */
#ifndef ANALYZER_HOME_H
#define ANALYZER_HOME_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/state.h"

/* Zeroed at first. */
struct home {
	uint64_t core;		/* 1 + core, 0 = none */
	uint64_t placed_ns;	/* when it got there */
	bool lost;		/* the thread is unknown */
	uint64_t lost_ns;	/* since */
};

/* 1 + core; 0 = not known. */
static inline uint64_t home_core(const struct home *home)
{
	return home->lost ? 0 : home->core;
}

/* It comes to a core, or is taken to one. */
static inline void home_place(struct home *home, uint64_t core, uint64_t now_ns)
{
	home->core = 1 + core;
	home->placed_ns = now_ns;
}

static inline void home_state(struct home *home, enum thread_state state, uint64_t now_ns)
{
	bool lost = state == STATE_UNKNOWN;

	if (lost && !home->lost)
		home->lost_ns = now_ns;
	else if (!lost && home->lost && home->lost_ns != now_ns && home->placed_ns != now_ns)
		home->core = 0;
	home->lost = lost;
}

#endif
