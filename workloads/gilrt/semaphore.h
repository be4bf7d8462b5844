/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_SEMAPHORE_H
#define GILRT_SEMAPHORE_H

/*
 * Python's Semaphore and BoundedSemaphore: a number of permits; who finds none left waits for one.
 * They belong to nobody: any thread may release. Destroy it only when nobody uses it; NULL is
 * accepted.
 */

#include <stdint.h>

#include "workloads/gilrt/lock.h"

struct gilrt_semaphore;

int gilrt_semaphore_create(unsigned int permit_cnt, struct gilrt_semaphore **ret_semaphore);

/* One that never has more permits than at first. */
int gilrt_bounded_semaphore_create(unsigned int permit_cnt, struct gilrt_semaphore **ret_semaphore);

void gilrt_semaphore_destroy(struct gilrt_semaphore *semaphore);

/* Takes one. -EAGAIN or -ETIMEDOUT if there was none in time. */
int gilrt_semaphore_acquire(struct gilrt_semaphore *semaphore, int64_t timeout_ns);

/*
 * Gives cnt, and wakes as many. -EINVAL for none; -EOVERFLOW, and none given, if that were more
 * than a bounded one may have, or than can be counted.
 */
int gilrt_semaphore_release(struct gilrt_semaphore *semaphore, unsigned int cnt);

#endif
