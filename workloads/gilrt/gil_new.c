// SPDX-License-Identifier: BSD-2-Clause
/*
 * The GIL of Python 3.2 and later: take, drop, the drop request and the forced switch.
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
#include "workloads/gilrt/probes.h"
#include "workloads/gilrt/thread.h"

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

int gil_new_create(struct gilrt_gil *object)
{
	int err;

	err = cond_create(&object->cond);
	if (err)
		return err;
	err = cond_create(&object->switch_cond);
	if (err)
		goto out_cond;
	err = -pthread_mutex_init(&object->mutex, NULL);
	if (err)
		goto out_switch_cond;
	err = -pthread_mutex_init(&object->switch_mutex, NULL);
	if (err)
		goto out_mutex;
	return 0;

out_mutex:
	pthread_mutex_destroy(&object->mutex);
out_switch_cond:
	pthread_cond_destroy(&object->switch_cond);
out_cond:
	pthread_cond_destroy(&object->cond);
	return err;
}

void gil_new_destroy(struct gilrt_gil *object)
{
	pthread_mutex_destroy(&object->switch_mutex);
	pthread_mutex_destroy(&object->mutex);
	pthread_cond_destroy(&object->switch_cond);
	pthread_cond_destroy(&object->cond);
}

static void wait_begin(struct gil *gil, struct gilrt_thread *self, uint64_t now_ns)
{
	if (self->account.state == ACCOUNT_WAITING)
		return;
	account_enter(&self->account, ACCOUNT_WAITING, now_ns);
	probe_gil_wait(gil->object);
}

/*
 * The mutexes inside the GIL are held for a fraction of a microsecond, unless their owner loses its
 * core. Seen from outside, blocking on one is waiting for the GIL, so it is accounted as that.
 */
static void mutex_lock(struct gil *gil, struct gilrt_thread *self, pthread_mutex_t *mutex)
{
	if (!pthread_mutex_trylock(mutex))
		return;
	wait_begin(gil, self, clock_now_ns());
	pthread_mutex_lock(mutex);
}

/* Returns true if the interval passed without a signal. */
static bool wait_interval(struct gil *gil, struct gilrt_thread *self)
{
	struct gilrt_gil *object = gil->object;
	uint64_t now_ns = clock_now_ns();
	struct timespec deadline = clock_timespec(now_ns + object->interval_us * NSEC_PER_USEC);

	wait_begin(gil, self, now_ns);
	return pthread_cond_timedwait(&object->cond, &object->mutex, &deadline) == ETIMEDOUT;
}

void gil_new_take(struct gil *gil, struct gilrt_thread *self)
{
	struct gilrt_gil *object = gil->object;
	enum account_state before;
	unsigned long seen;
	uint64_t elapsed_ns;

	mutex_lock(gil, self, &object->mutex);
	while (object->locked) {
		seen = object->switch_number;
		if (wait_interval(gil, self) && object->locked && object->switch_number == seen) {
			atomic_store_explicit(&gil->drop_request, 1, memory_order_relaxed);
			probe_gil_request(object, object->last_holder);
		}
	}

	mutex_lock(gil, self, &object->switch_mutex);
	/* In CPython's order: a peek in between sees it held, by the one who held it last. */
	atomic_store_explicit(&object->locked, 1, memory_order_relaxed);
	if (object->last_holder != self) {
		atomic_store_explicit(&object->last_holder, self, memory_order_release);
		object->switch_number++;
	}
	before = self->account.state;
	elapsed_ns = account_enter(&self->account, ACCOUNT_HOLDING, clock_now_ns());
	probe_gil_take(object, before == ACCOUNT_WAITING ? elapsed_ns : 0);
	pthread_cond_signal(&object->switch_cond);
	pthread_mutex_unlock(&object->switch_mutex);

	atomic_store_explicit(&gil->drop_request, 0, memory_order_relaxed);
	pthread_mutex_unlock(&object->mutex);
}

/*
 * Stay until somebody else is the last holder. That somebody exists: a request is made by a waiter,
 * a waiter leaves only with the GIL, and whoever takes it clears the request.
 */
static void force_switch(struct gil *gil, struct gilrt_thread *self)
{
	struct gilrt_gil *object = gil->object;

	mutex_lock(gil, self, &object->switch_mutex);
	if (object->last_holder == self) {
		atomic_store_explicit(&gil->drop_request, 0, memory_order_relaxed);
		self->forced_switch_cnt++;
		wait_begin(gil, self, clock_now_ns());
		while (object->last_holder == self)
			pthread_cond_wait(&object->switch_cond, &object->switch_mutex);
	}
	pthread_mutex_unlock(&object->switch_mutex);
}

void gil_new_drop(struct gil *gil, struct gilrt_thread *self, bool ending)
{
	struct gilrt_gil *object = gil->object;

	probe_gil_drop(object, account_enter(&self->account, ACCOUNT_RELEASED, clock_now_ns()));
	self->drop_cnt++;
	/* As CPython does, where the thread's state may have been exchanged since the taking. */
	atomic_store_explicit(&object->last_holder, self, memory_order_relaxed);

	mutex_lock(gil, self, &object->mutex);
	atomic_store_explicit(&object->locked, 0, memory_order_relaxed);
	pthread_cond_signal(&object->cond);
	pthread_mutex_unlock(&object->mutex);

	if (!ending && gil->drop_request)
		force_switch(gil, self);
}
