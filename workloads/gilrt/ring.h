/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_RING_H
#define GILRT_RING_H

/*
 * Inside of the runtime: a row of pointers that grows at its end and shrinks at both, for the
 * queues. All zero is an empty one. It does no locking, and does not own what is in it.
 */

#include <stddef.h>

struct ring {
	void **slots;		/* item i is at (first + i) % capacity */
	size_t capacity, first, item_cnt;
};

/* Frees the slots, not the items. */
void ring_destroy(struct ring *ring);

/* -ENOMEM, and nothing has changed. */
int ring_append(struct ring *ring, void *item);

/* The following need an item that is there. */
void **ring_slot(const struct ring *ring, size_t index);
void *ring_pop_first(struct ring *ring);
void *ring_pop_last(struct ring *ring);

#endif
