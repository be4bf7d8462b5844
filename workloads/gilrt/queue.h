/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_QUEUE_H
#define GILRT_QUEUE_H

/*
 * Python's queue.Queue, LifoQueue and PriorityQueue, which differ only in what get returns next.
 * Bounded if maxsize is not 0. Items are pointers that the queue does not own and that may be NULL,
 * which serves as None. A queue counts the items that were put and not yet reported done, for join.
 *
 * Once shut down it takes nothing more, and gives out what is left. Destroy it only when nobody
 * uses it; NULL is accepted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workloads/gilrt/lock.h"

struct gilrt_queue;

/* First in, first out. */
int gilrt_queue_create(size_t maxsize, struct gilrt_queue **ret_queue);

/* Last in, first out. */
int gilrt_lifo_queue_create(size_t maxsize, struct gilrt_queue **ret_queue);

/*
 * Smallest first; of equal ones any. compare(a, b) is negative if a is smaller; it is called with
 * the queue locked.
 */
int gilrt_priority_queue_create(size_t maxsize, int (*compare)(const void *a, const void *b),
				struct gilrt_queue **ret_queue);

void gilrt_queue_destroy(struct gilrt_queue *queue);

/*
 * Waits for room. -EAGAIN or -ETIMEDOUT if there was none in time, -ESHUTDOWN if the queue is, or
 * while this waited was, shut down; -ENOMEM.
 */
int gilrt_queue_put(struct gilrt_queue *queue, void *item, int64_t timeout_ns);

/*
 * Waits for an item. -EAGAIN or -ETIMEDOUT if there was none in time, -ESHUTDOWN if there is none
 * and never will be.
 */
int gilrt_queue_get(struct gilrt_queue *queue, int64_t timeout_ns, void **ret_item);

/* One item that somebody got has been dealt with. -EINVAL if more were done than put. */
int gilrt_queue_task_done(struct gilrt_queue *queue);

/* Waits until all items have been dealt with. */
int gilrt_queue_join(struct gilrt_queue *queue);

/*
 * Puts are refused from now on, gets too once the queue is empty; who waits for either is told.
 * `immediate` empties it at once: each item left counts as done, and goes to `discard` (which may
 * be NULL) with the queue locked. Items that somebody got already remain to be reported done, and
 * until they are, join still waits. May be called again.
 */
void gilrt_queue_shutdown(struct gilrt_queue *queue, bool immediate, void (*discard)(void *item));

/* How many items are in it now. */
size_t gilrt_queue_size(struct gilrt_queue *queue);

#endif
