/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * More than one GIL: each by itself, in one process and in processes forked from each other; and waits
 * for other locks.
 *
 * The scene: thread 1 on core 0 and thread 2 on core 1, both in process 1, which has the GILs 1 and 2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

#define OP_WAIT 0
#define OP_WAKE 1

static int setup(void **state)
{
	struct tb *tb;

	tb_setup(state);
	tb = *state;
	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	tb_gil(tb, 1000, 0, 1, 1)->address = 0x1000;
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_gil(tb, 2500, 0, 2, 1)->address = 0x10d0;
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	return 0;
}

static void held(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t thread, uint64_t gil)
{
	struct trace_sample *sample = tb_sample(tb, ts_ns, core, thread);

	TB_PEEK(sample, 0, thread, TB_HELD, 1);
	sample->gil = gil;
}

static const struct gil_count *gil_of(const struct tb *tb, uint64_t id)
{
	for (size_t i = 0; i < tb->report.gils_cnt; i++)
		if (tb->report.gils[i]->id == id)
			return tb->report.gils[i];
	fail_msg("no GIL %d in the report", (int)id);
	return NULL;
}

/* Two run at once, each under its own: that is what several GILs are for. */
static void test_two_gils_are_no_contradiction(void **state)
{
	struct tb *tb = *state;

	for (uint64_t ts_ns = 3000; ts_ns <= 6000; ts_ns += 1000) {
		held(tb, ts_ns, 0, 1, 1);
		held(tb, ts_ns, 1, 2, 2);
	}
	tb_both_die(tb, 6000);
	tb_analyze(tb);
	assert_int_equal(tb->report.gils_cnt, 2);
	/* Thread 1 had no look at it before 3000: since half-way. */
	assert_int_equal(gil_of(tb, 1)->run_ns, 4000);
	assert_int_equal(gil_of(tb, 2)->run_ns, 3000);
	assert_int_equal(gil_of(tb, 1)->doubled_ns + gil_of(tb, 2)->doubled_ns, 0);
	assert_int_equal(tb->report.quality.gil_doubled_ns, 0);
	assert_int_equal(tb->report.tree.curves->level_ns[2], 3000);
	assert_int_equal(gil_of(tb, 2)->address, 0x10d0);
	assert_int_equal(gil_of(tb, 2)->process, 1);
}

/* Under one GIL they cannot have: it is told for how long. */
static void test_one_gil_is_a_contradiction(void **state)
{
	struct tb *tb = *state;

	for (uint64_t ts_ns = 3000; ts_ns <= 6000; ts_ns += 1000) {
		held(tb, ts_ns, 0, 1, 2);
		held(tb, ts_ns, 1, 2, 2);
	}
	tb_both_die(tb, 6000);
	tb_analyze(tb);
	assert_int_equal(gil_of(tb, 2)->run_ns, 4000);
	assert_int_equal(gil_of(tb, 2)->doubled_ns, 3000);
	assert_int_equal(tb->report.quality.gil_doubled_ns, 3000);
}

/* The switch numbers of two GILs say nothing of each other. */
static void test_switch_numbers_are_each_gils_own(void **state)
{
	struct tb *tb = *state;
	struct trace_sched_switch *out;

	/* It leaves with GIL 1 at number 9, free; comes back and is looked at under GIL 2, at 1. */
	TB_PEEK(tb_block(tb, 4000, 1, 2, NR_READ, 3, 0), 0, 2, TB_FREED, 9);
	tb_waking(tb, 5000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 5000, 1, 0, TRACE_HOW_NONE, 2);
	out = tb_block(tb, 6000, 1, 2, NR_READ, 3, 0);
	TB_PEEK(out, 0, 2, TB_FREED, 1);
	out->gil = 2;
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	/* With one GIL, 9 -> 1 with itself as the last holder would say: it had it from 5000 on. */
	assert_int_equal(tb_state(tb, 2, STATE_RUN_GIL), 1000);
	assert_int_equal(gil_of(tb, 1)->missed + gil_of(tb, 2)->missed, 0);
}

/* A thread that goes from one interpreter to another runs under one GIL after the other. */
static void test_thread_changes_gils(void **state)
{
	struct tb *tb = *state;

	held(tb, 3000, 1, 2, 1);
	held(tb, 4000, 1, 2, 1);
	held(tb, 5000, 1, 2, 2);
	held(tb, 6000, 1, 2, 2);
	tb_both_die(tb, 6000);
	tb_analyze(tb);
	assert_int_equal(tb_state(tb, 2, STATE_RUN_GIL), 3000);
	assert_int_equal(gil_of(tb, 1)->run_ns, 1500);
	assert_int_equal(gil_of(tb, 2)->run_ns, 1500);
}

/* A child of fork(2) has its GILs at the same addresses, and they are others. */
static void test_forked_child_has_its_own(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 3500, 1, 2, TRACE_HOW_DEAD, 0);
	tb_thread(tb, 4000, 0, 1, 3, 3);
	tb_gil(tb, 4000, 0, 3, 3)->address = 0x1000;
	tb_switch(tb, 4000, 1, 0, TRACE_HOW_NONE, 3);
	for (uint64_t ts_ns = 4000; ts_ns <= 6000; ts_ns += 1000) {
		held(tb, ts_ns, 0, 1, 1);
		held(tb, ts_ns, 1, 3, 3);
	}
	tb_switch(tb, 6000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 6000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 6050, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(gil_of(tb, 3)->run_ns, 2000);
	assert_int_equal(gil_of(tb, 3)->address, gil_of(tb, 1)->address);
	assert_int_equal(gil_of(tb, 3)->process, 3);
	assert_int_equal(tb->report.quality.gil_doubled_ns, 0);
}

/* Pushed off or blocked in a call, and still the holder: of the one and then of the other. */
static void test_held_off_core_is_each_gils_own(void **state)
{
	struct tb *tb = *state;
	struct trace_sched_switch *out;

	TB_PEEK(tb_block(tb, 4000, 1, 2, NR_READ, 3, 0), 0, 2, TB_HELD, 1);
	tb_waking(tb, 5000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 5300, 1, 0, TRACE_HOW_NONE, 2);
	out = tb_switch(tb, 6000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	TB_PEEK(out, 0, 2, TB_HELD, 1);
	out->gil = 2;
	tb_switch(tb, 6400, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(gil_of(tb, 1)->off_core_ns, 1300);
	assert_int_equal(gil_of(tb, 2)->off_core_ns, 400);
	assert_int_equal(tb_row(tb, 2)->thread->gil_held_off_core_ns, 1700);
}

/* Asleep or woken before, nobody knows: it left with the GIL, until it was lost from sight. */
static void test_held_off_core_until_lost(void **state)
{
	struct tb *tb = *state;

	tb_waking(tb, 3900, 0, 1, 2, NR_WRITE, 4, 0);
	TB_PEEK(tb_block(tb, 4000, 1, 2, NR_READ, 3, 0), 0, 2, TB_HELD, 1);
	tb_gap(tb, 5000, 1, 4700, 5000, 10);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 2000);
	assert_int_equal(gil_of(tb, 1)->off_core_ns, 700);
	assert_int_equal(tb_row(tb, 2)->thread->gil_held_off_core_ns, 700);
}

/* Steps are recorded from now on: what it took along off its core counts once. */
static void test_held_off_core_when_steps_begin(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_block(tb, 4000, 1, 2, NR_READ, 3, 0), 0, 2, TB_HELD, 1);
	tb_gil(tb, 4500, 0, 1, 1)->address = 0x1000;
	tb->records[tb->cnt - 1].gil.exact = 1;
	tb_waking(tb, 5000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 5300, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(gil_of(tb, 1)->off_core_ns, 1300);
	assert_int_equal(tb_row(tb, 2)->thread->gil_held_off_core_ns, 1300);
	tb_expect(tb, 2, STATE_RUN_GIL, 2700 + 500);
}

static void test_lock_wait_lasts_until_it_runs(void **state)
{
	struct tb *tb = *state;

	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x5000, OP_WAIT);
	tb_waking(tb, 5000, 0, 1, 2, NR_FUTEX, 0x5000, OP_WAKE);
	tb_switch(tb, 5300, 1, 0, TRACE_HOW_NONE, 2);
	/* A wait for the GIL is none, nor is one for input. */
	TB_PEEK(tb_block(tb, 5500, 1, 2, NR_FUTEX, 0x1020, OP_WAIT), TRACE_GIL_PART_COND, 1, TB_HELD, 1);
	tb_waking(tb, 6000, 0, 1, 2, NR_FUTEX, 0x1020, OP_WAKE);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 6200, 1, 2, NR_READ, 3, 0);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb_row(tb, 2)->thread->lock_wait.cnt, 1);
	assert_int_equal(tb_row(tb, 2)->thread->lock_wait.total_ns, 1300);
	assert_int_equal(tb_row(tb, 2)->thread->gil_wait.cnt, 1);
	assert_int_equal(tb->report.lock_wait.cnt, 1);
	assert_int_equal(tb->report.lock_wait.total_ns, 1300);
}

static void test_lock_wait_to_the_end(void **state)
{
	struct tb *tb = *state;

	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x5000, OP_WAIT);
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb_row(tb, 2)->thread->lock_wait.total_ns, 4000);
}

#define TEST(name) TB_TEST_AFTER(name, setup, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_gils_are_no_contradiction),
		TEST(test_one_gil_is_a_contradiction),
		TEST(test_switch_numbers_are_each_gils_own),
		TEST(test_thread_changes_gils),
		TEST(test_forked_child_has_its_own),
		TEST(test_held_off_core_is_each_gils_own),
		TEST(test_held_off_core_until_lost),
		TEST(test_held_off_core_when_steps_begin),
		TEST(test_lock_wait_lasts_until_it_runs),
		TEST(test_lock_wait_to_the_end),
	};

	return cmocka_run_group_tests_name("timeline: several GILs", tests, NULL, NULL);
}
