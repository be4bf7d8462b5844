// SPDX-License-Identifier: BSD-2-Clause
/*
 * SimpleQueue, built as in CPython up to 3.12: a list, and one Lock whose being free means "look
 * again". Whoever finds the list empty takes that lock, and blocks when taking it a second time; a
 * put lets it go. Who then gets an item lets it go too, for the next in line to look.
 *
 * In CPython the GIL protects the list. Here a mutex does, for threads without one or with another.
 * No thread lets go of its GIL while it has the mutex, so those with the same GIL never wait for it.
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "workloads/gilrt/deadline.h"
#include "workloads/gilrt/ring.h"
#include "workloads/gilrt/simple_queue.h"

struct gilrt_simple_queue {
	pthread_mutex_t mutex;
	struct gilrt_lock *signal;
	struct ring ring;		/* these under the mutex */
	bool is_signal_taken;		/* and the taker knows: somebody may let it go */
};

int gilrt_simple_queue_create(struct gilrt_simple_queue **ret_queue)
{
	struct gilrt_simple_queue *queue;
	int err;

	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	err = gilrt_lock_create_as(queue, GILRT_SIMPLE_QUEUE, &queue->signal);
	if (!err)
		err = -pthread_mutex_init(&queue->mutex, NULL);
	if (err) {
		gilrt_lock_destroy(queue->signal);
		free(queue);
		return err;
	}
	*ret_queue = queue;
	return 0;
}

void gilrt_simple_queue_destroy(struct gilrt_simple_queue *queue)
{
	if (!queue)
		return;
	pthread_mutex_destroy(&queue->mutex);
	gilrt_lock_destroy(queue->signal);
	ring_destroy(&queue->ring);
	free(queue);
}

/* Under the mutex. */
static void give_signal(struct gilrt_simple_queue *queue)
{
	if (!queue->is_signal_taken)
		return;
	queue->is_signal_taken = false;
	gilrt_lock_release(queue->signal);
}

int gilrt_simple_queue_put(struct gilrt_simple_queue *queue, void *item)
{
	int err;

	pthread_mutex_lock(&queue->mutex);
	err = ring_append(&queue->ring, item);
	if (!err)
		give_signal(queue);
	pthread_mutex_unlock(&queue->mutex);
	return err;
}

/* Under the mutex, but not while it blocks. */
static int await_signal(struct gilrt_simple_queue *queue, const struct deadline *deadline)
{
	int64_t left_ns;
	int err;

	err = gilrt_lock_acquire(queue->signal, GILRT_NO_WAIT);
	if (err == -EAGAIN && deadline->timeout_ns != GILRT_NO_WAIT) {
		err = deadline_left(deadline, &left_ns);
		if (err)
			return err;
		pthread_mutex_unlock(&queue->mutex);
		err = gilrt_lock_acquire(queue->signal, left_ns);
		pthread_mutex_lock(&queue->mutex);
	}
	if (!err)
		queue->is_signal_taken = true;
	return err;
}

int gilrt_simple_queue_get(struct gilrt_simple_queue *queue, int64_t timeout_ns, void **ret_item)
{
	struct deadline deadline = deadline_after(timeout_ns);
	int err = 0;

	pthread_mutex_lock(&queue->mutex);
	while (!err && !queue->ring.item_cnt)
		err = await_signal(queue, &deadline);
	if (!err) {
		*ret_item = ring_pop_first(&queue->ring);
		give_signal(queue);
	}
	pthread_mutex_unlock(&queue->mutex);
	return err;
}

size_t gilrt_simple_queue_size(struct gilrt_simple_queue *queue)
{
	size_t item_cnt;

	pthread_mutex_lock(&queue->mutex);
	item_cnt = queue->ring.item_cnt;
	pthread_mutex_unlock(&queue->mutex);
	return item_cnt;
}
