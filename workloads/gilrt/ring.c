// SPDX-License-Identifier: BSD-2-Clause
/*
 * A ring of pointers that doubles when it is full.
 */

#include <errno.h>
#include <stdlib.h>

#include "workloads/gilrt/ring.h"

#define CAPACITY_MIN	16

void ring_destroy(struct ring *ring)
{
	free(ring->slots);
}

void **ring_slot(const struct ring *ring, size_t index)
{
	return &ring->slots[(ring->first + index) % ring->capacity];
}

static int grow(struct ring *ring)
{
	size_t capacity = ring->capacity ? 2 * ring->capacity : CAPACITY_MIN;
	void **slots;
	size_t i;

	slots = malloc(capacity * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (i = 0; i < ring->item_cnt; i++)
		slots[i] = *ring_slot(ring, i);
	free(ring->slots);
	ring->slots = slots;
	ring->capacity = capacity;
	ring->first = 0;
	return 0;
}

int ring_append(struct ring *ring, void *item)
{
	int err;

	if (ring->item_cnt == ring->capacity) {
		err = grow(ring);
		if (err)
			return err;
	}
	*ring_slot(ring, ring->item_cnt++) = item;
	return 0;
}

void *ring_pop_first(struct ring *ring)
{
	void *item = *ring_slot(ring, 0);

	ring->first = (ring->first + 1) % ring->capacity;
	ring->item_cnt--;
	return item;
}

void *ring_pop_last(struct ring *ring)
{
	return *ring_slot(ring, --ring->item_cnt);
}
