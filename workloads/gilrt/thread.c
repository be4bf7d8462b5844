// SPDX-License-Identifier: BSD-2-Clause
/*
 * Threads of the runtime: start, join, end.
 *
 * Why a thread parks before it goes: the kernel's statistics of a thread (schedstat) are exact only
 * while it is off its core. One that reads its own, or that is read while it runs, is told what was
 * true at the last scheduler tick. So every thread that has finished goes to sleep on a condition
 * variable that has nothing to do with the GIL, the main thread reads them all, and only then may
 * they exit.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/gil.h"
#include "workloads/gilrt/schedstat.h"
#include "workloads/gilrt/thread.h"

static _Thread_local struct gilrt_thread *current;

/* All threads, main first. Native locks: they must work with the GIL off, and at its end. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t all_parked, released;
	struct gilrt_thread *first, *last;
	unsigned int started_cnt, parked_cnt;
	bool release;
} threads = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.all_parked = PTHREAD_COND_INITIALIZER,
	.released = PTHREAD_COND_INITIALIZER,
};

static void thread_free(struct gilrt_thread *thread)
{
	if (!thread)
		return;
	gilrt_event_destroy(thread->started);
	gilrt_lock_destroy(thread->finished);
	free(thread);
}

static int thread_create(const char *name, struct gilrt_thread **ret_thread)
{
	struct gilrt_thread *thread;
	int err;

	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return -ENOMEM;
	snprintf(thread->name, sizeof(thread->name), "%.15s", name);
	err = gilrt_event_create(&thread->started);
	if (!err)
		err = gilrt_lock_create(&thread->finished);
	if (!err)
		err = gilrt_lock_acquire(thread->finished, GILRT_NO_WAIT);
	if (err) {
		thread_free(thread);
		return err;
	}
	*ret_thread = thread;
	return 0;
}

/* The caller becomes this thread. */
static void thread_begin(struct gilrt_thread *self)
{
	current = self;
	self->thread_id = (unsigned long)pthread_self();
	self->native_thread_id = (unsigned long)gettid();
	self->start_ns = clock_now_ns();
	account_begin(&self->account, self->start_ns);
}

void thread_finish(struct gilrt_thread *self)
{
	self->end_ns = clock_now_ns();
	account_enter(&self->account, ACCOUNT_RELEASED, self->end_ns);
	self->cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void threads_append(struct gilrt_thread *thread)
{
	pthread_mutex_lock(&threads.mutex);
	if (threads.last)
		threads.last->next = thread;
	else
		threads.first = thread;
	threads.last = thread;
	pthread_mutex_unlock(&threads.mutex);
}

static void thread_park(void)
{
	pthread_mutex_lock(&threads.mutex);
	threads.parked_cnt++;
	pthread_cond_signal(&threads.all_parked);
	while (!threads.release)
		pthread_cond_wait(&threads.released, &threads.mutex);
	pthread_mutex_unlock(&threads.mutex);
}

static void *thread_main(void *arg)
{
	struct gilrt_thread *self = arg;

	thread_begin(self);
	pthread_setname_np(pthread_self(), self->name);
	gil_take(self);
	gilrt_event_set(self->started);

	self->fn(self->arg);

	/* As CPython does: joiners are told first, the GIL goes last. */
	gilrt_lock_release(self->finished);
	gil_drop(self, true);
	thread_finish(self);
	thread_park();
	return NULL;
}

int gilrt_thread_start(void (*fn)(void *arg), void *arg, const char *name,
		       struct gilrt_thread **ret_thread)
{
	struct gilrt_thread *thread;
	pthread_t handle;
	int err;

	err = thread_create(name, &thread);
	if (err)
		return err;
	thread->fn = fn;
	thread->arg = arg;

	/* Counted first: whoever waits for all to park must know of a thread that may run. */
	pthread_mutex_lock(&threads.mutex);
	threads.started_cnt++;
	pthread_mutex_unlock(&threads.mutex);
	err = -pthread_create(&handle, NULL, thread_main, thread);
	if (err) {
		pthread_mutex_lock(&threads.mutex);
		threads.started_cnt--;
		pthread_mutex_unlock(&threads.mutex);
		thread_free(thread);
		return err;
	}
	threads_append(thread);
	err = gilrt_event_wait(thread->started, GILRT_FOREVER);
	if (err)
		return err;
	*ret_thread = thread;
	return 0;
}

int gilrt_thread_join(struct gilrt_thread *thread)
{
	int err;

	gilrt_checkpoint();
	if (thread == current)
		return -EDEADLK;
	err = gilrt_lock_acquire(thread->finished, GILRT_FOREVER);
	return err ? err : gilrt_lock_release(thread->finished);
}

struct gilrt_thread *gilrt_thread_current(void)
{
	return current;
}

struct gilrt_thread *gilrt_thread_next(const struct gilrt_thread *previous)
{
	struct gilrt_thread *next;

	pthread_mutex_lock(&threads.mutex);
	next = previous ? previous->next : threads.first;
	pthread_mutex_unlock(&threads.mutex);
	return next;
}

void gilrt_thread_stats(const struct gilrt_thread *thread, struct gilrt_stats *ret_stats)
{
	const struct account *account = &thread->account;

	*ret_stats = (struct gilrt_stats){
		.name = thread->name,
		.tid = (pid_t)thread->native_thread_id,
		.start_ns = thread->start_ns,
		.end_ns = thread->end_ns,
		.cpu_ns = thread->cpu_ns,
		.sched_run_ns = thread->sched_run_ns,
		.sched_delay_ns = thread->sched_delay_ns,
		.gil_wait_ns = account->total_ns[ACCOUNT_WAITING],
		.gil_hold_ns = account->total_ns[ACCOUNT_HOLDING],
		.gil_released_ns = account->total_ns[ACCOUNT_RELEASED],
		.gil_waits = account->entry_cnt[ACCOUNT_WAITING],
		.gil_holds = account->entry_cnt[ACCOUNT_HOLDING],
		.drops = thread->drop_cnt,
		.forced_switches = thread->forced_switch_cnt,
		.units = thread->unit_cnt,
		.checksum = thread->checksum,
	};
}

void gilrt_thread_add_work(uint64_t units, uint32_t checksum)
{
	current->unit_cnt += units;
	current->checksum ^= checksum;
}

int thread_adopt_main(void)
{
	struct gilrt_thread *thread;
	int err;

	err = thread_create("main", &thread);
	if (err)
		return err;
	threads.release = false;
	thread_begin(thread);
	threads_append(thread);
	return 0;
}

static void threads_await_parked(void)
{
	pthread_mutex_lock(&threads.mutex);
	while (threads.parked_cnt < threads.started_cnt)
		pthread_cond_wait(&threads.all_parked, &threads.mutex);
	pthread_mutex_unlock(&threads.mutex);
}

static void threads_release(void)
{
	pthread_mutex_lock(&threads.mutex);
	threads.release = true;
	pthread_cond_broadcast(&threads.released);
	pthread_mutex_unlock(&threads.mutex);
}

int thread_reap_all(void)
{
	struct gilrt_thread *thread, *main_thread = threads.first;
	int err, result = 0;

	threads_await_parked();
	for (thread = main_thread->next; thread; thread = thread->next) {
		err = schedstat_read_asleep((pid_t)thread->native_thread_id,
					    &thread->sched_run_ns, &thread->sched_delay_ns);
		if (err)
			result = err;
	}
	threads_release();
	for (thread = main_thread->next; thread; thread = thread->next)
		pthread_join((pthread_t)thread->thread_id, NULL);

	err = schedstat_read((pid_t)main_thread->native_thread_id,
			     &main_thread->sched_run_ns, &main_thread->sched_delay_ns);
	return err ? err : result;
}

void thread_free_all(void)
{
	struct gilrt_thread *thread;

	while ((thread = threads.first)) {
		threads.first = thread->next;
		thread_free(thread);
	}
	threads.last = NULL;
	threads.started_cnt = threads.parked_cnt = 0;
	current = NULL;
}
