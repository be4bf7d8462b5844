// SPDX-License-Identifier: BSD-2-Clause
/*
 * Semaphore, built as in Python: a counter under a Condition with a lock of its own.
 *
 * A release does not hand its permit over: until the thread that it wakes has the lock again,
 * another may come and take it, and the woken one waits for the next.
 */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/semaphore.h"

struct gilrt_semaphore {
	struct gilrt_lock *lock;
	struct gilrt_cond *cond;
	unsigned int permit_cnt;	/* under the lock */
	unsigned int permit_max;
};

static int create(unsigned int permit_cnt, unsigned int permit_max,
		  struct gilrt_semaphore **ret_semaphore)
{
	struct gilrt_semaphore *semaphore;
	int err;

	semaphore = calloc(1, sizeof(*semaphore));
	if (!semaphore)
		return -ENOMEM;
	semaphore->permit_cnt = permit_cnt;
	semaphore->permit_max = permit_max;
	err = gilrt_lock_create_as(semaphore, GILRT_SEMAPHORE, &semaphore->lock);
	if (!err)
		err = gilrt_cond_create_as(semaphore, GILRT_SEMAPHORE, semaphore->lock, &semaphore->cond);
	if (err) {
		gilrt_semaphore_destroy(semaphore);
		return err;
	}
	*ret_semaphore = semaphore;
	return 0;
}

int gilrt_semaphore_create(unsigned int permit_cnt, struct gilrt_semaphore **ret_semaphore)
{
	return create(permit_cnt, UINT_MAX, ret_semaphore);
}

int gilrt_bounded_semaphore_create(unsigned int permit_cnt, struct gilrt_semaphore **ret_semaphore)
{
	return create(permit_cnt, permit_cnt, ret_semaphore);
}

void gilrt_semaphore_destroy(struct gilrt_semaphore *semaphore)
{
	if (!semaphore)
		return;
	gilrt_cond_destroy(semaphore->cond);
	gilrt_lock_destroy(semaphore->lock);
	free(semaphore);
}

static bool has_permit(void *arg)
{
	const struct gilrt_semaphore *semaphore = arg;

	return semaphore->permit_cnt > 0;
}

int gilrt_semaphore_acquire(struct gilrt_semaphore *semaphore, int64_t timeout_ns)
{
	int err;

	gilrt_checkpoint();
	gilrt_lock_acquire(semaphore->lock, GILRT_FOREVER);
	if (timeout_ns == GILRT_NO_WAIT)
		err = has_permit(semaphore) ? 0 : -EAGAIN;
	else
		err = gilrt_cond_wait_for(semaphore->cond, has_permit, semaphore, timeout_ns);
	if (!err)
		semaphore->permit_cnt--;
	gilrt_lock_release(semaphore->lock);
	return err;
}

int gilrt_semaphore_release(struct gilrt_semaphore *semaphore, unsigned int cnt)
{
	int err = 0;

	gilrt_checkpoint();
	if (!cnt)
		return -EINVAL;
	gilrt_lock_acquire(semaphore->lock, GILRT_FOREVER);
	if (cnt > semaphore->permit_max - semaphore->permit_cnt) {
		err = -EOVERFLOW;
	} else {
		semaphore->permit_cnt += cnt;
		gilrt_cond_notify(semaphore->cond, cnt);
	}
	gilrt_lock_release(semaphore->lock);
	return err;
}
