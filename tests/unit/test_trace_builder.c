// SPDX-License-Identifier: BSD-2-Clause
/* The builder: late records, full blocks, what stays behind, what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/trace_build.h"

static struct trace_builder *builder_of(uint32_t stream)
{
	struct trace_builder *builder;

	assert_int_equal(trace_builder_new(stream, &builder), 0);
	return builder;
}

static int add(struct trace_builder *builder, uint64_t ts_ns, uint64_t mark)
{
	const struct trace_record record = {
		.ts_ns = ts_ns, .kind = TRACE_CORE, .core = { .program = mark },
	};

	return trace_builder_add(builder, &record);
}

/* The blocks hold these times and marks, in this order. */
static void assert_marks(struct trace_block **blocks, size_t blocks_cnt,
			 const uint64_t (*wanted)[2], size_t cnt)
{
	struct trace_image image;
	struct trace_reader *reader;
	struct trace_record record;

	image_write(&image, blocks, blocks_cnt, true);
	reader = image_open(image.data, image.len);
	assert_null(trace_reader_cut(reader));
	for (size_t i = 0; i < cnt; i++) {
		assert_int_equal(trace_reader_next(reader, &record), 1);
		assert_int_equal(record.ts_ns, wanted[i][0]);
		assert_int_equal(record.core.program, wanted[i][1]);
	}
	assert_int_equal(trace_reader_next(reader, &record), 0);
	assert_null(trace_reader_cut(reader));
	trace_reader_free(reader);
	image_free(&image);
}

static void test_late_records_are_sorted_in(void **state)
{
	static const uint64_t wanted[][2] = { { 5, 9 }, { 10, 1 }, { 15, 7 }, { 20, 2 }, { 20, 4 },
					      { 20, 5 }, { 30, 3 }, { 30, 6 } };
	struct trace_builder *builder = builder_of(1);
	struct trace_block *block;

	(void)state;
	add(builder, 10, 1);
	add(builder, 20, 2);
	add(builder, 30, 3);
	add(builder, 20, 4);
	add(builder, 20, 5);
	add(builder, 30, 6);
	add(builder, 15, 7);
	add(builder, 5, 9);
	assert_int_equal(trace_builder_seal(builder, true, &block), 0);
	assert_int_equal(block->first_ns, 5);
	assert_int_equal(block->last_ns, 30);
	assert_int_equal(block->records_cnt, 8);
	assert_marks(&block, 1, wanted, 8);
	trace_builder_free(builder);
}

/* Each record may be overtaken by TRACE_REORDER others, at every place, also across a seal. */
static void test_promised_distance(void **state)
{
	enum { CNT = 400 };
	uint64_t wanted[CNT][2];
	struct trace_builder *builder = builder_of(1);
	struct trace_block *blocks[8];
	size_t blocks_cnt = 0;

	(void)state;
	for (size_t i = 0; i < CNT; i++)
		wanted[i][0] = wanted[i][1] = i + 1;
	for (size_t i = 0; i < CNT; i++) {
		/* In each group of TRACE_REORDER + 1 the first comes last. */
		size_t place = i % (TRACE_REORDER + 1), group = i - place;
		size_t mark = place < TRACE_REORDER ? i + 2 : group + 1;

		if (group + TRACE_REORDER >= CNT)
			mark = i + 1;
		assert_int_equal(add(builder, mark, mark), 0);
		if (i % 100 == 50) {
			struct trace_block **block = &blocks[blocks_cnt++];

			assert_int_equal(trace_builder_seal(builder, false, block), 0);
			assert_non_null(*block);
		}
	}
	assert_int_equal(trace_builder_seal(builder, true, &blocks[blocks_cnt++]), 0);
	assert_marks(blocks, blocks_cnt, wanted, CNT);
	trace_builder_free(builder);
}

static void test_too_late_is_refused(void **state)
{
	static const uint64_t wanted[][2] = { { 10, 1 }, { 10, 2 }, { 11, 3 } };
	struct trace_builder *builder = builder_of(1);
	struct trace_block *blocks[2];
	uint64_t oldest_ns = 99;

	(void)state;
	add(builder, 10, 1);
	assert_int_equal(trace_builder_seal(builder, true, &blocks[0]), 0);
	assert_int_equal(add(builder, 9, 0), -ESTALE);
	assert_int_equal(trace_builder_pending(builder, &oldest_ns), 0);
	assert_int_equal(oldest_ns, 0);
	assert_int_equal(add(builder, 10, 2), 0);
	assert_int_equal(add(builder, 11, 3), 0);
	assert_int_equal(trace_builder_seal(builder, true, &blocks[1]), 0);
	assert_marks(blocks, 2, wanted, 3);
	trace_builder_free(builder);
}

/*
 * Far more overtake it than promised: it still finds its place, or is refused; never a wrong order.
 */
static void test_any_distance_is_order_or_refusal(void **state)
{
	enum { CNT = 3000 };
	static uint64_t wanted[CNT][2];
	struct trace_builder *builder = builder_of(1);
	struct trace_block *block;
	uint64_t random = 5, newest = 0;
	size_t cnt = 0, stale = 0;

	(void)state;
	for (size_t i = 0; i < CNT; i++) {
		uint64_t ts_ns = 1000 + i * 10 - random_next(&random) % (i < 100 ? 1000 : 1500);
		int rc = add(builder, ts_ns, ts_ns);

		assert_true(rc == 0 || rc == -ESTALE);
		stale += rc == -ESTALE;
		if (rc == 0)
			wanted[cnt++][0] = ts_ns;
		newest = ts_ns > newest ? ts_ns : newest;
	}
	assert_true(stale > 0 && stale < CNT / 2);
	for (size_t i = 1; i < cnt; i++) {
		for (size_t j = i; j > 0 && wanted[j - 1][0] > wanted[j][0]; j--) {
			uint64_t swap = wanted[j][0];

			wanted[j][0] = wanted[j - 1][0];
			wanted[j - 1][0] = swap;
		}
	}
	for (size_t i = 0; i < cnt; i++)
		wanted[i][1] = wanted[i][0];
	assert_int_equal(trace_builder_seal(builder, true, &block), 0);
	assert_int_equal(block->last_ns, newest);
	assert_marks(&block, 1, wanted, cnt);
	trace_builder_free(builder);
}

static void test_full_block(void **state)
{
	struct trace_builder *builder = builder_of(1);
	struct trace_block *block;
	uint64_t oldest_ns;

	(void)state;
	for (uint64_t i = 1; i < TRACE_BLOCK_RECORDS; i++)
		assert_int_equal(add(builder, i, i), 0);
	assert_int_equal(add(builder, TRACE_BLOCK_RECORDS, 0), 1);
	assert_int_equal(add(builder, TRACE_BLOCK_RECORDS + 1, 0), -ENOBUFS);
	assert_int_equal(trace_builder_pending(builder, &oldest_ns), TRACE_BLOCK_RECORDS);
	assert_int_equal(oldest_ns, 1);

	assert_int_equal(trace_builder_seal(builder, false, &block), 0);
	assert_int_equal(block->records_cnt, TRACE_BLOCK_RECORDS - TRACE_REORDER);
	free(block);
	assert_int_equal(trace_builder_pending(builder, &oldest_ns), TRACE_REORDER);
	assert_int_equal(oldest_ns, TRACE_BLOCK_RECORDS - TRACE_REORDER + 1);
	assert_int_equal(trace_builder_seal(builder, false, &block), 0);
	assert_null(block);
	assert_int_equal(add(builder, TRACE_BLOCK_RECORDS + 1, 0), 0);
	assert_int_equal(trace_builder_seal(builder, true, &block), 0);
	assert_int_equal(block->records_cnt, TRACE_REORDER + 1);
	free(block);
	assert_int_equal(trace_builder_seal(builder, true, &block), 0);
	assert_null(block);
	trace_builder_free(builder);
}

/* Long names fill a block before its number of records does, and leave room for the next. */
static void test_full_of_bytes(void **state)
{
	static char text[TRACE_BYTES_MAX];
	struct trace_record record = { .kind = TRACE_EXEC, .exec.path = { text, sizeof(text) } };
	struct trace_builder *builder = builder_of(1);
	struct trace_block *block;
	int rc = 0;

	(void)state;
	for (int round = 0; round < 3; round++) {
		size_t cnt = 0;

		do {
			record.ts_ns++;
			rc = trace_builder_add(builder, &record);
			assert_in_range(rc, 0, 1);
			cnt++;
		} while (rc == 0);
		assert_in_range(cnt, 32, 64);
		assert_int_equal(trace_builder_seal(builder, false, &block), 0);
		free(block);
	}
	trace_builder_free(builder);
}

static void test_refused_records(void **state)
{
	static char text[TRACE_BYTES_MAX + 1];
	struct trace_record record = { .kind = TRACE_COMM, .comm.comm = { text, sizeof(text) } };
	struct trace_builder *builder = builder_of(1);
	uint64_t oldest_ns;

	(void)state;
	assert_int_equal(trace_builder_add(builder, &record), -E2BIG);
	record.kind = 0;
	assert_int_equal(trace_builder_add(builder, &record), -EINVAL);
	record.kind = TRACE_KIND_MAX;
	assert_int_equal(trace_builder_add(builder, &record), -EINVAL);
	record.kind = UINT32_MAX;
	assert_int_equal(trace_builder_add(builder, &record), -EINVAL);
	assert_int_equal(trace_builder_pending(builder, &oldest_ns), 0);
	trace_builder_free(builder);
	assert_int_equal(trace_builder_new(TRACE_STREAM_COLLECTOR + 1, &builder), -EINVAL);
}

/* The caller's memory may go as soon as a record is added. */
static void test_bytes_are_copied(void **state)
{
	char text[] = "first name";
	struct trace_record record = { .ts_ns = 2, .kind = TRACE_EXEC };
	struct trace_builder *builder = builder_of(1);
	struct trace_block *block;
	struct trace_image image;
	struct trace_reader *reader;

	(void)state;
	record.exec.comm = (struct trace_bytes){ text, 5 };
	record.exec.path = (struct trace_bytes){ text + 6, 4 };
	assert_int_equal(trace_builder_add(builder, &record), 0);
	memset(text, 'x', sizeof(text));
	record.ts_ns = 1;
	assert_int_equal(trace_builder_add(builder, &record), 0);
	assert_int_equal(trace_builder_seal(builder, true, &block), 0);
	trace_builder_free(builder);

	image_write(&image, &block, 1, true);
	reader = image_open(image.data, image.len);
	assert_int_equal(trace_reader_next(reader, &record), 1);
	assert_memory_equal(record.exec.path.data, "xxxx", 4);
	assert_int_equal(trace_reader_next(reader, &record), 1);
	assert_int_equal(record.exec.comm.len, 5);
	assert_memory_equal(record.exec.comm.data, "first", 5);
	assert_int_equal(record.exec.path.len, 4);
	assert_memory_equal(record.exec.path.data, "name", 4);
	trace_reader_free(reader);
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_late_records_are_sorted_in),
		cmocka_unit_test(test_promised_distance),
		cmocka_unit_test(test_too_late_is_refused),
		cmocka_unit_test(test_any_distance_is_order_or_refusal),
		cmocka_unit_test(test_full_block),
		cmocka_unit_test(test_full_of_bytes),
		cmocka_unit_test(test_refused_records),
		cmocka_unit_test(test_bytes_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
