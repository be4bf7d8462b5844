/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_THREAD_H
#define GILRT_THREAD_H

/*
 * Inside of the runtime: what a thread is made of. Workloads see it through gilrt.h only.
 *
 * Life: created (by its starter) -> started (has held the GIL) -> finished (fn has returned,
 * joiners go on, the GIL is dropped) -> ended (its statistics are written, nothing of the runtime is
 * touched any more). The object outlives the thread, because last_holder may point to it until the
 * runtime ends.
 */

#include <sys/queue.h>

#include "workloads/gilrt/account.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/gil.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/lock.h"

/*
 * A thread in the queue of a Condition. Part of the thread's object because a daemon that comes back
 * from there to a runtime that is over ends then and there, and leaves it in the queue.
 */
struct cond_waiter {
	TAILQ_ENTRY(gilrt_thread) entry;
	struct gilrt_lock *lock;		/* of this wait */
	bool queued;
};

struct gilrt_thread {
	unsigned char unused[GILRT_THREAD_ID_OFFSET];	/* CPython has its fields here */
	unsigned long thread_id;		/* pthread_self() */
	unsigned long native_thread_id;		/* gettid() */

	struct gilrt_thread *next;
	struct gil *gil;			/* NULL: runs without */
	struct gilrt_interpreter *interpreter;
	struct gilrt_critical *critical;	/* innermost critical section, NULL: in none */
	struct cond_waiter waiter;
	bool daemon;
	_Atomic bool ended;
	unsigned int epoch;			/* the runtime it belongs to */
	char name[16];
	void (*fn)(void *arg);
	void *arg;
	struct gilrt_event *started;		/* starter waits for it */
	struct gilrt_lock *finished;		/* held until fn has returned */

	struct account account;
	uint64_t drop_cnt, forced_switch_cnt;
	uint64_t lock_wait_ns, lock_wait_cnt;
	uint64_t start_ns, end_ns, cpu_ns;
	uint64_t sched_run_ns, sched_delay_ns;
	uint64_t unit_cnt;
	uint32_t checksum;
};

_Static_assert(offsetof(struct gilrt_thread, thread_id) == GILRT_THREAD_ID_OFFSET,
	       "CPython's layout");
_Static_assert(offsetof(struct gilrt_thread, native_thread_id) == 0xa0, "CPython's layout");

/* Makes the caller the main thread, and the interpreter its own. */
int thread_adopt_main(struct gilrt_interpreter *interpreter);

/* From main: returns when all but the daemons have ended. Lets go of the GIL if it has to wait. */
void thread_await_all(void);

/* From main, with the GIL: whoever wants it from now on is too late. */
void thread_close(void);
bool thread_runtime_is_over(const struct gilrt_thread *self);

/* Writes the caller's closing statistics. It must have dropped the GIL before. */
int thread_finish(struct gilrt_thread *self);

/* Frees the objects of all that have ended. */
void thread_free_all(void);

#endif
