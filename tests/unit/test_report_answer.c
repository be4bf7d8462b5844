/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first lines: what they say of a run, and what they must not say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/answer.h"
#include "tests/support/scenes.h"
#include "tests/support/tb.h"

#define SECOND UINT64_C(1000000000)

static void test_answer_comes_first(void **state)
{
	struct tb *tb = *state;
	char *text;

	scene_lock(tb);
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
	expect_lines(text);
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

/* First one core is idle and nobody is ready, then both are full and one is: those are two things. */
static void test_idle_at_other_times(void **state)
{
	struct tb *tb = *state;
	struct answer answer;

	tb_exec(tb, SECOND, 0, 1);
	tb_add(tb, SECOND, 1, TRACE_CORE);
	tb_thread(tb, 2 * SECOND, 0, 1, 2, 1);
	tb_switch(tb, 2 * SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_thread(tb, 2 * SECOND, 0, 1, 3, 1);
	for (uint64_t i = 0; i < 100; i++)
		tb_switch(tb, 2 * SECOND + i * 10000000, 0, i % 2 ? 3 : 1, TRACE_HOW_PREEMPTED, i % 2 ? 1 : 3);
	tb_end(tb, 3 * SECOND, TRACE_END_COMMAND);
	tb_analyze(tb);
	answer = answer_make(&tb->report);
	assert_string_equal(answer.text, "0.50 of 2.00 are pushed off their core.  The cores had room for "
			    "only 0.00 of them, though 0.50 of 2 stood idle at times.");
}

/* The core is idle while, and because, its thread waits for a lock. */
static void test_idle_meanwhile(void **state)
{
	struct tb *tb = *state;
	struct answer answer;

	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 2 * SECOND, 1, 2, NR_FUTEX, 0x100, 0)->owner = 1;
	tb_end(tb, 3 * SECOND, TRACE_END_COMMAND);
	tb_analyze(tb);
	answer = answer_make(&tb->report);
	assert_string_equal(answer.text, "0.50 of 2.00 wait for a lock.  The cores had room: 0.50 of 2 stood "
			    "idle meanwhile.");
}

#define TEST(name) TB_TEST(name, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answer_comes_first),
		TEST(test_cores_not_used),
		TEST(test_core_hardly_used),
		TEST(test_affinity_in_title),
		TEST(test_averages_are_named),
		TEST(test_clock_check_says_over_whom),
		TEST(test_full_cores),
		TEST(test_idle_at_other_times),
		TEST(test_idle_meanwhile),
	};

	return cmocka_run_group_tests_name("report, answer", tests, NULL, NULL);
}
