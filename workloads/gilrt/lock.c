// SPDX-License-Identifier: BSD-2-Clause
/*
 * Lock: the primitive that all others are made of.
 *
 * When the semaphore is granted the thread owns the lock but has yet to take the GIL. Whoever wants
 * the lock meanwhile waits for a thread that waits: two convoys, one behind the other.
 */

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/lock.h"

#ifndef __has_feature
#define __has_feature(x)	0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
/* The sanitizer knows sem_post() and sem_wait(), but not sem_clockwait(). */
void __tsan_acquire(void *address);
#define semaphore_acquired(sem)	__tsan_acquire(sem)
#else
#define semaphore_acquired(sem)	((void)(sem))
#endif

struct gilrt_lock {
	sem_t sem;		/* 1 free, 0 taken */
	_Atomic bool held;	/* to tell a release too many */
};

int gilrt_lock_create(struct gilrt_lock **ret_lock)
{
	struct gilrt_lock *lock;

	lock = calloc(1, sizeof(*lock));
	if (!lock)
		return -ENOMEM;
	sem_init(&lock->sem, 0, 1);
	*ret_lock = lock;
	return 0;
}

void gilrt_lock_destroy(struct gilrt_lock *lock)
{
	if (!lock)
		return;
	sem_destroy(&lock->sem);
	free(lock);
}

static int semaphore_wait(sem_t *sem, int64_t timeout_ns)
{
	struct timespec deadline;
	int err;

	if (timeout_ns < 0) {
		do
			err = sem_wait(sem) ? errno : 0;
		while (err == EINTR);
		return -err;
	}
	deadline = clock_timespec(clock_now_ns() + (uint64_t)timeout_ns);
	do
		err = sem_clockwait(sem, CLOCK_MONOTONIC, &deadline) ? errno : 0;
	while (err == EINTR);
	if (!err)
		semaphore_acquired(sem);
	return -err;
}

int gilrt_lock_acquire(struct gilrt_lock *lock, int64_t timeout_ns)
{
	int err = 0;

	if (sem_trywait(&lock->sem)) {
		if (timeout_ns == GILRT_NO_WAIT)
			return -EAGAIN;
		gilrt_save_thread();
		err = semaphore_wait(&lock->sem, timeout_ns);
		gilrt_restore_thread();
	}
	if (!err)
		lock->held = true;
	return err;
}

int gilrt_lock_release(struct gilrt_lock *lock)
{
	if (!atomic_exchange(&lock->held, false))
		return -EPERM;
	/* The last access: once posted, the next owner may destroy the lock. */
	sem_post(&lock->sem);
	return 0;
}

bool gilrt_lock_is_held(const struct gilrt_lock *lock)
{
	return lock->held;
}
