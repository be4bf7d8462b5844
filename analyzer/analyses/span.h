/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work and span: how parallel the program itself is, whatever the machine (Brent, "The parallel
 * evaluation of general arithmetic expressions", JACM 1974; Blumofe & Leiserson, JACM 1999).
 *
 *   work T1   the time that all threads spent on cores making progress (run.gil, run.free)
 *   span T∞   the longest chain of such work in which each piece had to wait for the one before: along
 *             a thread, and from a waker to whom it woke, from a parent to its child
 *
 * T1/T∞ is the parallelism: so many cores could be kept busy on average, and no number of cores makes
 * the run shorter than T∞. On P cores it takes max(T1/P, T∞) at least.
 *
 * The chains are those of this run. Threads that took turns at a lock or a GIL stand behind each other in
 * them as they happened to come; the *unlocked* span leaves out the wakings that ended waits for a GIL or
 * a lock, so it is what the program's own order (births, joins, queues, data) asks for. An order that
 * made nobody wait is in neither.
 *
 * Whoever runs under a GIL runs alone, also where the turns that were taken show in no waking: the time
 * in which the busiest GIL had a runner bounds the run as well.
 *
 * Checked: T∞ <= wall time, T∞ <= T1, T1 <= cores * wall time, unlocked <= T∞, and no thread's own work
 * exceeds the unlocked span. Time in which a thread was unknown is no work here: it may have been.
 */
#ifndef ANALYZER_ANALYSES_SPAN_H
#define ANALYZER_ANALYSES_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/identity.h"
#include "analyzer/sink.h"

struct gils;	/* analyzer/gils.h */

struct span_thread {
	bool working;
	uint64_t since_ns;	/* if so: counted until then */
	uint64_t own_ns;	/* its work */
	uint64_t chain_ns;	/* the longest chain that ends with it now */
	uint64_t unlocked_ns;	/* likewise */
};

struct span {
	struct identity *identity;
	const struct gils *gils;
	uint64_t work_ns, span_ns, unlocked_ns;
	uint64_t gil_ns;	/* at the end: of the busiest GIL */
	struct span_thread *threads;	/* by slot */
	size_t threads_cap, threads_cnt;
};

/* ctx: a struct span, zeroed but for `identity` and `gils`, a sink that ends before. */
extern const struct sink span_sink;
void span_clear(struct span *span);

/* On so many cores the run takes at least this, with its GILs; 0 cores: on any number. */
uint64_t span_bound_ns(const struct span *span, uint64_t cores);

#endif
