// SPDX-License-Identifier: BSD-2-Clause
/* Blocks whose checksum is right and whose columns are not: the trace ends there, with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/trace_build.h"
#include "tests/support/trace_craft.h"
#include "trace/format.h"

#define TEXT(text) text, sizeof(text) - 1

/*
 * Records of kind 10, one number each, and of kind 8, one string each. A head is length * 4 + form:
 * \x05 one value of one byte, \x06 one entry, \x0a two entries of one byte.
 */
static const char schema[] = "8 comm comm:b\n10 core program:p\n11 unknown x:p\n";

static const struct {
	const char *body;
	size_t len;
	uint32_t records_cnt;
	const char *wrong;	/* NULL: nothing */
	int records_read;
} cases[] = {
	/* Two of kind 10, 5 ns apart, 1 and 2. */
	{ TEXT("\x05" "\x05\x05\x01\x0a\x0a" "\x0a\x05\x01\x02"), 2, NULL, 2 },
	/* The same with each kind and time spelt out. */
	{ TEXT("\x05" "\x0a\x06\x01\x0a\x0a" "\x0a\x0a\x05\x01\x02"), 2, NULL, 2 },
	{ TEXT(""), 1, "its directory is cut", 0 },
	{ TEXT("\x05"), 1, "its directory is cut", 0 },
	{ TEXT("\x00"), 1, "its directory is cut", 0 },
	{ TEXT("\x02\x05\x00\x0a"), 1, "its directory is cut", 0 },
	{ TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 1, "its directory is cut", 0 },
	{ TEXT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"), 1, "its directory is cut", 0 },
	/* A kind that the schema does not have, or in the wrong order. */
	{ TEXT("\x05" "\x05\x05\x01\x09\x0a" "\x09\x05\x01\x02"), 2,
	  "its directory names a kind wrongly", 0 },
	{ TEXT("\x06" "\x05\x05\x02\x0a\x00\x08" "\x0a\x05"), 2,
	  "its directory names a kind wrongly", 0 },
	{ TEXT("\x07" "\x05\x05\x02\x0a\x00\x0a\x00" "\x0a\x05"), 2,
	  "its directory names a kind wrongly", 0 },
	/* Heads: no such form, no value but length, more than there is, one value of two. */
	{ TEXT("\x05" "\x05\x05\x01\x0a\x0b" "\x0a\x05\x01\x02"), 2,
	  "its directory has a wrong column", 0 },
	{ TEXT("\x05" "\x05\x05\x01\x0a\x08" "\x0a\x05\x01\x02"), 2,
	  "its directory has a wrong column", 0 },
	{ TEXT("\x05" "\x05\x05\x01\x0a\x0e" "\x0a\x05\x01\x02"), 2,
	  "its directory has a wrong column", 0 },
	{ TEXT("\x05" "\x05\x05\x01\x0a\x09" "\x0a\x05\x01\x02"), 2,
	  "its directory has a wrong column", 0 },
	{ TEXT("\x05" "\x05\x05\x01\x08\x09" "\x08\x05\x02x"), 2,
	  "its directory has a wrong column", 0 },
	{ TEXT("\x05" "\x05\x05\x01\x08\x0d" "\x08\x05\x01xy"), 2,
	  "its directory has a wrong column", 0 },
	/* Something is left of directory or data. */
	{ TEXT("\x06" "\x05\x05\x01\x0a\x0a\x00" "\x0a\x05\x01\x02"), 2,
	  "its directory does not add up", 0 },
	{ TEXT("\x05" "\x05\x05\x01\x0a\x0a" "\x0a\x05\x01\x02\x03"), 2,
	  "its directory does not add up", 0 },
	/* A kind that the directory does not name, or no kind at all. */
	{ TEXT("\x05" "\x05\x05\x01\x0a\x0a" "\x08\x05\x01\x02"), 2,
	  "a record is of a kind that its directory does not name", 0 },
	{ TEXT("\x05" "\x09\x05\x01\x0a\x0a" "\x8a\x02\x05\x01\x02"), 2,
	  "its column of kinds is damaged", 0 },
	{ TEXT("\x05" "\x06\x05\x01\x0a\x0a" "\x0a\x05\x01\x02"), 2,
	  "its column of kinds is damaged", 1 },
	/* Columns too short, too long, and with an entry that is cut. */
	{ TEXT("\x05" "\x05\x05\x01\x0a\x06" "\x0a\x05\x01"), 2, "a column is damaged", 1 },
	{ TEXT("\x05" "\x05\x05\x01\x0a\x0e" "\x0a\x05\x01\x02\x03"), 2,
	  "its columns do not end with its records", 1 },
	{ TEXT("\x05" "\x05\x05\x01\x0a\x0a" "\x0a\x05\x01\x82"), 2, "a column is damaged", 1 },
	{ TEXT("\x05" "\x05\x05\x01\x08\x0a" "\x08\x05\x00\x01"), 2, "a column is damaged", 1 },
	/* Numbers of 65 bits, and of more bytes than there are bits for. */
	{ TEXT("\x05" "\x05\x05\x01\x0a\x2e"
	       "\x0a\x05\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02\x01"), 2,
	  "a column is damaged", 0 },
	{ TEXT("\x05" "\x05\x05\x01\x0a\x32"
	       "\x0a\x05\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00\x01"), 2,
	  "a column is damaged", 0 },
	{ TEXT("\x05" "\x0e\x05\x01\x0a\x0a" "\x0a\x0a\x0a\x05\x01\x02"), 2,
	  "its columns do not end with its records", 1 },
	/* Times: the head says 100 to 105. */
	{ TEXT("\x05" "\x05\x05\x01\x0a\x0a" "\x0a\x06\x01\x02"), 2,
	  "its times exceed its head's", 0 },
	{ TEXT("\x05" "\x05\x05\x01\x0a\x0a" "\x0a\x04\x01\x02"), 2,
	  "its columns do not end with its records", 1 },
	{ TEXT("\x05" "\x05\x0a\x01\x0a\x0a" "\x0a\x05\x00\x01\x02"), 2,
	  "its columns do not end with its records", 1 },
	{ TEXT("\x05" "\x05\x29\x01\x0a\x0a"
	       "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01\x02"), 2,
	  "its times exceed its head's", 0 },
};

static void assert_case(size_t i)
{
	const struct craft_column kinds = { FORMAT_FORM_SAME, "\x0a", 1 };
	const struct craft_column none = { FORMAT_FORM_ZERO, "", 0 };
	const struct craft_kind kind = { 10, { { FORMAT_FORM_SAME, "\x07", 1 } }, 1 };
	struct trace_reader *reader;
	struct trace_record record;
	struct craft file, body;
	char reason[160] = "cut after block 3: the index is missing";
	size_t offset;

	craft_header(&file, schema);
	craft_body(&body, kinds, none, &kind, 1);
	craft_block(&file, 50, 50, 1, body.data, body.len);
	offset = file.len;
	craft_block(&file, 100, 105, cases[i].records_cnt, cases[i].body, cases[i].len);
	if (cases[i].wrong)
		snprintf(reason, sizeof(reason), "block 2 is damaged: %s", cases[i].wrong);
	craft_block(&file, 200, 200, 1, body.data, body.len);
	if (!cases[i].wrong)
		offset = file.len;

	reader = image_open(file.data, file.len);
	for (int pass = 0; pass < 2; pass++) {
		int cnt = 0;

		while (trace_reader_next(reader, &record) == 1)
			cnt++;
		assert_int_equal(cnt, cases[i].records_read + (cases[i].wrong ? 1 : 2));
		assert_int_equal(trace_reader_next(reader, &record), 0);
		assert_string_equal(trace_reader_cut(reader)->reason, reason);
		assert_int_equal(trace_reader_cut(reader)->offset, offset);
		assert_int_equal(trace_reader_rewind(reader), 0);
	}
	trace_reader_free(reader);
}

static void test_wrong_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_case(i);
}

/* Limits are checked before anything is allocated; the bodies do not matter. */
static void test_wrong_heads(void **state)
{
	static const struct {
		struct craft_head head;
		const char *wrong;
	} heads[] = {
		{ { .stream = 65536, .records_cnt = 1 }, "no such stream" },
		{ { .first_ns = 2, .last_ns = 1, .records_cnt = 1 }, "it ends before it begins" },
		{ { .last_ns = (UINT64_C(1) << 62) + 1, .records_cnt = 1 }, "impossible time" },
		{ { .records_cnt = 0 }, "impossible number of records" },
		{ { .records_cnt = 65537 }, "impossible number of records" },
		{ { .records_cnt = 1, .raw_len = (4 << 20) + 1, .codec = 1 }, "impossible length" },
		{ { .records_cnt = 1, .raw_len = 1, .stored_len = 2, .codec = 1 },
		  "impossible length" },
		{ { .records_cnt = 1, .codec = 2 }, "impossible compression" },
		{ { .records_cnt = 1, .raw_len = 1 }, "impossible compression" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct trace_reader *reader;
		struct trace_record record;
		struct craft file;
		char reason[160];

		craft_header(&file, schema);
		craft_any_block(&file, &heads[i].head, "xx", heads[i].head.stored_len);
		snprintf(reason, sizeof(reason), "block 1 is damaged: %s", heads[i].wrong);
		reader = image_open(file.data, file.len);
		assert_string_equal(trace_reader_cut(reader)->reason, reason);
		assert_int_equal(trace_reader_next(reader, &record), 0);
		trace_reader_free(reader);
	}
}

static void test_wrong_compression(void **state)
{
	const struct craft_head head = {
		.records_cnt = 1, .raw_len = 100, .stored_len = 4, .codec = 1,
	};
	struct trace_reader *reader;
	struct trace_record record;
	struct craft file;

	(void)state;
	craft_header(&file, schema);
	craft_any_block(&file, &head, "zstd", 4);
	reader = image_open(file.data, file.len);
	assert_int_equal(trace_reader_next(reader, &record), 0);
	assert_string_equal(trace_reader_cut(reader)->reason,
			    "block 1 is damaged: it does not decompress");
	trace_reader_free(reader);
}

/* Each of the 256 streams that one GiB has room for would take 4 MiB; the 257th is too many. */
static void test_memory_limit(void **state)
{
	struct trace_reader *reader;
	struct trace_size size;
	struct craft file;

	(void)state;
	craft_header(&file, schema);
	for (uint32_t i = 0; i < 300; i++) {
		const struct craft_head head = {
			.stream = i, .records_cnt = 1, .raw_len = 4 << 20, .codec = 1,
		};

		craft_any_block(&file, &head, "", 0);
	}
	reader = image_open(file.data, file.len);
	assert_string_equal(trace_reader_cut(reader)->reason,
			    "block 257: the streams take too much memory");
	trace_reader_size(reader, &size);
	assert_int_equal(size.blocks_cnt, 256);
	trace_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_bodies),
		cmocka_unit_test(test_wrong_heads),
		cmocka_unit_test(test_wrong_compression),
		cmocka_unit_test(test_memory_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
