/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where steps at GILs are recorded: of whom all are known, and of whom some may be missing.
 *
 * The scene: thread 1 on core 0, in process 1, which has GIL 1; thread 2 is born at 2000.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/tb.h"

static void gil_add(struct tb *tb, uint64_t ts_ns, uint32_t stream, uint64_t id, uint64_t process)
{
	struct trace_gil *gil = tb_gil(tb, ts_ns, stream, id, process);

	gil->address = 0x1000;
	gil->exact = 1;
}

static void begin_exact(struct tb *tb)
{
	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	gil_add(tb, 1000, 0, 1, 1);
}

/* Its first coming was lost, and a take with it: the looks say what it has. */
static void test_first_coming_was_lost(void **state)
{
	struct tb *tb = *state;

	begin_exact(tb);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_gap(tb, 4000, 1, 2500, 3500, 2);
	TB_PEEK(tb_sample(tb, 4000, 1, 2), TRACE_GIL_PART_NONE, 2, TB_HELD, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_GIL, 4000);
	tb_expect(tb, 2, STATE_UNKNOWN, 1500);
}

/* Born while events were being lost, it may have run at once. */
static void test_born_amid_a_loss(void **state)
{
	struct tb *tb = *state;

	begin_exact(tb);
	tb_gap(tb, 4000, 1, 1500, 3500, 2);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	TB_PEEK(tb_sample(tb, 4000, 1, 2), TRACE_GIL_PART_NONE, 2, TB_HELD, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_GIL, 4000);
	tb_expect(tb, 2, STATE_UNKNOWN, 2000);
}

/* A copy of a parent of whom it is not known whether it has the GIL. */
static void test_forked_by_one_in_doubt(void **state)
{
	struct tb *tb = *state;

	begin_exact(tb);
	tb_gil_step(tb, 1100, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_gap(tb, 1800, 0, 1200, 1300, 1);
	TB_PEEK(tb_sample(tb, 1800, 0, 1), TRACE_GIL_PART_NONE, 1, TB_HELD, 1);
	tb_thread(tb, 2000, 0, 1, 2, 2);
	gil_add(tb, 2000, 0, 2, 2);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_sample(tb, 3000, 1, 2), TRACE_GIL_PART_NONE, 2, TB_HELD, 1);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_GIL, 5000);
}

/* When steps are missing again, looks count from the last leaving, whoever told of it. */
static void test_looks_after_steps(void **state)
{
	struct tb *tb = *state;

	begin_exact(tb);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_gil_step(tb, 3100, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 3200, 1, 2, 1, TRACE_GIL_OP_DROP);
	TB_PEEK(tb_block(tb, 3300, 1, 2, NR_READ, 0, 0), TRACE_GIL_PART_NONE, 2, TB_FREED, 7);
	tb_waking(tb, 3500, 0, 1, 2, NR_WRITE, 1, 0);
	tb_gap(tb, 4000, 1, 3600, 3700, 1);
	/* The same number as when it left: it has not had the GIL since. */
	TB_PEEK(tb_sample(tb, 4000, 1, 2), TRACE_GIL_PART_NONE, 2, TB_FREED, 7);
	TB_PEEK(tb_sample(tb, 5000, 1, 2), TRACE_GIL_PART_NONE, 2, TB_FREED, 7);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_GIL, 100);
	tb_expect(tb, 2, STATE_RUN_FREE, 200 + 4000);
}

/* A step shows that its thread runs, also to the first pass: the waking behind it is an early one. */
static void test_early_waking_behind_a_step(void **state)
{
	struct tb *tb = *state;

	begin_exact(tb);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 3500, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_gap(tb, 5500, 1, 4000, 5000, 3);
	tb_gil_step(tb, 5500, 1, 2, 1, TRACE_GIL_OP_DROP);
	tb_waking(tb, 5550, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 5600, 1, 2, NR_READ, 0, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 400);
	tb_expect(tb, 2, STATE_UNKNOWN, 1500);
}

/* The recorder was late: whoever ran before may have had the GIL, the command above all. */
static void test_command_ran_before(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_PENDING;
	tb_thread(tb, 2000, 0, 1, 2, 1);
	gil_add(tb, 2500, TRACE_STREAM_COLLECTOR, 1, 1);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 3100, 0, 1, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 3200, 0, 0, TRACE_HOW_NONE, 1);
	TB_PEEK(tb_sample(tb, 3200, 0, 1), TRACE_GIL_PART_NONE, 1, TB_HELD, 1);
	tb_gil_step(tb, 6000, 0, 1, 1, TRACE_GIL_OP_DROP);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_RUN_GIL, 2800);
	/* What went before its first step is none of the holdings that steps tell of. */
	assert_int_equal(tb_row(tb, 1)->thread->gil_hold.total_ns, 0);
	assert_int_equal(tb_row(tb, 2)->sampled_ns, 0);
}

#define TEST(name) TB_TEST(name, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_coming_was_lost),
		TEST(test_born_amid_a_loss),
		TEST(test_forked_by_one_in_doubt),
		TEST(test_looks_after_steps),
		TEST(test_early_waking_behind_a_step),
		TEST(test_command_ran_before),
	};

	return cmocka_run_group_tests_name("timeline: exact or not", tests, NULL, NULL);
}
