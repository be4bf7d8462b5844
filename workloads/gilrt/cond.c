// SPDX-License-Identifier: BSD-2-Clause
/*
 * Condition, built as in Python: every wait brings a lock of its own, acquired once so that a
 * second acquire blocks until a notifier releases it. Waiters queue in the order of their arrival.
 *
 * After being notified a thread still needs the GIL and then the outer lock.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/gilrt.h"

/* On its thread's stack while it waits. In the queue until notified; the outer lock protects it. */
struct waiter {
	TAILQ_ENTRY(waiter) entry;
	struct gilrt_lock *lock;
	bool queued;
};

struct gilrt_cond {
	struct gilrt_lock *lock;
	TAILQ_HEAD(, waiter) waiters;
};

int gilrt_cond_create(struct gilrt_lock *lock, struct gilrt_cond **ret_cond)
{
	struct gilrt_cond *cond;

	cond = malloc(sizeof(*cond));
	if (!cond)
		return -ENOMEM;
	cond->lock = lock;
	TAILQ_INIT(&cond->waiters);
	*ret_cond = cond;
	return 0;
}

void gilrt_cond_destroy(struct gilrt_cond *cond)
{
	free(cond);
}

static void waiter_unlink(struct gilrt_cond *cond, struct waiter *waiter)
{
	if (!waiter->queued)
		return;
	TAILQ_REMOVE(&cond->waiters, waiter, entry);
	waiter->queued = false;
}

int gilrt_cond_wait(struct gilrt_cond *cond, int64_t timeout_ns)
{
	struct waiter waiter = { .queued = true };
	int err;

	gilrt_checkpoint();
	if (!gilrt_lock_is_held(cond->lock))
		return -EPERM;
	err = gilrt_lock_create_as(cond, GILRT_CONDITION, &waiter.lock);
	if (err)
		return err;
	gilrt_lock_acquire(waiter.lock, GILRT_NO_WAIT);
	TAILQ_INSERT_TAIL(&cond->waiters, &waiter, entry);
	gilrt_lock_release(cond->lock);

	err = gilrt_lock_acquire(waiter.lock, timeout_ns);

	gilrt_lock_acquire(cond->lock, GILRT_FOREVER);
	/* A notification that came just after the time-out is lost, in Python too. */
	waiter_unlink(cond, &waiter);
	gilrt_lock_destroy(waiter.lock);
	return err;
}

int gilrt_cond_notify(struct gilrt_cond *cond, unsigned int cnt)
{
	struct waiter *waiter;

	gilrt_checkpoint();
	if (!gilrt_lock_is_held(cond->lock))
		return -EPERM;
	while (cnt-- && (waiter = TAILQ_FIRST(&cond->waiters))) {
		/* Out of the queue first: once its lock is released the waiter is gone. */
		waiter_unlink(cond, waiter);
		gilrt_lock_release(waiter->lock);
	}
	return 0;
}
