/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_COND_H
#define GILRT_COND_H

/*
 * Python's Condition over a Lock. Wait and notify need the lock held (-EPERM if it is not). The
 * lock is borrowed and may serve several conditions. Destroy it when nobody waits; NULL is
 * accepted.
 */

#include <stdint.h>

#include "workloads/gilrt/lock.h"

#define GILRT_NOTIFY_ALL	(~0U)

struct gilrt_cond;

int gilrt_cond_create(struct gilrt_lock *lock, struct gilrt_cond **ret_cond);
void gilrt_cond_destroy(struct gilrt_cond *cond);

/*
 * Releases the lock, waits to be notified, acquires the lock again (also on errors, and for as long
 * as that takes). -EAGAIN or -ETIMEDOUT if nobody notified. There are no spurious returns.
 */
int gilrt_cond_wait(struct gilrt_cond *cond, int64_t timeout_ns);

/* Wakes up to cnt of those who wait, the longest waiting first. */
int gilrt_cond_notify(struct gilrt_cond *cond, unsigned int cnt);

#endif
