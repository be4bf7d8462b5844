/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps at GILs and locks that the program's own probes told of.
 *
 * The scene: thread 1 on core 0 and thread 2 on core 1, both in process 1, each of whose steps at GIL 1
 * is recorded.
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
#define COND 0x1020
#define WORD 0x5000

static struct trace_gil *gil_add(struct tb *tb, uint64_t ts_ns, uint32_t stream, uint64_t id,
				 uint64_t process)
{
	struct trace_gil *gil = tb_gil(tb, ts_ns, stream, id, process);

	gil->address = 0x1000;
	gil->exact = 1;
	return gil;
}

static int setup(void **state)
{
	struct tb *tb;

	tb_setup(state);
	tb = *state;
	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	gil_add(tb, 1000, 0, 1, 1);
	tb_second(tb, 1);
	return 0;
}

static void lock_step(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t thread,
		      enum trace_lock_op op, enum trace_lock_kind kind)
{
	struct trace_lockop *lockop = &tb_add(tb, ts_ns, core, TRACE_LOCKOP)->lockop;

	lockop->thread = thread;
	lockop->op = op;
	lockop->kind = kind;
	lockop->object = 0x7000;
}

/* Thread 2 sleeps on a futex word that is none of the GIL's, as far as is known. */
static void sleep_on(struct tb *tb, uint64_t word, uint64_t out_ns, uint64_t woken_ns, uint64_t in_ns)
{
	tb_block(tb, out_ns, 1, 2, NR_FUTEX, word, OP_WAIT);
	tb_waking(tb, woken_ns, 0, 1, 2, NR_FUTEX, word, OP_WAKE);
	tb_switch(tb, in_ns, 1, 0, TRACE_HOW_NONE, 2);
}

static const struct thread *two(const struct tb *tb)
{
	return tb_row(tb, 2)->thread;
}

static void test_run_gil_is_from_take_to_drop(void **state)
{
	struct tb *tb = *state;

	tb_gil_step(tb, 3100, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 4300, 1, 2, 1, TRACE_GIL_OP_DROP);
	tb_gil_step(tb, 5000, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 5001, 1, 2, 1, TRACE_GIL_OP_DROP);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_GIL, 1200 + 1);
	tb_expect(tb, 2, STATE_RUN_FREE, 5000 - 1201);
	assert_int_equal(tb_row(tb, 2)->sampled_ns, 0);
	assert_int_equal(two(tb)->gil_hold.cnt, 2);
	assert_int_equal(two(tb)->gil_hold.total_ns, 1201);
	assert_int_equal(tb->report.gil_hold.total_ns, 1201);
	assert_true(tb->report.exact);
}

/* Fighting on the core, blocked off it; the wait is the whole. */
static void test_wait_is_from_wait_to_take(void **state)
{
	struct tb *tb = *state;

	tb_gil_step(tb, 4000, 1, 2, 1, TRACE_GIL_OP_WAIT);
	sleep_on(tb, COND, 4100, 5000, 5200);
	tb_gil_step(tb, 5300, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000);
	tb_expect(tb, 2, STATE_RUN_SPIN, 100 + 100);
	tb_expect(tb, 2, STATE_WAIT_GIL, 900);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 200);
	tb_expect(tb, 2, STATE_RUN_GIL, 2700);
	assert_int_equal(two(tb)->gil_wait.cnt, 1);
	assert_int_equal(two(tb)->gil_wait.total_ns, 1300);
	/* A wait for the GIL is no wait for a lock; holding ends with the thread. */
	assert_int_equal(two(tb)->lock_wait.cnt, 0);
	assert_int_equal(two(tb)->gil_hold.total_ns, 2700);
}

/* A forced switch on the way into a system call: it goes on without. */
static void test_resume_ends_a_wait(void **state)
{
	struct tb *tb = *state;

	tb_gil_step(tb, 3000, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 4000, 1, 2, 1, TRACE_GIL_OP_DROP);
	tb_gil_step(tb, 4010, 1, 2, 1, TRACE_GIL_OP_WAIT);
	sleep_on(tb, COND, 4100, 5000, 5200);
	tb_gil_step(tb, 5300, 1, 2, 1, TRACE_GIL_OP_RESUME);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_GIL, 1000);
	tb_expect(tb, 2, STATE_RUN_FREE, 10 + 2700);
	tb_expect(tb, 2, STATE_RUN_SPIN, 90 + 100);
	assert_int_equal(two(tb)->gil_wait.total_ns, 1290);
}

/* Looks may come late or be torn; they are not asked. */
static void test_looks_say_nothing_more(void **state)
{
	struct tb *tb = *state;

	TB_PEEK(tb_sample(tb, 3500, 1, 2), 0, 2, TB_HELD, 1);
	tb_gil_step(tb, 4000, 1, 2, 1, TRACE_GIL_OP_TAKE);
	TB_PEEK(tb_sample(tb, 4500, 1, 2), 0, 1, TB_HELD, 2);
	TB_PEEK(tb_block(tb, 5000, 1, 2, NR_READ, 3, 0), 0, 1, TB_HELD, 2);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000);
	tb_expect(tb, 2, STATE_RUN_GIL, 1000 + 2000);
	assert_int_equal(tb_row(tb, 2)->sampled_ns, 0);
	assert_int_equal(two(tb)->gil_held_off_core_ns, 1000);
}

static void test_preempted_holder(void **state)
{
	struct tb *tb = *state;

	tb_gil_step(tb, 4000, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_switch(tb, 5000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 5400, 1, 0, TRACE_HOW_NONE, 2);
	tb_gil_step(tb, 6000, 1, 2, 1, TRACE_GIL_OP_DROP);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_GIL, 1000 + 600);
	assert_int_equal(two(tb)->gil_held_off_core_ns, 400);
	assert_int_equal(two(tb)->gil_hold.total_ns, 2000);
}

/* From where it is about to block until it does the next thing. */
static void lock_wait(struct tb *tb, enum trace_lock_kind kind)
{
	lock_step(tb, 4000, 1, 2, TRACE_LOCK_OP_WAIT, kind);
	sleep_on(tb, WORD, 4100, 5000, 5200);
	tb_gil_step(tb, 5300, 1, 2, 1, TRACE_GIL_OP_WAIT);
	sleep_on(tb, COND, 5400, 6000, 6000);
	tb_gil_step(tb, 6100, 1, 2, 1, TRACE_GIL_OP_TAKE);
	lock_step(tb, 6200, 1, 2, TRACE_LOCK_OP_ACQUIRED, kind);
	/* What the C library waits for inside is none of the program's locks. */
	sleep_on(tb, WORD + 64, 6500, 7000, 7000);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(two(tb)->lock_wait.cnt, 1);
	assert_int_equal(two(tb)->lock_wait.total_ns, 1300);
	assert_int_equal(two(tb)->gil_wait.total_ns, 800);
}

static void test_lock_is_wait_lock(void **state)
{
	lock_wait(*state, TRACE_LOCK_KIND_LOCK);
	tb_expect((struct tb *)*state, 2, STATE_WAIT_LOCK, 900);
	tb_expect((struct tb *)*state, 2, STATE_WAIT_SYNC, 500);
	tb_expect((struct tb *)*state, 2, STATE_WAIT_GIL, 600);
}

static void test_condition_is_wait_sync(void **state)
{
	lock_wait(*state, TRACE_LOCK_KIND_CONDITION);
	tb_expect((struct tb *)*state, 2, STATE_WAIT_LOCK, 0);
	tb_expect((struct tb *)*state, 2, STATE_WAIT_SYNC, 900 + 500);
}

static void test_timeout_ends_a_lock_wait(void **state)
{
	struct tb *tb = *state;

	lock_step(tb, 4000, 1, 2, TRACE_LOCK_OP_WAIT, TRACE_LOCK_KIND_LOCK);
	sleep_on(tb, WORD, 4100, 5000, 5200);
	lock_step(tb, 5300, 1, 2, TRACE_LOCK_OP_TIMEOUT, TRACE_LOCK_KIND_LOCK);
	lock_step(tb, 6000, 1, 2, TRACE_LOCK_OP_WAIT, TRACE_LOCK_KIND_LOCK);
	lock_step(tb, 6300, 1, 2, TRACE_LOCK_OP_ACQUIRED, TRACE_LOCK_KIND_LOCK);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(two(tb)->lock_wait.cnt, 2);
	assert_int_equal(two(tb)->lock_wait.total_ns, 1300 + 300);
}

static void test_changes_of_hands(void **state)
{
	static const uint64_t takers[] = { 1, 2, 2, 1, 2 };
	struct tb *tb = *state;
	uint64_t ts_ns = 4000;

	for (size_t i = 0; i < sizeof(takers) / sizeof(*takers); i++) {
		uint32_t core = takers[i] == 2;

		tb_gil_step(tb, ts_ns += 10, core, takers[i], 1, TRACE_GIL_OP_TAKE);
		tb_gil_step(tb, ts_ns += 10, !core, 3 - takers[i], 1, TRACE_GIL_OP_REQUEST);
		tb_gil_step(tb, ts_ns += 10, core, takers[i], 1, TRACE_GIL_OP_DROP);
	}
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.gil_takes, 5);
	assert_int_equal(tb->report.quality.gil_changes, 3);
	assert_int_equal(tb->report.gils[0]->requests, 5);
	assert_int_equal(tb->report.gils[0]->doubled_ns, 0);
	/* A request changes nothing for whoever makes it. */
	tb_expect(tb, 1, STATE_RUN_GIL, 2 * 20);
	tb_expect(tb, 2, STATE_RUN_GIL, 3 * 20);
}

/* The recorder came late: looks until a thread's own first step. */
static void test_exact_from_the_first_step_on(void **state)
{
	struct tb *tb = *state;

	for (size_t i = 0; i < tb->cnt; i++)
		if (tb->records[i].kind == TRACE_GIL)
			tb->records[i].gil.exact = 0;
	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, TB_HELD, 1);
	gil_add(tb, 4500, TRACE_STREAM_COLLECTOR, 1, 1);
	TB_PEEK(tb_sample(tb, 5000, 1, 2), 0, 2, TB_HELD, 1);
	tb_gil_step(tb, 6000, 1, 2, 1, TRACE_GIL_OP_DROP);
	TB_PEEK(tb_sample(tb, 7000, 1, 2), 0, 2, TB_HELD, 1);
	/* One that is born now is exact from the beginning. */
	tb_thread(tb, 7000, 0, 1, 3, 1);
	tb_switch(tb, 7200, 1, 2, TRACE_HOW_PREEMPTED, 3);
	TB_PEEK(tb_sample(tb, 7500, 1, 3), 0, 3, TB_HELD, 2);
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 2);
	tb_switch(tb, 8100, 0, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8100, 1, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8200, TRACE_END_TREE);
	tb_analyze(tb);
	/* free 3000-3500, gil -6000, free -7200 and 8000-8100 */
	tb_expect(tb, 2, STATE_RUN_GIL, 2500);
	tb_expect(tb, 2, STATE_RUN_FREE, 500 + 1200 + 100);
	/* Both sides of the instant half-way. */
	assert_int_equal(tb_row(tb, 2)->sampled_ns, 500 + 2500);
	assert_int_equal(two(tb)->gil_hold.cnt, 1);
	tb_expect(tb, 3, STATE_RUN_FREE, 900);
	/* Of thread 1 no step was seen. */
	assert_false(tb_row(tb, 1)->thread->exact.ever);
}

/* A child of fork(2) goes on where its parent was; its next program begins without a GIL. */
static void test_fork_and_exec(void **state)
{
	struct tb *tb = *state;
	struct trace_exec *exec;

	tb_switch(tb, 3500, 1, 2, TRACE_HOW_DEAD, 0);
	tb_gil_step(tb, 3600, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_thread(tb, 4000, 0, 1, 3, 3);
	gil_add(tb, 4000, 0, 2, 3);
	tb_switch(tb, 4100, 1, 0, TRACE_HOW_NONE, 3);
	exec = &tb_add(tb, 5000, 1, TRACE_EXEC)->exec;
	exec->thread = 3;
	exec->tid = 1003;
	exec->gil_state = TRACE_GIL_ABSENT;
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8100, TRACE_END_TREE);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_RUN_GIL, 4400);
	tb_expect(tb, 3, STATE_RUN_GIL, 900);
	tb_expect(tb, 3, STATE_RUN_FREE, 3000);
	assert_int_equal(tb->report.quality.gil_doubled_ns, 0);
	assert_int_equal(tb_row(tb, 3)->thread->gil_hold.total_ns, 1000);
}

/* What it did while events were lost, nobody knows: looks again, until its next step. */
static void test_lost_events_end_it(void **state)
{
	struct tb *tb = *state;

	tb_gil_step(tb, 4000, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_gap(tb, 6000, 1, 5000, 5900, 7);
	TB_PEEK(tb_sample(tb, 6000, 1, 2), 0, 1, TB_HELD, 1);
	tb_gil_step(tb, 7000, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 1000);
	tb_expect(tb, 2, STATE_RUN_GIL, 1000 + 1000);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 1000);
	assert_int_equal(two(tb)->gil_hold.total_ns, 1000 + 1000);
}

/* Also one that was born before they were lost, and not seen to run: it may have taken the GIL. */
static void test_lost_events_before_it_ran(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 3500, 1, 2, TRACE_HOW_DEAD, 0);
	tb_thread(tb, 4000, 0, 1, 3, 1);
	tb_gap(tb, 5200, 1, 4500, 5100, 7);
	TB_PEEK(tb_sample(tb, 5500, 1, 3), 0, 3, TB_HELD, 2);
	TB_PEEK(tb_sample(tb, 6500, 1, 3), 0, 3, TB_HELD, 2);
	tb_gil_step(tb, 7000, 1, 3, 1, TRACE_GIL_OP_DROP);
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8100, TRACE_END_TREE);
	tb_analyze(tb);
	tb_expect(tb, 3, STATE_UNKNOWN, 1000);
	tb_expect(tb, 3, STATE_RUN_GIL, 1500);
	tb_expect(tb, 3, STATE_RUN_FREE, 1000);
}

static void test_lock_says_nothing_of_the_gil(void **state)
{
	struct tb *tb = *state;

	tb_gap(tb, 4500, 1, 4000, 4400, 7);
	tb_switch(tb, 5000, 1, 0, TRACE_HOW_NONE, 2);
	lock_step(tb, 5000, 1, 2, TRACE_LOCK_OP_ACQUIRED, TRACE_LOCK_KIND_LOCK);
	TB_PEEK(tb_sample(tb, 5000, 1, 2), 0, 2, TB_HELD, 1);
	tb_gil_step(tb, 7000, 1, 2, 1, TRACE_GIL_OP_DROP);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_RUN_GIL, 2000);
}

/* A GIL that is used later makes nobody exact again. */
static void test_another_gil_after_lost_events(void **state)
{
	struct tb *tb = *state;

	tb_gil_step(tb, 4000, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_gap(tb, 5500, 1, 5000, 5400, 7);
	tb_switch(tb, 5800, 1, 0, TRACE_HOW_NONE, 2);
	gil_add(tb, 5900, 0, 2, 1);
	TB_PEEK(tb_sample(tb, 6000, 1, 2), 0, 2, TB_HELD, 1);
	TB_PEEK(tb_sample(tb, 7000, 1, 2), 0, 2, TB_HELD, 1);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 800);
	/* Half-way from the switch-in to the first look. */
	tb_expect(tb, 2, STATE_RUN_GIL, 1000 + 2100);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 100);
}

/* Where the parent was when it forked is not known: nor where the child is. */
static void test_fork_after_lost_events(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 3500, 1, 2, TRACE_HOW_DEAD, 0);
	tb_gil_step(tb, 3600, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_gap(tb, 4500, 0, 4000, 4400, 7);
	tb_thread(tb, 5000, 0, 1, 3, 3);
	gil_add(tb, 5000, 0, 2, 3);
	tb_switch(tb, 5200, 1, 0, TRACE_HOW_NONE, 3);
	TB_PEEK(tb_sample(tb, 5200, 1, 3), 0, 3, TB_HELD, 1);
	TB_PEEK(tb_sample(tb, 6000, 1, 3), 0, 3, TB_HELD, 1);
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8100, TRACE_END_TREE);
	tb_analyze(tb);
	tb_expect(tb, 3, STATE_RUN_GIL, 2800);
	tb_expect(tb, 3, STATE_RUN_FREE, 0);
}

static void test_left_alive(void **state)
{
	struct tb *tb = *state;

	tb_gil_step(tb, 4000, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_switch(tb, 5000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(two(tb)->gil_hold.total_ns, 4000);
	assert_int_equal(two(tb)->gil_held_off_core_ns, 3000);
}

static void test_text_and_json_say_so(void **state)
{
	struct tb *tb = *state;
	char *text, *json;

	tb_add(tb, 7900, TRACE_STREAM_COLLECTOR, TRACE_COST)->cost.hits = 3;
	tb_gil_step(tb, 4000, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 4400, 0, 1, 1, TRACE_GIL_OP_DROP);
	tb_gil_step(tb, 4500, 1, 2, 1, TRACE_GIL_OP_TAKE);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	text = tb_text(tb, 0);
	json = tb_json(tb);
	assert_non_null(strstr(text, "GIL: exact, 1 change of hands."));
	assert_non_null(strstr(text, "Probes in the program: 3 hits"));
	assert_null(strstr(text, "rests on samples"));
	assert_non_null(strstr(json, "\"gil_hold_episode_ns\": 3900"));
	assert_non_null(strstr(json, "\"gil_holds\": 2"));
	free(text);
	free(json);
}

#define TEST(name) TB_TEST_AFTER(name, setup, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_run_gil_is_from_take_to_drop),
		TEST(test_wait_is_from_wait_to_take),
		TEST(test_resume_ends_a_wait),
		TEST(test_looks_say_nothing_more),
		TEST(test_preempted_holder),
		TEST(test_lock_is_wait_lock),
		TEST(test_condition_is_wait_sync),
		TEST(test_timeout_ends_a_lock_wait),
		TEST(test_changes_of_hands),
		TEST(test_exact_from_the_first_step_on),
		TEST(test_fork_and_exec),
		TEST(test_lost_events_end_it),
		TEST(test_lost_events_before_it_ran),
		TEST(test_lock_says_nothing_of_the_gil),
		TEST(test_another_gil_after_lost_events),
		TEST(test_fork_after_lost_events),
		TEST(test_left_alive),
		TEST(test_text_and_json_say_so),
	};

	return cmocka_run_group_tests_name("timeline: exact", tests, NULL, NULL);
}
