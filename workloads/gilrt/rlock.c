// SPDX-License-Identifier: BSD-2-Clause
/*
 * RLock, built as in Python: a Lock, and who has it how many times.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/rlock.h"

struct gilrt_rlock {
	struct gilrt_lock *lock;
	/* Read without the lock: but only its owner can find itself here. */
	struct gilrt_thread *_Atomic owner;
	unsigned long level_cnt;	/* the owner's */
};

int gilrt_rlock_create(struct gilrt_rlock **ret_rlock)
{
	struct gilrt_rlock *rlock;
	int err;

	rlock = calloc(1, sizeof(*rlock));
	if (!rlock)
		return -ENOMEM;
	err = gilrt_lock_create_as(rlock, GILRT_RLOCK, &rlock->lock);
	if (err) {
		free(rlock);
		return err;
	}
	*ret_rlock = rlock;
	return 0;
}

void gilrt_rlock_destroy(struct gilrt_rlock *rlock)
{
	if (!rlock)
		return;
	gilrt_lock_destroy(rlock->lock);
	free(rlock);
}

bool gilrt_rlock_is_owned(const struct gilrt_rlock *rlock)
{
	return atomic_load_explicit(&rlock->owner, memory_order_relaxed) ==
		gilrt_thread_current();
}

static void own(struct gilrt_rlock *rlock, unsigned long level_cnt)
{
	atomic_store_explicit(&rlock->owner, gilrt_thread_current(), memory_order_relaxed);
	rlock->level_cnt = level_cnt;
}

int gilrt_rlock_acquire(struct gilrt_rlock *rlock, int64_t timeout_ns)
{
	int err;

	if (gilrt_rlock_is_owned(rlock)) {
		rlock->level_cnt++;
		return 0;
	}
	err = gilrt_lock_acquire(rlock->lock, timeout_ns);
	if (!err)
		own(rlock, 1);
	return err;
}

int gilrt_rlock_release(struct gilrt_rlock *rlock)
{
	if (!gilrt_rlock_is_owned(rlock))
		return -EPERM;
	if (--rlock->level_cnt)
		return 0;
	gilrt_rlock_release_all(rlock);
	return 0;
}

unsigned long gilrt_rlock_release_all(struct gilrt_rlock *rlock)
{
	unsigned long level_cnt = rlock->level_cnt;

	atomic_store_explicit(&rlock->owner, NULL, memory_order_relaxed);
	gilrt_lock_release(rlock->lock);
	return level_cnt;
}

void gilrt_rlock_restore(struct gilrt_rlock *rlock, unsigned long level_cnt)
{
	gilrt_lock_acquire(rlock->lock, GILRT_FOREVER);
	own(rlock, level_cnt);
}
