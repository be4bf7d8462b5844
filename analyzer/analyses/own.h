/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The share of other programs in the time that a run took.
 *
 * At every instant they take as many cores from us as they have, or as many of our threads are ready and
 * could run, whichever are fewer, and of that instant as large a part is lost as these cores are of them
 * and those that we have.
 *
 * Of the threads that are ready for a GIL one could run, and none while another thread runs under it, or
 * sleeps with it. Ready for a GIL is who came to one before, unless it was pushed off its core while it
 * ran without: who waited for input or for other threads needs it to go on.
 */
#ifndef ANALYZER_ANALYSES_OWN_H
#define ANALYZER_ANALYSES_OWN_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/idmap.h"
#include "analyzer/sink.h"

struct own_gil {
	uint64_t ready_cnt;	/* threads that are ready for it */
	uint64_t busy_cnt;	/* that run under it, or are neither ready nor on a core, and hold it */
};

struct own_thread {
	uint64_t gil;		/* that it was last at, 0 = none */
	uint64_t ready_gil;	/* that it is ready for, 0 = none */
};

struct own {
	struct idmap ids;
	struct own_gil **gils;
	size_t gils_cap, gils_cnt;
	struct own_thread *threads;	/* by slot */
	size_t threads_cap;
	unsigned char *uses;		/* by core: enum core_use */
	size_t uses_cap;
	uint64_t last_ns, running_cnt, ready_cnt, others_cnt;
	uint64_t able_cnt;		/* of the ready threads, those that could run */
	uint64_t ready_ns;		/* while any was ready, however many */
	uint64_t wall_ns, lost_ns;	/* so far; of that, to other programs */
};

void own_begin(struct own *own, uint64_t start_ns);
int own_core(struct own *own, const struct core_change *change);
int own_change(struct own *own, const struct change *change);
void own_clear(struct own *own);

#endif
