/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_SIMPLE_QUEUE_H
#define GILRT_SIMPLE_QUEUE_H

/*
 * Python's SimpleQueue: first in, first out, without bound, task_done and shutdown. Items are
 * pointers that it does not own and that may be NULL. Destroy it only when nobody uses it; NULL is
 * accepted.
 */

#include <stddef.h>
#include <stdint.h>

#include "workloads/gilrt/lock.h"

struct gilrt_simple_queue;

int gilrt_simple_queue_create(struct gilrt_simple_queue **ret_queue);
void gilrt_simple_queue_destroy(struct gilrt_simple_queue *queue);

/*
 * Never waits, and has no checkpoint inside: whatever runs at one may put into a queue that its
 * thread is just using (re-entrancy). -ENOMEM.
 */
int gilrt_simple_queue_put(struct gilrt_simple_queue *queue, void *item);

/* Waits for an item. -EAGAIN or -ETIMEDOUT if there was none in time. */
int gilrt_simple_queue_get(struct gilrt_simple_queue *queue, int64_t timeout_ns, void **ret_item);

/* How many items are in it now. */
size_t gilrt_simple_queue_size(struct gilrt_simple_queue *queue);

#endif
