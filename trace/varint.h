/* SPDX-License-Identifier: BSD-2-Clause */
/* Integers as a trace stores them: varint, zigzag, and fixed little-endian (FORMAT.md). */
#ifndef TRACE_VARINT_H
#define TRACE_VARINT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the longest varint. */
#define VARINT_MAX 10

/* The caller has VARINT_MAX bytes of room. Returns where the next byte goes. */
static inline uint8_t *varint_put(uint8_t *at, uint64_t value)
{
	while (value >= 0x80) {
		*at++ = (uint8_t)value | 0x80;
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	return at;
}

/* NULL when it does not end before `end`, or does not fit in 64 bits. */
static inline const uint8_t *varint_get_long(const uint8_t *at, const uint8_t *end,
					     uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && at < end; shift += 7) {
		uint8_t byte = *at++;

		if (shift == 63 && byte > 1)
			return NULL;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret_value = value;
			return at;
		}
	}
	return NULL;
}

/* The same; nearly all values of a trace take one or two bytes. */
static inline const uint8_t *varint_get(const uint8_t *at, const uint8_t *end, uint64_t *ret_value)
{
	if (__builtin_expect(end - at >= 2, 1)) {
		if (at[0] < 0x80) {
			*ret_value = at[0];
			return at + 1;
		}
		if (at[1] < 0x80) {
			*ret_value = (at[0] & 0x7fu) | (uint64_t)at[1] << 7;
			return at + 2;
		}
	}
	return varint_get_long(at, end, ret_value);
}

static inline uint64_t zigzag_encode(uint64_t difference)
{
	return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t zigzag_decode(uint64_t value)
{
	return value >> 1 ^ (value & 1 ? UINT64_MAX : 0);
}

static inline void le32_put(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static inline void le64_put(uint8_t *at, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static inline uint32_t le32_get(const uint8_t *at)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value |= (uint32_t)at[i] << 8 * i;
	return value;
}

static inline uint64_t le64_get(const uint8_t *at)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value |= (uint64_t)at[i] << 8 * i;
	return value;
}

#endif
