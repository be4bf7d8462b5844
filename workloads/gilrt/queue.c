// SPDX-License-Identifier: BSD-2-Clause
/*
 * Queue, built as in Python: one lock, three Conditions on it, and two operations that a kind of
 * queue may define for itself.
 */

#include <errno.h>
#include <stdlib.h>

#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/ring.h"

/* Where an item goes and which is next. Under the lock; `take` needs one that is there. */
struct queue_kind {
	int (*add)(struct gilrt_queue *queue, void *item);
	void *(*take)(struct gilrt_queue *queue);
};

/* All but what does not change is under the lock. */
struct gilrt_queue {
	const struct queue_kind *kind;
	int (*compare)(const void *a, const void *b);	/* in a priority queue */
	size_t maxsize;					/* 0: no limit */
	struct gilrt_lock *lock;
	struct gilrt_cond *not_empty, *not_full, *all_done;
	struct ring ring;
	uint64_t unfinished_cnt;
	bool is_shut_down;
};

/* ---- kinds ----------------------------------------------------------------------------------- */

static int append(struct gilrt_queue *queue, void *item)
{
	return ring_append(&queue->ring, item);
}

static void *take_first(struct gilrt_queue *queue)
{
	return ring_pop_first(&queue->ring);
}

static void *take_last(struct gilrt_queue *queue)
{
	return ring_pop_last(&queue->ring);
}

/* A heap: the parent of item i is (i - 1) / 2, and not greater. */
static bool swap_if_smaller(struct gilrt_queue *queue, size_t child, size_t parent)
{
	void **child_slot = ring_slot(&queue->ring, child);
	void **parent_slot = ring_slot(&queue->ring, parent);
	void *item = *child_slot;

	if (queue->compare(item, *parent_slot) >= 0)
		return false;
	*child_slot = *parent_slot;
	*parent_slot = item;
	return true;
}

static int heap_add(struct gilrt_queue *queue, void *item)
{
	size_t i = queue->ring.item_cnt;
	int err;

	err = ring_append(&queue->ring, item);
	if (err)
		return err;
	while (i && swap_if_smaller(queue, i, (i - 1) / 2))
		i = (i - 1) / 2;
	return 0;
}

static size_t smaller_child(const struct gilrt_queue *queue, size_t parent)
{
	size_t child = 2 * parent + 1;

	if (child + 1 < queue->ring.item_cnt &&
	    queue->compare(*ring_slot(&queue->ring, child + 1), *ring_slot(&queue->ring, child)) < 0)
		child++;
	return child;
}

static void *heap_take(struct gilrt_queue *queue)
{
	void *last = ring_pop_last(&queue->ring), *smallest;
	size_t i = 0, child;

	if (!queue->ring.item_cnt)
		return last;
	smallest = *ring_slot(&queue->ring, 0);
	*ring_slot(&queue->ring, 0) = last;
	while ((child = smaller_child(queue, i)) < queue->ring.item_cnt &&
	       swap_if_smaller(queue, child, i))
		i = child;
	return smallest;
}

static const struct queue_kind fifo = { .add = append, .take = take_first };
static const struct queue_kind lifo = { .add = append, .take = take_last };
static const struct queue_kind priority = { .add = heap_add, .take = heap_take };

/* ---- life ------------------------------------------------------------------------------------ */

static int create(const struct queue_kind *kind, size_t maxsize, struct gilrt_queue **ret_queue)
{
	struct gilrt_queue *queue;
	int err;

	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	queue->kind = kind;
	queue->maxsize = maxsize;
	err = gilrt_lock_create_as(queue, GILRT_QUEUE, &queue->lock);
	if (!err)
		err = gilrt_cond_create_as(queue, GILRT_QUEUE, queue->lock, &queue->not_empty);
	if (!err)
		err = gilrt_cond_create_as(queue, GILRT_QUEUE, queue->lock, &queue->not_full);
	if (!err)
		err = gilrt_cond_create_as(queue, GILRT_QUEUE, queue->lock, &queue->all_done);
	if (err) {
		gilrt_queue_destroy(queue);
		return err;
	}
	*ret_queue = queue;
	return 0;
}

int gilrt_queue_create(size_t maxsize, struct gilrt_queue **ret_queue)
{
	return create(&fifo, maxsize, ret_queue);
}

int gilrt_lifo_queue_create(size_t maxsize, struct gilrt_queue **ret_queue)
{
	return create(&lifo, maxsize, ret_queue);
}

int gilrt_priority_queue_create(size_t maxsize, int (*compare)(const void *a, const void *b),
				struct gilrt_queue **ret_queue)
{
	int err;

	err = create(&priority, maxsize, ret_queue);
	if (!err)
		(*ret_queue)->compare = compare;
	return err;
}

void gilrt_queue_destroy(struct gilrt_queue *queue)
{
	if (!queue)
		return;
	gilrt_cond_destroy(queue->all_done);
	gilrt_cond_destroy(queue->not_full);
	gilrt_cond_destroy(queue->not_empty);
	gilrt_lock_destroy(queue->lock);
	ring_destroy(&queue->ring);
	free(queue);
}

/* ---- put and get ----------------------------------------------------------------------------- */

static bool may_put(void *arg)
{
	const struct gilrt_queue *queue = arg;

	return queue->is_shut_down || !queue->maxsize || queue->ring.item_cnt < queue->maxsize;
}

static bool may_get(void *arg)
{
	const struct gilrt_queue *queue = arg;

	return queue->is_shut_down || queue->ring.item_cnt;
}

static bool all_are_done(void *arg)
{
	const struct gilrt_queue *queue = arg;

	return !queue->unfinished_cnt;
}

static int wait_until(struct gilrt_queue *queue, bool (*predicate)(void *), struct gilrt_cond *cond,
		      int64_t timeout_ns)
{
	if (timeout_ns == GILRT_NO_WAIT)
		return predicate(queue) ? 0 : -EAGAIN;
	return gilrt_cond_wait_for(cond, predicate, queue, timeout_ns);
}

int gilrt_queue_put(struct gilrt_queue *queue, void *item, int64_t timeout_ns)
{
	int err;

	gilrt_checkpoint();
	gilrt_lock_acquire(queue->lock, GILRT_FOREVER);
	err = wait_until(queue, may_put, queue->not_full, timeout_ns);
	if (!err && queue->is_shut_down)
		err = -ESHUTDOWN;
	if (!err)
		err = queue->kind->add(queue, item);
	if (!err) {
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
	err = wait_until(queue, may_get, queue->not_empty, timeout_ns);
	if (!err && !queue->ring.item_cnt)
		err = -ESHUTDOWN;
	if (!err) {
		*ret_item = queue->kind->take(queue);
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
	err = wait_until(queue, all_are_done, queue->all_done, GILRT_FOREVER);
	gilrt_lock_release(queue->lock);
	return err;
}

static void discard_all(struct gilrt_queue *queue, void (*discard)(void *item))
{
	void *item;

	while (queue->ring.item_cnt) {
		item = queue->kind->take(queue);
		if (queue->unfinished_cnt)
			queue->unfinished_cnt--;
		if (discard)
			discard(item);
	}
	gilrt_cond_notify(queue->all_done, GILRT_NOTIFY_ALL);
}

void gilrt_queue_shutdown(struct gilrt_queue *queue, bool immediate, void (*discard)(void *item))
{
	gilrt_checkpoint();
	gilrt_lock_acquire(queue->lock, GILRT_FOREVER);
	queue->is_shut_down = true;
	if (immediate)
		discard_all(queue, discard);
	gilrt_cond_notify(queue->not_empty, GILRT_NOTIFY_ALL);
	gilrt_cond_notify(queue->not_full, GILRT_NOTIFY_ALL);
	gilrt_lock_release(queue->lock);
}

size_t gilrt_queue_size(struct gilrt_queue *queue)
{
	size_t item_cnt;

	gilrt_checkpoint();
	gilrt_lock_acquire(queue->lock, GILRT_FOREVER);
	item_cnt = queue->ring.item_cnt;
	gilrt_lock_release(queue->lock);
	return item_cnt;
}
