// SPDX-License-Identifier: BSD-2-Clause
/* Files of newer and older programs: kinds and fields are found by name, the others left alone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/trace_build.h"
#include "tests/support/trace_craft.h"
#include "trace/format.h"

#define ZERO { FORMAT_FORM_ZERO, "", 0 }
#define SAME(text) { FORMAT_FORM_SAME, text, sizeof(text) - 1 }
#define EACH(text) { FORMAT_FORM_EACH, text, sizeof(text) - 1 }

/* A file of one block whose records are 10 ns apart, from 100 on. */
static struct trace_reader *file_open(struct craft *file, const char *schema, const char *kinds,
				      const struct craft_kind *kind, size_t kinds_cnt)
{
	const struct craft_column ids = { FORMAT_FORM_EACH, kinds, strlen(kinds) };
	const struct craft_column times = SAME("\x0a");
	struct craft body;
	size_t cnt = strlen(kinds);

	craft_header(file, schema);
	craft_body(&body, ids, times, kind, kinds_cnt);
	craft_block(file, 100, 100 + 10 * (cnt - 1), (uint32_t)cnt, body.data, body.len);
	return image_open(file->data, file->len);
}

static void assert_end(struct trace_reader *reader)
{
	struct trace_record record;

	assert_int_equal(trace_reader_next(reader, &record), 0);
	assert_string_equal(trace_reader_cut(reader)->reason,
			    "cut after block 1: the index is missing");
	trace_reader_free(reader);
}

static void test_newer_file(void **state)
{
	static const struct craft_kind kinds[] = {
		/* prev, a number, a string, a coding from the future, next, a difference */
		{ 1, { EACH("\x05\x06"), EACH("\x01\x02"), EACH("\x02xy\x00"), EACH("?!"),
		       SAME("\x07"), EACH("\x02\x02") }, 6 },
		{ 77, { EACH("\x01\x02"), SAME("\x03" "abc") }, 2 },
	};
	struct trace_record want = { .stream = 0, .kind = TRACE_SWITCH, .ts_ns = 100 }, got;
	struct trace_reader *reader;
	struct craft file;
	struct trace_size size;

	(void)state;
	reader = file_open(&file, "1 sched_switch prev:p mood:p text:b later:x next:p step:d\n"
			   "77 invention how:p name:b\n", "\x01\x4d\x4d\x01", kinds, 2);
	trace_reader_size(reader, &size);
	assert_int_equal(size.records_cnt, 4);
	want.sched_switch.prev = 5;
	want.sched_switch.next = 7;
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	want.sched_switch.prev = 6;
	want.ts_ns = 130;
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	assert_end(reader);
}

static void test_older_file(void **state)
{
	static const struct craft_kind kinds[] = {
		{ 5, { SAME("\x09") }, 1 },
		{ 8, { EACH("\x01z\x00") }, 1 },
		{ 13, { EACH("\x04") }, 1 },
	};
	struct trace_record want = { .ts_ns = 100, .kind = TRACE_EXEC, .exec.thread = 9 }, got;
	struct trace_reader *reader;
	struct craft file;

	(void)state;
	reader = file_open(&file, "5 exec thread:p\n8 comm comm:b\n13 gap count:p\n",
			   "\x05\x08\x08\x0d", kinds, 3);
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	assert_non_null(got.exec.path.data);
	want = (struct trace_record){ .ts_ns = 110, .kind = TRACE_COMM, .comm.comm = { "z", 1 } };
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	want = (struct trace_record){ .ts_ns = 120, .kind = TRACE_COMM };
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	want = (struct trace_record){ .ts_ns = 130, .kind = TRACE_GAP, .gap.count = 4 };
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	assert_end(reader);
}

/* Names decide: other ids, another order, another coding of numbers, and a type that changed. */
static void test_names_decide(void **state)
{
	static const struct craft_kind kinds[] = {
		{ 3, { EACH("\x04\x01"), EACH("\x0a\x01"), EACH("\x05\x06") }, 3 },
		{ 4, { EACH("\x01q"), EACH("\x07") }, 2 },
	};
	struct trace_record want = { .ts_ns = 100, .kind = TRACE_GAP }, got;
	struct trace_reader *reader;
	struct craft file;

	(void)state;
	reader = file_open(&file, "3 gap count:d first:d last:p\n4 comm thread:b comm:p\n",
			   "\x03\x03\x04", kinds, 2);
	want.gap.count = 2;
	want.gap.first = 5;
	want.gap.last = 5;
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	want.ts_ns = 110;
	want.gap.count = 1;
	want.gap.first = 4;
	want.gap.last = 6;
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	want = (struct trace_record){ .ts_ns = 120, .kind = TRACE_COMM };
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	assert_end(reader);
}

/* Columns of the three codings in an order that our table does not have. */
static void test_any_order_of_codings(void **state)
{
	static const struct craft_kind kinds[] = {
		{ 9, { EACH("\x01p\x01q"), EACH("\x02\x02"), EACH("\x05\x06"),
		       EACH("\x00\x01r"), EACH("\x03\x04") }, 5 },
	};
	struct trace_record want = { .ts_ns = 100, .kind = TRACE_EXEC }, got;
	struct trace_reader *reader;
	struct craft file;

	(void)state;
	reader = file_open(&file, "9 exec path:b tid:d thread:p comm:b gil_state:p\n",
			   "\x09\x09", kinds, 1);
	want.exec = (struct trace_exec){ .path = { "p", 1 }, .tid = 1, .thread = 5, .gil_state = 3 };
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	want.ts_ns = 110;
	want.exec = (struct trace_exec){
		.path = { "q", 1 }, .tid = 2, .thread = 6, .comm = { "r", 1 }, .gil_state = 4,
	};
	assert_int_equal(trace_reader_next(reader, &got), 1);
	record_assert_equal(&got, &want);
	assert_end(reader);
}

static void assert_facts_refused(const struct craft *facts, const char *reason)
{
	struct trace_reader *reader = NULL;
	struct trace_fault fault;
	struct craft file;

	craft_facts(&file, facts);
	assert_int_equal(trace_reader_open_memory(file.data, file.len, &reader, &fault), -EBADMSG);
	assert_string_equal(fault.reason, reason);
}

static void test_wrong_facts(void **state)
{
	struct craft facts = { .len = 0 };
	char key[16];

	(void)state;
	assert_facts_refused(&facts, "the header is damaged: it has no schema");
	craft_fact(&facts, "tool", "x");
	assert_facts_refused(&facts, "the header is damaged: it has no schema");
	craft_fact(&facts, "schema", "");
	craft_fact(&facts, "tool", "y");
	assert_facts_refused(&facts, "the header is damaged: a key stands twice");

	facts.len = 0;
	craft_fact(&facts, "Key", "x");
	assert_facts_refused(&facts, "the header is damaged: bad key");
	facts.len = 0;
	craft_bytes(&facts, "\x7fk", 2);
	assert_facts_refused(&facts, "the header is damaged: bad key");
	facts.len = 0;
	craft_bytes(&facts, "\x01k\x03v", 4);
	assert_facts_refused(&facts, "the header is damaged: bad value");

	facts.len = 0;
	for (int i = 0; i <= 1024; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		craft_fact(&facts, key, "");
	}
	assert_facts_refused(&facts, "the header is damaged: too many facts");
}

static void test_too_long_header(void **state)
{
	struct trace_reader *reader = NULL;
	struct trace_fault fault;
	struct craft file;

	(void)state;
	craft_header(&file, "");
	memcpy(file.data + 12, "\x01\x00\x00\x01", 4);
	assert_int_equal(trace_reader_open_memory(file.data, file.len, &reader, &fault), -EBADMSG);
	assert_int_equal(fault.offset, 12);
	assert_string_equal(fault.reason, "the header is damaged: impossible length");
}

static void test_wrong_schema(void **state)
{
	static const struct {
		const char *schema;
		unsigned int line;
	} cases[] = {
		{ "1 gap", 1 },
		{ "1 gap \n", 1 },
		{ "\n", 1 },
		{ "0 gap\n", 1 },
		{ "256 gap\n", 1 },
		{ "99999999999999999999 gap\n", 1 },
		{ "1  gap\n", 1 },
		{ "1 Gap\n", 1 },
		{ "1 gap first\n", 1 },
		{ "1 gap first:\n", 1 },
		{ "1 gap first:p,\n", 1 },
		{ "1 gap first:p first:d\n", 1 },
		{ "1 gap\n2 a\n1 b\n", 3 },
		{ "1 gap\n2 gap\n", 2 },
		{ "1 a23456789012345678901234567890123\n", 1 },
		{ "1 k a:p b:p c:p d:p e:p f:p g:p h:p i:p j:p k:p l:p m:p n:p o:p p:p q:p r:p s:p "
		  "t:p u:p v:p w:p x:p y:p z:p aa:p ab:p ac:p ad:p ae:p af:p ag:p ah:p ai:p aj:p "
		  "ak:p al:p am:p an:p ao:p ap:p aq:p ar:p as:p at:p au:p av:p aw:p ax:p ay:p az:p "
		  "ba:p bb:p bc:p bd:p be:p bf:p bg:p bh:p bi:p bj:p bk:p bl:p bm:p\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace_reader *reader = NULL;
		struct trace_fault fault;
		struct craft file;
		char reason[64];

		craft_header(&file, cases[i].schema);
		snprintf(reason, sizeof(reason), "the header is damaged: line %u of the schema",
			 cases[i].line);
		assert_int_equal(trace_reader_open_memory(file.data, file.len, &reader, &fault),
				 -EBADMSG);
		assert_string_equal(fault.reason, reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newer_file),
		cmocka_unit_test(test_older_file),
		cmocka_unit_test(test_names_decide),
		cmocka_unit_test(test_any_order_of_codings),
		cmocka_unit_test(test_wrong_schema),
		cmocka_unit_test(test_wrong_facts),
		cmocka_unit_test(test_too_long_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
