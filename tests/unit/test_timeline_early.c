/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wakings that come before the sleep they end, and sleeps that nothing is seen to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "analyzer/believe.h"
#include "tests/support/tb.h"

/* The waking came while it was going to sleep: there was no wait. */
static void test_early_waking(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 4800, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 0);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 800);
	tb_expect(tb, 2, STATE_UNKNOWN, 0);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 1);
}

/* The same over more than PRESCAN_SHORT_NS, where the first pass has to know. */
static void test_early_waking_long(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 4000 + 30000000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 40000000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 0);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 30000000);
}

/* An early waking and a later one: it really waited. */
static void early_then_late(struct tb *tb, uint64_t woken_ns)
{
	tb_second(tb, 1);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_waking(tb, woken_ns, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_switch(tb, woken_ns + 100, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, woken_ns + 1000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, woken_ns - 4000);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 100);
}

static void test_early_then_late(void **state)
{
	early_then_late(*state, 6000);
}

static void test_early_then_late_long(void **state)
{
	early_then_late(*state, 60000000);
}

/* A waking before the last switch-in has been used up. */
static void test_stale_waking(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_waking(tb, 3100, 0, 1, 2, NR_WRITE, 1, 0);
	tb_switch(tb, 3200, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 3300, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 4000, 1, 2, NR_READ, 3, 0);
	tb_switch(tb, 4800, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 800);
	tb_expect(tb, 2, STATE_READY_PREEMPTED, 100);
}

static void test_no_waking_is_unknown(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_block(tb, 4000, 1, 2, NR_READ, 3, 0);
	tb_switch(tb, 4800, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 800);
	tb_expect(tb, 2, STATE_WAIT_IO, 0);
}

static void test_doubt_to_the_end_is_unknown(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_waking(tb, 3900, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 4000, 1, 2, NR_READ, 0, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 10000, TRACE_END_COMMAND);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 6000);
}

/* A timer came upon the thread long before it went to sleep: it does not end that sleep. */
static void early_timer(struct tb *tb, uint64_t before_ns, uint64_t slept_ns)
{
	const uint64_t out_ns = 1000000000;

	tb_second(tb, 1);
	tb_waking(tb, out_ns - before_ns, 1, 2, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_block(tb, out_ns, 1, 2, NR_NANOSLEEP, 0, 0);
	tb_switch(tb, out_ns + slept_ns, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, out_ns + slept_ns + 1000);
	tb_analyze(tb);
}

static void test_early_timer_is_stale(void **state)
{
	struct tb *tb = *state;

	early_timer(tb, 999990000, UINT64_C(4000000000));
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000);
	tb_expect(tb, 2, STATE_UNKNOWN, UINT64_C(4000000000));
}

static void test_early_timer_just_before(void **state)
{
	struct tb *tb = *state;

	early_timer(tb, 2000, 5000);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 5000);
	assert_int_equal(tb->report.quality.causes[CAUSE_TIMER], 1);
}

/* The last instant at which one may be early, and the one before it. */
static void test_early_timer_at_the_limit(void **state)
{
	struct tb *tb = *state;

	early_timer(tb, EARLY_NS, 5000);
	tb_expect(tb, 2, STATE_UNKNOWN, 0);
	tb_reset(tb);
	tb_exec(tb, 1000, 0, 1);
	early_timer(tb, EARLY_NS + 1, 5000);
	tb_expect(tb, 2, STATE_UNKNOWN, 5000);
}

/* One that cannot have ended this wait: for all that is known, nothing did. */
static void early_unfit(struct tb *tb, uint64_t slept_ns)
{
	tb_second(tb, 1);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x2000, 1);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 4000 + slept_ns, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 5000 + slept_ns);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, slept_ns);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000);
}

static void test_early_unfit(void **state)
{
	early_unfit(*state, 800);
}

static void test_early_unfit_long(void **state)
{
	early_unfit(*state, 30000000);
}

/* The unlock came first, then a timer and another word's: the unlock it was. */
static void early_hidden(struct tb *tb, uint64_t slept_ns)
{
	tb_second(tb, 1);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_waking(tb, 3950, 1, 2, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_waking(tb, 3960, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 4000 + slept_ns, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 5000 + slept_ns);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + slept_ns);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 1);
}

static void test_early_not_hidden(void **state)
{
	early_hidden(*state, 800);
}

static void test_early_not_hidden_long(void **state)
{
	early_hidden(*state, 30000000);
}

#define TEST(name) TB_TEST_AFTER(name, tb_setup_exec, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_early_waking),
		TEST(test_early_waking_long),
		TEST(test_early_then_late),
		TEST(test_early_then_late_long),
		TEST(test_stale_waking),
		TEST(test_no_waking_is_unknown),
		TEST(test_doubt_to_the_end_is_unknown),
		TEST(test_early_timer_is_stale),
		TEST(test_early_timer_just_before),
		TEST(test_early_timer_at_the_limit),
		TEST(test_early_unfit),
		TEST(test_early_unfit_long),
		TEST(test_early_not_hidden),
		TEST(test_early_not_hidden_long),
	};

	return cmocka_run_group_tests_name("timeline, early wakings", tests, NULL, NULL);
}
