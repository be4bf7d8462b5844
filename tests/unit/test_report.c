/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outputs: widths, names that mean harm, numbers as people read them, JSON as machines do.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/answer.h"
#include "analyzer/render.h"
#include "analyzer/table.h"
#include "tests/support/tb.h"

#define NR_READ 0
#define NR_FUTEX 202
#define SECOND UINT64_C(1000000000)

static const struct style utf8 = { .utf8 = true };
static const struct style ascii = { .utf8 = false };

static int setup(void **state)
{
	static struct tb tb;

	tb_init(&tb, "2");
	*state = &tb;
	return 0;
}

static int teardown(void **state)
{
	tb_free(*state);
	return 0;
}

/* Many processes and threads in all kinds of states, with names of all lengths. */
static void crowd(struct tb *tb, const char *comm)
{
	static const uint64_t calls[] = { 0, 35, 61, 43, 202, 28, 500, 12345 };

	tb->command = "/usr/local/bin/a-program-with-quite-a-long-name";
	tb_exec(tb, SECOND, 0, 1);
	for (uint64_t id = 2; id < 40; id++) {
		struct trace_thread *thread = tb_thread(tb, SECOND + id, 0, 1, id,
							id < 30 ? id : 1);

		thread->comm = (struct trace_bytes){ comm, strlen(comm) };
		thread->tid = 4194304 - id;
		tb_switch(tb, 2 * SECOND + id, 1, 0, TRACE_HOW_NONE, id);
		if (id % 5)
			tb_block(tb, 2 * SECOND + id, 1, id, calls[id % 8], 0, 0)->owner = id % 3;
		else
			tb_switch(tb, 2 * SECOND + id, 1, id, TRACE_HOW_PREEMPTED, 0)->other = 5;
	}
	for (uint32_t core = 0; core < 40; core++)
		tb_add(tb, SECOND, core, TRACE_CORE)->core.program = core % 2;
	tb_gap(tb, 500 * SECOND, 7, 4 * SECOND, 450 * SECOND, 1234567890);
	tb_switch(tb, 600 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 601 * SECOND, TRACE_END_COMMAND);
}

/* Fails on a line that is too wide, ends in a space, or holds a control character. */
static void assert_lines(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[1024];

		assert_true(len < sizeof(line));
		memcpy(line, text, len);
		line[len] = '\0';
		if (text_width(line) > 80)
			fail_msg("%d columns: %s", (int)text_width(line), line);
		if (len && line[len - 1] == ' ')
			fail_msg("trailing space: '%s'", line);
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
				fail_msg("control character: %s", line);
		text += len + (text[len] == '\n');
	}
}

static void test_80_columns(void **state)
{
	struct tb *tb = *state;
	char *text;

	crowd(tb, "worker-thread-9");
	tb_analyze(tb);
	text = tb_text(tb, 1);
	assert_lines(text);
	assert_non_null(strstr(text, "... and 19 more"));
	free(text);
}

static void test_hostile_names(void **state)
{
	static const char *const names[] = {
		"\x1b]0;owned\x07", "a\nb\tc", "\xff\xfe\xfd", "back\\slash\"quote",
		"\xe2\x80\xaesrever", "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
		"",
		"äöü€äöü€äöü€äöü€äöü€", "\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b",
	};
	struct tb *tb = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *text, *json;
		json_t *root;

		crowd(tb, names[i]);
		tb->command = names[i];
		tb_analyze(tb);
		text = tb_text(tb, 1);
		assert_lines(text);
		assert_null(strstr(text, "\xe2\x80\xae"));
		json = tb_json(tb);
		root = json_loads(json, 0, NULL);
		assert_non_null(root);
		json_decref(root);
		free(json);
		free(text);
		tb_free(tb);
		setup(state);
	}
}

static void test_ascii(void **state)
{
	struct tb *tb = *state;
	char *text;

	crowd(tb, "größe");
	tb_analyze(tb);
	text = tb_text(tb, 0);
	assert_lines(text);
	for (const char *at = text; *at; at++)
		assert_false(*at & 0x80);
	assert_non_null(strstr(text, "####"));
	free(text);
}

/* Three threads wait two seconds for a lock that the fourth does not give back. */
static void lock_scene(struct tb *tb)
{
	tb->command = "./cpu_bound";
	tb_exec(tb, SECOND, 0, 1);
	for (uint64_t id = 2; id <= 4; id++) {
		tb_thread(tb, SECOND, 0, 1, id, 1);
		tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, id);
		tb_block(tb, SECOND, 1, id, NR_FUTEX, 0x100, 0)->owner = 1;
	}
	for (uint64_t id = 2; id <= 4; id++) {
		tb_waking(tb, 3 * SECOND, 0, 1, id, NR_FUTEX, 0x100, 1);
		tb_switch(tb, 3 * SECOND, 1, 0, TRACE_HOW_NONE, id);
		tb_switch(tb, 3 * SECOND, 1, id, TRACE_HOW_DEAD, 0);
	}
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
}

static void test_answer_comes_first(void **state)
{
	struct tb *tb = *state;
	char *text;

	lock_scene(tb);
	tb_analyze(tb);
	text = tb_text(tb, 1);
	/* Only thread 1 spent any time on a core. */
	assert_non_null(strstr(text, "cpu_bound   4 threads on 1 of 2 cores, 2.00 s, 1 process  "));
	assert_ptr_equal(strstr(text, "cpu_bound"), text);
	assert_non_null(strstr(text, "  alive      ████████████████████    4.00   threads"));
	assert_non_null(strstr(text, "  true       █████                   1.00   make"));
	assert_non_null(strstr(text, "  3.00 of 4.00 wait for a lock.  The cores had room: 1.00 of"
				     " 2 stood idle"));
	assert_non_null(strstr(text, "Confidence: high."));
	assert_lines(text);
	free(text);
}

static void test_affinity_in_title(void **state)
{
	struct tb *tb = *state;
	char *text;

	tb_exec(tb, SECOND, 1, 1);
	tb_switch(tb, 2 * SECOND, 1, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 2 * SECOND, TRACE_END_TREE);
	tb_analyze(tb);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "1 thread on 1 of 2 cores, 1.00 s, 1 process"));
	assert_non_null(strstr(text, "What looks busy makes progress."));
	free(text);
}

/* Oversubscription without locks: no lock is to blame. */
static void test_full_cores(void **state)
{
	struct tb *tb = *state;
	struct answer answer;

	tb->cores = "1";
	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	for (uint64_t i = 0; i < 100; i++)
		tb_switch(tb, SECOND + i * 4000000, 0, 1 + i % 2, TRACE_HOW_PREEMPTED, 2 - i % 2);
	tb_end(tb, SECOND + 100 * 4000000, TRACE_END_COMMAND);
	tb_analyze(tb);
	answer = answer_make(&tb->report);
	assert_non_null(strstr(answer.text, "are pushed off their core"));
	assert_non_null(strstr(answer.text, "The cores were full: 1.00 ours"));
	assert_null(strstr(answer.text, "lock"));
}

static void test_filters(void **state)
{
	struct tb *tb = *state;
	struct report report;

	crowd(tb, "worker");
	tb_analyze(tb);
	assert_int_equal(report_make(&report, &tb->analysis,
				     &(struct report_filter){ .pid = 1005 }), 0);
	assert_int_equal(report.processes_listed, 1);
	assert_int_equal(report.threads_listed, 1);
	/* The figures of the whole stay. */
	assert_int_equal(report.threads_cnt, 39);
	assert_int_equal(report.tree.wall_ns, tb->report.tree.wall_ns);
	report_clear(&report);
	assert_int_equal(report_make(&report, &tb->analysis,
				     &(struct report_filter){ .comm = "worker" }), 0);
	assert_int_equal(report.threads_listed, 38);
	report_clear(&report);
	assert_int_equal(report_make(&report, &tb->analysis,
				     &(struct report_filter){ .comm = "nobody" }), 0);
	assert_int_equal(report.threads_listed, 0);
	report_clear(&report);
}

static json_int_t number(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("no number %s", key);
	return json_integer_value(value);
}

static json_int_t sum(const json_t *object)
{
	json_int_t total = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		total += json_integer_value(value);
	return total;
}

static void test_json_facts(void **state)
{
	struct tb *tb = *state;
	json_t *root, *value, *thread;
	json_int_t levels_ns = 0;
	size_t i;
	char *json;

	lock_scene(tb);
	tb_analyze(tb);
	json = tb_json(tb);
	root = json_loads(json, 0, NULL);
	assert_non_null(root);
	assert_int_equal(number(root, "schema"), 1);
	assert_int_equal(number(root, "wall_ns"), 2 * SECOND);
	assert_int_equal(number(root, "any_on_core_ns"), 2 * SECOND);
	value = json_object_get(json_object_get(root, "curves"), "apparent");
	assert_int_equal(number(value, "integral_ns"), 8 * SECOND);
	assert_true(json_real_value(json_object_get(value, "avg_wall")) == 4.0);
	json_array_foreach(json_object_get(root, "histogram"), i, value)
		levels_ns += number(value, "ns");
	assert_int_equal(levels_ns, number(root, "wall_ns"));
	assert_int_equal(json_array_size(json_object_get(root, "threads")), 4);
	json_array_foreach(json_object_get(root, "threads"), i, thread) {
		value = json_object_get(thread, "states");
		assert_int_equal(json_object_size(value), STATE_CNT);
		assert_int_equal(sum(value),
				 number(thread, "death_ns") - number(thread, "birth_ns"));
		assert_true(json_is_null(json_object_get(thread, "kernel_run_ns")));
	}
	assert_int_equal(json_array_size(json_object_get(root, "cores")), 2);
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 1);
	value = json_object_get(root, "quality");
	assert_int_equal(number(value, "lost"), 0);
	assert_true(json_is_true(json_object_get(value, "balances")));
	assert_string_equal(json_string_value(json_object_get(value, "confidence")), "high");
	json_decref(root);
	free(json);
}

/* Just what the schema uses: type, properties, required, additionalProperties, items, $ref. */
static void assert_valid(const json_t *root, const json_t *schema, const json_t *value,
			 const char *path);

static bool type_is(const json_t *value, const char *type)
{
	return (!strcmp(type, "object") && json_is_object(value)) ||
	       (!strcmp(type, "array") && json_is_array(value)) ||
	       (!strcmp(type, "string") && json_is_string(value)) ||
	       (!strcmp(type, "integer") && json_is_integer(value)) ||
	       (!strcmp(type, "number") && json_is_number(value)) ||
	       (!strcmp(type, "boolean") && json_is_boolean(value)) ||
	       (!strcmp(type, "null") && json_is_null(value));
}

static void assert_type(const json_t *type, const json_t *value, const char *path)
{
	const json_t *one;
	size_t i;

	if (json_is_string(type) && type_is(value, json_string_value(type)))
		return;
	json_array_foreach(type, i, one)
		if (type_is(value, json_string_value(one)))
			return;
	fail_msg("%s has the wrong type", path);
}

static void assert_object(const json_t *root, const json_t *schema, const json_t *value,
			  const char *path)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *others = json_object_get(schema, "additionalProperties");
	const json_t *one, *member;
	char below[300];
	const char *key;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, one)
		if (!json_object_get(value, json_string_value(one)))
			fail_msg("%s has no %s", path, json_string_value(one));
	json_object_foreach((json_t *)value, key, member) {
		const json_t *rule = json_object_get(properties, key);

		snprintf(below, sizeof(below), "%.200s.%.80s", path, key);
		if (!rule && !json_is_object(others))
			fail_msg("%s is not in the schema", below);
		assert_valid(root, rule ? rule : others, member, below);
	}
}

static void assert_valid(const json_t *root, const json_t *schema, const json_t *value,
			 const char *path)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	const json_t *member;
	char below[300];
	size_t i;

	if (ref) {
		assert_memory_equal(ref, "#/$defs/", 8);
		schema = json_object_get(json_object_get(root, "$defs"), ref + 8);
		assert_non_null(schema);
	}
	assert_type(json_object_get(schema, "type"), value, path);
	if (json_is_object(value))
		assert_object(root, schema, value, path);
	json_array_foreach(value, i, member) {
		snprintf(below, sizeof(below), "%.200s[%zu]", path, i);
		assert_valid(root, json_object_get(schema, "items"), member, below);
	}
}

static void test_json_schema(void **state)
{
	struct tb *tb = *state;
	json_t *schema, *root;
	json_error_t error;
	char *json;

	schema = json_load_file("docs/report.schema.json", 0, &error);
	if (!schema)
		fail_msg("docs/report.schema.json:%d: %s", error.line, error.text);
	crowd(tb, "worker");
	tb->cut_bytes = 1;
	tb_analyze(tb);
	json = tb_json(tb);
	root = json_loads(json, 0, NULL);
	assert_non_null(root);
	assert_valid(schema, schema, root, "report");
	json_decref(root);
	json_decref(schema);
	free(json);
}

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
	assert_string_equal(format_average(398, 100).s, "3.98");
	assert_string_equal(format_average(1, 0).s, "0.00");
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
	table_print(table, " ", out);
	fclose(out);
	assert_string_equal(text, " ä       1\n long  100\n x\n");
	free(text);
	table_free(table);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_80_columns),
		TEST(test_hostile_names),
		TEST(test_ascii),
		TEST(test_answer_comes_first),
		TEST(test_affinity_in_title),
		TEST(test_full_cores),
		TEST(test_filters),
		TEST(test_json_facts),
		TEST(test_json_schema),
		cmocka_unit_test(test_format_time),
		cmocka_unit_test(test_format_numbers),
		cmocka_unit_test(test_format_bar),
		cmocka_unit_test(test_format_name),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
