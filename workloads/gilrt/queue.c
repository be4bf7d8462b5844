// SPDX-License-Identifier: BSD-2-Clause
/*
 * Queue, built as in Python: one lock, and three Conditions on it.
 */

#include <errno.h>
#include <stdlib.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/queue.h"

/* All but the pointers are under the lock. */
struct gilrt_queue {
	struct gilrt_lock *lock;
	struct gilrt_cond *not_empty, *not_full, *all_done;
	void **ring;		/* item i is at (first + i) % capacity */
	size_t capacity, first, item_cnt;
	size_t maxsize;		/* 0: no limit */
	uint64_t unfinished_cnt;
};

int gilrt_queue_create(size_t maxsize, struct gilrt_queue **ret_queue)
{
	struct gilrt_queue *queue;
	int err;

	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	queue->maxsize = maxsize;
	err = gilrt_lock_create_as(queue, GILRT_QUEUE, &queue->lock);
	if (!err)
		err = gilrt_cond_create(queue->lock, &queue->not_empty);
	if (!err)
		err = gilrt_cond_create(queue->lock, &queue->not_full);
	if (!err)
		err = gilrt_cond_create(queue->lock, &queue->all_done);
	if (err) {
		gilrt_queue_destroy(queue);
		return err;
	}
	*ret_queue = queue;
	return 0;
}

void gilrt_queue_destroy(struct gilrt_queue *queue)
{
	if (!queue)
		return;
	gilrt_cond_destroy(queue->all_done);
	gilrt_cond_destroy(queue->not_full);
	gilrt_cond_destroy(queue->not_empty);
	gilrt_lock_destroy(queue->lock);
	free(queue->ring);
	free(queue);
}

static int ring_grow(struct gilrt_queue *queue)
{
	size_t capacity = queue->capacity ? 2 * queue->capacity : 16;
	size_t i;
	void **ring;

	if (queue->item_cnt < queue->capacity)
		return 0;
	ring = malloc(capacity * sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (i = 0; i < queue->item_cnt; i++)
		ring[i] = queue->ring[(queue->first + i) % queue->capacity];
	free(queue->ring);
	queue->ring = ring;
	queue->capacity = capacity;
	queue->first = 0;
	return 0;
}

/* Waits until blocked(queue) is false. Others may come first: the time-out is for all rounds. */
static int wait_while(struct gilrt_queue *queue, bool (*blocked)(const struct gilrt_queue *),
		      struct gilrt_cond *cond, int64_t timeout_ns)
{
	uint64_t deadline_ns = 0, now_ns;
	int err = 0;

	if (timeout_ns > 0 && blocked(queue))
		deadline_ns = clock_now_ns() + (uint64_t)timeout_ns;
	while (!err && blocked(queue)) {
		if (timeout_ns == GILRT_NO_WAIT)
			return -EAGAIN;
		if (timeout_ns > 0) {
			now_ns = clock_now_ns();
			if (now_ns >= deadline_ns)
				return -ETIMEDOUT;
			timeout_ns = (int64_t)(deadline_ns - now_ns);
		}
		err = gilrt_cond_wait(cond, timeout_ns);
		if (err == -ETIMEDOUT)
			err = 0;	/* there may be something all the same */
	}
	return err;
}

static bool queue_is_full(const struct gilrt_queue *queue)
{
	return queue->maxsize && queue->item_cnt >= queue->maxsize;
}

static bool queue_is_empty(const struct gilrt_queue *queue)
{
	return queue->item_cnt == 0;
}

static bool queue_is_unfinished(const struct gilrt_queue *queue)
{
	return queue->unfinished_cnt > 0;
}

int gilrt_queue_put(struct gilrt_queue *queue, void *item, int64_t timeout_ns)
{
	int err;

	gilrt_checkpoint();
	gilrt_lock_acquire(queue->lock, GILRT_FOREVER);
	err = wait_while(queue, queue_is_full, queue->not_full, timeout_ns);
	if (!err)
		err = ring_grow(queue);
	if (!err) {
		queue->ring[(queue->first + queue->item_cnt) % queue->capacity] = item;
		queue->item_cnt++;
		queue->unfinished_cnt++;
		gilrt_cond_notify(queue->not_empty, 1);
	}
	gilrt_lock_release(queue->lock);
	return err;
}

int gilrt_queue_get(struct gilrt_queue *queue, int64_t timeout_ns, void **ret_item)
{
	int err;

	gilrt_checkpoint();
	gilrt_lock_acquire(queue->lock, GILRT_FOREVER);
	err = wait_while(queue, queue_is_empty, queue->not_empty, timeout_ns);
	if (!err) {
		*ret_item = queue->ring[queue->first];
		queue->first = (queue->first + 1) % queue->capacity;
		queue->item_cnt--;
		gilrt_cond_notify(queue->not_full, 1);
	}
	gilrt_lock_release(queue->lock);
	return err;
}

int gilrt_queue_task_done(struct gilrt_queue *queue)
{
	int err = 0;

	gilrt_checkpoint();
	gilrt_lock_acquire(queue->lock, GILRT_FOREVER);
	if (!queue->unfinished_cnt)
		err = -EINVAL;
	else if (--queue->unfinished_cnt == 0)
		gilrt_cond_notify(queue->all_done, GILRT_NOTIFY_ALL);
	gilrt_lock_release(queue->lock);
	return err;
}

int gilrt_queue_join(struct gilrt_queue *queue)
{
	int err;

	gilrt_checkpoint();
	gilrt_lock_acquire(queue->lock, GILRT_FOREVER);
	err = wait_while(queue, queue_is_unfinished, queue->all_done, GILRT_FOREVER);
	gilrt_lock_release(queue->lock);
	return err;
}

size_t gilrt_queue_size(struct gilrt_queue *queue)
{
	size_t item_cnt;

	gilrt_checkpoint();
	gilrt_lock_acquire(queue->lock, GILRT_FOREVER);
	item_cnt = queue->item_cnt;
	gilrt_lock_release(queue->lock);
	return item_cnt;
}
