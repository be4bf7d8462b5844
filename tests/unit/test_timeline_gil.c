/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIL rules: who holds it, by peeks, samples and wakings.
 *
 * The scene: thread 1 on core 0 and thread 2 on core 1, both in process 1, which has a GIL.
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

/* Words of the GIL object. */
#define COND 0x20
#define SWITCH_COND 0x78

static int setup(void **state)
{
	struct tb *tb;

	tb_setup(state);
	tb = *state;
	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	tb_gil(tb, 1000, 0, 1, 1);
	tb_second(tb, 1);
	return 0;
}

/* Thread 2 blocks for the GIL that thread 1 holds, and comes back. */
static void wait_for_gil(struct tb *tb, uint64_t out_ns, uint64_t woken_ns, uint64_t in_ns)
{
	TB_PEEK(tb_block(tb, out_ns, 1, 2, NR_FUTEX, COND, OP_WAIT), TRACE_GIL_PART_COND, 1,
		TB_HELD, 10);
	/* The signal that follows thread 1's drop. */
	TB_PEEK(tb_waking(tb, woken_ns, 0, 1, 2, NR_FUTEX, COND, OP_WAKE), TRACE_GIL_PART_COND, 1,
		TB_FREED, 10);
	tb_switch(tb, in_ns, 1, 0, TRACE_HOW_NONE, 2);
}

/* Thread 2 in state `expected` for so long, at all. */
static void expect(struct tb *tb, uint64_t gil, uint64_t free_ns, uint64_t spin)
{
	tb_expect(tb, 2, STATE_RUN_GIL, gil);
	tb_expect(tb, 2, STATE_RUN_FREE, free_ns);
	tb_expect(tb, 2, STATE_RUN_SPIN, spin);
}

static void test_sample_changes_at_midpoint(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, TB_HELD, 1);
	TB_PEEK(tb_sample(tb, 5000, 1, 2), 0, 2, TB_HELD, 1);
	TB_PEEK(tb_sample(tb, 6000, 1, 2), 0, 2, TB_FREED, 1);
	TB_PEEK(tb_sample(tb, 7000, 1, 2), 0, 2, TB_FREED, 1);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	/* free 3000-3500, gil 3500-5500, free 5500-8000 */
	expect(tb, 2000, 500 + 2500, 0);
	assert_int_equal(tb_row(tb, 2)->sampled_ns, 5000);
}

static void test_no_change_is_not_sampled(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 1, TB_HELD, 1);
	TB_PEEK(tb_sample(tb, 5000, 1, 2), 0, 0, TB_FREED, 1);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 0, 5000, 0);
	assert_int_equal(tb_row(tb, 2)->sampled_ns, 0);
}

/* Locked, but by another; or its own, but not locked; or not created. */
static void test_gil_off_is_free(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, 0, 0);
	TB_PEEK(tb_sample(tb, 5000, 1, 2), 0, 2, TRACE_GIL_LOCKED, 0);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 0, 5000, 0);
}

/* Taken after one blocking call and let go before the next: no look ever found it held. */
static void test_had_between_two_calls(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_block(tb, 4000, 1, 2, NR_READ, 3, 0), 0, 2, TB_FREED, 1);
	tb_waking(tb, 5000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 5000, 1, 0, TRACE_HOW_NONE, 2);
	/* Another thread's take and its own: the number moved on, and it was the last. */
	TB_PEEK(tb_block(tb, 6000, 1, 2, NR_READ, 3, 0), 0, 2, TB_FREED, 3);
	tb_waking(tb, 7000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 7000, 1, 0, TRACE_HOW_NONE, 2);
	/* Nobody took it since: whether it did itself is not to be seen. */
	TB_PEEK(tb_block(tb, 7500, 1, 2, NR_READ, 3, 0), 0, 2, TB_FREED, 3);
	tb_waking(tb, 7800, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 7800, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 1000 + 1000, 500 + 200, 0);
	assert_int_equal(tb_row(tb, 2)->sampled_ns, 1000 + 1000);
}

static void test_switch_out_is_evidence(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_block(tb, 5000, 1, 2, NR_READ, 0, 0), 0, 2, TB_HELD, 1);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 1, 0);
	tb_switch(tb, 6500, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	/* It slept holding the GIL, and so comes back holding it. */
	expect(tb, 1000 + 1500, 1000, 0);
	tb_expect(tb, 2, STATE_WAIT_IO, 1000);
	assert_int_equal(tb_row(tb, 2)->thread->gil_held_off_core_ns, 1500);
}

static void test_preempted_holder(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, TB_HELD, 1);
	TB_PEEK(tb_switch(tb, 5000, 1, 2, TRACE_HOW_PREEMPTED, 0), 0, 2, TB_HELD, 1);
	tb_switch(tb, 5400, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_sample(tb, 6000, 1, 2), 0, 2, TB_HELD, 1);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 500 + 1000 + 2600, 500, 0);
	tb_expect(tb, 2, STATE_READY_PREEMPTED, 400);
	assert_int_equal(tb_row(tb, 2)->thread->gil_held_off_core_ns, 400);
	assert_int_equal(tb->report.gil_held_off_core_ns, 400);
}

/* The take signals "somebody else took it" to a dropper that waits for that. */
static void test_spin_until_own_waking(void **state)
{
	struct tb *tb = *state;

	wait_for_gil(tb, 4000, 5000, 5100);
	TB_PEEK(tb_waking(tb, 5160, 1, 2, 1, NR_FUTEX, SWITCH_COND, OP_WAKE),
		TRACE_GIL_PART_SWITCH_COND, 2, TB_HELD, 11);
	TB_PEEK(tb_sample(tb, 6000, 1, 2), 0, 2, TB_HELD, 11);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_GIL, 1000);
	/* 3000-4000 free; 5100-5160 spin; then gil */
	expect(tb, 2840, 1000, 60);
	assert_int_equal(tb_row(tb, 2)->thread->gil_wait.cnt, 1);
	assert_int_equal(tb_row(tb, 2)->thread->gil_wait.total_ns, 1160);
	assert_int_equal(tb_row(tb, 2)->sampled_ns, 0);
}

/* No waking tells of the take, the next look does: it was quick. */
static void test_taken_at_switch_in(void **state)
{
	struct tb *tb = *state;

	wait_for_gil(tb, 4000, 5000, 5100);
	TB_PEEK(tb_sample(tb, 6000, 1, 2), 0, 2, TB_HELD, 11);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 2900, 1000, 0);
	assert_int_equal(tb_row(tb, 2)->thread->gil_wait.total_ns, 1100);
	assert_int_equal(tb_row(tb, 2)->sampled_ns, 2900);
}

/* It held the GIL meanwhile, but no longer. */
static void test_taken_and_dropped(void **state)
{
	struct tb *tb = *state;

	wait_for_gil(tb, 4000, 5000, 5100);
	TB_PEEK(tb_sample(tb, 6100, 1, 2), 0, 2, TB_FREED, 11);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	/* gil 5100-5600, then free */
	expect(tb, 500, 1000 + 2400, 0);
}

/* Woken, too late, back to sleep: it fought in vain. */
static void test_fought_in_vain(void **state)
{
	struct tb *tb = *state;

	wait_for_gil(tb, 4000, 5000, 5100);
	TB_PEEK(tb_block(tb, 5150, 1, 2, NR_FUTEX, COND, OP_WAIT), TRACE_GIL_PART_COND, 1,
		TB_HELD, 12);
	TB_PEEK(tb_waking(tb, 6000, 0, 1, 2, NR_FUTEX, COND, OP_WAKE), TRACE_GIL_PART_COND, 1,
		TB_FREED, 12);
	tb_switch(tb, 6100, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_sample(tb, 7000, 1, 2), 0, 2, TB_HELD, 13);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 1900, 1000, 50);
	tb_expect(tb, 2, STATE_WAIT_GIL, 1000 + 850);
	/* One episode, from the first block to the take. */
	assert_int_equal(tb_row(tb, 2)->thread->gil_wait.cnt, 1);
	assert_int_equal(tb_row(tb, 2)->thread->gil_wait.total_ns, 2100);
}

static void test_pushed_off_while_fighting(void **state)
{
	struct tb *tb = *state;

	wait_for_gil(tb, 4000, 5000, 5100);
	TB_PEEK(tb_switch(tb, 5130, 1, 2, TRACE_HOW_PREEMPTED, 0), 0, 1, TB_HELD, 12);
	tb_switch(tb, 5200, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_waking(tb, 5240, 1, 2, 1, NR_FUTEX, SWITCH_COND, OP_WAKE),
		TRACE_GIL_PART_SWITCH_COND, 2, TB_HELD, 13);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 2760, 1000, 30 + 40);
	assert_int_equal(tb_row(tb, 2)->thread->gil_wait.total_ns, 1240);
}

/* Gives the GIL up on request, and sleeps until somebody has taken it. */
static void test_forced_switch(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, TB_HELD, 1);
	TB_PEEK(tb_waking(tb, 5000, 1, 2, 1, NR_FUTEX, COND, OP_WAKE), TRACE_GIL_PART_COND, 2,
		TB_FREED, 1);
	TB_PEEK(tb_block(tb, 5020, 1, 2, NR_FUTEX, SWITCH_COND, OP_WAIT),
		TRACE_GIL_PART_SWITCH_COND, 2, TB_FREED, 1);
	TB_PEEK(tb_waking(tb, 5100, 0, 1, 2, NR_FUTEX, SWITCH_COND, OP_WAKE),
		TRACE_GIL_PART_SWITCH_COND, 1, TB_HELD, 2);
	tb_switch(tb, 5130, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_block(tb, 5140, 1, 2, NR_FUTEX, COND, OP_WAIT), TRACE_GIL_PART_COND, 1,
		TB_HELD, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	/* free 3000-3500, gil -5000, spin -5020, wait, spin 5130-5140, wait */
	expect(tb, 1500, 500, 20 + 10);
	tb_expect(tb, 2, STATE_WAIT_GIL, 80 + 2860);
	tb_expect(tb, 1, STATE_RUN_GIL, 2900);
}

/* The same drop, but it goes on without the GIL. */
static void test_drop_then_native_section(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, TB_HELD, 1);
	TB_PEEK(tb_waking(tb, 5000, 1, 2, 1, NR_FUTEX, COND, OP_WAKE), TRACE_GIL_PART_COND, 2,
		TB_FREED, 1);
	TB_PEEK(tb_sample(tb, 6000, 1, 2), 0, 1, TB_HELD, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 1500, 500 + 3000, 0);
}

/* A drop proves that it held the GIL, though no look ever saw it. */
static void test_drop_proves_a_take(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_waking(tb, 5000, 1, 2, 1, NR_FUTEX, COND, OP_WAKE), TRACE_GIL_PART_COND, 2,
		TB_FREED, 1);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 1000, 1000 + 3000, 0);
}

/* Back from a forced switch it goes into a system call: there was nothing to take. */
static void test_forced_switch_then_io(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_block(tb, 4000, 1, 2, NR_FUTEX, SWITCH_COND, OP_WAIT),
		TRACE_GIL_PART_SWITCH_COND, 2, TB_FREED, 1);
	TB_PEEK(tb_waking(tb, 5000, 0, 1, 2, NR_FUTEX, SWITCH_COND, OP_WAKE),
		TRACE_GIL_PART_SWITCH_COND, 1, TB_HELD, 2);
	tb_switch(tb, 5100, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_block(tb, 5300, 1, 2, NR_READ, 0, 0), 0, 1, TB_HELD, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	/* Who waits for somebody to take the GIL has just let go of it. */
	expect(tb, 1000, 200, 0);
	assert_int_equal(tb_row(tb, 2)->thread->gil_wait.total_ns, 1100);
	tb_expect(tb, 2, STATE_WAIT_IO, 2700);
}

/* Whoever waited for the GIL and is found elsewhere has had it, whoever has it now. */
static void test_wait_then_io(void **state)
{
	struct tb *tb = *state;

	wait_for_gil(tb, 4000, 5000, 5100);
	TB_PEEK(tb_block(tb, 5300, 1, 2, NR_READ, 0, 0), 0, 1, TB_HELD, 12);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 100, 1000 + 100, 0);
	assert_int_equal(tb_row(tb, 2)->thread->gil_wait.total_ns, 1100);
}

/* One look without it is a fight still; two are something else. */
static void test_two_misses_end_a_fight(void **state)
{
	struct tb *tb = *state;

	wait_for_gil(tb, 4000, 5000, 5100);
	TB_PEEK(tb_sample(tb, 5300, 1, 2), 0, 1, TB_HELD, 12);
	TB_PEEK(tb_sample(tb, 6300, 1, 2), 0, 1, TB_HELD, 12);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 100, 1000 + 2800, 0);
}

static void test_one_miss_then_block(void **state)
{
	struct tb *tb = *state;

	wait_for_gil(tb, 4000, 5000, 5100);
	TB_PEEK(tb_sample(tb, 5300, 1, 2), 0, 1, TB_HELD, 12);
	TB_PEEK(tb_block(tb, 5400, 1, 2, NR_FUTEX, COND, OP_WAIT), TRACE_GIL_PART_COND, 1,
		TB_HELD, 12);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	expect(tb, 0, 1000, 300);
}

/* An interrupt upon a thread inside a futex call proves no drop: it is a look like any other. */
static void test_interrupt_is_a_look(void **state)
{
	struct tb *tb = *state;
	struct trace_waking *waking;

	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, TB_HELD, 1);
	waking = tb_waking(tb, 5000, 1, 2, 1, NR_FUTEX, COND, OP_WAKE);
	waking->context = TRACE_CONTEXT_INTERRUPT;
	TB_PEEK(waking, TRACE_GIL_PART_COND, 2, TB_FREED, 1);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	/* gil 3500-4500, the change half-way */
	expect(tb, 1000, 500 + 3500, 0);
}

/* Nothing is clamped: if two seem to hold one GIL at once, that is what is shown. */
static void test_two_at_once_is_shown(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_sample(tb, 4000, 0, 1), 0, 1, TB_HELD, 1);
	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, TB_HELD, 2);
	TB_PEEK(tb_sample(tb, 5000, 0, 1), 0, 1, TB_HELD, 3);
	TB_PEEK(tb_sample(tb, 5000, 1, 2), 0, 2, TB_HELD, 4);
	tb_both_die(tb, 6000);
	tb_analyze(tb);
	assert_true(tb->report.tree.curves->levels_cnt > 2);
	assert_int_equal(tb->report.tree.curves->level_ns[2], 3000);
}

static void test_missed_holder_changes(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, TB_HELD, 5);
	TB_PEEK(tb_sample(tb, 4500, 0, 1), 0, 1, TB_HELD, 6);	/* seen */
	TB_PEEK(tb_sample(tb, 5000, 1, 2), 0, 2, TB_HELD, 9);	/* one seen, two not */
	TB_PEEK(tb_sample(tb, 6000, 1, 2), 0, 2, TB_HELD, 11);	/* two not seen */
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.gil_switches_seen, 2);
	assert_int_equal(tb->report.quality.gil_switches_missed, 4);
	assert_int_equal(tb->report.quality.gil_peeks, 4);
}

/* Until it is known where the GIL is, futex waits may be for it or not. */
static void test_pending(void **state)
{
	struct tb *tb = *state;
	struct trace_gil *gil;

	for (size_t i = 0; i < tb->cnt; i++)
		if (tb->records[i].kind == TRACE_EXEC)
			tb->records[i].exec.gil_state = TRACE_GIL_PENDING;
		else if (tb->records[i].kind == TRACE_GIL)
			tb->records[i].kind = TRACE_CORE;
	tb_block(tb, 4000, 1, 2, NR_FUTEX, COND, OP_WAIT);
	tb_waking(tb, 5000, 0, 1, 2, NR_FUTEX, COND, OP_WAKE);
	tb_switch(tb, 5100, 1, 0, TRACE_HOW_NONE, 2);
	gil = &tb_add(tb, 5500, TRACE_STREAM_COLLECTOR, TRACE_GIL)->gil;
	gil->id = 1;
	gil->process = 1;
	wait_for_gil(tb, 6000, 7000, 7100);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 1000);
	tb_expect(tb, 2, STATE_WAIT_GIL, 1000);
	assert_int_equal(tb->report.quality.gil_pending_ns, 4500);
}

/* Nobody waits for the answer once the process is gone, or before it was there. */
static void test_pending_until_death(void **state)
{
	struct tb *tb = *state;

	for (size_t i = 0; i < tb->cnt; i++)
		if (tb->records[i].kind == TRACE_EXEC)
			tb->records[i].exec.gil_state = TRACE_GIL_PENDING;
		else if (tb->records[i].kind == TRACE_GIL)
			tb->records[i].kind = TRACE_CORESTAT;
	/* A child, which inherits the question. */
	tb_thread(tb, 4000, 0, 1, 3, 3);
	tb_switch(tb, 4100, 1, 2, TRACE_HOW_DEAD, 3);
	tb_switch(tb, 5000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8500, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.gil_pending_ns, (5000 - 1000) + (8000 - 4000));
}

/* Recorded without samples: what others do must not pile up behind a thread that runs and runs. */
static void test_no_samples(void **state)
{
	const uint64_t rounds = 20000, ms = 1000000;
	struct tb *tb = *state;
	uint64_t at_ns = 3000;

	TB_PEEK(tb_sample(tb, 3000, 1, 2), 0, 2, TB_HELD, 1);
	for (uint64_t i = 0; i < rounds; i++) {
		at_ns += ms / 10;
		tb_switch(tb, at_ns, 0, 1, TRACE_HOW_PREEMPTED, 0);
		at_ns += ms / 10;
		tb_switch(tb, at_ns, 0, 0, TRACE_HOW_NONE, 1);
	}
	TB_PEEK(tb_sample(tb, at_ns + ms, 1, 2), 0, 1, TB_HELD, 2);
	tb_both_die(tb, at_ns + 2 * ms);
	tb_analyze(tb);
	assert_true(tb->analysis.timeline.queue.items_cap < 8192);
	assert_true(tb->analysis.timeline.queue.keys_cap < 8192);
	assert_true(tb_state(tb, 2, STATE_RUN_GIL) > at_ns - 200 * ms);
	assert_true(tb_row(tb, 2)->sampled_ns > at_ns - 200 * ms);
}

/* "None" is an answer as well. */
static void test_pending_none(void **state)
{
	struct tb *tb = *state;

	for (size_t i = 0; i < tb->cnt; i++)
		if (tb->records[i].kind == TRACE_EXEC)
			tb->records[i].exec.gil_state = TRACE_GIL_PENDING;
		else if (tb->records[i].kind == TRACE_GIL)
			tb->records[i].kind = TRACE_CORE;
	tb_add(tb, 3500, TRACE_STREAM_COLLECTOR, TRACE_GIL)->gil.process = 1;
	tb_block(tb, 4000, 1, 2, NR_FUTEX, COND, OP_WAIT);
	tb_waking(tb, 5000, 0, 1, 2, NR_FUTEX, COND, OP_WAKE);
	tb_switch(tb, 5100, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 0);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 1000);
	assert_int_equal(tb->report.quality.gil_pending_ns, 2500);
}

/* A new program counts its GIL's changes of holder anew: the same number is no proof of the contrary. */
static void test_exec_forgets_the_switch_number(void **state)
{
	struct tb *tb = *state;
	struct trace_exec *exec;

	TB_PEEK(tb_block(tb, 4000, 1, 2, NR_READ, 0, 0), TRACE_GIL_PART_NONE, 2, TB_FREED, 1);
	tb_waking(tb, 4500, 0, 1, 2, NR_WRITE, 1, 0);
	tb_switch(tb, 5000, 1, 0, TRACE_HOW_NONE, 2);
	exec = &tb_add(tb, 6000, 1, TRACE_EXEC)->exec;
	exec->thread = 2;
	exec->tid = 1001;
	exec->gil_state = TRACE_GIL_PENDING;
	tb_block(tb, 7000, 1, 2, NR_READ, 0, 0);
	tb_add(tb, 7100, TRACE_STREAM_COLLECTOR, TRACE_GIL)->gil = (struct trace_gil){
		.id = 2, .process = 1,
	};
	tb_waking(tb, 7500, 0, 1, 2, NR_WRITE, 1, 0);
	tb_switch(tb, 8000, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_block(tb, 8600, 1, 2, NR_READ, 0, 0), TRACE_GIL_PART_NONE, 2, TB_FREED, 1);
	tb_waking(tb, 8700, 0, 1, 2, NR_WRITE, 1, 0);
	tb_switch(tb, 9000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 9000);
	tb_analyze(tb);
	/* Each time, it took the GIL first thing and let go right before it blocked. */
	expect(tb, 1000 + 600, 1000 + 1000, 0);
}

/* A forked child has the GIL where its parent had it; an exec makes it forget. */
static void test_fork_and_exec(void **state)
{
	struct tb *tb = *state;
	struct trace_exec *exec;

	tb_switch(tb, 3500, 1, 2, TRACE_HOW_DEAD, 0);
	tb_thread(tb, 4000, 0, 1, 3, 3);
	tb_switch(tb, 4100, 1, 0, TRACE_HOW_NONE, 3);
	TB_PEEK(tb_sample(tb, 5100, 1, 3), 0, 3, TB_HELD, 11);
	exec = &tb_add(tb, 6000, 1, TRACE_EXEC)->exec;
	exec->thread = 3;
	exec->tid = 1003;
	exec->gil_state = TRACE_GIL_ABSENT;
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	tb_expect(tb, 3, STATE_RUN_GIL, 500 + 900);
	tb_expect(tb, 3, STATE_RUN_FREE, 500 + 2000);
}

#define TEST(name) TB_TEST_AFTER(name, setup, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sample_changes_at_midpoint),
		TEST(test_no_change_is_not_sampled),
		TEST(test_gil_off_is_free),
		TEST(test_had_between_two_calls),
		TEST(test_switch_out_is_evidence),
		TEST(test_preempted_holder),
		TEST(test_spin_until_own_waking),
		TEST(test_taken_at_switch_in),
		TEST(test_taken_and_dropped),
		TEST(test_fought_in_vain),
		TEST(test_pushed_off_while_fighting),
		TEST(test_forced_switch),
		TEST(test_drop_then_native_section),
		TEST(test_drop_proves_a_take),
		TEST(test_forced_switch_then_io),
		TEST(test_wait_then_io),
		TEST(test_two_misses_end_a_fight),
		TEST(test_one_miss_then_block),
		TEST(test_interrupt_is_a_look),
		TEST(test_two_at_once_is_shown),
		TEST(test_missed_holder_changes),
		TEST(test_pending),
		TEST(test_pending_until_death),
		TEST(test_no_samples),
		TEST(test_pending_none),
		TEST(test_fork_and_exec),
		TEST(test_exec_forgets_the_switch_number),
	};

	return cmocka_run_group_tests_name("timeline: the GIL", tests, NULL, NULL);
}
