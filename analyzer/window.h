/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Analyses of a part of the run: a sink that hands on to the others what lies in the window, so that
 * none of them knows of it.
 *
 *  - Whoever lives when the window begins is born there, in the state and with the wait that it has,
 *    and without an edge; whoever lives when it ends dies there. Cores begin with what they do, and
 *    those who wait there are found there.
 *  - Changes, cores, edges and moves outside are left out; what began before began with the window.
 *  - The run that the sinks get to see begins and ends with the window, or with the run if that ends
 *    earlier.
 *  - What the timeline counts from the records (people->window) is of the window as well; what the
 *    trace says of itself (quality.h) is of the whole recording.
 *  - What lasts for several states, as a wait for a GIL does until its thread has it, is not known of
 *    whoever is past the first of them when the window begins.
 * So the identities are checked as ever, and for every instant x the times in each state over
 * [0, x] and [x, end] sum to those of the run.
 */
#ifndef ANALYZER_WINDOW_H
#define ANALYZER_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/home.h"
#include "analyzer/run.h"
#include "analyzer/sink.h"
#include "analyzer/stretch.h"
#include "analyzer/thread.h"

/* Where a thread is at the instant at hand. */
struct window_thread {
	bool alive, seen;	/* seen: it lived in the window */
	bool older;		/* it was born before */
	bool beyond;		/* the window is over for it: `last` stays */
	bool goes_on;		/* beyond: what it changes to next is known */
	struct change last;	/* what it changed to; `sampled` once that is known */
	struct home home;	/* until the window opens */
};

struct window {
	struct stretch wanted;	/* from the run's start on */
	struct people *people;
	const struct sink_use *sinks;
	size_t sinks_cnt;
	struct run run;		/* as the sinks see it: start and end are the window's */
	bool open;
	struct window_thread *threads;	/* by slot */
	size_t threads_cap, threads_cnt;
	struct core_change *cores;	/* until the window opens */
	size_t cores_cnt;
};

/*
 * ctx: a struct window, zeroed but for `wanted`, `people`, `sinks`. Its end is -ERANGE where the run
 * is over before the window begins; its run then has the end of the run all the same.
 */
extern const struct sink window_sink;
void window_clear(struct window *window);

#endif
