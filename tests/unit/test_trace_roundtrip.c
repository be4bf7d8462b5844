// SPDX-License-Identifier: BSD-2-Clause
/* What is written is read: every kind, every size of value, in the order of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/trace_build.h"
#include "trace/format.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The stream's records come back as they were written, and nothing else does. */
static void round_trip(const struct trace_record *records, size_t cnt)
{
	struct trace_block *block = block_of(records[0].stream, records, cnt);
	struct trace_image image;
	struct trace_reader *reader;
	struct trace_record got;

	assert_int_equal(block->records_cnt, cnt);
	image_write(&image, &block, 1, true);
	reader = image_open(image.data, image.len);
	assert_null(trace_reader_cut(reader));
	for (size_t i = 0; i < cnt; i++) {
		assert_int_equal(trace_reader_next(reader, &got), 1);
		record_assert_equal(&got, &records[i]);
	}
	assert_int_equal(trace_reader_next(reader, &got), 0);
	assert_null(trace_reader_cut(reader));
	trace_reader_free(reader);
	image_free(&image);
}

static void test_every_kind_alone(void **state)
{
	struct trace_record records[100];
	uint64_t random = 1;

	(void)state;
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		if (!trace_kind_info(kind))
			continue;
		for (size_t i = 0; i < COUNT(records); i++) {
			record_fill(&records[i], kind, &random);
			records[i].stream = kind;
			records[i].ts_ns = 1000 + i * i;
		}
		round_trip(records, COUNT(records));
		round_trip(records, 1);
	}
}

static void test_kinds_mixed(void **state)
{
	static struct trace_record records[TRACE_BLOCK_RECORDS];
	uint64_t random = 2, ts_ns = FORMAT_TIME_MAX / 2;

	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		uint32_t kind;

		do {
			kind = random_next(&random) % TRACE_KIND_MAX;
		} while (!trace_kind_info(kind));
		record_fill(&records[i], kind, &random);
		records[i].stream = TRACE_STREAM_COLLECTOR;
		ts_ns += random_next(&random) >> (random_next(&random) % 40 + 24);
		records[i].ts_ns = ts_ns;
	}
	round_trip(records, COUNT(records));
}

/* All numbers `value`, or alternating with `other`; all bytes as long as they may be, or empty. */
static void fill_extreme(struct trace_record *record, uint32_t kind, uint64_t value,
			 bool long_bytes)
{
	static char text[TRACE_BYTES_MAX];
	const struct trace_kind_info *info = trace_kind_info(kind);

	memset(record, 0, sizeof(*record));
	record->kind = kind;
	for (size_t i = 0; i < info->fields_cnt; i++) {
		if (info->fields[i].coding == TRACE_CODING_BYTES)
			*record_bytes(record, &info->fields[i]) = (struct trace_bytes){
				text, long_bytes ? sizeof(text) : 0,
			};
		else
			*record_number(record, &info->fields[i]) = value;
	}
}

static void test_extremes(void **state)
{
	static const uint64_t values[] = { 0, UINT64_MAX, 0, 0, UINT64_MAX, UINT64_MAX, 127, 128, 1,
					   1ull << 63, (1ull << 63) - 1, 0 };
	struct trace_record records[COUNT(values)];

	(void)state;
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		if (!trace_kind_info(kind))
			continue;
		for (size_t i = 0; i < COUNT(values); i++) {
			fill_extreme(&records[i], kind, values[i], i % 2);
			records[i].ts_ns = i < 5 ? 0 : FORMAT_TIME_MAX;
		}
		round_trip(records, COUNT(values));
		/* Columns of one value: all 0, and all as large as can be. */
		round_trip(&records[2], 2);
		for (size_t i = 0; i < COUNT(values); i++) {
			fill_extreme(&records[i], kind, UINT64_MAX, true);
			records[i].ts_ns = FORMAT_TIME_MAX;
		}
		round_trip(records, COUNT(values));
	}
}

/* Of one value each: no bytes, one byte, more. */
static void test_equal_names(void **state)
{
	struct trace_record records[3];

	(void)state;
	for (size_t len = 0; len < 4; len++) {
		for (size_t i = 0; i < 3; i++)
			records[i] = (struct trace_record){
				.ts_ns = i, .kind = TRACE_COMM, .comm.comm = { "xyz", len },
			};
		round_trip(records, 3);
	}
}

/* Blocks of one builder do not know each other: nothing of the one before is left in the next. */
static void test_blocks_are_independent(void **state)
{
	enum { BLOCKS = 5, RECORDS = 40 };
	static struct trace_record records[BLOCKS * RECORDS];
	struct trace_block *blocks[BLOCKS];
	struct trace_builder *builder;
	struct trace_image image;
	struct trace_reader *reader;
	struct trace_record got;
	uint64_t random = 4;

	(void)state;
	assert_int_equal(trace_builder_new(6, &builder), 0);
	for (size_t i = 0; i < BLOCKS * RECORDS; i++) {
		/* Some blocks have kinds that the one before has not, and the other way round. */
		uint32_t kinds_cnt = i / RECORDS % 2 ? 17 : 1;

		record_fill(&records[i], 1 + random_next(&random) % kinds_cnt, &random);
		records[i].stream = 6;
		records[i].ts_ns = 7 * i;
		assert_int_equal(trace_builder_add(builder, &records[i]), 0);
		if (i % RECORDS < RECORDS - 1)
			continue;
		assert_int_equal(trace_builder_seal(builder, true, &blocks[i / RECORDS]), 0);
	}
	trace_builder_free(builder);
	image_write(&image, blocks, BLOCKS, true);
	reader = image_open(image.data, image.len);
	for (size_t i = 0; i < BLOCKS * RECORDS; i++) {
		assert_int_equal(trace_reader_next(reader, &got), 1);
		record_assert_equal(&got, &records[i]);
	}
	assert_int_equal(trace_reader_next(reader, &got), 0);
	assert_null(trace_reader_cut(reader));
	trace_reader_free(reader);
	image_free(&image);
}

static void test_facts(void **state)
{
	struct trace_image image;
	struct trace_reader *reader;
	struct trace_record record;
	struct trace_size size;
	size_t len = 99;

	(void)state;
	image_write(&image, NULL, 0, true);
	reader = image_open(image.data, image.len);
	assert_string_equal(trace_reader_fact(reader, "tool", NULL), "test 1");
	assert_memory_equal(trace_reader_fact(reader, "command", &len), "sh\0-c\0exit 0\0", 14);
	assert_int_equal(len, 13);
	assert_string_equal(trace_reader_fact(reader, "empty", &len), "");
	assert_int_equal(len, 0);
	assert_null(trace_reader_fact(reader, "nothing", &len));
	assert_non_null(strstr(trace_reader_fact(reader, "schema", NULL), "13 gap first:d last:d"));

	assert_int_equal(trace_reader_next(reader, &record), 0);
	assert_null(trace_reader_cut(reader));
	trace_reader_size(reader, &size);
	assert_int_equal(size.file_bytes, image.len);
	assert_int_equal(size.blocks_cnt + size.records_cnt + size.first_ns + size.last_ns, 0);
	trace_reader_free(reader);
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_alone),
		cmocka_unit_test(test_kinds_mixed),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_equal_names),
		cmocka_unit_test(test_blocks_are_independent),
		cmocka_unit_test(test_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
