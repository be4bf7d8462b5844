/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_THREAD_H
#define GILRT_THREAD_H

/*
 * Inside of the runtime: what a thread is made of. Workloads see it through gilrt.h only.
 *
 * Life: created (by its starter) -> started (has held the GIL) -> finished (fn has returned,
 * joiners go on, the GIL is dropped) -> parked (asleep on a futex of its own until its kernel
 * statistics have been read) -> gone. The object outlives the thread, because last_holder may
 * point to it until the runtime ends.
 */

#include "workloads/gilrt/account.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/lock.h"

struct gilrt_thread {
	unsigned char unused[GILRT_THREAD_ID_OFFSET];	/* CPython has its fields here */
	unsigned long thread_id;		/* pthread_self() */
	unsigned long native_thread_id;		/* gettid() */

	struct gilrt_thread *next;
	char name[16];
	void (*fn)(void *arg);
	void *arg;
	struct gilrt_event *started;		/* starter waits for it */
	struct gilrt_lock *finished;		/* held until fn has returned */

	struct account account;
	uint64_t drop_cnt, forced_switch_cnt;
	uint64_t start_ns, end_ns, cpu_ns;
	uint64_t sched_run_ns, sched_delay_ns;
	uint64_t unit_cnt;
	uint32_t checksum;
};

_Static_assert(offsetof(struct gilrt_thread, thread_id) == GILRT_THREAD_ID_OFFSET,
	       "CPython's layout");
_Static_assert(offsetof(struct gilrt_thread, native_thread_id) == 0xa0, "CPython's layout");

/* Makes the caller the main thread. */
int thread_adopt_main(void);

/* Writes the caller's closing statistics. It must have dropped the GIL before. */
void thread_finish(struct gilrt_thread *self);

/* From main: wait until all are parked, read their schedstat, let them go, reap them. */
int thread_reap_all(void);

/* Frees all thread objects. */
void thread_free_all(void);

#endif
