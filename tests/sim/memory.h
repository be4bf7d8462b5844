/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing arrays of the simulator: it shares no code with what it tests. A test that has no memory
 * can only stop.
 */
#ifndef TESTS_SIM_MEMORY_H
#define TESTS_SIM_MEMORY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* *items is an array's pointer; new room is zeroed. */
static inline void grow(void *items, size_t *cap, size_t need, size_t size)
{
	size_t next = *cap ? *cap : 8;
	char *old, *grown;

	if (need <= *cap)
		return;
	while (next < need)
		next *= 2;
	memcpy(&old, items, sizeof(old));
	grown = realloc(old, next * size);
	if (!grown) {
		fprintf(stderr, "simulator: out of memory\n");
		abort();
	}
	memset(grown + *cap * size, 0, (next - *cap) * size);
	memcpy(items, &grown, sizeof(grown));
	*cap = next;
}

static inline void *zalloc(size_t cnt, size_t size)
{
	void *items = NULL;
	size_t cap = 0;

	/* At least one, so that there is something to free. */
	grow(&items, &cap, cnt ? cnt : 1, size);
	return items;
}

#endif
