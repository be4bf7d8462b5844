// SPDX-License-Identifier: BSD-2-Clause
/*
 * Files that are cut at any byte, or wrong at any byte: what lies before is read, and it is said.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fuzz/fuzz_reader.h"
#include "tests/support/trace_build.h"

#define BLOCKS 6
#define RECORDS 12		/* of each block */

/* A file of three streams, and its records in the order of time with the number of their block. */
static struct trace_image image;
static struct trace_record records[BLOCKS * RECORDS];
static size_t block_of_record[BLOCKS * RECORDS];
static size_t header_len, index_at;

static int image_setup(void **state)
{
	static const uint32_t streams[BLOCKS] = { 0, 2, TRACE_STREAM_COLLECTOR, 2, 0, 2 };
	struct trace_block *blocks[BLOCKS];
	uint64_t random = 11;

	(void)state;
	/* Record i is in block (i % 3) or, in the second half, 3 + i % 3: streams interleave. */
	for (size_t i = 0; i < BLOCKS * RECORDS; i++) {
		block_of_record[i] = i % 3 + (i >= BLOCKS * RECORDS / 2 ? 3 : 0);
		record_fill(&records[i], 1 + random_next(&random) % 17, &random);
		records[i].ts_ns = 1000 * i;
		records[i].stream = streams[block_of_record[i]];
	}
	/* Blocks 4 and 6 are both of stream 2: the last one's records come after all others. */
	for (size_t b = 0; b < BLOCKS; b++) {
		struct trace_record own[RECORDS];
		size_t cnt = 0;

		for (size_t i = 0; i < BLOCKS * RECORDS; i++) {
			if (block_of_record[i] == b)
				own[cnt++] = records[i];
		}
		assert_int_equal(cnt, RECORDS);
		if (b == 5) {
			for (size_t i = 0; i < cnt; i++)
				own[i].ts_ns += 1000000;
		}
		blocks[b] = block_of(streams[b], own, cnt);
	}
	image_write(&image, blocks, BLOCKS, true);
	header_len = image.offsets[0];
	index_at = image.len - 8 - 32 * BLOCKS - 24;
	return 0;
}

static int image_teardown(void **state)
{
	(void)state;
	image_free(&image);
	return 0;
}

/* The reader gives exactly the records of the first blocks. Block 5's come after all others. */
static void assert_prefix(struct trace_reader *reader, size_t blocks_cnt)
{
	struct trace_record got;

	for (size_t i = 0; i < BLOCKS * RECORDS; i++) {
		if (block_of_record[i] >= blocks_cnt || block_of_record[i] == 5)
			continue;
		assert_int_equal(trace_reader_next(reader, &got), 1);
		record_assert_equal(&got, &records[i]);
	}
	for (size_t i = 0; i < BLOCKS * RECORDS && blocks_cnt > 5; i++) {
		if (block_of_record[i] != 5)
			continue;
		assert_int_equal(trace_reader_next(reader, &got), 1);
		got.ts_ns -= 1000000;
		record_assert_equal(&got, &records[i]);
	}
	assert_int_equal(trace_reader_next(reader, &got), 0);
}

/* Blocks that lie wholly before the offset. */
static size_t whole_blocks(size_t offset)
{
	size_t cnt = 0;

	while (cnt < BLOCKS && offset >= (cnt + 1 < BLOCKS ? image.offsets[cnt + 1] : index_at))
		cnt++;
	return cnt;
}

static size_t blocks_end(size_t blocks_cnt)
{
	return blocks_cnt < BLOCKS ? image.offsets[blocks_cnt] : index_at;
}

static void test_whole(void **state)
{
	struct trace_reader *reader = image_open(image.data, image.len);

	(void)state;
	assert_prefix(reader, BLOCKS);
	assert_null(trace_reader_cut(reader));
	trace_reader_free(reader);
}

static void test_cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t len = 0; len < image.len; len++) {
		/* Of its own size, so that a sanitizer sees what is read behind it. */
		uint8_t *data = malloc(len + !len);
		struct trace_reader *reader = NULL;
		struct trace_fault fault = { .reason = "" };
		int rc;

		memcpy(data, image.data, len);
		rc = trace_reader_open_memory(data, len, &reader, &fault);
		if (len < header_len) {
			assert_int_equal(rc, -EBADMSG);
			assert_int_equal(fault.offset, len);
			assert_string_equal(fault.reason,
					    len ? "cut in the header" : "the file is empty");
		} else {
			assert_int_equal(rc, 0);
			assert_non_null(trace_reader_cut(reader));
			assert_int_equal(trace_reader_cut(reader)->offset,
					 blocks_end(whole_blocks(len)));
			assert_memory_equal(trace_reader_cut(reader)->reason, "cut ", 4);
			assert_prefix(reader, whole_blocks(len));
			trace_reader_free(reader);
		}
		free(data);
	}
}

static void test_reasons(void **state)
{
	static const struct {
		size_t blocks_cnt;
		int more;
		const char *reason;
	} cases[] = {
		{ 0, 0, "cut after block 0: the index is missing" },
		{ 2, 0, "cut after block 2: the index is missing" },
		{ 2, 3, "cut after block 2" },
		{ 2, 4, "cut in block 3" },
		{ 2, 60, "cut in block 3" },
		{ 6, 5, "cut in the index, after block 6" },
		{ 6, 20, "cut in the index, after block 6" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = blocks_end(cases[i].blocks_cnt) + (size_t)cases[i].more;
		struct trace_reader *reader = image_open(image.data, len);

		assert_string_equal(trace_reader_cut(reader)->reason, cases[i].reason);
		trace_reader_free(reader);
	}
}

/* A wrong byte anywhere is noticed, and costs only what comes from its block on. */
static void flip_byte(uint8_t *data, size_t at, uint8_t mask)
{
	struct trace_reader *reader = NULL;
	struct trace_fault fault = { .reason = "" };
	int rc;

	data[at] ^= mask;
	rc = trace_reader_open_memory(data, image.len, &reader, &fault);
	if (at < header_len) {
		assert_int_equal(rc, -EBADMSG);
		assert_true(fault.reason[0] != '\0');
	} else {
		assert_int_equal(rc, 0);
		assert_non_null(trace_reader_cut(reader));
		assert_int_equal(trace_reader_cut(reader)->offset, blocks_end(whole_blocks(at)));
		assert_prefix(reader, whole_blocks(at));
		trace_reader_free(reader);
	}
	data[at] ^= mask;
}

static void test_flip_every_byte(void **state)
{
	uint8_t *data = malloc(image.len);

	(void)state;
	memcpy(data, image.data, image.len);
	for (size_t at = 0; at < image.len; at++) {
		flip_byte(data, at, (uint8_t)(1 << at % 8));
		flip_byte(data, at, 0xff);
	}
	free(data);
}

static void test_something_follows(void **state)
{
	uint8_t *data = calloc(1, image.len + 1);
	struct trace_reader *reader;

	(void)state;
	memcpy(data, image.data, image.len);
	reader = image_open(data, image.len + 1);
	assert_int_equal(trace_reader_cut(reader)->offset, image.len);
	assert_string_equal(trace_reader_cut(reader)->reason,
			    "something follows the end of the trace");
	assert_prefix(reader, BLOCKS);
	trace_reader_free(reader);
	free(data);
}

/* Blocks 4 and 6 are of one stream: with their places exchanged its time runs backwards. */
static void test_time_runs_backwards(void **state)
{
	size_t four_len = image.offsets[4] - image.offsets[3];
	size_t five_len = image.offsets[5] - image.offsets[4];
	size_t six_len = index_at - image.offsets[5];
	uint8_t *data = malloc(image.len), *at = data + image.offsets[3];
	struct trace_reader *reader;

	(void)state;
	memcpy(data, image.data, image.len);
	at = mempcpy(at, image.data + image.offsets[5], six_len);
	at = mempcpy(at, image.data + image.offsets[4], five_len);
	memcpy(at, image.data + image.offsets[3], four_len);
	reader = image_open(data, image.len);
	assert_int_equal(trace_reader_cut(reader)->offset, at - data);
	assert_string_equal(trace_reader_cut(reader)->reason,
			    "block 6: time runs backwards in stream 2");
	trace_reader_free(reader);
	free(data);
}

/* An index whose checksum is right and which tells of other blocks. */
static void test_index_disagrees(void **state)
{
	static const size_t places[] = { 0, 8, 12, 16, 24 };
	uint8_t *data = malloc(image.len);

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct trace_reader *reader;

		memcpy(data, image.data, image.len);
		data[index_at + 8 + 32 + places[i]] ^= 1;
		checksums_mend(data, image.len);
		reader = image_open(data, image.len);
		assert_int_equal(trace_reader_cut(reader)->offset, index_at);
		assert_string_equal(trace_reader_cut(reader)->reason,
				    "the index disagrees with block 2");
		assert_prefix(reader, BLOCKS);
		trace_reader_free(reader);
	}
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_flip_every_byte),
		cmocka_unit_test(test_index_disagrees),
		cmocka_unit_test(test_something_follows),
		cmocka_unit_test(test_time_runs_backwards),
	};

	return cmocka_run_group_tests(tests, image_setup, image_teardown);
}
