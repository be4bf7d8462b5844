/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that look random and are always the same. After cmocka.h. */
#ifndef TESTS_UNIT_GILRT_NOISE_H
#define TESTS_UNIT_GILRT_NOISE_H

#include <stdint.h>
#include <stdlib.h>

/* To be freed. */
static inline uint8_t *noise(size_t size)
{
	uint8_t *data = malloc(size);
	uint32_t x = 1;
	size_t i;

	assert_non_null(data);
	for (i = 0; i < size; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (uint8_t)(x >> 24);
	}
	return data;
}

#endif
