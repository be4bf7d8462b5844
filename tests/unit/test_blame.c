/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is to blame for whose waits, held against numbers worked out by hand.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

#define OP_WAIT 0
#define OP_WAKE 1
#define COND 0x20

static uint32_t slot_of(const struct tb *tb, uint64_t id)
{
	return tb_row(tb, id)->thread->slot;
}

static uint64_t share(const struct tb *tb, uint32_t from, uint32_t to, enum share_part part)
{
	const struct shares *shares = &tb->analysis.blame.shares;

	for (size_t i = 0; i < shares->cnt; i++)
		if (shares->shares[i].from == from && shares->shares[i].to == to)
			return shares->shares[i].ns[part];
	return 0;
}

static uint64_t of_thread(const struct tb *tb, uint64_t waiter, uint64_t culprit, enum share_part part)
{
	return share(tb, slot_of(tb, waiter), slot_of(tb, culprit), part);
}

static uint64_t of_nobody(const struct tb *tb, uint64_t waiter, enum blame_nobody code, enum share_part part)
{
	return share(tb, slot_of(tb, waiter), (uint32_t)tb->analysis.blame.threads_cnt + code, part);
}

static uint64_t doing(const struct tb *tb, uint64_t id, enum share_part part, int state)
{
	return tb->analysis.blame.threads[slot_of(tb, id)].doing_ns[part][state];
}

static void gil_begin(struct tb *tb)
{
	struct trace_gil *gil;

	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	gil = &tb_add(tb, 1000, 0, TRACE_GIL)->gil;
	gil->id = 1;
	gil->process = 1;
}

/*
 * ns      1 (core 0)           2 (core 1)
 * 1000    run.gil
 * 3000    run.gil              run.free
 * 4000    run.gil              wait.gil
 * 6000    preempted, holds it  wait.gil
 * 6500    run.gil              wait.gil
 * 8000    wait.io, without     wait.gil
 * 8300    wait.io              ready, run from 8400
 */
static void test_gil(void **state)
{
	struct tb *tb = *state;

	gil_begin(tb);
	tb_thread(tb, 1000, 0, 1, 2, 1);
	TB_PEEK(tb_sample(tb, 1000, 0, 1), 0, 1, TB_HELD, 1);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_block(tb, 4000, 1, 2, NR_FUTEX, COND, OP_WAIT), TRACE_GIL_PART_COND, 1, TB_HELD, 1);
	TB_PEEK(tb_switch(tb, 6000, 0, 1, TRACE_HOW_PREEMPTED, 0), 0, 1, TB_HELD, 1);
	tb_switch(tb, 6500, 0, 0, TRACE_HOW_NONE, 1);
	TB_PEEK(tb_sample(tb, 7000, 0, 1), 0, 1, TB_HELD, 1);
	TB_PEEK(tb_waking(tb, 8000, 0, 1, 1, NR_FUTEX, COND, OP_WAKE), TRACE_GIL_PART_COND, 1, TB_FREED, 1);
	TB_PEEK(tb_block(tb, 8000, 0, 1, NR_READ, 3, 0), 0, 1, TB_FREED, 1);
	tb_waking(tb, 8300, 2, 0, 2, NR_FUTEX, COND, OP_WAKE)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 8400, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 9000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9000, TRACE_END_COMMAND);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_GIL, 4300);
	/* Whoever holds it, whatever ended the wait. */
	assert_int_equal(of_thread(tb, 2, 1, SHARE_CONTENTION), 4000);
	assert_int_equal(of_nobody(tb, 2, BLAME_HAND_OVER, SHARE_CONTENTION), 300);
	assert_int_equal(doing(tb, 1, SHARE_CONTENTION, STATE_RUN_GIL), 3500);
	assert_int_equal(doing(tb, 1, SHARE_CONTENTION, STATE_READY_PREEMPTED), 500);
	/* Its own read goes on, for all the trace says. */
	assert_int_equal(of_nobody(tb, 1, BLAME_OPEN, SHARE_REST), 1000);
}

/*
 * Nobody knows what thread 1 does from 4000 to 7000: it may hold the GIL that thread 2 waits for from
 * 5500 to 8300. Thread 3 is lost from sight as well, for good; its process has nothing to do with that GIL.
 */
static void test_holder_is_lost(void **state)
{
	struct tb *tb = *state;

	gil_begin(tb);
	tb_thread(tb, 1000, 0, 1, 2, 1);
	tb_thread(tb, 1000, 0, 1, 3, 3);
	TB_PEEK(tb_sample(tb, 1000, 0, 1), 0, 1, TB_HELD, 1);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 3000, 2, 0, TRACE_HOW_NONE, 3);
	tb_block(tb, 3500, 2, 3, NR_READ, 3, 0);
	tb_gap(tb, 5100, 0, 4000, 5000, 3);
	TB_PEEK(tb_block(tb, 5500, 1, 2, NR_FUTEX, COND, OP_WAIT), TRACE_GIL_PART_COND, 1, TB_HELD, 1);
	TB_PEEK(tb_sample(tb, 7000, 0, 1), 0, 1, TB_HELD, 1);
	TB_PEEK(tb_waking(tb, 8000, 0, 1, 1, NR_FUTEX, COND, OP_WAKE), TRACE_GIL_PART_COND, 1, TB_FREED, 1);
	tb_waking(tb, 8300, 2, 0, 2, NR_FUTEX, COND, OP_WAKE)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 8400, 1, 0, TRACE_HOW_NONE, 2);
	tb_end(tb, 9000, TRACE_END_COMMAND);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_UNKNOWN, 3000);
	tb_expect(tb, 2, STATE_WAIT_GIL, 2800);
	tb_expect(tb, 3, STATE_UNKNOWN, 5000);
	assert_int_equal(of_nobody(tb, 2, BLAME_UNCLEAR, SHARE_CONTENTION), 1500);
	assert_int_equal(of_thread(tb, 2, 1, SHARE_CONTENTION), 1000);
	assert_int_equal(of_nobody(tb, 2, BLAME_HAND_OVER, SHARE_CONTENTION), 300);
}

/*
 * ns      1 (core 0)   2 (core 1)           3 (core 2)   4 (core 2)
 * 1000    run.gil      run.free             ready        run.free
 * 2000    run.gil      run.free             run.free     wait.gil
 * 3000    run.gil      run.gil as well      run.free     wait.gil
 * 5000    run.gil      preempted, holds it  run.gil      wait.gil
 */
static void test_several_seem_to_hold_it(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	tb_gil(tb, 1000, 0, 1, 1)->exact = 1;
	for (uint64_t id = 2; id <= 4; id++)
		tb_thread(tb, 1000, 0, 1, id, 1);
	tb_gil_step(tb, 1000, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_switch(tb, 1000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 1000, 2, 0, TRACE_HOW_NONE, 4);
	tb_gil_step(tb, 2000, 2, 4, 1, TRACE_GIL_OP_WAIT);
	tb_block(tb, 2000, 2, 4, NR_FUTEX, COND, OP_WAIT)->next = 3;
	tb_gil_step(tb, 3000, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_switch(tb, 5000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_gil_step(tb, 5000, 2, 3, 1, TRACE_GIL_OP_TAKE);
	tb_end(tb, 9000, TRACE_END_COMMAND);
	tb_analyze(tb);
	tb_expect(tb, 4, STATE_WAIT_GIL, 7000);
	/* Halves of 2000, thirds of 4000; what is left goes to the lowest id. */
	assert_int_equal(of_thread(tb, 4, 1, SHARE_CONTENTION), 1000 + 1000 + 1334);
	assert_int_equal(of_thread(tb, 4, 2, SHARE_CONTENTION), 1000 + 1333);
	assert_int_equal(of_thread(tb, 4, 3, SHARE_CONTENTION), 1333);
	assert_int_equal(doing(tb, 2, SHARE_CONTENTION, STATE_RUN_GIL), 1000);
	assert_int_equal(doing(tb, 2, SHARE_CONTENTION, STATE_READY_PREEMPTED), 1333);
}

/*
 * Thread 2 waits for a lock from 3000 to 9000. Thread 1, that wakes it, ran to 5000, slept to 8000 by a
 * timer, was ready to 8400. Thread 3 is born at 8500 and wakes thread 1 from its wait for another.
 */
static void test_who_ended_it(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 2500, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 3000, 1, 2, NR_FUTEX, 0x100, OP_WAIT)->owner = 1;
	tb_block(tb, 5000, 0, 1, NR_NANOSLEEP, 0, 0);
	tb_waking(tb, 8000, 0, 0, 1, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 8400, 0, 0, TRACE_HOW_NONE, 1);
	tb_thread(tb, 8500, 0, 1, 3, 1);
	tb_switch(tb, 8600, 2, 0, TRACE_HOW_NONE, 3);
	tb_waking(tb, 9000, 0, 1, 2, NR_FUTEX, 0x100, OP_WAKE);
	tb_switch(tb, 9100, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 9200, 0, 1, NR_READ, 3, 0);
	tb_waking(tb, 9700, 2, 3, 1, NR_WRITE, 4, 0);
	tb_switch(tb, 10000, 2, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 10000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(of_thread(tb, 2, 1, SHARE_CONTENTION), 6000);
	assert_int_equal(doing(tb, 1, SHARE_CONTENTION, STATE_RUN_FREE), 2000 + 600);
	assert_int_equal(doing(tb, 1, SHARE_CONTENTION, STATE_WAIT_SLEEP), 3000);
	assert_int_equal(doing(tb, 1, SHARE_CONTENTION, STATE_READY_WOKEN), 400);
	assert_int_equal(of_nobody(tb, 1, BLAME_TIMER, SHARE_REST), 3000);
	assert_int_equal(of_thread(tb, 1, 3, SHARE_REST), 500);
	assert_int_equal(tb->analysis.blame.threads[slot_of(tb, 2)].waits_ns[SHARE_CONTENTION], 6000);
}

/* The culprit was not there yet for most of the wait. */
static void test_culprit_is_born_later(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 1000, 0, 1, 2, 1);
	tb_switch(tb, 1000, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 2000, 0, 1, NR_FUTEX, 0x100, OP_WAIT);
	tb_thread(tb, 5000, 1, 2, 3, 1);
	tb_switch(tb, 5500, 2, 0, TRACE_HOW_NONE, 3);
	tb_waking(tb, 6000, 2, 3, 1, NR_FUTEX, 0x100, OP_WAKE);
	tb_switch(tb, 7000, 2, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 7000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(of_thread(tb, 1, 3, SHARE_REST), 4000);
	assert_int_equal(doing(tb, 3, SHARE_REST, STATE_CNT), 3000);
	assert_int_equal(doing(tb, 3, SHARE_REST, STATE_READY_WOKEN), 500);
	assert_int_equal(doing(tb, 3, SHARE_REST, STATE_RUN_FREE), 500);
}

/* A wait whose end is lost: nobody knows who ended it, and the share is none of unknown time. */
static void test_lost(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 1000, 0, 1, 2, 1);
	tb_switch(tb, 1000, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 2000, 1, 2, NR_FUTEX, 0x100, OP_WAIT);
	tb_gap(tb, 5000, 1, 4000, 5000, 3);
	tb_switch(tb, 7000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 7000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(of_nobody(tb, 2, BLAME_OPEN, SHARE_REST), 2000);
	assert_int_equal(tb->analysis.blame.threads[slot_of(tb, 2)].waits_ns[SHARE_REST], 2000);
}

/* The owner that was read is to blame, whoever ended the wait: as the locks have it. */
static void test_owner_that_was_read(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 1000, 0, 1, 2, 1);
	tb_thread(tb, 1000, 0, 1, 3, 1);
	tb_switch(tb, 1000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 1000, 2, 0, TRACE_HOW_NONE, 3);
	tb_block(tb, 2000, 1, 2, NR_FUTEX, 0x100, OP_WAIT)->owner = 1;
	tb_block(tb, 3000, 0, 1, NR_READ, 3, 0);
	tb_waking(tb, 6000, 2, 3, 2, NR_FUTEX, 0x100, OP_WAKE);
	tb_switch(tb, 7000, 2, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 7000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(of_thread(tb, 2, 1, SHARE_CONTENTION), 4000);
	assert_int_equal(of_thread(tb, 2, 3, SHARE_CONTENTION), 0);
	assert_int_equal(doing(tb, 1, SHARE_CONTENTION, STATE_WAIT_IO), 3000);
	assert_int_equal(tb->analysis.locks.certain_ns[OWNER_EXACT], 4000);
}

/* More wait at once than are told apart: by culprit it is complete all the same. */
static void test_many_wait_for_one_gil(void **state)
{
	struct tb *tb = *state;
	const struct blame *blame = &tb->analysis.blame;

	gil_begin(tb);
	TB_PEEK(tb_sample(tb, 1000, 0, 1), 0, 1, TB_HELD, 1);
	for (uint64_t id = 2; id < 102; id++) {
		tb_thread(tb, 1000, 0, 1, id, 1);
		tb_switch(tb, 1000 + id, 1, 0, TRACE_HOW_NONE, id);
		TB_PEEK(tb_block(tb, 1000 + id, 1, id, NR_FUTEX, COND, OP_WAIT), TRACE_GIL_PART_COND, 1,
			TB_HELD, 1);
	}
	TB_PEEK(tb_sample(tb, 5000, 0, 1), 0, 1, TB_HELD, 1);
	TB_PEEK(tb_switch(tb, 5000, 0, 1, TRACE_HOW_PREEMPTED, 0), 0, 1, TB_HELD, 1);
	tb_switch(tb, 6000, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 7000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 7000, TRACE_END_COMMAND);
	tb_analyze(tb);
	/* Σ (7000 - 1000 - id) */
	assert_int_equal(blame->threads[slot_of(tb, 1)].caused_ns[SHARE_CONTENTION], 600000 - 5150);
	assert_int_equal(doing(tb, 1, SHARE_CONTENTION, STATE_READY_PREEMPTED), 100000);
	/* Up to 5000 they begin one by one, and are told apart: thread 5 from 1005 on. */
	assert_int_equal(blame->together_ns, 200000);
	assert_int_equal(of_thread(tb, 5, 1, SHARE_CONTENTION), 3995);
}

static void test_by_groups(void **state)
{
	struct tb *tb = *state;
	const struct blame *blame = &tb->analysis.blame;
	uint32_t workers;

	tb_exec(tb, 1000, 0, 1);
	for (uint64_t id = 2; id < 4; id++) {
		tb_thread(tb, 1000, 0, 1, id, 1)->comm = (struct trace_bytes){ id == 2 ? "w2" : "w3", 2 };
		tb_switch(tb, 1000, (uint32_t)id - 1, 0, TRACE_HOW_NONE, id);
		tb_block(tb, 2000, (uint32_t)id - 1, id, NR_FUTEX, 0x100, OP_WAIT)->owner = 1;
		tb_waking(tb, 1000 + 1000 * id, 0, 1, id, NR_FUTEX, 0x100, OP_WAKE);
	}
	tb_switch(tb, 5000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 5000, TRACE_END_COMMAND);
	tb_analyze(tb);
	workers = (uint32_t)tb->analysis.groups.of_thread[slot_of(tb, 2)];
	assert_int_equal(blame->of_groups.cnt, 1);
	assert_int_equal(blame->of_groups.shares[0].from, workers);
	assert_int_equal(blame->of_groups.shares[0].ns[SHARE_CONTENTION], 1000 + 2000);
}

static void test_nothing(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, 5000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.blame.shares.cnt, 0);
}

/* A wait of which the history knows nothing. */
static void test_identity_7(void **state)
{
	struct identity identity = { "" };
	struct history history = { 0 };
	struct groups groups = { 0 };
	struct thread thread = { .id = 1 }, *threads[] = { &thread };
	struct people people = { .threads = threads, .threads_cnt = 1 };
	struct blame blame = { .identity = &identity, .history = &history, .groups = &groups,
			       .people = &people };
	struct run run = { 0 };

	(void)state;
	blame_sink.change(&blame, &(struct change){
		.at_ns = 2000, .since_ns = 1000, .thread = &thread, .from = STATE_WAIT_LOCK,
		.to = STATE_RUN_FREE });
	assert_int_equal(blame_sink.end(&blame, &run), -EPROTO);
	assert_non_null(strstr(identity.broken, "identity 7"));
	blame_clear(&blame);
}

static int pair_compare(const void *left, const void *right)
{
	const struct share *a = left, *b = right;

	return (a->to > b->to) - (a->to < b->to);
}

/* Beyond the limit the waiters are one, for each culprit. */
static void test_pairs_limit(void **state)
{
	struct shares pairs = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(shares_add(&pairs, 500, i / 10, i % 10, SHARE_REST, 1), 0);
	assert_int_equal(pairs.cnt, 510);
	assert_int_equal(shares_add(&pairs, 500, 7, 3, SHARE_CONTENTION, 5), 0);
	shares_sort(&pairs, pair_compare);
	for (size_t i = 0; i < pairs.cnt; i++) {
		if (pairs.shares[i].from == UINT32_MAX)
			assert_int_equal(pairs.shares[i].ns[SHARE_REST], 50);
		if (pairs.shares[i].from == 7 && pairs.shares[i].to == 3)
			assert_int_equal(share_sum(&pairs.shares[i]), 6);
	}
	shares_clear(&pairs);
}

#define TEST(name) TB_TEST(name, "3")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_gil),
		TEST(test_holder_is_lost),
		TEST(test_several_seem_to_hold_it),
		TEST(test_who_ended_it),
		TEST(test_culprit_is_born_later),
		TEST(test_lost),
		TEST(test_owner_that_was_read),
		TEST(test_many_wait_for_one_gil),
		TEST(test_by_groups),
		TEST(test_nothing),
		TEST(test_identity_7),
		cmocka_unit_test(test_pairs_limit),
	};

	return cmocka_run_group_tests_name("blame", tests, NULL, NULL);
}
