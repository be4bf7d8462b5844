/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps at GILs and locks, as probes in the program told of them: no doubt, no samples.
 *
 * A thread is exact from its first step on, or from its birth where all steps of its process are known
 * to be recorded and nothing was lost since; until events are lost that may concern it. Looks at the
 * GIL (gilwatch.h) say nothing new of it meanwhile. While it runs it is
 *
 *   run.gil    from take to drop
 *   run.spin   from gil_wait, where it is about to block, to take or resume, as far as it is on a core
 *   run.free   otherwise
 *
 * and a futex wait is one for the GIL while the thread is between gil_wait and take or resume.
 */
#ifndef ANALYZER_GILEXACT_H
#define ANALYZER_GILEXACT_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/queue.h"
#include "analyzer/thread.h"
#include "trace/records.h"

/* All of the thread's steps are known from here on; what its last look showed is taken to hold. */
void exact_begin(struct queue *queue, struct thread *thread, uint64_t now_ns);
/* The same for one that fork(2) has just made: it is where its parent is. */
void exact_inherit(struct thread *thread, const struct thread *parent, uint64_t now_ns);
/* Its steps are at an end: it is dead, or another program. */
void exact_end(struct thread *thread, uint64_t now_ns);
/* Steps of it may have been lost: nothing is known until its next at a GIL. */
void exact_lose(struct thread *thread, uint64_t now_ns);

/* The thread got a core: decides its state. False: it is not exact, gil_come() has to. */
bool exact_come(struct queue *queue, struct thread *thread, uint64_t now_ns);
/* A step of a thread that is on a core. */
void exact_gil_op(struct queue *queue, struct thread *thread, const struct trace_gilop *op,
		  uint64_t now_ns);
void exact_lock_op(struct queue *queue, struct thread *thread, const struct trace_lockop *op,
		   uint64_t now_ns);

/* What a wait on a futex is, by its last step; STATE_CNT: that says nothing of it. */
enum thread_state exact_wait(const struct thread *thread);

#endif
