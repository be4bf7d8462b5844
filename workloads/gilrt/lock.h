/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_LOCK_H
#define GILRT_LOCK_H

/*
 * Python's Lock, made of a semaphore on the heap as in CPython up to 3.12. It has no owner: any
 * thread may release it. Destroy it only when nobody uses it; NULL is accepted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "workloads/gilrt/gilrt.h"

struct gilrt_lock;

/* A timeout in nanoseconds, or one of these. */
#define GILRT_NO_WAIT	INT64_C(0)
#define GILRT_FOREVER	INT64_C(-1)

int gilrt_lock_create(struct gilrt_lock **ret_lock);

/*
 * For primitives that are made of locks: probes will name the primitive, of which the lock is only
 * a part. It is borrowed, and only its address is used.
 */
int gilrt_lock_create_as(const void *object, enum gilrt_kind kind, struct gilrt_lock **ret_lock);

/*
 * multiprocessing's Lock: in memory that is shared with all processes forked from now on, each of
 * which destroys it for itself. It stays taken if its owner's process dies.
 */
int gilrt_lock_create_shared(struct gilrt_lock **ret_lock);

void gilrt_lock_destroy(struct gilrt_lock *lock);

/*
 * Tries without letting go of the GIL; if the lock is taken, waits without the GIL, then takes the
 * GIL again, already owning the lock. -EAGAIN: taken, and not to wait; -ETIMEDOUT.
 */
int gilrt_lock_acquire(struct gilrt_lock *lock, int64_t timeout_ns);

/* -EPERM if the lock is not held by anybody. */
int gilrt_lock_release(struct gilrt_lock *lock);

bool gilrt_lock_is_held(const struct gilrt_lock *lock);

#endif
