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
#include "workloads/gilrt/deadline.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/thread.h"

struct gilrt_cond {
	struct gilrt_lock *lock;	/* one of the two */
	struct gilrt_rlock *rlock;
	enum gilrt_kind kind;		/* of the object it is a part of, or is */
	const void *object;
	TAILQ_HEAD(, gilrt_thread) waiters;	/* until notified; under the lock */
};

int gilrt_cond_create_as(const void *object, enum gilrt_kind kind, struct gilrt_lock *lock,
			 struct gilrt_cond **ret_cond)
{
	struct gilrt_cond *cond;

	cond = calloc(1, sizeof(*cond));
	if (!cond)
		return -ENOMEM;
	cond->lock = lock;
	cond->kind = kind;
	cond->object = object ? object : cond;
	TAILQ_INIT(&cond->waiters);
	*ret_cond = cond;
	return 0;
}

int gilrt_cond_create(struct gilrt_lock *lock, struct gilrt_cond **ret_cond)
{
	return gilrt_cond_create_as(NULL, GILRT_CONDITION, lock, ret_cond);
}

int gilrt_cond_create_on_rlock(struct gilrt_rlock *rlock, struct gilrt_cond **ret_cond)
{
	int err;

	err = gilrt_cond_create(NULL, ret_cond);
	if (!err)
		(*ret_cond)->rlock = rlock;
	return err;
}

void gilrt_cond_destroy(struct gilrt_cond *cond)
{
	free(cond);
}

static bool is_owned(const struct gilrt_cond *cond)
{
	return cond->rlock ? gilrt_rlock_is_owned(cond->rlock) : gilrt_lock_is_held(cond->lock);
}

/* Returns how often it was acquired. */
static unsigned long release_all(struct gilrt_cond *cond)
{
	if (cond->rlock)
		return gilrt_rlock_release_all(cond->rlock);
	gilrt_lock_release(cond->lock);
	return 1;
}

static void restore(struct gilrt_cond *cond, unsigned long level_cnt)
{
	if (cond->rlock)
		gilrt_rlock_restore(cond->rlock, level_cnt);
	else
		gilrt_lock_acquire(cond->lock, GILRT_FOREVER);
}

static int waiter_link(struct gilrt_cond *cond, struct gilrt_thread *thread)
{
	int err;

	err = gilrt_lock_create_as(cond->object, cond->kind, &thread->waiter.lock);
	if (err)
		return err;
	gilrt_lock_acquire(thread->waiter.lock, GILRT_NO_WAIT);
	TAILQ_INSERT_TAIL(&cond->waiters, thread, waiter.entry);
	thread->waiter.queued = true;
	return 0;
}

static void waiter_unlink(struct gilrt_cond *cond, struct gilrt_thread *thread)
{
	if (!thread->waiter.queued)
		return;
	TAILQ_REMOVE(&cond->waiters, thread, waiter.entry);
	thread->waiter.queued = false;
}

int gilrt_cond_wait(struct gilrt_cond *cond, int64_t timeout_ns)
{
	struct gilrt_thread *self = gilrt_thread_current();
	unsigned long level_cnt;
	int err;

	gilrt_checkpoint();
	if (!is_owned(cond))
		return -EPERM;
	err = waiter_link(cond, self);
	if (err)
		return err;
	level_cnt = release_all(cond);

	err = gilrt_lock_acquire(self->waiter.lock, timeout_ns);

	restore(cond, level_cnt);
	/* A notification that came just after the time-out is lost, in Python too. */
	waiter_unlink(cond, self);
	gilrt_lock_destroy(self->waiter.lock);
	return err;
}

int gilrt_cond_wait_for(struct gilrt_cond *cond, bool (*predicate)(void *arg), void *arg,
			int64_t timeout_ns)
{
	struct deadline deadline = deadline_after(timeout_ns);
	int64_t left_ns;
	int err = 0;

	gilrt_checkpoint();
	if (!is_owned(cond))
		return -EPERM;
	while (!predicate(arg)) {
		if (err)
			return err;
		err = deadline_left(&deadline, &left_ns);
		if (!err)
			err = gilrt_cond_wait(cond, left_ns);
	}
	return 0;
}

int gilrt_cond_notify(struct gilrt_cond *cond, unsigned int cnt)
{
	struct gilrt_thread *thread;

	gilrt_checkpoint();
	if (!is_owned(cond))
		return -EPERM;
	while (cnt && (thread = TAILQ_FIRST(&cond->waiters))) {
		/* What is for a daemon that will not come back goes to the next. */
		if (!thread_runtime_is_over(thread))
			cnt--;
		/* Out of the queue first: once its lock is released it may join another. */
		waiter_unlink(cond, thread);
		gilrt_lock_release(thread->waiter.lock);
	}
	return 0;
}
