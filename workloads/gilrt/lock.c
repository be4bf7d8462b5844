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
#include <sys/mman.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/probes.h"
#include "workloads/gilrt/thread.h"

volatile unsigned short gilrt_lock_semaphore __attribute__((section(".probes")));

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
	bool shared;		/* with other processes */
	_Atomic bool held;	/* to tell a release too many */
	enum gilrt_kind kind;	/* of the object it is a part of, or is */
	const void *object;
	_Atomic uint64_t since_ns; /* when it was acquired; 0: nobody listened then */
};

static void lock_init(struct gilrt_lock *lock, bool shared, const void *object,
		      enum gilrt_kind kind)
{
	sem_init(&lock->sem, shared, 1);
	lock->shared = shared;
	lock->kind = kind;
	lock->object = object ? object : lock;
}

int gilrt_lock_create_as(const void *object, enum gilrt_kind kind, struct gilrt_lock **ret_lock)
{
	struct gilrt_lock *lock;

	lock = calloc(1, sizeof(*lock));
	if (!lock)
		return -ENOMEM;
	lock_init(lock, false, object, kind);
	*ret_lock = lock;
	return 0;
}

int gilrt_lock_create_shared(struct gilrt_lock **ret_lock)
{
	struct gilrt_lock *lock;

	lock = mmap(NULL, sizeof(*lock), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lock == MAP_FAILED)
		return -errno;
	lock_init(lock, true, NULL, GILRT_LOCK);
	*ret_lock = lock;
	return 0;
}

int gilrt_lock_create(struct gilrt_lock **ret_lock)
{
	return gilrt_lock_create_as(NULL, GILRT_LOCK, ret_lock);
}

void gilrt_lock_destroy(struct gilrt_lock *lock)
{
	if (!lock)
		return;
	if (lock->shared) {
		munmap(lock, sizeof(*lock));	/* others may still use the semaphore */
		return;
	}
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

/* Without the GIL. */
static int wait_accounted(struct gilrt_lock *lock, int64_t timeout_ns, uint64_t *ret_wait_ns)
{
	struct gilrt_thread *self = gilrt_thread_current();
	uint64_t start_ns, wait_ns;
	int err;

	probe_lock_wait(lock->object, lock->kind);
	start_ns = clock_now_ns();
	err = semaphore_wait(&lock->sem, timeout_ns);
	wait_ns = clock_now_ns() - start_ns;
	self->lock_wait_ns += wait_ns;
	self->lock_wait_cnt++;
	*ret_wait_ns = wait_ns;
	return err;
}

int gilrt_lock_acquire(struct gilrt_lock *lock, int64_t timeout_ns)
{
	uint64_t wait_ns = 0;
	int err = 0;

	if (sem_trywait(&lock->sem)) {
		if (timeout_ns == GILRT_NO_WAIT)
			return -EAGAIN;
		gilrt_save_thread();
		err = wait_accounted(lock, timeout_ns, &wait_ns);
		if (err)
			probe_lock_timeout(lock->object, lock->kind, wait_ns);
		gilrt_restore_thread();
	}
	if (err)
		return err;
	lock->held = true;
	lock->since_ns = 0;
	if (probe_locks_wanted()) {
		lock->since_ns = clock_now_ns();
		probe_lock_acquired(lock->object, lock->kind, wait_ns);
	}
	return 0;
}

static uint64_t held_ns(const struct gilrt_lock *lock)
{
	return lock->since_ns ? clock_now_ns() - lock->since_ns : 0;
}

int gilrt_lock_release(struct gilrt_lock *lock)
{
	if (!atomic_exchange(&lock->held, false))
		return -EPERM;
	if (probe_locks_wanted())
		probe_lock_release(lock->object, lock->kind, held_ns(lock));
	/* The last access: once posted, the next owner may destroy the lock. */
	sem_post(&lock->sem);
	return 0;
}

bool gilrt_lock_is_held(const struct gilrt_lock *lock)
{
	return lock->held;
}
