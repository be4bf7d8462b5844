/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said of GILs, held against numbers worked out by hand.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

#define COND 0x500
#define WAIT_PRIVATE 128
#define WAKE_PRIVATE 129

/* A process whose GIL is known from its exec on. */
static void gil_begin(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t process, uint64_t gil)
{
	tb_gil(tb, ts_ns, core, gil, process)->exact = 1;
}

/*
 * ns     1 (core 0)          2 (core 1)
 * 1000   run.free            -
 * 1000   run.gil
 * 2000   run.gil             ready.woken
 * 2100   run.gil             run.free
 * 2200   run.gil             run.spin
 * 2300   run.gil             wait.gil
 * 4000   run.free            wait.gil
 * 4100   run.free            ready.woken
 * 4500   run.free            run.spin
 * 4600   run.free            run.gil
 * 5000   run.free            ready.preempted, holds
 * 5500   run.free            run.gil
 * 6000   run.free            run.free
 * 8000   dead                dead
 */
static void scene(struct tb *tb)
{
	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	gil_begin(tb, 1000, 0, 1, 1);
	tb_gil_step(tb, 1000, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 2100, 1, 0, TRACE_HOW_NONE, 2);
	tb_gil_step(tb, 2200, 1, 2, 1, TRACE_GIL_OP_WAIT);
	tb_block(tb, 2300, 1, 2, NR_FUTEX, COND, WAIT_PRIVATE);
	tb_gil_step(tb, 4000, 0, 1, 1, TRACE_GIL_OP_DROP);
	tb_waking(tb, 4100, 0, 1, 2, NR_FUTEX, COND, WAKE_PRIVATE);
	tb_switch(tb, 4500, 1, 0, TRACE_HOW_NONE, 2);
	tb_gil_step(tb, 4600, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_switch(tb, 5000, 1, 2, TRACE_HOW_PREEMPTED, 0)->other = 7;
	tb_switch(tb, 5500, 1, 0, TRACE_HOW_NONE, 2)->other = 7;
	tb_gil_step(tb, 6000, 1, 2, 1, TRACE_GIL_OP_DROP);
	tb_switch(tb, 8000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8100, TRACE_END_TREE);
}

static void test_held_and_wanted(void **state)
{
	struct tb *tb = *state;
	const struct gil_use *use;

	scene(tb);
	tb_analyze(tb);
	use = gil_use_of(&tb->analysis.gil, 1);
	assert_non_null(use);
	assert_int_equal(use->process->id, 1);
	assert_int_equal(use->held_ns, 3000 + 1400);
	assert_int_equal(use->held_active_ns, 4400);
	assert_int_equal(use->off_core_ns, 500);
	assert_int_equal(use->active_ns, 7000);
	assert_int_equal(use->wanted_ns, 2300);
	assert_int_equal(use->wanted_held_ns, 1700);
	assert_int_equal(use->gap_ns[GIL_GAP_ASLEEP], 100);
	assert_int_equal(use->gap_ns[GIL_GAP_READY], 400);
	assert_int_equal(use->gap_ns[GIL_GAP_TAKING], 100);
	assert_int_equal(use->levels_cnt, 2);
	assert_int_equal(use->level_ns[1], 2300);
	assert_int_equal(use->sampled_ns, 0);
	assert_int_equal(use->unknown_ns, 0);
	assert_int_equal(use->cut_cnt, 0);
}

static void test_holds_waits_hand_overs(void **state)
{
	struct tb *tb = *state;
	const struct gil_use *use;

	scene(tb);
	tb_analyze(tb);
	use = gil_use_of(&tb->analysis.gil, 1);
	assert_int_equal(use->hold.cnt, 2);
	assert_int_equal(use->hold.min_ns, 1400);
	assert_int_equal(use->hold.max_ns, 3000);
	assert_int_equal(use->wait.cnt, 1);
	assert_int_equal(use->wait.sum_ns, 2300);
	assert_int_equal(use->hand_over.cnt, 1);
	assert_int_equal(use->hand_over.sum_ns, 600);
	assert_int_equal(use->overtakes_cnt, 0);
	/* Who waits starves, who only holds does not. */
	assert_int_equal(use->parts_cnt, 2);
	assert_int_equal(use->parts[0]->thread->id, 2);
	assert_int_equal(use->parts[0]->wait_max_ns, 2300);
	assert_int_equal(use->parts[1]->holds_cnt, 1);
}

/* 1: 3000 under the GIL, 4000 without; 2: 100 without, 400 and 500 under it, 2000 without. */
static void test_ceiling(void **state)
{
	struct tb *tb = *state;
	const struct gil_use *use;
	double serial = 3900.0 / 10000;

	scene(tb);
	tb_analyze(tb);
	use = gil_use_of(&tb->analysis.gil, 1);
	assert_int_equal(use->run_ns, 3900);
	assert_int_equal(use->work_ns, 10000);
	assert_true(gil_ceiling(use, 1) == 1);
	assert_true(gil_ceiling(use, 2) == 1 / (serial + (1 - serial) / 2));
	assert_true(gil_ceiling(&(struct gil_use){ 0 }, 2) == 0);
}

/* It drops the GIL at 4000 and takes it again before the one that waits is on a core. */
static void test_overtaking(void **state)
{
	struct tb *tb = *state;
	const struct gil_use *use;

	scene(tb);
	tb_gil_step(tb, 4200, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 4400, 0, 1, 1, TRACE_GIL_OP_DROP);
	tb_analyze(tb);
	use = gil_use_of(&tb->analysis.gil, 1);
	assert_int_equal(use->overtakes_cnt, 1);
	assert_int_equal(use->hand_over.cnt, 1);
	assert_int_equal(use->hand_over.sum_ns, 200);
	assert_int_equal(use->hold.cnt, 3);
}

/* Events of core 1 are lost while its thread has the GIL: nobody knows when it let go. */
static void test_loss(void **state)
{
	struct tb *tb = *state;
	const struct gil_use *use;

	scene(tb);
	tb_gap(tb, 4900, 1, 4700, 4800, 3);
	tb_analyze(tb);
	use = gil_use_of(&tb->analysis.gil, 1);
	assert_int_equal(use->hold.cnt, 2);
	assert_int_equal(use->hold.min_ns, 100);
	assert_int_equal(use->cut_cnt, 1);
	assert_int_equal(use->held_ns, 3000 + 100);
	/* Until its next switch; from its next step on it is known again whether it has the GIL. */
	assert_int_equal(use->unknown_ns, 300);
}

/* Two processes, each with a GIL of its own: nothing of the one shows at the other. */
static void test_two_processes(void **state)
{
	struct tb *tb = *state;
	const struct gil_use *use;

	scene(tb);
	tb_thread(tb, 3000, 0, 1, 3, 3);
	gil_begin(tb, 3000, 0, 3, 2);
	tb_switch(tb, 3100, 1, 0, TRACE_HOW_NONE, 3);
	tb_gil_step(tb, 3200, 1, 3, 2, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 3300, 1, 3, 2, TRACE_GIL_OP_DROP);
	tb_switch(tb, 3400, 1, 3, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	use = gil_use_of(&tb->analysis.gil, 2);
	assert_int_equal(use->process->id, 3);
	assert_int_equal(use->held_ns, 100);
	assert_int_equal(use->wanted_ns, 0);
	assert_int_equal(use->active_ns, 400);
	assert_int_equal(use->parts_cnt, 1);
	/* The most waited-for is first. */
	assert_int_equal(tb->analysis.gil.uses[0]->id, 1);
	assert_int_equal(tb->analysis.gil.uses[0]->work_ns, 10000);
}

/* A thread has the one GIL for a moment and the other for long, and nobody waits for either. */
static void test_several_in_detail(void **state)
{
	struct tb *tb = *state;
	const char *one, *two;
	char *text;

	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	gil_begin(tb, 1000, 0, 1, 1);
	gil_begin(tb, 1000, 0, 1, 2);
	tb_gil_step(tb, 2000, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 2100, 0, 1, 1, TRACE_GIL_OP_DROP);
	tb_gil_step(tb, 3000, 0, 1, 2, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 7000, 0, 1, 2, TRACE_GIL_OP_DROP);
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8100, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.gil.uses[0]->id, 2);
	text = tb_text(tb, 0);
	one = strstr(text, "\n  GIL 1:\n");
	two = strstr(text, "\n  GIL 2:\n");
	assert_non_null(one);
	assert_non_null(two);
	assert_true(two < one);
	assert_non_null(strstr(two, "holds           1  4.00 us"));
	assert_non_null(strstr(one, "holds           1  100 ns"));
	free(text);
}

static void test_no_gil(void **state)
{
	struct tb *tb = *state;
	char *text;

	tb_exec(tb, 1000, 0, 1);
	tb_block(tb, 2000, 0, 1, NR_READ, 0, 0);
	tb_switch(tb, 3000, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 4000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 4100, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.gil.uses_cnt, 0);
	assert_null(gil_use_of(&tb->analysis.gil, 1));
	text = tb_text(tb, 0);
	assert_null(strstr(text, "Gil:"));
	free(text);
}

static void test_empty(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, 100, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.gil.uses_cnt, 0);
}

/* Whose births were lost have a process only in name: the GIL is of the one that it was found in. */
static void test_process_of_lost_births(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	gil_begin(tb, 1000, 0, 1, 1);
	tb_gil_step(tb, 2000, 1, 7, 1, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 4000, 1, 7, 1, TRACE_GIL_OP_DROP);
	tb_gil_step(tb, 5000, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_switch(tb, 6000, 1, 7, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb_row(tb, 7)->thread->process->id, 0);
	assert_int_equal(gil_use_of(&tb->analysis.gil, 1)->process->id, 1);
	assert_int_equal(gil_use_of(&tb->analysis.gil, 1)->active_ns, 7000);
}

/* A sink is fed what no timeline would: the run ends while a thread holds the GIL. */
static void test_identity(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process };
	struct identity identity = { "" };
	struct gils gils = { 0 };
	struct people people = { 0 };
	static const struct trust trust;
	struct gil_uses uses = {
		.identity = &identity, .gils = &gils, .people = &people, .trust = &trust,
	};
	const struct change change = {
		.at_ns = 10, .thread = &thread, .from = STATE_CNT, .to = STATE_RUN_GIL, .to_gil = 1,
	};

	(void)state;
	assert_int_equal(gil_sink.change(&uses, &change), 0);
	assert_int_equal(gil_sink.end(&uses, &(struct run){ .start_ns = 10, .end_ns = 20 }), -EPROTO);
	assert_non_null(strstr(identity.broken, "GIL 1"));
	gil_uses_clear(&uses);
}

static void test_text(void **state)
{
	struct tb *tb = *state;
	char *text;

	scene(tb);
	tb_analyze(tb);
	text = tb_text(tb, 0);
	/* held 4400 of 7000, 500 off core, 2300 waiting, 600 in gaps, 39 % of the work under it */
	assert_non_null(strstr(text, "62.9   7.1     0.33     1   8.6   39.0   1.44 x"));
	assert_non_null(strstr(text, "hand-overs      1   600 ns"));
	assert_non_null(strstr(text, "Holders were asked to let go 0 times."));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TB_TEST(test_held_and_wanted, "2"),
		TB_TEST(test_holds_waits_hand_overs, "2"),
		TB_TEST(test_ceiling, "2"),
		TB_TEST(test_overtaking, "2"),
		TB_TEST(test_loss, "2"),
		TB_TEST(test_two_processes, "2"),
		TB_TEST(test_several_in_detail, "2"),
		TB_TEST(test_no_gil, "2"),
		TB_TEST(test_empty, "2"),
		TB_TEST(test_process_of_lost_births, "2"),
		cmocka_unit_test(test_identity),
		TB_TEST(test_text, "2"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
