/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state machine: switches, births, deaths, execs, and records that contradict each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

static void test_birth_to_death(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_both_die(tb, 5000);
	tb_analyze(tb);
	assert_int_equal(tb->report.tree.wall_ns, 4000);
	assert_int_equal(tb_row(tb, 1)->life_ns, 4000);
	tb_expect(tb, 1, STATE_RUN_FREE, 4000);
	assert_int_equal(tb_row(tb, 2)->life_ns, 3000);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000);
	tb_expect(tb, 2, STATE_RUN_FREE, 2000);
	assert_int_equal(tb_row(tb, 2)->thread->on_core_ns, 2000);
	assert_false(tb_row(tb, 2)->thread->left_alive);
}

static void test_preempted(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 2000, 0, 1, TRACE_HOW_PREEMPTED, 0)->other = 9;
	tb_switch(tb, 2700, 0, 0, TRACE_HOW_NONE, 1)->other = 9;
	tb_switch(tb, 3000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_READY_PREEMPTED, 700);
	tb_expect(tb, 1, STATE_RUN_FREE, 1300);
}

static void test_wait_ends_at_waking(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_block(tb, 4000, 1, 2, NR_READ, 3, 0);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 6500, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 2000);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 500);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 500);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 1);
}

/* Only the first waking after the switch-out counts. */
static void test_second_waking_ignored(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_block(tb, 4000, 1, 2, NR_READ, 3, 0);
	tb_waking(tb, 5000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 6500, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 1000);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 1);
}

/* Blocked until the end: that is a wait, nothing contradicts it. */
static void test_blocked_to_the_end(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_block(tb, 4000, 1, 2, NR_WAIT4, 0, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 10000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb->report.tree.wall_ns, 9000);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 6000);
	assert_true(tb_row(tb, 2)->thread->left_alive);
	assert_int_equal(tb->report.quality.left_alive, 1);
	assert_int_equal(tb_row(tb, 2)->thread->death_ns, 10000);
}

/* An exec from another thread: it takes the leader's tid, the leader dies. */
static void test_exec_changes_tid(void **state)
{
	struct tb *tb = *state;
	struct trace_exec *exec;

	tb_second(tb, 1);
	tb_switch(tb, 4000, 0, 1, TRACE_HOW_DEAD, 0);
	exec = &tb_add(tb, 5000, 1, TRACE_EXEC)->exec;
	exec->thread = 2;
	exec->tid = 1001;
	exec->comm = (struct trace_bytes){ "other", 5 };
	tb_switch(tb, 6000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(tb_row(tb, 2)->thread->tid, 1001);
	assert_string_equal(tb_row(tb, 2)->thread->comm, "other");
	assert_string_equal(tb->report.processes[0].comm, "other");
	tb_expect(tb, 1, STATE_RUN_FREE, 3000);
	tb_expect(tb, 2, STATE_RUN_FREE, 3000);
	assert_int_equal(tb->report.tree.wall_ns, 5000);
}

/* Ids are for life, tids are not. */
static void test_tid_reuse(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_thread(tb, 5000, 0, 1, 3, 1)->tid = 1002;
	tb_switch(tb, 5100, 1, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 6000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 7000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(tb->report.threads_cnt, 3);
	assert_int_equal(tb_row(tb, 2)->thread->tid, tb_row(tb, 3)->thread->tid);
	assert_int_equal(tb_row(tb, 2)->life_ns, 2000);
	assert_int_equal(tb_row(tb, 3)->life_ns, 1000);
}

static void test_usage_is_since_birth(void **state)
{
	struct tb *tb = *state;
	struct trace_usage *usage;

	tb_switch(tb, 4000, 0, 1, TRACE_HOW_DEAD, 0);
	usage = &tb_add(tb, 4000, 0, TRACE_USAGE)->usage;
	usage->thread = 1;
	usage->run_ns = 8100;
	usage->born_run_ns = 5000;
	tb_analyze(tb);
	assert_int_equal(tb_row(tb, 1)->thread->kernel_run_ns, 3100);
	assert_int_equal(tb->report.quality.clock.worst_ns, 100);
}

static void usage_add(struct tb *tb, uint64_t ts_ns, uint64_t id, uint64_t run_ns)
{
	struct trace_usage *usage = &tb_add(tb, ts_ns, 0, TRACE_USAGE)->usage;

	usage->thread = id;
	usage->run_ns = run_ns;
}

/* Thread 1 ran long, and may be off by more than thread 2 is; thread 2 may not be off so much. */
static void test_clock_slack_is_the_threads_own(void **state)
{
	const uint64_t end_ns = UINT64_C(20000000000);
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_switch(tb, 10003000, 1, 2, TRACE_HOW_DEAD, 0);
	usage_add(tb, 10003000, 2, 10000000 + 30000000);
	tb_switch(tb, end_ns, 0, 1, TRACE_HOW_DEAD, 0);
	usage_add(tb, end_ns, 1, end_ns - 1000 + 90000000);
	tb_end(tb, end_ns, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.clock.worst->id, 2);
	assert_non_null(strstr(tb->report.quality.doubts, "the kernel's clock disagrees"));
}

static void test_switch_ins_from_idle(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_PREEMPTED, 0)->other = 9;
	tb_switch(tb, 5000, 1, 0, TRACE_HOW_NONE, 2)->other = 9;
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	assert_int_equal(tb_row(tb, 2)->thread->switch_ins, 2);
	assert_int_equal(tb_row(tb, 2)->thread->idle_switch_ins, 1);
}

static void test_no_threads(void **state)
{
	struct tb *tb = *state;
	char *text, *json;

	tb->cnt = 0;
	tb_add(tb, 500, 0, TRACE_CORE);
	tb_end(tb, 1000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->report.threads_cnt, 0);
	assert_int_equal(tb->report.tree.wall_ns, 0);
	text = tb_text(tb, 1);
	json = tb_json(tb);
	assert_non_null(strstr(text, "No thread was recorded."));
	free(text);
	free(json);
}

static void test_no_records(void **state)
{
	struct tb *tb = *state;

	tb->cnt = 0;
	tb_analyze(tb);
	assert_int_equal(tb->report.threads_cnt, 0);
}

/* Ids are anything; nothing may be sized by them. */
static void test_huge_ids(void **state)
{
	struct tb *tb = *state;
	const uint64_t id = UINT64_MAX - 1;

	tb_thread(tb, 2000, 0, 1, id, id);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, id);
	tb_switch(tb, 4000, 1, id, TRACE_HOW_DEAD, 0)->other = UINT64_MAX;
	tb_switch(tb, 5000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	tb_expect(tb, id, STATE_RUN_FREE, 1000);
}

/* Records that cannot be: counted, and no crash. */
static void test_contradictions(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_switch(tb, 3500, 0, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 3600, 0, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 3700, 0, 2, TRACE_HOW_PREEMPTED, 0);
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	assert_true(tb->report.quality.contradictions >= 2);
	assert_int_equal(tb->report.quality.confidence, CONFIDENCE_LOW);
}

/* A switch is missing, and nothing says so but the core, which is at something else. */
static void test_core_record_on_a_running_thread(void **state)
{
	struct tb *tb = *state;

	tb_add(tb, 2000, 0, TRACE_CORE);
	tb_end(tb, 5000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.contradictions, 1);
	assert_int_equal(tb->report.quality.confidence, CONFIDENCE_LOW);
	tb_expect(tb, 1, STATE_RUN_FREE, 1000);
	tb_expect(tb, 1, STATE_UNKNOWN, 3000);
	assert_int_equal(tb->report.cores[0].idle_ns, 3000);
}

/* Another comes to its core, another leaves it. */
static void test_core_is_not_free(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_thread(tb, 3100, 0, 1, 3, 1);
	tb_switch(tb, 4000, 1, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 5000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 7000, 1, 3, TRACE_HOW_DEAD, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.contradictions, 2);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 1000);
	tb_expect(tb, 2, STATE_UNKNOWN, 1000);
	tb_expect(tb, 2, STATE_READY_PREEMPTED, 2000);
	tb_expect(tb, 3, STATE_RUN_FREE, 1000 + 1000);
	tb_expect(tb, 3, STATE_UNKNOWN, 1000);
}

/* It leaves, wakes or is sampled on a core where it is not. */
static void test_thread_is_elsewhere(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 5000, 1, 1, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 1);
	tb_waking(tb, 6500, 0, 1, 2, NR_WRITE, 0, 0);
	tb_sample(tb, 7000, 1, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.contradictions, 3);
	tb_expect(tb, 1, STATE_RUN_FREE, 4000 + 500 + 1500);
	tb_expect(tb, 1, STATE_READY_PREEMPTED, 1000);
	assert_int_equal(tb->report.cores[0].unknown_ns, 1500);
	tb_expect(tb, 2, STATE_READY_PREEMPTED, 3000);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 1000);
}

static void test_dead_threads_do_nothing(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 5000, 1, 0, TRACE_HOW_NONE, 2);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 0, 0);
	tb_switch(tb, 7000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.contradictions, 2);
	assert_int_equal(tb->report.cores[1].unknown_ns, 2000 + 2000);
}

/* Threads without a birth are of no known process: nothing of one is inherited by another's. */
static void test_lost_births_share_nothing(void **state)
{
	struct tb *tb = *state;
	struct trace_sched_switch *sw;

	tb_switch(tb, 2000, 1, 0, TRACE_HOW_NONE, 7);
	sw = tb_block(tb, 3000, 1, 7, NR_FUTEX, 0x1000, 0);
	sw->owner = 1;
	sw->gil = 1;
	tb_waking(tb, 3500, 0, 1, 7, NR_FUTEX, 0x1000, 1);
	tb_switch(tb, 3600, 1, 0, TRACE_HOW_NONE, 8);
	tb_thread(tb, 3700, 1, 8, 9, 9);
	tb_block(tb, 4000, 1, 8, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9000, TRACE_END_COMMAND);
	tb_analyze(tb);
	tb_expect(tb, 7, STATE_WAIT_LOCK, 500);
	tb_expect(tb, 8, STATE_WAIT_SYNC, 5000);
	assert_int_equal(tb_row(tb, 9)->thread->process->gil, GIL_NONE);
}

#define TEST(name) TB_TEST_AFTER(name, tb_setup_exec, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_birth_to_death),
		TEST(test_preempted),
		TEST(test_wait_ends_at_waking),
		TEST(test_second_waking_ignored),
		TEST(test_blocked_to_the_end),
		TEST(test_exec_changes_tid),
		TEST(test_tid_reuse),
		TEST(test_usage_is_since_birth),
		TEST(test_clock_slack_is_the_threads_own),
		TEST(test_switch_ins_from_idle),
		TEST(test_no_threads),
		TEST(test_no_records),
		TEST(test_huge_ids),
		TEST(test_contradictions),
		TEST(test_core_record_on_a_running_thread),
		TEST(test_core_is_not_free),
		TEST(test_thread_is_elsewhere),
		TEST(test_dead_threads_do_nothing),
		TEST(test_lost_births_share_nothing),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
