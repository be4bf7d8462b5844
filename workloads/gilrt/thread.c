// SPDX-License-Identifier: BSD-2-Clause
/*
 * Threads of the runtime: start, join, end.
 *
 * As in Python nobody needs to join a thread, so to the kernel all are detached. What the runtime
 * waits for at its end is their count.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/interpreter.h"
#include "workloads/gilrt/probes.h"
#include "workloads/gilrt/schedstat.h"
#include "workloads/gilrt/thread.h"

static _Thread_local struct gilrt_thread *current;

/* All threads, main first. Native locks: they must work with the GIL off, and at its end. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	struct gilrt_thread *first, *last;
	struct gilrt_thread *left_behind;	/* daemons of runtimes that are over */
	unsigned int alive_cnt;			/* neither main nor daemons */
	int schedstat_err;			/* of any thread */
	_Atomic unsigned int epoch;		/* grows when a runtime ends */
} threads = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.ended = PTHREAD_COND_INITIALIZER,
};

static void thread_free(struct gilrt_thread *thread)
{
	if (!thread)
		return;
	gilrt_event_destroy(thread->started);
	gilrt_lock_destroy(thread->finished);
	free(thread);
}

static int thread_create(const char *name, struct gilrt_interpreter *interpreter,
			 struct gilrt_thread **ret_thread)
{
	struct gilrt_thread *thread;
	int err;

	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return -ENOMEM;
	thread->interpreter = interpreter;
	thread->gil = interpreter->gil;
	thread->epoch = threads.epoch;
	snprintf(thread->name, sizeof(thread->name), "%.15s", name);
	err = gilrt_event_create_as(thread, GILRT_THREAD, &thread->started);
	if (!err)
		err = gilrt_lock_create_as(thread, GILRT_THREAD, &thread->finished);
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

int thread_finish(struct gilrt_thread *self)
{
	int err;

	err = schedstat_read_self(&self->cpu_ns, &self->sched_run_ns, &self->sched_delay_ns);
	self->end_ns = clock_now_ns();
	account_end(&self->account, self->end_ns);

	pthread_mutex_lock(&threads.mutex);
	if (err)
		threads.schedstat_err = err;
	else
		err = threads.schedstat_err;
	/* A daemon may be too late for this: main reads without a lock once the runtime is over. */
	if (self == threads.first || !thread_runtime_is_over(self))
		self->ended = true;
	if (self != threads.first && !self->daemon && --threads.alive_cnt == 0)
		pthread_cond_signal(&threads.ended);
	pthread_mutex_unlock(&threads.mutex);
	return err;
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

static void *thread_main(void *arg)
{
	struct gilrt_thread *self = arg;

	thread_begin(self);
	pthread_setname_np(pthread_self(), self->name);
	gil_attach(self);
	gilrt_event_set(self->started);

	self->fn(self->arg);

	/* As CPython does: joiners are told first, the GIL goes last. */
	gilrt_lock_release(self->finished);
	gil_drop(self, true);
	thread_finish(self);
	return NULL;
}

static int detached_create(struct gilrt_thread *thread)
{
	pthread_attr_t attr;
	pthread_t handle;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return -err;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&handle, &attr, thread_main, thread);
	pthread_attr_destroy(&attr);
	return -err;
}

static int thread_start(struct gilrt_interpreter *interpreter, bool daemon, void (*fn)(void *arg),
			void *arg, const char *name, struct gilrt_thread **ret_thread)
{
	struct gilrt_thread *thread;
	int err;

	/* With main's GIL it cannot hold one when the runtime ends. With another it could. */
	if (daemon && interpreter->gil != threads.first->gil)
		return -EPERM;
	err = thread_create(name, interpreter, &thread);
	if (err)
		return err;
	thread->fn = fn;
	thread->arg = arg;
	thread->daemon = daemon;

	/* Counted first: whoever waits for the end must know of a thread that may run. */
	pthread_mutex_lock(&threads.mutex);
	threads.alive_cnt += !daemon;
	pthread_mutex_unlock(&threads.mutex);
	err = detached_create(thread);
	if (err) {
		pthread_mutex_lock(&threads.mutex);
		threads.alive_cnt -= !daemon;
		pthread_mutex_unlock(&threads.mutex);
		thread_free(thread);
		return err;
	}
	threads_append(thread);
	/* It runs. If there is no memory to wait for its first turn, that does not take it back. */
	gilrt_event_wait(thread->started, GILRT_FOREVER);
	*ret_thread = thread;
	return 0;
}

int gilrt_thread_start(void (*fn)(void *arg), void *arg, const char *name,
		       struct gilrt_thread **ret_thread)
{
	return thread_start(current->interpreter, false, fn, arg, name, ret_thread);
}

int gilrt_thread_start_daemon(void (*fn)(void *arg), void *arg, const char *name,
			      struct gilrt_thread **ret_thread)
{
	return thread_start(current->interpreter, true, fn, arg, name, ret_thread);
}

int gilrt_thread_start_in(struct gilrt_interpreter *interpreter, void (*fn)(void *arg), void *arg,
			  const char *name, struct gilrt_thread **ret_thread)
{
	return thread_start(interpreter, false, fn, arg, name, ret_thread);
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
		.ended = thread->ended,
	};
	if (!thread->ended && thread != current)
		return;
	ret_stats->start_ns = thread->start_ns;
	ret_stats->end_ns = thread->end_ns;
	ret_stats->cpu_ns = thread->cpu_ns;
	ret_stats->sched_run_ns = thread->sched_run_ns;
	ret_stats->sched_delay_ns = thread->sched_delay_ns;
	ret_stats->gil_wait_ns = account->total_ns[ACCOUNT_WAITING];
	ret_stats->gil_hold_ns = account->total_ns[ACCOUNT_HOLDING];
	ret_stats->gil_released_ns = account->total_ns[ACCOUNT_RELEASED];
	ret_stats->gil_waits = account->entry_cnt[ACCOUNT_WAITING];
	ret_stats->gil_holds = account->entry_cnt[ACCOUNT_HOLDING];
	ret_stats->lock_wait_ns = thread->lock_wait_ns;
	ret_stats->lock_waits = thread->lock_wait_cnt;
	ret_stats->drops = thread->drop_cnt;
	ret_stats->forced_switches = thread->forced_switch_cnt;
	ret_stats->units = thread->unit_cnt;
	ret_stats->checksum = thread->checksum;
}

void gilrt_thread_add_work(uint64_t units, uint32_t checksum)
{
	current->unit_cnt += units;
	current->checksum ^= checksum;
}

int thread_adopt_main(struct gilrt_interpreter *interpreter)
{
	struct gilrt_thread *thread;
	int err;

	err = thread_create("main", interpreter, &thread);
	if (err)
		return err;
	thread_begin(thread);
	threads_append(thread);
	return 0;
}

/* As a wait for a thread, which a join is as well. With the mutex locked. */
static void await_one(struct gilrt_thread *self)
{
	uint64_t start_ns, wait_ns;

	probe_lock_wait(self, GILRT_THREAD);
	start_ns = clock_now_ns();
	pthread_cond_wait(&threads.ended, &threads.mutex);
	wait_ns = clock_now_ns() - start_ns;
	self->lock_wait_ns += wait_ns;
	self->lock_wait_cnt++;
	probe_lock_acquired(self, GILRT_THREAD, wait_ns);
}

static bool all_have_ended(void)
{
	bool ended;

	pthread_mutex_lock(&threads.mutex);
	ended = threads.alive_cnt == 0;
	pthread_mutex_unlock(&threads.mutex);
	return ended;
}

void thread_await_all(void)
{
	/*
	 * Only if there is something to wait for is the GIL let go, as in Python's own shutdown. Until
	 * main has it back a daemon may have started another thread.
	 */
	while (!all_have_ended()) {
		gilrt_save_thread();
		pthread_mutex_lock(&threads.mutex);
		while (threads.alive_cnt)
			await_one(current);
		pthread_mutex_unlock(&threads.mutex);
		gilrt_restore_thread();
	}
}

void thread_close(void)
{
	pthread_mutex_lock(&threads.mutex);
	threads.epoch++;
	pthread_mutex_unlock(&threads.mutex);
}

bool thread_runtime_is_over(const struct gilrt_thread *self)
{
	return self->epoch != threads.epoch;
}

void thread_free_all(void)
{
	struct gilrt_thread *thread;

	while ((thread = threads.first)) {
		threads.first = thread->next;
		if (thread->ended) {
			thread_free(thread);
			continue;
		}
		/* It may still be at work, and last_holder may be read through it. */
		thread->next = threads.left_behind;
		threads.left_behind = thread;
	}
	threads.last = NULL;
	threads.schedstat_err = 0;
	current = NULL;
}
