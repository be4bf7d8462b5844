/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outputs: widths, names that mean harm, numbers as people read them, JSON as machines do.
 */
#include <errno.h>
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
#include "analyzer/sections/section.h"
#include "analyzer/shown.h"
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

/*
 * As wide as it gets: three processes with the longest names, seven-digit pids, lives of a day,
 * 2000 threads, 256 cores; in all states, and unknown for most of the time if `lossy`.
 */
static void multitude(struct tb *tb, bool lossy)
{
	static const uint64_t calls[] = { 0, 35, 61, 43, 202, 28, 500, 12345 };
	static const char name[] = "leader-name-15c";
	const uint64_t end_ns = 90001 * SECOND;

	tb->cores = "256";
	tb->command = "/usr/bin/a-program-with-quite-a-long-name";
	tb_exec(tb, SECOND, 0, 1);
	for (uint64_t id = 2; id <= 2000; id++) {
		uint64_t process = id < 4 ? id : 1 + id % 3;
		struct trace_thread *thread = tb_thread(tb, SECOND + id, 0, 1, id, process);

		thread->comm = (struct trace_bytes){ name, strlen(name) };
		thread->tid = 4190000 + id;
		thread->pid = 4190000 + process;
		tb_switch(tb, 2 * SECOND + id, 1, 0, TRACE_HOW_NONE, id);
		if (id % 9)
			tb_block(tb, 2 * SECOND + id, 1, id, calls[id % 8], 0, 0)->owner = id % 3;
		else
			tb_switch(tb, 2 * SECOND + id, 1, id, TRACE_HOW_PREEMPTED, 0)->other = 5;
	}
	if (lossy)
		tb_gap(tb, end_ns - SECOND, 7, 4 * SECOND, end_ns - 2 * SECOND, 1234567890);
	for (uint64_t id = 2; id <= 2000 && !lossy; id++) {
		tb_waking(tb, end_ns - SECOND + id, 0, 1, id, NR_FUTEX, 0, 0);
		tb_switch(tb, end_ns - SECOND + id, 2, 0, TRACE_HOW_NONE, id);
		tb_switch(tb, end_ns - SECOND + id, 2, id, TRACE_HOW_DEAD, 0);
	}
	tb_switch(tb, end_ns, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, end_ns, TRACE_END_COMMAND);
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
	assert_non_null(strstr(text, "... and 27 more"));
	free(text);
}

static void test_80_columns_at_most(void **state)
{
	struct tb *tb = *state;

	for (int i = 0; i < 4; i++) {
		char *text;

		multitude(tb, i & 1);
		tb_analyze(tb);
		assert_int_equal(tb->report.processes_cnt, 3);
		assert_int_equal(tb->report.threads_cnt, 2000);
		assert_int_equal(tb->report.cores_cnt, 256);
		text = tb_text(tb, i >> 1);
		assert_lines(text);
		assert_non_null(strstr(text, "90000 s"));
		assert_non_null(strstr(text, "4190"));
		free(text);
		tb_free(tb);
		setup(state);
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

		multitude(tb, lossy);
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
		tb_free(tb);
		setup(state);
	}
}

/* 180 million thread-seconds: products with nanoseconds come near 2^64. */
static void test_unknown_is_no_knowledge(void **state)
{
	struct tb *tb = *state;
	struct answer answer;
	char *text;

	multitude(tb, true);
	tb_analyze(tb);
	text = tb_text(tb, 0);
	assert_null(strstr(text, "+-"));
	/* No more than there are cores can have been on one. */
	assert_non_null(strstr(text, "  up to +255.0   are on a core"));
	assert_non_null(strstr(text, "  up to +1999    have work in hand"));
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
	assert_non_null(strstr(text, "  alive      ████████████████████    4.00   threads exist\n"));
	assert_non_null(strstr(text, "  true       █████                   1.00   make progress\n"));
	assert_non_null(strstr(text, "  averages over 2.00 s of wall time\n"));
	assert_non_null(strstr(text, "  3.00 of 4.00 wait for a lock.  Its threads used 1 of the 2 "
				     "cores.\n"));
	assert_non_null(strstr(text, "Confidence: high."));
	assert_lines(text);
	free(text);
}

/* As with taskset: both take turns on one core, and the other stands idle all the time. */
static void test_cores_not_used(void **state)
{
	struct tb *tb = *state;
	struct answer answer;
	char *text;

	tb_exec(tb, SECOND, 0, 1);
	tb_add(tb, SECOND, 1, TRACE_CORE);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	for (uint64_t i = 0; i < 100; i++)
		tb_switch(tb, SECOND + i * 4000000, 0, 1 + i % 2, TRACE_HOW_PREEMPTED, 2 - i % 2);
	tb_end(tb, SECOND + 100 * 4000000, TRACE_END_COMMAND);
	tb_analyze(tb);
	answer = answer_make(&tb->report);
	assert_null(strstr(answer.text, "room"));
	assert_non_null(strstr(answer.text, "  Its 1 core was full: 1.00 ours, 0.00 other "
					    "programs'; its threads did not use the other."));
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "Cores idle 1.00 of 2 (1.00 where its threads never ran): "));
	assert_null(strstr(text, "work was ready"));
	free(text);
}

/* A moment on a core before a thread is told to leave it is no use of that core. */
static void test_core_hardly_used(void **state)
{
	struct tb *tb = *state;
	struct answer answer;
	char *text;

	tb_exec(tb, SECOND, 1, 1);
	tb_switch(tb, SECOND + 1000000, 1, 1, TRACE_HOW_PREEMPTED, 0);
	tb_thread(tb, SECOND + 1000000, 0, 1, 2, 1);
	for (uint64_t i = 1; i < 100; i++)
		tb_switch(tb, SECOND + i * 4000000, 0, i == 1 ? 0 : 2 - i % 2,
			  i == 1 ? TRACE_HOW_NONE : TRACE_HOW_PREEMPTED, 1 + i % 2);
	tb_end(tb, SECOND + 100 * 4000000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb->report.cores_used_cnt, 2);
	assert_int_equal(tb->report.cores_at_work_cnt, 1);
	answer = answer_make(&tb->report);
	assert_non_null(strstr(answer.text, "its threads hardly used the other."));
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "2 threads on 1 of 2 cores"));
	assert_non_null(strstr(text, "where its threads hardly ran)"));
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

/* Half of the time nothing is to do: that is another average, and the line says which is which. */
static void test_averages_are_named(void **state)
{
	struct tb *tb = *state;
	char *text;

	tb_exec(tb, SECOND, 0, 1);
	tb_block(tb, 2 * SECOND, 0, 1, 35, 0, 0);
	tb_waking(tb, 3 * SECOND, 0, 0, 1, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 3 * SECOND, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
	tb_analyze(tb);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "  true       ██████████              0.50   make progress\n"));
	assert_non_null(strstr(text, "  averages over 2.00 s of wall time; active 1.00 s: apparent "
				     "1.00, true 1.00\n"));
	free(text);
}

/* One of two threads has unknown time: "1.00 s on cores" is not the whole run's. */
static void test_clock_check_says_over_whom(void **state)
{
	struct tb *tb = *state;
	struct trace_usage *usage;
	char *text;

	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	usage = &tb_add(tb, 2 * SECOND, 1, TRACE_USAGE)->usage;
	usage->thread = 2;
	usage->run_ns = SECOND;
	tb_switch(tb, 2 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_COMMAND);
	tb_analyze(tb);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "  Clock check over 1 of 2 threads (the others have unknown "));
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

static void test_filter_by_thread(void **state)
{
	struct tb *tb = *state;
	struct report report;

	crowd(tb, "worker");
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
	lock_scene(tb);
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
	assert_lines(text);
	free(text);
}

static void test_top(void **state)
{
	struct tb *tb = *state;
	char *text;

	crowd(tb, "worker");
	tb_analyze(tb);
	assert_int_equal(tb->report.top, REPORT_TOP);
	assert_int_equal(report_rows(&tb->report, 3), 3);
	report_clear(&tb->report);
	assert_int_equal(report_make(&tb->report, &tb->analysis,
				     &(struct report_filter){ .top = 2 }), 0);
	assert_int_equal(report_rows(&tb->report, 3), 2);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "... and 37 more"));
	assert_lines(text);
	free(text);
}

static void test_nothing_matches(void **state)
{
	struct tb *tb = *state;
	char *text;

	crowd(tb, "worker");
	tb_analyze(tb);
	report_clear(&tb->report);
	assert_int_equal(report_make(&tb->report, &tb->analysis,
				     &(struct report_filter){ .pid = 99999, .comm = "a\nb" }), 0);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "\n  No thread matches --pid=99999 --comm=a\\nb.\n"));
	assert_null(strstr(text, "  tid "));
	assert_null(strstr(text, "  pid "));
	assert_non_null(strstr(text, "\nCores: "));
	assert_lines(text);
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
		crowd(tb, "worker");
		tb->records[tb->cnt - 1].ts_ns = end_ns * SECOND;
		tb_analyze(tb);
		assert_adds_up(&tb->report);
		tb_free(tb);
		setup(state);
		tb_exec(tb, SECOND, 0, 1);
		tb_thread(tb, SECOND, 0, 1, 2, 1);
		tb_switch(tb, SECOND + 1000, 1, 0, TRACE_HOW_NONE, 2);
		tb_switch(tb, SECOND + 2000 + end_ns, 1, 2, TRACE_HOW_DEAD, 0);
		tb_switch(tb, SECOND + 3 * end_ns, 0, 1, TRACE_HOW_PREEMPTED, 0);
		tb_end(tb, SECOND + 4 * end_ns, TRACE_END_COMMAND);
		tb_analyze(tb);
		assert_adds_up(&tb->report);
		tb_free(tb);
		setup(state);
	}
}

/* What the JSON library has of memory, and when it gets no more. */
static size_t json_bytes, json_bytes_most, json_allocs_left;

static void *json_alloc(size_t size)
{
	size_t *block;

	if (!json_allocs_left)
		return NULL;
	json_allocs_left--;
	block = malloc(size + 16);
	if (!block)
		return NULL;
	*block = size;
	json_bytes += size;
	if (json_bytes > json_bytes_most)
		json_bytes_most = json_bytes;
	return (char *)block + 16;
}

static void json_release(void *at)
{
	size_t *block = at ? (size_t *)((char *)at - 16) : NULL;

	if (block)
		json_bytes -= *block;
	free(block);
}

static int json_measure(const struct tb *tb, size_t allocs, char **ret_text)
{
	json_malloc_t alloc;
	json_free_t release;
	size_t len;
	FILE *out = open_memstream(ret_text, &len);
	int err;

	assert_non_null(out);
	json_get_alloc_funcs(&alloc, &release);
	json_set_alloc_funcs(json_alloc, json_release);
	json_allocs_left = allocs;
	json_bytes_most = 0;
	err = render_json(&tb->report, "prog.plx", out);
	json_set_alloc_funcs(alloc, release);
	fclose(out);
	assert_int_equal(json_bytes, 0);
	return err;
}

/* A line for each of many threads, not a tree of all of them. */
static void test_json_memory_is_flat(void **state)
{
	struct tb *tb = *state;
	char *text;
	json_t *root;

	multitude(tb, false);
	/* 256 cores would take more than what is measured. */
	tb->cores = "2";
	tb_analyze(tb);
	assert_int_equal(json_measure(tb, SIZE_MAX, &text), 0);
	if (json_bytes_most > 100000)
		fail_msg("%zu bytes for 2000 threads", json_bytes_most);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "threads")), 2000);
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 3);
	json_decref(root);
	free(text);
}

/* Wherever memory ends, no half of a report passes for all of it. */
static void test_json_out_of_memory(void **state)
{
	struct tb *tb = *state;
	size_t allocs = 0;
	char *text;
	int err;

	lock_scene(tb);
	tb_analyze(tb);
	do {
		json_t *root;

		err = json_measure(tb, allocs, &text);
		assert_true(!err || err == -ENOMEM);
		root = json_loads(text, 0, NULL);
		if (!err)
			assert_non_null(root);
		json_decref(root);
		free(text);
		allocs += allocs < 200 ? 1 : 17;
	} while (err);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_80_columns),
		TEST(test_80_columns_at_most),
		TEST(test_bars_align),
		TEST(test_unknown_is_no_knowledge),
		TEST(test_hostile_names),
		TEST(test_ascii),
		TEST(test_answer_comes_first),
		TEST(test_cores_not_used),
		TEST(test_core_hardly_used),
		TEST(test_affinity_in_title),
		TEST(test_averages_are_named),
		TEST(test_clock_check_says_over_whom),
		TEST(test_full_cores),
		TEST(test_filters),
		TEST(test_filter_by_thread),
		TEST(test_sections_by_name),
		TEST(test_top),
		TEST(test_nothing_matches),
		cmocka_unit_test(test_parts_add_up),
		TEST(test_figures_add_up),
		TEST(test_json_memory_is_flat),
		TEST(test_json_out_of_memory),
		TEST(test_json_facts),
		TEST(test_json_schema),
		cmocka_unit_test(test_format_time),
		cmocka_unit_test(test_format_numbers),
		cmocka_unit_test(test_format_bar),
		cmocka_unit_test(test_format_name),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_cuts_names),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
