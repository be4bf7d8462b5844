/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_RLOCK_H
#define GILRT_RLOCK_H

/*
 * Python's RLock: its owner may acquire it again, and has to release it as often. Destroy it only
 * when nobody uses it; NULL is accepted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "workloads/gilrt/lock.h"

struct gilrt_rlock;

int gilrt_rlock_create(struct gilrt_rlock **ret_rlock);
void gilrt_rlock_destroy(struct gilrt_rlock *rlock);

/* At once for the owner; for others as gilrt_lock_acquire(). */
int gilrt_rlock_acquire(struct gilrt_rlock *rlock, int64_t timeout_ns);

/* Free when released as often as acquired. -EPERM if the caller is not the owner. */
int gilrt_rlock_release(struct gilrt_rlock *rlock);

/* Whether the caller is the owner. */
bool gilrt_rlock_is_owned(const struct gilrt_rlock *rlock);

/*
 * For Condition: let go of all levels at once, and have them again later. The owner only; the
 * number of levels is what release_all returned.
 */
unsigned long gilrt_rlock_release_all(struct gilrt_rlock *rlock);
void gilrt_rlock_restore(struct gilrt_rlock *rlock, unsigned long level_cnt);

#endif
