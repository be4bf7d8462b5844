/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing arrays: the one place that computes a new capacity and checks it for overflow.
 */
#ifndef ANALYZER_ARRAY_H
#define ANALYZER_ARRAY_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Makes room for at least `need` items of `size` bytes; new room is zeroed. *items is a pointer to
 * the array's pointer. The array is unchanged on failure.
 */
static inline int array_reserve(void *items, size_t *cap, size_t need, size_t size)
{
	size_t next = *cap ? *cap : 8;
	size_t bytes;
	void *old, *grown;

	if (need <= *cap)
		return 0;
	while (next < need) {
		if (next > SIZE_MAX / 2)
			return -ENOMEM;
		next *= 2;
	}
	if (__builtin_mul_overflow(next, size, &bytes))
		return -ENOMEM;
	/* Copied, because the caller's pointer has another type than void *. */
	memcpy(&old, items, sizeof(old));
	grown = realloc(old, bytes);
	if (!grown)
		return -ENOMEM;
	memset((char *)grown + *cap * size, 0, bytes - *cap * size);
	memcpy(items, &grown, sizeof(grown));
	*cap = next;
	return 0;
}

#endif
