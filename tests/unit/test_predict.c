/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Predictions for traces whose answers can be worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/words.h"
#include "tests/support/tb.h"

/* Words of the GIL object. */
#define COND 0x20
#define OP_WAIT 0
#define OP_WAKE 1

#define MS UINT64_C(1000000)

static const struct prediction *find(const struct tb *tb, enum prediction_kind kind, uint32_t cores)
{
	const struct predict *predict = &tb->analysis.predict;

	for (size_t i = 0; i < predict->predictions_cnt; i++)
		if (predict->predictions[i].kind == kind && predict->predictions[i].cores == cores)
			return &predict->predictions[i];
	fail_msg("there is no prediction of kind %d", (int)kind);
	return NULL;
}

static uint64_t takes(const struct tb *tb, enum prediction_kind kind, uint32_t cores)
{
	return find(tb, kind, cores)->result.wall_ns;
}

static void nobody(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, 1000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.predict.predictions_cnt, 0);
}

/* It computes, sleeps, computes: more cores are of no use, half of the work is. */
static void one_thread(void **state)
{
	struct tb *tb = *state;
	const struct predict *predict = &tb->analysis.predict;

	tb_exec(tb, 0, 0, 1);
	tb_block(tb, 4 * MS, 0, 1, NR_NANOSLEEP, 0, 0);
	tb_waking(tb, 7 * MS, 0, 0, 1, 0, 0, 0);
	tb_switch(tb, 7 * MS, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 9 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9 * MS, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(predict->base.wall_ns, 9 * MS);
	assert_int_equal(predict_error_ns(predict), 0);
	assert_int_equal(takes(tb, PREDICTION_CORES, 1), 9 * MS);
	assert_int_equal(takes(tb, PREDICTION_HALF, 0), 2 * MS + 3 * MS + 1 * MS);
	assert_int_equal(predict->predictions_cnt, 2);
}

/* Two threads compute, 6 and 4 ms from the birth on: side by side, or one after the other. */
static void two_threads(void **state)
{
	struct tb *tb = *state;
	const struct predict *predict = &tb->analysis.predict;

	tb_exec(tb, 0, 0, 1);
	tb_thread(tb, 1 * MS, 0, 1, 2, 1);
	tb_switch(tb, 1 * MS, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 5 * MS, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 7 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 7 * MS, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(predict->base.wall_ns, 7 * MS);
	assert_int_equal(predict->base.work_ns, 11 * MS);
	assert_int_equal(takes(tb, PREDICTION_CORES, 1), 11 * MS);
	assert_int_equal(takes(tb, PREDICTION_CORES, 2), 7 * MS);
}

/*
 * Thread 2 has the lock from its beginning and lets go after 6 ms; thread 1 wants it at 2 ms, and has
 * 3 ms to do then.
 */
static void lock_scene(struct tb *tb)
{
	tb_exec(tb, 0, 0, 1);
	tb_thread(tb, 0, 0, 1, 2, 1);
	tb_switch(tb, 0, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 2 * MS, 0, 1, NR_FUTEX, 0x100, 0)->owner = 2;
	tb_waking(tb, 6 * MS, 1, 2, 1, NR_FUTEX, 0x100, 1);
	tb_switch(tb, 6 * MS + 1000, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 7 * MS, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 9 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9 * MS, TRACE_END_TREE);
}

static void one_lock(void **state)
{
	struct tb *tb = *state;

	lock_scene(tb);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.predict.base.wall_ns, 9 * MS);
	assert_int_equal(takes(tb, PREDICTION_LOCK, 0), 7 * MS);
	assert_int_equal(find(tb, PREDICTION_LOCK, 0)->word->address, 0x100);
	/* 1 has to wait, and goes on when 2 has come so far; no core is free until then. */
	assert_int_equal(takes(tb, PREDICTION_CORES, 1), 12 * MS - 1000);
}

/*
 * 1 computes under the GIL for 4 ms and without it until 20 ms; 2 wants the GIL from 1 ms on, for 1 ms.
 * Without a GIL the run lasts as long, but 2 is done at 2 ms.
 */
static void who_waited_is_done_sooner(void **state)
{
	struct tb *tb = *state;
	const struct predict *predict = &tb->analysis.predict;
	struct trace_gil *gil;

	tb_exec(tb, 0, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	gil = &tb_add(tb, 0, 0, TRACE_GIL)->gil;
	gil->id = gil->process = 1;
	TB_PEEK(tb_sample(tb, 0, 0, 1), 0, 1, TB_HELD, 1);
	tb_thread(tb, 1 * MS, 0, 1, 2, 1);
	tb_switch(tb, 1 * MS, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_block(tb, 1 * MS, 1, 2, NR_FUTEX, COND, OP_WAIT), TRACE_GIL_PART_COND, 1, TB_HELD, 1);
	TB_PEEK(tb_waking(tb, 4 * MS, 0, 1, 2, NR_FUTEX, COND, OP_WAKE), TRACE_GIL_PART_COND, 1, TB_FREED, 1);
	TB_PEEK(tb_sample(tb, 4 * MS, 0, 1), 0, 1, TB_FREED, 1);
	tb_switch(tb, 4 * MS, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_sample(tb, 4 * MS, 1, 2), 0, 2, TB_HELD, 2);
	TB_PEEK(tb_switch(tb, 5 * MS, 1, 2, TRACE_HOW_DEAD, 0), 0, 2, TB_HELD, 2);
	TB_PEEK(tb_sample(tb, 5 * MS, 0, 1), 0, 2, TB_HELD, 2);
	tb_switch(tb, 20 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 20 * MS, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(predict->base.wall_ns, 20 * MS);
	assert_int_equal(takes(tb, PREDICTION_GIL, 0), 20 * MS);
	assert_int_equal(predict->sooner_cnt, 1);
	assert_int_equal(predict->sooner[0].group->first->id, 2);
	assert_int_equal(predict->sooner[0].base_ns, 5 * MS);
	assert_int_equal(predict->sooner[0].without_ns, 2 * MS);
}

/*
 * Thread 3 has lock 0x200 until 4 ms; thread 2 has 0x100 meanwhile, waits for that one and is done at
 * 6 ms; thread 1 waits for 0x100, and has 3 ms to do then.
 */
static void two_locks(void **state)
{
	struct tb *tb = *state;
	const struct predict *predict = &tb->analysis.predict;
	const struct prediction *all;

	tb_exec(tb, 0, 0, 1);
	tb_thread(tb, 0, 0, 1, 2, 1);
	tb_thread(tb, 0, 0, 1, 3, 1);
	tb_switch(tb, 0, 1, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 0, 2, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 1 * MS, 0, 1, NR_FUTEX, 0x100, 0)->owner = 2;
	tb_block(tb, 2 * MS, 2, 2, NR_FUTEX, 0x200, 0)->owner = 3;
	tb_waking(tb, 4 * MS, 1, 3, 2, NR_FUTEX, 0x200, 1);
	tb_switch(tb, 4 * MS, 2, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 4 * MS, 1, 3, TRACE_HOW_DEAD, 0);
	tb_waking(tb, 6 * MS, 2, 2, 1, NR_FUTEX, 0x100, 1);
	tb_switch(tb, 6 * MS + 1000, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 6 * MS, 2, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 9 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9 * MS, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(predict->base.wall_ns, 9 * MS);
	/* All locks together come first, then the one that was waited for longest. */
	all = find(tb, PREDICTION_LOCK, 0);
	assert_null(all[0].word);
	assert_int_equal(all[0].result.wall_ns, 4 * MS);
	assert_int_equal(all[1].kind, PREDICTION_LOCK);
	assert_int_equal(all[1].word->address, 0x100);
	assert_int_equal(all[1].result.wall_ns, 6 * MS);
	assert_int_equal(all[2].kind, PREDICTION_LOCK);
	assert_int_equal(all[2].word->address, 0x200);
	assert_int_equal(all[2].result.wall_ns, 7 * MS);
	assert_int_not_equal(all[3].kind, PREDICTION_LOCK);
}

/* Four threads take turns on one core and the other idles all the time: they are bound to theirs. */
static void bound_to_a_core(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 0, 0, 1);
	tb_add(tb, 0, 1, TRACE_CORE)->core.program = 0;
	for (uint64_t id = 2; id <= 4; id++)
		tb_thread(tb, 0, 0, 1, id, 1);
	for (uint64_t i = 1; i <= 8; i++)
		tb_switch(tb, i * MS, 0, 1 + (i + 3) % 4, i <= 4 ? TRACE_HOW_PREEMPTED : TRACE_HOW_DEAD,
			  i == 8 ? 0 : 1 + i % 4);
	tb_end(tb, 8 * MS, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.predict.cores, 1);
	assert_int_equal(tb->analysis.predict.base.wall_ns, 8 * MS);
	assert_true(takes(tb, PREDICTION_CORES, 2) < 8 * MS);
}

/* Who was woken waits for its core as long as it did, where a core was free. */
static void latency_stays(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 0, 0, 1);
	tb_block(tb, 4 * MS, 0, 1, NR_READ, 0, 0);
	tb_waking(tb, 7 * MS, 0, 0, 1, 0, 0, 0);
	tb_switch(tb, 7 * MS + 50000, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 9 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9 * MS, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.predict.base.wall_ns, 9 * MS);
}

/* Another program has the core for half of the time: that is taken out of what was recorded. */
static void other_programs(void **state)
{
	struct tb *tb = *state;
	const struct predict *predict = &tb->analysis.predict;

	tb_exec(tb, 0, 0, 1);
	tb_switch(tb, 2 * MS, 0, 1, TRACE_HOW_PREEMPTED, 0)->other = 7;
	tb_switch(tb, 6 * MS, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 8 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8 * MS, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(predict->base.recorded_ns, 8 * MS);
	assert_int_equal(predict->base.wall_ns, 4 * MS);
	assert_int_equal(predict_own_ns(predict), 4 * MS);
	assert_int_equal(predict_error_ns(predict), 0);
}

/* 2 is ready for the GIL while another program has the other core, but 1 runs under it all the while. */
static void other_programs_and_a_gil(void **state)
{
	struct tb *tb = *state;
	const struct predict *predict = &tb->analysis.predict;
	struct trace_sched_switch *block;
	struct trace_gil *gil;

	tb_exec(tb, 0, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	gil = &tb_add(tb, 0, 0, TRACE_GIL)->gil;
	gil->id = gil->process = 1;
	TB_PEEK(tb_sample(tb, 0, 0, 1), 0, 1, TB_HELD, 1);
	tb_thread(tb, 1 * MS, 0, 1, 2, 1);
	tb_switch(tb, 1 * MS, 1, 0, TRACE_HOW_NONE, 2);
	block = tb_block(tb, 1 * MS, 1, 2, NR_FUTEX, COND, OP_WAIT);
	block->other = 7;
	TB_PEEK(block, TRACE_GIL_PART_COND, 1, TB_HELD, 1);
	tb_waking(tb, 2 * MS, 1, 0, 2, 0, 0, 0);
	TB_PEEK(tb_sample(tb, 6 * MS, 0, 1), 0, 1, TB_HELD, 1);
	TB_PEEK(tb_switch(tb, 6 * MS, 0, 1, TRACE_HOW_DEAD, 0), 0, 1, TB_FREED, 1);
	tb_switch(tb, 6 * MS, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_switch(tb, 8 * MS, 1, 2, TRACE_HOW_DEAD, 0), 0, 2, TB_HELD, 2);
	tb_end(tb, 8 * MS, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(predict->base.recorded_ns, 8 * MS);
	assert_int_equal(predict->own.lost_ns, 0);
	assert_int_equal(predict_own_ns(predict), 8 * MS);
}

/* 1 computes all the time: however long 2 waited for a core, no machine does it in less. */
static void no_less_than_the_span(void **state)
{
	struct tb *tb = *state;
	const struct predict *predict = &tb->analysis.predict;

	tb_exec(tb, 0, 0, 1);
	tb_switch(tb, 0, 1, 0, TRACE_HOW_NONE, 0)->other = 7;
	tb_thread(tb, 0, 0, 1, 2, 1);
	tb_switch(tb, 6 * MS, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 7 * MS, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8 * MS, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(predict->own.lost_ns, 3 * MS);
	assert_int_equal(predict_own_ns(predict), 8 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TB_TEST(nobody, "2"),
		TB_TEST(one_thread, "2"),
		TB_TEST(two_threads, "2"),
		TB_TEST(one_lock, "2"),
		TB_TEST(who_waited_is_done_sooner, "2"),
		TB_TEST(two_locks, "3"),
		TB_TEST(bound_to_a_core, "2"),
		TB_TEST(latency_stays, "2"),
		TB_TEST(other_programs, "2"),
		TB_TEST(other_programs_and_a_gil, "2"),
		TB_TEST(no_less_than_the_span, "2"),
	};

	return cmocka_run_group_tests_name("predictions", tests, NULL, NULL);
}
