// SPDX-License-Identifier: BSD-2-Clause
/* Deterministic mutations of a trace file. */
#include <string.h>
#include <xxhash.h>

#include "tests/fuzz/fuzz_reader.h"
#include "tests/support/trace_build.h"
#include "trace/format.h"
#include "trace/varint.h"

void checksums_mend(uint8_t *data, size_t size)
{
	size_t at = 0, facts_len;

	if (size < FORMAT_HEADER_LEN)
		return;
	facts_len = le32_get(data + 12);
	if (facts_len > size || FORMAT_HEADER_LEN + facts_len + FORMAT_CHECKSUM_LEN > size)
		return;
	at = FORMAT_HEADER_LEN + facts_len;
	le64_put(data + at, XXH64(data, at, 0));
	at += FORMAT_CHECKSUM_LEN;

	while (size - at >= FORMAT_BLOCK_LEN && memcmp(data + at, FORMAT_BLOCK_MAGIC, 4) == 0) {
		uint8_t *body = data + at + FORMAT_BLOCK_LEN;
		uint32_t stored_len = le32_get(data + at + 32);

		if (stored_len > size - at - FORMAT_BLOCK_LEN)
			return;
		le64_put(data + at + FORMAT_BLOCK_SUMMED,
			 XXH64(body, stored_len, XXH64(data + at, FORMAT_BLOCK_SUMMED, 0)));
		at += FORMAT_BLOCK_LEN + stored_len;
	}
	if (size - at >= FORMAT_INDEX_LEN + FORMAT_TRAILER_LEN)
		le64_put(data + size - 16, XXH64(data + at, size - at - 16, 0));
}

static void number_put(uint8_t *data, size_t size, uint64_t *random)
{
	static const uint64_t numbers[] = { 0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0xffffffff,
					    UINT64_MAX, 1ull << 63, FORMAT_RAW_MAX };
	uint64_t value = numbers[random_next(random) % (sizeof(numbers) / sizeof(numbers[0]))];
	size_t len = (size_t)1 << random_next(random) % 4;

	if (len <= size)
		memcpy(data + random_next(random) % (size - len + 1), &value, len);
}

/* Moves a piece over another place, or everything behind a piece to its start or its end. */
static size_t piece_move(uint8_t *data, size_t size, size_t max_size, uint64_t *random)
{
	size_t from = random_next(random) % size, to = random_next(random) % size;
	size_t len = 1 + random_next(random) % 64, far = from > to ? from : to;

	switch (random_next(random) % 3) {
	case 0:
		if (len <= size - far)
			memmove(data + to, data + from, len);
		return size;
	case 1:
		if (len > size - from)
			return size;
		memmove(data + from, data + from + len, size - from - len);
		return size - len;
	default:
		if (len > max_size - size)
			return size;
		memmove(data + from + len, data + from, size - from);
		return size + len;
	}
}

size_t data_mutate(uint8_t *data, size_t size, size_t max_size, uint64_t *random)
{
	for (uint64_t i = 1 + random_next(random) % 4; i > 0 && size > 0; i--) {
		size_t at = random_next(random) % size;

		switch (random_next(random) % 6) {
		case 0:
		case 1:
			data[at] ^= (uint8_t)(1 << random_next(random) % 8);
			break;
		case 2:
			data[at] = (uint8_t)random_next(random);
			break;
		case 3:
			data[at]++;
			break;
		case 4:
			number_put(data, size, random);
			break;
		default:
			size = piece_move(data, size, max_size, random);
		}
	}
	return size;
}
