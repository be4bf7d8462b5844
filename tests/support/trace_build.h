/* SPDX-License-Identifier: BSD-2-Clause */
/* Traces for tests: random records of every kind, and whole files in memory. */
#ifndef TESTS_SUPPORT_TRACE_BUILD_H
#define TESTS_SUPPORT_TRACE_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "tests/support/random.h"
#include "trace/reader.h"
#include "trace/records.h"
#include "trace/writer.h"

struct trace_bytes *record_bytes(struct trace_record *record, const struct trace_field *field);
uint64_t *record_number(struct trace_record *record, const struct trace_field *field);

/*
 * Numbers of all sizes, many of them 0; bytes fields of up to 40 bytes that point into static
 * memory.
 */
void record_fill(struct trace_record *record, uint32_t kind, uint64_t *random);

/* Fails the test, naming field and both values, when they are not the same. */
void record_assert_equal(const struct trace_record *got, const struct trace_record *wanted);

/* A file in memory. */
struct trace_image {
	uint8_t *data;
	size_t len;
	/* Where each block starts, in file order. */
	size_t offsets[256];
	size_t blocks_cnt;
};

/* Writes header, blocks and, when `whole`, the index. Frees the blocks. */
void image_write(struct trace_image *image, struct trace_block **blocks, size_t blocks_cnt,
		 int whole);
void image_free(struct trace_image *image);

/* One sealed block of these records; fails the test when one is refused. */
struct trace_block *block_of(uint32_t stream, const struct trace_record *records, size_t cnt);

/* Fails the test when it cannot be opened. */
struct trace_reader *image_open(const void *data, size_t len);

#endif
