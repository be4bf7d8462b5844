// SPDX-License-Identifier: BSD-2-Clause
/*
 * The GIL itself: take, drop, the drop request and the forced switch.
 *
 * What makes this lock what it is:
 *  - It has no queue. Who finds it free takes it, also before a waiter that was just woken.
 *  - A waiter is patient for one interval. If in all that time nobody else was switched in, it asks
 *    the holder to let go, and goes on waiting. If somebody was, the waiter starts a new interval:
 *    so the lock changes hands at most once per interval, however many wait.
 *  - The holder honours the request at its next checkpoint, or whenever it drops the GIL anyway.
 *    It then may not go on before another thread has really taken it (the forced switch), because
 *    otherwise it would win the race for the lock that it has just dropped nearly every time.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/gil.h"
#include "workloads/gilrt/thread.h"

struct gilrt_gil gilrt_gil = { .locked = -1 };

/*
 * As in CPython up to 3.12 one flag for all: only the holder ever acts on it. Relaxed accesses do,
 * here and below: what must be ordered is ordered by the mutexes.
 */
static _Atomic int drop_request;

bool gil_exists(void)
{
	return atomic_load_explicit(&gilrt_gil.locked, memory_order_relaxed) >= 0;
}

static int cond_create(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int err;

	err = pthread_condattr_init(&attr);
	if (err)
		return -err;
	/* The wall clock may jump, an interval may not. */
	err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!err)
		err = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return -err;
}

int gil_create(unsigned long interval_us)
{
	int err;

	err = cond_create(&gilrt_gil.cond);
	if (err)
		return err;
	err = cond_create(&gilrt_gil.switch_cond);
	if (err)
		goto out_cond;
	err = -pthread_mutex_init(&gilrt_gil.mutex, NULL);
	if (err)
		goto out_switch_cond;
	err = -pthread_mutex_init(&gilrt_gil.switch_mutex, NULL);
	if (err)
		goto out_mutex;

	gilrt_gil.interval_us = interval_us ? interval_us : 1;
	gilrt_gil.last_holder = NULL;
	gilrt_gil.switch_number = 0;
	drop_request = 0;
	gilrt_gil.locked = 0;
	return 0;

out_mutex:
	pthread_mutex_destroy(&gilrt_gil.mutex);
out_switch_cond:
	pthread_cond_destroy(&gilrt_gil.switch_cond);
out_cond:
	pthread_cond_destroy(&gilrt_gil.cond);
	return err;
}

void gil_destroy(void)
{
	if (!gil_exists())
		return;
	gilrt_gil.locked = -1;
	gilrt_gil.last_holder = NULL;
	gilrt_gil.switch_number = 0;
	pthread_mutex_destroy(&gilrt_gil.switch_mutex);
	pthread_mutex_destroy(&gilrt_gil.mutex);
	pthread_cond_destroy(&gilrt_gil.switch_cond);
	pthread_cond_destroy(&gilrt_gil.cond);
}

/*
 * The mutexes inside the GIL are held for a fraction of a microsecond, unless their owner loses its
 * core. Seen from outside, blocking on one is waiting for the GIL, so it is accounted as that.
 */
static void mutex_lock(struct gilrt_thread *self, pthread_mutex_t *mutex)
{
	if (!pthread_mutex_trylock(mutex))
		return;
	account_enter(&self->account, ACCOUNT_WAITING, clock_now_ns());
	pthread_mutex_lock(mutex);
}

/* Returns true if the interval passed without a signal. */
static bool wait_interval(struct gilrt_thread *self)
{
	uint64_t now_ns = clock_now_ns();
	struct timespec deadline = clock_timespec(now_ns + gilrt_gil.interval_us * NSEC_PER_USEC);

	account_enter(&self->account, ACCOUNT_WAITING, now_ns);
	return pthread_cond_timedwait(&gilrt_gil.cond, &gilrt_gil.mutex, &deadline) == ETIMEDOUT;
}

void gil_take(struct gilrt_thread *self)
{
	unsigned long seen;

	if (!gil_exists())
		return;
	mutex_lock(self, &gilrt_gil.mutex);
	while (gilrt_gil.locked) {
		seen = gilrt_gil.switch_number;
		if (wait_interval(self) && gilrt_gil.locked && gilrt_gil.switch_number == seen)
			atomic_store_explicit(&drop_request, 1, memory_order_relaxed);
	}

	mutex_lock(self, &gilrt_gil.switch_mutex);
	/* In CPython's order: a peek in between sees it held, by the one who held it last. */
	atomic_store_explicit(&gilrt_gil.locked, 1, memory_order_relaxed);
	if (gilrt_gil.last_holder != self) {
		atomic_store_explicit(&gilrt_gil.last_holder, self, memory_order_release);
		gilrt_gil.switch_number++;
	}
	account_enter(&self->account, ACCOUNT_HOLDING, clock_now_ns());
	pthread_cond_signal(&gilrt_gil.switch_cond);
	pthread_mutex_unlock(&gilrt_gil.switch_mutex);

	atomic_store_explicit(&drop_request, 0, memory_order_relaxed);
	pthread_mutex_unlock(&gilrt_gil.mutex);
}

/*
 * Stay until somebody else is the last holder. That somebody exists: a request is made by a waiter,
 * a waiter leaves only with the GIL, and whoever takes it clears the request.
 */
static void force_switch(struct gilrt_thread *self)
{
	mutex_lock(self, &gilrt_gil.switch_mutex);
	if (gilrt_gil.last_holder == self) {
		atomic_store_explicit(&drop_request, 0, memory_order_relaxed);
		self->forced_switch_cnt++;
		account_enter(&self->account, ACCOUNT_WAITING, clock_now_ns());
		while (gilrt_gil.last_holder == self)
			pthread_cond_wait(&gilrt_gil.switch_cond, &gilrt_gil.switch_mutex);
	}
	pthread_mutex_unlock(&gilrt_gil.switch_mutex);
}

void gil_drop(struct gilrt_thread *self, bool ending)
{
	if (!gil_exists())
		return;
	account_enter(&self->account, ACCOUNT_RELEASED, clock_now_ns());
	self->drop_cnt++;
	atomic_store_explicit(&gilrt_gil.last_holder, self, memory_order_relaxed);

	mutex_lock(self, &gilrt_gil.mutex);
	atomic_store_explicit(&gilrt_gil.locked, 0, memory_order_relaxed);
	pthread_cond_signal(&gilrt_gil.cond);
	pthread_mutex_unlock(&gilrt_gil.mutex);

	if (!ending && drop_request)
		force_switch(self);
}

void gilrt_checkpoint(void)
{
	struct gilrt_thread *self;

	/* Relaxed: a request seen one loop later is as good, and this is in every loop. */
	if (!atomic_load_explicit(&drop_request, memory_order_relaxed))
		return;
	self = gilrt_thread_current();
	gil_drop(self, false);
	gil_take(self);
}

void gilrt_save_thread(void)
{
	struct gilrt_thread *self = gilrt_thread_current();

	gil_drop(self, false);
	/* Here a forced switch ends a wait of its own: what comes next is not the GIL. */
	if (self->account.state == ACCOUNT_WAITING)
		account_enter(&self->account, ACCOUNT_RELEASED, clock_now_ns());
}

void gilrt_restore_thread(void)
{
	gil_take(gilrt_thread_current());
}
