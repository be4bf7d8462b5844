// SPDX-License-Identifier: BSD-2-Clause
/* The dump's lines, and the escaping of what others named. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/dump.h"
#include "analyzer/escape.h"
#include "tests/support/trace_build.h"

static const struct trace_record records[] = {
	{ .ts_ns = 5000000000, .kind = TRACE_THREAD,
	  .thread = { .id = 1, .process = 1, .tid = 100, .pid = 100,
		      .comm = { "a\"b\x1b[1m", 7 } } },
	{ .ts_ns = 5000001500, .kind = TRACE_SWITCH,
	  .sched_switch = { .prev = 1, .how = TRACE_HOW_BLOCKED, .sysno = 203,
			    .arg0 = 0x7f0000001000, .arg1 = 128, .word = 5000000000 } },
	{ .ts_ns = 17000000001, .kind = TRACE_GAP,
	  .gap = { .first = 16000000000, .last = 17000000000, .count = 3 } },
	{ .ts_ns = 18000000000, .kind = TRACE_END },
};

static const char wanted[] =
	"   0.000000000    3  thread       id=1 process=1 tid=100 pid=100 comm=\"a\\\"b\\x1b[1m\"\n"
	"   0.000001500    3  sched_switch prev=1 how=2 sysno=203 arg0=0x7f0000001000 arg1=128"
	" word=5000000000\n"
	"  12.000000001    3  gap          first=16000000000 last=17000000000 count=3\n"
	"  13.000000000  rec  end\n";

static struct trace_reader *records_open(struct trace_image *image)
{
	struct trace_block *blocks[] = { block_of(3, records, 3),
					 block_of(TRACE_STREAM_COLLECTOR, &records[3], 1) };

	image_write(image, blocks, 2, true);
	return image_open(image->data, image->len);
}

static void test_dump_lines(void **state)
{
	struct trace_image image;
	struct trace_reader *reader = records_open(&image);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(dump_records(reader, out), 0);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
	trace_reader_free(reader);
	image_free(&image);
}

static void test_dump_to_full_disk(void **state)
{
	struct trace_image image;
	struct trace_reader *reader = records_open(&image);
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(dump_records(reader, out), -EIO);
	fclose(out);
	trace_reader_free(reader);
	image_free(&image);
}

static void test_escape(void **state)
{
	static const struct {
		const char *data, *text;
		size_t len;
	} cases[] = {
		{ "", "", 0 },
		{ "python3 -c \"x\"", "python3 -c \"x\"", 14 },
		{ "a\\b\n\t\x1b\x7f\0z", "a\\\\b\\n\\t\\x1b\\x7f\\x00z", 9 },
		{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x8d",
		  "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x8d", 11 },
		/* Cut, overlong, surrogate, too large, a lone continuation. */
		{ "\xc3", "\\xc3", 1 },
		{ "\xc0\xaf", "\\xc0\\xaf", 2 },
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf", 3 },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80", 3 },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 4 },
		{ "\x80x\xff", "\\x80x\\xff", 3 },
		/* C1 control, direction override, zero width, tag. */
		{ "\xc2\x9b", "\\u009b", 2 },
		{ "\xe2\x80\xae", "\\u202e", 3 },
		{ "\xe2\x80\x8b", "\\u200b", 3 },
		{ "\xf3\xa0\x80\x81", "\\u{e0001}", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = escape_dup(cases[i].data, cases[i].len);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

static void test_escape_leaves_out_whole_units(void **state)
{
	char text[6];

	(void)state;
	assert_int_equal(escape_text("abcd\x01", 5, text, sizeof(text)), 4);
	assert_string_equal(text, "abcd");
	assert_int_equal(escape_text("\xe2\x82\xac\xe2\x82\xac", 6, text, sizeof(text)), 3);
	assert_string_equal(text, "\xe2\x82\xac");
	assert_int_equal(escape_text("x", 1, text, 1), 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dump_lines),
		cmocka_unit_test(test_dump_to_full_disk),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_leaves_out_whole_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
