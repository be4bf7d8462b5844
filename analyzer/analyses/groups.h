/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread groups: threads of one process that bear the same name in the end. Digits at a name's end do
 * not count: worker-1 and worker-2 are one group.
 */
#ifndef ANALYZER_ANALYSES_GROUPS_H
#define ANALYZER_ANALYSES_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/sink.h"
#include "analyzer/thread.h"

struct thread_group {
	const struct thread *first;	/* that with the lowest slot */
	char name[NAME_BYTES];		/* the digits left out, if there are several threads */
	size_t threads_cnt;
};

struct groups {
	/* All threads that were born; those of a group stand together, by slot. */
	const struct thread **threads;
	size_t threads_cap, threads_cnt;
	/* After `end`: */
	struct thread_group *groups;
	size_t groups_cnt;
	size_t *of_thread;		/* by slot; only for those that were born */
};

/* ctx: a struct groups, zeroed. Sinks behind it may use the groups in their `end`. */
extern const struct sink groups_sink;
void groups_clear(struct groups *groups);

#endif
