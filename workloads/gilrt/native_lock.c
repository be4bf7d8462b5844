// SPDX-License-Identifier: BSD-2-Clause
/*
 * Locks of native code. None of the calls can fail: the locks are neither robust nor error-checking,
 * and nobody locks twice.
 */

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/native_lock.h"
#include "workloads/gilrt/probes.h"
#include "workloads/gilrt/thread.h"

static uint64_t wait_begin(const void *lock)
{
	gilrt_save_thread();
	probe_lock_wait(lock, GILRT_MUTEX);
	return clock_now_ns();
}

static void wait_end(const void *lock, struct native_waits *waits, uint64_t start_ns)
{
	struct gilrt_thread *self = gilrt_thread_current();
	const uint64_t wait_ns = clock_now_ns() - start_ns;

	waits->cnt++;
	waits->ns += wait_ns;
	self->lock_wait_cnt++;
	self->lock_wait_ns += wait_ns;
	probe_lock_acquired(lock, GILRT_MUTEX, wait_ns);
	gilrt_restore_thread();
}

void native_mutex_lock(pthread_mutex_t *mutex, struct native_waits *waits)
{
	uint64_t start_ns;

	if (!pthread_mutex_trylock(mutex))
		return;
	start_ns = wait_begin(mutex);
	pthread_mutex_lock(mutex);
	wait_end(mutex, waits, start_ns);
}

void native_rwlock_read(pthread_rwlock_t *lock, struct native_waits *waits)
{
	uint64_t start_ns;

	if (!pthread_rwlock_tryrdlock(lock))
		return;
	start_ns = wait_begin(lock);
	pthread_rwlock_rdlock(lock);
	wait_end(lock, waits, start_ns);
}

void native_rwlock_write(pthread_rwlock_t *lock, struct native_waits *waits)
{
	uint64_t start_ns;

	if (!pthread_rwlock_trywrlock(lock))
		return;
	start_ns = wait_begin(lock);
	pthread_rwlock_wrlock(lock);
	wait_end(lock, waits, start_ns);
}
