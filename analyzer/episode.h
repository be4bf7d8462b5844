/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stretch of a thread's life that comes again and again, whatever states it passes through
 * meanwhile: a wait from the block to the proof that it is over, the holding of a GIL.
 */
#ifndef ANALYZER_EPISODE_H
#define ANALYZER_EPISODE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/stretch.h"

/* Of those that reach into the window: */
struct episodes {
	uint64_t total_ns, cnt;	/* inside of it, of those that are over; how many have begun */
	bool open;
	uint64_t since_ns;
	const struct stretch *window;
};

/* Nothing happens in the middle of one. */
static inline void episode_begin(struct episodes *episodes, uint64_t now_ns)
{
	if (episodes->open)
		return;
	episodes->open = true;
	episodes->since_ns = now_ns;
	episodes->cnt += now_ns <= episodes->window->until_ns;
}

/* Nothing happens outside of one. */
static inline void episode_end(struct episodes *episodes, uint64_t now_ns)
{
	if (!episodes->open)
		return;
	episodes->open = false;
	episodes->total_ns += stretch_part(episodes->window, episodes->since_ns, now_ns);
	episodes->cnt -= now_ns < episodes->window->from_ns;
}

#endif
