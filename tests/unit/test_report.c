/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as text: widths, names that mean harm, what it lists, and figures that add up.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/answer.h"
#include "analyzer/sections/section.h"
#include "analyzer/shown.h"
#include "tests/support/scenes.h"
#include "tests/support/tb.h"

#define SECOND UINT64_C(1000000000)

static void test_80_columns(void **state)
{
	struct tb *tb = *state;
	char *text;

	scene_crowd(tb, "worker-thread-9");
	tb_analyze(tb);
	text = tb_text(tb, 1);
	expect_lines(text);
	assert_non_null(strstr(text, "... and 27 more"));
	free(text);
}

static void test_80_columns_at_most(void **state)
{
	struct tb *tb = *state;

	for (int i = 0; i < 4; i++) {
		char *text;

		scene_multitude(tb, i & 1);
		tb_analyze(tb);
		assert_int_equal(tb->report.processes_cnt, 3);
		assert_int_equal(tb->report.threads_cnt, 2000);
		assert_int_equal(tb->report.cores_cnt, 256);
		text = tb_text(tb, i >> 1);
		expect_lines(text);
		assert_non_null(strstr(text, "90000 s"));
		assert_non_null(strstr(text, "4190"));
		free(text);
		tb_reset(tb);
	}
}

/* What is said of the bars begins in the same column in all of them. */
static void test_bars_align(void **state)
{
	static const char *const says[] = {
		"threads exist", "have work", "are on a core", "make progress",
	};
	struct tb *tb = *state;

	for (int lossy = 0; lossy < 2; lossy++) {
		char *text, *line;
		int column = 0;

		scene_multitude(tb, lossy);
		tb_analyze(tb);
		text = tb_text(tb, 0);
		line = strstr(text, "  alive");
		for (size_t i = 0; i < sizeof(says) / sizeof(*says); i++) {
			char *at = strstr(line, says[i]);

			assert_non_null(at);
			if (i)
				assert_int_equal(at - line, column);
			column = (int)(at - line);
			line = strchr(line, '\n') + 1;
		}
		free(text);
		tb_reset(tb);
	}
}

/* 180 million thread-seconds: products with nanoseconds come near 2^64. */
static void test_unknown_is_no_knowledge(void **state)
{
	struct tb *tb = *state;
	struct answer answer;
	char *text;

	scene_multitude(tb, true);
	tb_analyze(tb);
	text = tb_text(tb, 0);
	assert_null(strstr(text, "+-"));
	/* No more than there are cores can have been on one. */
	assert_non_null(strstr(text, "  1.00 .. 255.0   are on a core"));
	assert_non_null(strstr(text, "  1.03 .. 2000    have work in hand"));
	assert_null(strstr(text, "    unknown "));
	assert_non_null(strstr(text, "\n  Not known: "));
	assert_non_null(strstr(text, "\n  Threads were unknown for up to 90000 s of this time"));
	answer = answer_make(&tb->report);
	assert_non_null(strstr(answer.text, "are unknown: each of them may have been in any "));
	assert_null(strstr(answer.text, "What looks busy makes progress"));
	free(text);
}

static void test_hostile_names(void **state)
{
	static const char *const names[] = {
		"\x1b]0;owned\x07", "a\nb\tc", "\xff\xfe\xfd", "back\\slash\"quote",
		("\xe2\x80\xae" "desrever"), "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww", "",
		"äöü€äöü€äöü€äöü€äöü€", "\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b",
	};
	struct tb *tb = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *text, *json;
		json_t *root;

		scene_crowd(tb, names[i]);
		tb->command = names[i];
		tb_analyze(tb);
		text = tb_text(tb, 1);
		expect_lines(text);
		assert_null(strstr(text, "\xe2\x80\xae"));
		json = tb_json(tb);
		root = json_loads(json, 0, NULL);
		assert_non_null(root);
		json_decref(root);
		free(json);
		free(text);
		tb_reset(tb);
	}
}

static void test_ascii(void **state)
{
	struct tb *tb = *state;
	char *text;

	scene_crowd(tb, "größe");
	tb_analyze(tb);
	text = tb_text(tb, 0);
	expect_lines(text);
	for (const char *at = text; *at; at++)
		assert_false(*at & 0x80);
	assert_non_null(strstr(text, "####"));
	free(text);
}

static void test_filters(void **state)
{
	struct tb *tb = *state;
	struct report report;

	scene_crowd(tb, "worker");
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

static void test_filter_by_thread(void **state)
{
	struct tb *tb = *state;
	struct report report;

	scene_crowd(tb, "worker");
	tb_analyze(tb);
	assert_int_equal(report_make(&report, &tb->analysis,
				     &(struct report_filter){ .thread = "4194299" }), 0);
	assert_int_equal(report.threads_listed, 1);
	assert_int_equal(report.threads[0].thread->id, 5);
	assert_true(report_lists_thread(&report, report.threads[0].thread));
	report_clear(&report);
	/* The name is the thread's own, not that of its process. */
	assert_int_equal(report_make(&report, &tb->analysis,
				     &(struct report_filter){ .thread = "worker" }), 0);
	assert_int_equal(report.threads_listed, 38);
	report_clear(&report);
	assert_int_equal(report_make(&report, &tb->analysis,
				     &(struct report_filter){ .thread = "worke" }), 0);
	assert_int_equal(report.threads_listed, 0);
	report_clear(&report);
}

static void test_sections_by_name(void **state)
{
	struct tb *tb = *state;
	struct report_filter filter = { 0 };
	const char *wrong;
	size_t len;
	char *text;

	assert_int_equal(sections_find("cores,nothing,levels", &wrong, &len), 0);
	assert_int_equal(len, 7);
	assert_memory_equal(wrong, "nothing", 7);
	assert_int_equal(sections_find("", &wrong, &len), 0);
	assert_int_equal(sections_find("cores,", &wrong, &len), 0);
	assert_int_equal(sections_find("core", &wrong, &len), 0);
	assert_true(sections_find("all", &wrong, &len) > sections_find("cores", &wrong, &len));
	filter.sections = sections_find("levels,processes", &wrong, &len);
	scene_lock(tb);
	tb_analyze(tb);
	report_clear(&tb->report);
	assert_int_equal(report_make(&tb->report, &tb->analysis, &filter), 0);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "\nLevels: "));
	/* There is one process only, but it was asked for. */
	assert_non_null(strstr(text, "\nProcesses: averages over their lives\n"
				     "  There is nothing of this in the run.\n"));
	assert_null(strstr(text, "\nCores: "));
	assert_null(strstr(text, "threads exist"));
	expect_lines(text);
	free(text);
}

static void test_top(void **state)
{
	struct tb *tb = *state;
	char *text;

	scene_crowd(tb, "worker");
	tb_analyze(tb);
	assert_int_equal(tb->report.top, REPORT_TOP);
	assert_int_equal(report_rows(&tb->report, 3), 3);
	report_clear(&tb->report);
	assert_int_equal(report_make(&tb->report, &tb->analysis,
				     &(struct report_filter){ .top = 2 }), 0);
	assert_int_equal(report_rows(&tb->report, 3), 2);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "... and 37 more"));
	expect_lines(text);
	free(text);
}

static void test_nothing_matches(void **state)
{
	struct tb *tb = *state;
	char *text;

	scene_crowd(tb, "worker");
	tb_analyze(tb);
	report_clear(&tb->report);
	assert_int_equal(report_make(&tb->report, &tb->analysis,
				     &(struct report_filter){ .pid = 99999, .comm = "a\nb" }), 0);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "\n  No thread matches --pid=99999 --comm=a\\nb.\n"));
	assert_null(strstr(text, "  tid "));
	assert_null(strstr(text, "  pid "));
	assert_non_null(strstr(text, "\nCores: "));
	expect_lines(text);
	free(text);
}

/* The largest remainders are raised, and nothing comes from nothing. */
static void test_parts_add_up(void **state)
{
	static const uint64_t parts_ns[] = { 333, 0, 333, 334 };
	uint64_t hundredths[4];

	(void)state;
	hundredths_split(parts_ns, 4, 1000, 100, hundredths);
	assert_int_equal(hundredths[0] + hundredths[2] + hundredths[3], 100);
	assert_int_equal(hundredths[1], 0);
	assert_int_equal(hundredths[3], 34);
	hundredths_split(parts_ns, 4, 1000, 101, hundredths);
	assert_int_equal(hundredths[0] + hundredths[2] + hundredths[3], 101);
	assert_int_equal(hundredths[1], 0);
	hundredths_split(parts_ns, 4, 0, 0, hundredths);
	assert_int_equal(hundredths[3], 0);
}

static void assert_adds_up(const struct report *report)
{
	uint64_t apparent = 0, rest = 0, idle = 0;
	struct shown shown;

	shown_make(&shown, report);
	for (int state = 0; state < STATE_CNT; state++) {
		if (state_infos[state].counts & COUNTS_APPARENT)
			apparent += shown.states[state];
		else if (state != STATE_UNKNOWN)
			rest += shown.states[state];
		idle += shown.idle_wait[state];
	}
	assert_int_equal(apparent, shown.loss);
	assert_int_equal(shown.curves[CURVE_APPARENT], shown.curves[CURVE_TRUE] + shown.loss);
	assert_int_equal(rest, shown.rest);
	assert_int_equal(shown.curves[CURVE_ALIVE], shown.curves[CURVE_APPARENT] +
			 shown.states[STATE_UNKNOWN] + shown.rest);
	assert_int_equal(idle, shown.idle_waiting);
	assert_int_equal(shown.idle, shown.idle_ready + shown.idle_waiting + shown.idle_nobody);
}

/* Runs of many lengths, so that the remainders fall in many ways. */
static void test_figures_add_up(void **state)
{
	struct tb *tb = *state;

	for (uint64_t end_ns = 601; end_ns < 701; end_ns++) {
		scene_crowd(tb, "worker");
		tb->records[tb->cnt - 1].ts_ns = end_ns * SECOND;
		tb_analyze(tb);
		assert_adds_up(&tb->report);
		tb_reset(tb);
		tb_exec(tb, SECOND, 0, 1);
		tb_thread(tb, SECOND, 0, 1, 2, 1);
		tb_switch(tb, SECOND + 1000, 1, 0, TRACE_HOW_NONE, 2);
		tb_switch(tb, SECOND + 2000 + end_ns, 1, 2, TRACE_HOW_DEAD, 0);
		tb_switch(tb, SECOND + 3 * end_ns, 0, 1, TRACE_HOW_PREEMPTED, 0);
		tb_end(tb, SECOND + 4 * end_ns, TRACE_END_COMMAND);
		tb_analyze(tb);
		assert_adds_up(&tb->report);
		tb_reset(tb);
	}
}

#define TEST(name) TB_TEST(name, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_80_columns),
		TEST(test_80_columns_at_most),
		TEST(test_bars_align),
		TEST(test_unknown_is_no_knowledge),
		TEST(test_hostile_names),
		TEST(test_ascii),
		TEST(test_filters),
		TEST(test_filter_by_thread),
		TEST(test_sections_by_name),
		TEST(test_top),
		TEST(test_nothing_matches),
		cmocka_unit_test(test_parts_add_up),
		TEST(test_figures_add_up),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
