// SPDX-License-Identifier: BSD-2-Clause
/* Streams become one: order, ties, rewinding, and what it costs in memory. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/trace_build.h"

struct mark {
	uint64_t ts_ns;
	uint32_t stream;
	uint64_t seq;		/* in the stream */
};

static int mark_compare(const void *left, const void *right)
{
	const struct mark *a = left, *b = right;

	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns ? -1 : 1;
	if (a->stream != b->stream)
		return a->stream < b->stream ? -1 : 1;
	return a->seq < b->seq ? -1 : 1;
}

/* One block of `cnt` records whose times often repeat. Appends what is in it to marks. */
static struct trace_block *block_make(uint32_t stream, size_t cnt, uint64_t *ts_ns, uint64_t *seq,
				      uint64_t *random, struct mark *marks)
{
	struct trace_record *records = calloc(cnt, sizeof(*records));
	struct trace_block *block;

	for (size_t i = 0; i < cnt; i++) {
		*ts_ns += random_next(random) % 4;
		marks[i] = (struct mark){ *ts_ns, stream, (*seq)++ };
		records[i].ts_ns = *ts_ns;
		records[i].kind = TRACE_CORE;
		records[i].core.program = marks[i].seq;
	}
	block = block_of(stream, records, cnt);
	free(records);
	return block;
}

static void assert_order(struct trace_reader *reader, const struct mark *marks, size_t cnt)
{
	struct trace_record record;

	for (size_t i = 0; i < cnt; i++) {
		assert_int_equal(trace_reader_next(reader, &record), 1);
		assert_int_equal(record.ts_ns, marks[i].ts_ns);
		assert_int_equal(record.stream, marks[i].stream);
		assert_int_equal(record.core.program, marks[i].seq);
	}
	assert_int_equal(trace_reader_next(reader, &record), 0);
	assert_int_equal(trace_reader_next(reader, &record), 0);
}

static void merge_streams(const uint32_t *streams, size_t streams_cnt, size_t blocks_cnt,
			  uint64_t seed)
{
	enum { RECORDS = 50 };
	struct mark *marks = calloc(blocks_cnt * RECORDS, sizeof(*marks));
	struct trace_block *blocks[256];
	uint64_t ts_ns[256] = { 0 }, seq[256] = { 0 };
	struct trace_reader *reader;
	struct trace_record record;
	struct trace_image image;
	struct trace_size size;
	size_t cnt = 0;

	for (size_t i = 0; i < blocks_cnt; i++) {
		size_t s = i < streams_cnt ? i : random_next(&seed) % streams_cnt;
		size_t records_cnt = 1 + random_next(&seed) % RECORDS;

		blocks[i] = block_make(streams[s], records_cnt, &ts_ns[s], &seq[s], &seed,
				       marks + cnt);
		cnt += records_cnt;
	}
	image_write(&image, blocks, blocks_cnt, true);
	qsort(marks, cnt, sizeof(*marks), mark_compare);

	reader = image_open(image.data, image.len);
	trace_reader_size(reader, &size);
	assert_int_equal(size.records_cnt, cnt);
	assert_int_equal(size.blocks_cnt, blocks_cnt);
	assert_int_equal(size.first_ns, marks[0].ts_ns);
	assert_int_equal(size.last_ns, marks[cnt - 1].ts_ns);
	assert_order(reader, marks, cnt);
	for (size_t stop = 0; stop < cnt; stop += cnt / 3 + 1) {
		assert_int_equal(trace_reader_rewind(reader), 0);
		for (size_t i = 0; i < stop; i++)
			assert_int_equal(trace_reader_next(reader, &record), 1);
		assert_int_equal(trace_reader_rewind(reader), 0);
		assert_order(reader, marks, cnt);
	}
	assert_null(trace_reader_cut(reader));
	trace_reader_free(reader);
	image_free(&image);
	free(marks);
}

static void test_merge(void **state)
{
	static const uint32_t few[] = { 7, 3, TRACE_STREAM_COLLECTOR };
	uint32_t many[200];

	(void)state;
	for (uint32_t i = 0; i < 200; i++)
		many[i] = (i * 77) % 200 * 300;
	for (uint64_t seed = 0; seed < 20; seed++) {
		merge_streams(few, 1, 5, seed);
		merge_streams(few, 3, 30, seed);
		merge_streams(many, 50 + seed, 120, seed);
	}
	merge_streams(many, 200, 256, 1);
}

/* A bytes field lives until the next record is read, also when that is in another block. */
static void test_bytes_live_until_next(void **state)
{
	static char names[2][64];
	struct trace_record records[2] = {
		{ .ts_ns = 1, .kind = TRACE_COMM, .comm.comm = { names[0], 64 } },
		{ .ts_ns = 2, .kind = TRACE_COMM, .comm.comm = { names[1], 64 } },
	};
	struct trace_block *blocks[2];
	struct trace_image image;
	struct trace_reader *reader;
	struct trace_record got;

	(void)state;
	memset(names[0], 'a', 64);
	memset(names[1], 'b', 64);
	for (int i = 0; i < 2; i++)
		blocks[i] = block_of(0, &records[i], 1);
	image_write(&image, blocks, 2, true);
	reader = image_open(image.data, image.len);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(trace_reader_next(reader, &got), 1);
		assert_int_equal(got.comm.comm.len, 64);
		assert_memory_equal(got.comm.comm.data, names[i], 64);
	}
	trace_reader_free(reader);
	image_free(&image);
}

/* The reader holds one unpacked block for each stream, however long the trace is. */
static void test_memory_is_bounded(void **state)
{
	enum { STREAMS = 64, RECORDS = 2000 };
	static struct trace_record records[RECORDS];
	struct trace_block *blocks[STREAMS * 4];
	struct trace_reader *reader;
	struct trace_record got;
	struct trace_image image;
	size_t before, peak = 0, cnt = 0;
	uint64_t random = 3;

	(void)state;
	for (size_t i = 0; i < STREAMS * 4; i++) {
		for (size_t j = 0; j < RECORDS; j++) {
			records[j] = (struct trace_record){
				.ts_ns = i / STREAMS * 1000000 + j, .kind = TRACE_WAKING,
				.waking = { .wakee = random_next(&random) % 9, .waker = j % 2,
					    .sysno = 2 },
			};
		}
		blocks[i] = block_of(i % STREAMS, records, RECORDS);
	}
	image_write(&image, blocks, STREAMS * 4, true);

	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	reader = image_open(image.data, image.len);
	while (trace_reader_next(reader, &got) == 1) {
		if (cnt++ % 1000 == 0) {
			size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;

			peak = now > peak ? now : peak;
		}
	}
	assert_int_equal(cnt, STREAMS * 4 * RECORDS);
	/* A block takes some 8 KB here, a stream's cursor less than that. */
	assert_true(peak - before < STREAMS * 16384 + 300000);
	trace_reader_free(reader);
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_bytes_live_until_next),
		cmocka_unit_test(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
