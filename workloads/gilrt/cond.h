/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_COND_H
#define GILRT_COND_H

/*
 * Python's Condition over a Lock or an RLock. Wait and notify need the lock held (-EPERM if it is
 * not; a Lock may be held by anybody, an RLock has to be the caller's). The lock is borrowed and
 * may serve several conditions. Destroy it when nobody waits; NULL is accepted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/rlock.h"

#define GILRT_NOTIFY_ALL	(~0U)

struct gilrt_cond;

int gilrt_cond_create(struct gilrt_lock *lock, struct gilrt_cond **ret_cond);
int gilrt_cond_create_on_rlock(struct gilrt_rlock *rlock, struct gilrt_cond **ret_cond);

/* For primitives that are made of one: as gilrt_lock_create_as(). */
int gilrt_cond_create_as(const void *object, enum gilrt_kind kind, struct gilrt_lock *lock,
			 struct gilrt_cond **ret_cond);
void gilrt_cond_destroy(struct gilrt_cond *cond);

/*
 * Releases the lock (an RLock as often as it was acquired), waits to be notified, acquires the lock
 * again as it was (also on errors, and for as long as that takes). -EAGAIN or -ETIMEDOUT if nobody
 * notified. There are no spurious returns.
 */
int gilrt_cond_wait(struct gilrt_cond *cond, int64_t timeout_ns);

/*
 * Waits until predicate(arg) is true, which it asks with the lock held: first, after each
 * notification, and once more when the time is up. -EAGAIN or -ETIMEDOUT if it was false even then.
 * With GILRT_NO_WAIT others get the lock once in between.
 */
int gilrt_cond_wait_for(struct gilrt_cond *cond, bool (*predicate)(void *arg), void *arg,
			int64_t timeout_ns);

/*
 * Wakes up to cnt of those who wait, the longest waiting first. One whose time is up, but who has
 * not got the lock back yet, counts as waiting: it takes the notification with it, as in Python.
 */
int gilrt_cond_notify(struct gilrt_cond *cond, unsigned int cnt);

#endif
