/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_QUEUE_H
#define GILRT_QUEUE_H

/*
 * Python's queue.Queue: first in, first out, bounded if maxsize is not 0. Items are pointers that
 * the queue does not own and that may be NULL, which serves as None. It counts the items that were
 * put and not yet reported done, for join.
 */

#include <stddef.h>
#include <stdint.h>

#include "workloads/gilrt/lock.h"

struct gilrt_queue;

int gilrt_queue_create(size_t maxsize, struct gilrt_queue **ret_queue);
void gilrt_queue_destroy(struct gilrt_queue *queue);

/* Waits for room. -EAGAIN or -ETIMEDOUT if there was none in time, -ENOMEM. */
int gilrt_queue_put(struct gilrt_queue *queue, void *item, int64_t timeout_ns);

/* Waits for an item. -EAGAIN or -ETIMEDOUT if there was none in time. */
int gilrt_queue_get(struct gilrt_queue *queue, int64_t timeout_ns, void **ret_item);

/* One item that somebody got has been dealt with. -EINVAL if more were done than put. */
int gilrt_queue_task_done(struct gilrt_queue *queue);

/* Waits until all items have been dealt with. */
int gilrt_queue_join(struct gilrt_queue *queue);

/* How many items are in it now. */
size_t gilrt_queue_size(struct gilrt_queue *queue);

#endif
