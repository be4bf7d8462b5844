/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traces with holes where it is known by head what may have been in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/shown.h"
#include "tests/support/tb.h"

#define SECOND UINT64_C(1000000000)

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

static void expect_curve(const struct tb *tb, enum curve curve, uint64_t low_ns, uint64_t high_ns)
{
	uint64_t ns = tb->report.tree.curves->integral_ns[curve];
	struct range range = tb->analysis.trust.curves[curve];

	assert_int_equal(range_low(ns, range), low_ns);
	assert_int_equal(range_high(ns, range), high_ns);
}

static void expect_state(const struct tb *tb, enum thread_state state, uint64_t low_ns, uint64_t high_ns)
{
	uint64_t ns = tb->report.tree.state_ns[state];
	struct range range = tb->analysis.trust.states[state];

	assert_int_equal(range_low(ns, range), low_ns);
	assert_int_equal(range_high(ns, range), high_ns);
}

static void expect_part(const struct tb *tb, enum stack_part part, uint64_t low_ns, uint64_t high_ns)
{
	uint64_t ns = tb->analysis.stack.part_ns[part];
	struct range range = tb->analysis.trust.parts[part];

	assert_int_equal(range_low(ns, range), low_ns);
	assert_int_equal(range_high(ns, range), high_ns);
}

/* Threads 1 and 2 on cores 0 and 1 for two seconds, and nothing is lost. */
static void scene(struct tb *tb)
{
	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 3 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
}

static void test_nothing_in_doubt(void **state)
{
	struct tb *tb = *state;
	char *text;

	scene(tb);
	tb_analyze(tb);
	for (int i = 0; i < CURVE_CNT; i++)
		expect_curve(tb, (enum curve)i, 4 * SECOND, 4 * SECOND);
	for (int i = 0; i < STATE_CNT; i++)
		expect_state(tb, (enum thread_state)i, tb->report.tree.state_ns[i],
			     tb->report.tree.state_ns[i]);
	for (int i = 0; i < STACK_PART_CNT; i++)
		expect_part(tb, (enum stack_part)i, tb->analysis.stack.part_ns[i],
			    tb->analysis.stack.part_ns[i]);
	text = tb_text(tb, 0);
	assert_null(strstr(text, " .. "));
	free(text);
}

static void test_no_threads(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, SECOND, TRACE_END_COMMAND);
	tb_analyze(tb);
	for (int i = 0; i < CURVE_CNT; i++)
		expect_curve(tb, (enum curve)i, 0, 0);
}

/* From second 2 on core 0 loses events for half a second; thread 2 on core 1 is seen all the while. */
static void test_gap(void **state)
{
	struct tb *tb = *state;
	char *text;

	tb_gap(tb, 2 * SECOND + SECOND / 2, 0, 2 * SECOND, 2 * SECOND + SECOND / 2, 9);
	tb_sample(tb, 2 * SECOND + SECOND / 2, 0, 1);
	scene(tb);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_UNKNOWN, SECOND / 2);
	expect_curve(tb, CURVE_ALIVE, 4 * SECOND, 4 * SECOND);
	expect_curve(tb, CURVE_APPARENT, 4 * SECOND - SECOND / 2, 4 * SECOND);
	expect_curve(tb, CURVE_TRUE, 4 * SECOND - SECOND / 2, 4 * SECOND);
	expect_state(tb, STATE_WAIT_LOCK, 0, SECOND / 2);
	expect_state(tb, STATE_RUN_FREE, 4 * SECOND - SECOND / 2, 4 * SECOND);
	expect_part(tb, STACK_TRUE, 4 * SECOND - SECOND / 2, 4 * SECOND);
	/* Core 0 may have been idle, while thread 1 was ready, or another program's. */
	expect_part(tb, STACK_IDLE_READY, 0, SECOND / 2);
	expect_part(tb, STACK_OTHERS_READY, 0, SECOND / 2);
	expect_part(tb, STACK_OTHERS, 0, SECOND / 2);
	text = tb_text(tb, 0);
	assert_non_null(strstr(text, "1.75 .. 2.00"));
	free(text);
}

/* The core is known to be another program's from the gap on: nobody can have run there. */
static void test_no_core_to_run_on(void **state)
{
	struct tb *tb = *state;

	tb_gap(tb, 2 * SECOND, 0, 2 * SECOND, 2 * SECOND, 1);
	tb_add(tb, 2 * SECOND, 0, TRACE_CORE)->core.program = 7;
	tb_switch(tb, 2 * SECOND + SECOND / 2, 0, 0, TRACE_HOW_NONE, 1);
	scene(tb);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_UNKNOWN, SECOND / 2);
	expect_curve(tb, CURVE_APPARENT, 4 * SECOND - SECOND / 2, 4 * SECOND);
	expect_curve(tb, CURVE_SCHEDULED, 4 * SECOND - SECOND / 2, 4 * SECOND - SECOND / 2);
	expect_part(tb, STACK_TRUE, 4 * SECOND - SECOND / 2, 4 * SECOND - SECOND / 2);
	/* Had it been ready, the core was lost to the other program. */
	expect_part(tb, STACK_OTHERS_READY, 0, SECOND / 2);
	expect_part(tb, STACK_OTHERS, 0, SECOND / 2);
}

/* Nobody at whose word an owner was seen: where anything was lost, it may be a lock's. */
static void test_words_may_be_locks(void **state)
{
	struct tb *tb = *state;

	for (int lossy = 0; lossy < 2; lossy++) {
		tb_exec(tb, SECOND, 0, 1);
		tb_thread(tb, SECOND, 0, 1, 2, 1);
		tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
		if (lossy)
			tb_gap(tb, SECOND + 1000, 1, SECOND + 1000, SECOND + 1000, 1);
		if (lossy)
			tb_sample(tb, SECOND + 1000, 1, 2);
		tb_block(tb, 2 * SECOND, 1, 2, NR_FUTEX, 0x100, 0);
		tb_waking(tb, 3 * SECOND, 0, 1, 2, NR_FUTEX, 0x100, 1);
		tb_switch(tb, 3 * SECOND, 1, 0, TRACE_HOW_NONE, 2);
		tb_switch(tb, 3 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
		tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
		tb_end(tb, 3 * SECOND, TRACE_END_TREE);
		tb_analyze(tb);
		expect_state(tb, STATE_WAIT_SYNC, lossy ? 0 : SECOND, SECOND);
		expect_state(tb, STATE_WAIT_LOCK, 0, lossy ? SECOND : 0);
		expect_curve(tb, CURVE_APPARENT, 3 * SECOND, lossy ? 4 * SECOND : 3 * SECOND);
		expect_curve(tb, CURVE_TRUE, 3 * SECOND, 3 * SECOND);
		tb_free(tb);
		setup(state);
	}
}

/* The last death is lost: the run may have ended where the thread was last seen. */
static void test_end_is_lost(void **state)
{
	struct tb *tb = *state;
	const struct trust *trust = &tb->analysis.trust;

	tb_exec(tb, SECOND, 0, 1);
	tb_gap(tb, 2 * SECOND, 0, 2 * SECOND, 2 * SECOND, 1);
	tb_end(tb, 3 * SECOND, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb->report.tree.wall_ns, 2 * SECOND);
	assert_int_equal(trust->wall_down_ns, SECOND);
	expect_curve(tb, CURVE_ALIVE, SECOND, 2 * SECOND);
	expect_curve(tb, CURVE_TRUE, SECOND, 2 * SECOND);
}

/*
 * Of a part of the run all through which thread 2 waits: where something is lost before, the end of its wait is
 * seen, later; where nothing is, it need not be.
 */
static void test_waits_beyond_a_window(void **state)
{
	static const struct stretch middle = { SECOND + SECOND / 4, SECOND + SECOND / 2 };
	struct tb *tb = *state;

	for (int i = 0; i < 3; i++) {
		bool lossy = i == 1, ends = i < 2;

		tb_exec(tb, SECOND, 0, 1);
		tb_thread(tb, SECOND, 0, 1, 2, 1);
		tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
		if (lossy)
			tb_gap(tb, SECOND + 1000, 1, SECOND + 1000, SECOND + 1000, 1);
		if (lossy)
			tb_sample(tb, SECOND + 1000, 1, 2);
		tb_block(tb, 2 * SECOND, 1, 2, NR_POLL, 0, 0);
		if (ends)
			tb_waking(tb, 3 * SECOND, 0, 1, 2, 0, 0, 0);
		if (ends)
			tb_switch(tb, 3 * SECOND, 1, 0, TRACE_HOW_NONE, 2);
		tb_end(tb, 4 * SECOND, TRACE_END_COMMAND);
		tb_open(tb);
		assert_int_equal(analysis_run_with(&tb->analysis, tb->reader,
				 &(struct analysis_setup){ .window = &middle }), 0);
		assert_int_equal(report_make(&tb->report, &tb->analysis, &(struct report_filter){ 0 }), 0);
		assert_int_equal(tb->analysis.trust.late_ns, 0);
		expect_curve(tb, CURVE_APPARENT, SECOND / 4, SECOND / 4);
		expect_part(tb, STACK_TRUE, SECOND / 4, SECOND / 4);
		tb_free(tb);
		setup(state);
	}
}

/* Three may not have waited at all: what their cores were idle for is not lost to that once more. */
static void test_no_more_than_there_is(void **state)
{
	struct tb *tb = *state;
	const struct stack *stack = &tb->analysis.stack;
	uint64_t most_ns;

	tb->cores = "4";
	tb_exec(tb, SECOND, 0, 1);
	for (uint32_t core = 1; core < 4; core++) {
		uint64_t id = core + 1;

		tb_thread(tb, SECOND, 0, 1, id, 1);
		tb_switch(tb, SECOND, core, 0, TRACE_HOW_NONE, id);
		tb_gap(tb, SECOND + 1000, core, SECOND + 1000, SECOND + 1000, 1);
		tb_sample(tb, SECOND + 1000, core, id);
		tb_block(tb, SECOND + SECOND / 2, core, id, NR_POLL, 0, 0);
	}
	tb_end(tb, 3 * SECOND, TRACE_END_COMMAND);
	tb_analyze(tb);
	most_ns = stack->whole_ns - range_low(stack->part_ns[STACK_TRUE], tb->analysis.trust.parts[STACK_TRUE]);
	assert_int_equal(tb->analysis.trust.late_ns, 9 * (SECOND / 2));
	for (int part = STACK_OTHERS_READY; part < STACK_UNKNOWN; part++)
		assert_in_range(range_high(stack->part_ns[part], tb->analysis.trust.parts[part]), 0, most_ns);
	assert_true(tb->report.findings.cnt);
	for (size_t i = 0; i < tb->report.findings.cnt; i++)
		assert_in_range(finding_high(&tb->report.findings.list[i]), 0, most_ns);
}

/* 0.025 threads are shown as 0.02 or as 0.03, as the sums want it. */
static void test_what_is_shown_lies_within(void **state)
{
	static const struct range up = { 0, 2 * SECOND / 5 };
	struct tb *tb = *state;
	uint64_t ns = 2 * SECOND / 40;

	scene(tb);
	tb_analyze(tb);
	assert_string_equal(average_range(&tb->report, ns, up, 2).s, "0.02 .. 0.23");
	assert_string_equal(average_range(&tb->report, ns, up, 3).s, "0.03 .. 0.23");
	assert_string_equal(average_range(&tb->report, ns, (struct range){ 0 }, 2).s, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_in_doubt),
		TEST(test_no_threads),
		TEST(test_gap),
		TEST(test_no_core_to_run_on),
		TEST(test_words_may_be_locks),
		TEST(test_end_is_lost),
		TEST(test_waits_beyond_a_window),
		TEST(test_no_more_than_there_is),
		TEST(test_what_is_shown_lies_within),
	};

	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
