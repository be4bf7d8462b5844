/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times, numbers and names as people read them, and the tables they stand in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyzer/table.h"

#define SECOND UINT64_C(1000000000)

static const struct style utf8 = { .utf8 = true };
static const struct style ascii = { .utf8 = false };

static void test_format_time(void **state)
{
	(void)state;
	assert_string_equal(format_time(0, utf8).s, "0 ns");
	assert_string_equal(format_time(870, utf8).s, "870 ns");
	assert_string_equal(format_time(1000, utf8).s, "1.00 µs");
	assert_string_equal(format_time(1250, ascii).s, "1.25 us");
	assert_string_equal(format_time(12345678, utf8).s, "12.3 ms");
	assert_string_equal(format_time(999499999, utf8).s, "999 ms");
	assert_string_equal(format_time(999999999, utf8).s, "1.00 s");
	assert_string_equal(format_time(2034000000, utf8).s, "2.03 s");
	assert_string_equal(format_time(UINT64_C(86400) * SECOND, utf8).s, "86400 s");
}

static void test_format_numbers(void **state)
{
	(void)state;
	assert_string_equal(format_count(0).s, "0");
	assert_string_equal(format_count(999).s, "999");
	assert_string_equal(format_count(4812).s, "4,812");
	assert_string_equal(format_count(UINT64_MAX).s, "18,446,744,073,709,551,615");
	assert_string_equal(format_percent(0, 5).s, "0 %");
	assert_string_equal(format_percent(1, 100000).s, "<0.1 %");
	assert_string_equal(format_percent(741, 1000).s, "74.1 %");
	assert_string_equal(format_percent(5, 5).s, "100 %");
	assert_string_equal(format_percent(5, 0).s, "-");
	assert_string_equal(format_percent(99949, 100000).s, "99.9 %");
	assert_string_equal(format_percent(99999, 100000).s, ">99.9 %");
	assert_string_equal(format_share(99999, 100000).s, ">99.9");
	assert_string_equal(format_share(5, 5).s, "100");
	assert_string_equal(format_average(398, 100).s, "3.98");
	assert_string_equal(format_average(1, 0).s, "0.00");
	assert_string_equal(format_average(99994, 1000).s, "99.99");
	assert_string_equal(format_average(99995, 1000).s, "100.0");
	assert_string_equal(format_average(1999400, 1000).s, "1999");
	assert_string_equal(format_average(UINT64_MAX, UINT64_MAX / 4).s, "4.00");
	assert_string_equal(format_noun(1, "thread", "threads").s, "1 thread");
	assert_string_equal(format_noun(2000, "thread", "threads").s, "2,000 threads");
}

static void test_format_bar(void **state)
{
	(void)state;
	assert_string_equal(format_bar(4, 4, 4, utf8).s, "████");
	assert_string_equal(format_bar(0, 4, 4, utf8).s, "");
	assert_string_equal(format_bar(5, 32, 4, utf8).s, "▋");
	assert_string_equal(format_bar(1, 1000, 4, utf8).s, "▏");
	assert_string_equal(format_bar(8, 4, 4, utf8).s, "████");
	assert_string_equal(format_bar(2, 4, 4, ascii).s, "##");
}

static void test_format_name(void **state)
{
	(void)state;
	assert_string_equal(format_name("short", 8, utf8).s, "short");
	assert_string_equal(format_name("exactly8", 8, utf8).s, "exactly8");
	assert_string_equal(format_name("much too long", 8, utf8).s, "much to…");
	assert_string_equal(format_name("much too long", 8, ascii).s, "much to~");
	assert_string_equal(format_name("\x1b[31m", 20, utf8).s, "\\x1b[31m");
}

static void test_table(void **state)
{
	struct table *table = table_new("lr");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(table_cell(table, "ä"), 0);
	assert_int_equal(table_cell(table, "1"), 0);
	assert_int_equal(table_cell(table, "long"), 0);
	assert_int_equal(table_cell(table, "100"), 0);
	assert_int_equal(table_cell(table, "x"), 0);
	assert_int_equal(table_cell(table, ""), 0);
	table_print(table, utf8, " ", out);
	fclose(out);
	assert_string_equal(text, " ä       1\n long  100\n x\n");
	free(text);
	table_free(table);
}

static void test_table_cuts_names(void **state)
{
	struct table *table = table_new("rnr");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(table_cell(table, "1234567890123456789012345678901234"), 0);
	assert_int_equal(table_cell(table, "twelve chars"), 0);
	assert_int_equal(table_cell(table, "1234567890123456789012345678901234"), 0);
	table_print(table, utf8, "", out);
	table_print(table, ascii, "  ", out);
	fclose(out);
	assert_string_equal(text, "1234567890123456789012345678901234  twelve …"
				  "  1234567890123456789012345678901234\n"
				  "  1234567890123456789012345678901234  twelv~"
				  "  1234567890123456789012345678901234\n");
	free(text);
	table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_time),
		cmocka_unit_test(test_format_numbers),
		cmocka_unit_test(test_format_bar),
		cmocka_unit_test(test_format_name),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_cuts_names),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
