/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The critical path, on traces short enough to see it with bare eyes.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/array.h"
#include "tests/support/tb.h"

#define FUTEX_WAKE 1

#define WORD 0x100

/*
 * ns        1 (core 0)      2 (core 1)
 * 1000      run             -
 * 2000      run             ready.woken
 * 2100      run             run
 * 3000      waits for WORD  run
 * 4000      "               wait.sleep
 * 6000      "               ready.woken
 * 6100      "               run
 * 8000      ready.woken     run
 * 8200      run             run
 * 8500      run             dead
 * 9000      dead
 * The path: 1 since 8000, 2 since its birth, 1 before.
 */
static void scene(struct tb *tb, uint64_t owner)
{
	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 2100, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 3000, 0, 1, NR_FUTEX, WORD, 0)->owner = owner;
	tb_block(tb, 4000, 1, 2, NR_NANOSLEEP, 0, 0);
	tb_waking(tb, 6000, 1, 0, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 6100, 1, 0, TRACE_HOW_NONE, 2);
	tb_waking(tb, 8000, 1, 2, 1, NR_FUTEX, WORD, FUTEX_WAKE);
	tb_switch(tb, 8200, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 8500, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9100, TRACE_END_TREE);
}

static const struct path_thread *path_thread(const struct tb *tb, uint64_t id)
{
	return &tb->analysis.path.threads[tb_row(tb, id)->thread->slot];
}

static void test_shares(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;

	scene(tb, 0);
	tb_analyze(tb);
	assert_int_equal(path->length_ns, 8000);
	assert_int_equal(path->segments_cnt, 8);
	assert_int_equal(path->nobody_ns, 0);
	assert_int_equal(path_thread(tb, 1)->segments_cnt, 3);
	assert_int_equal(path_thread(tb, 1)->state_ns[STATE_RUN_FREE], 800 + 1000);
	assert_int_equal(path_thread(tb, 1)->state_ns[STATE_READY_WOKEN], 200);
	/* All of its wait is somebody else's path. */
	assert_int_equal(path_thread(tb, 1)->state_ns[STATE_WAIT_SYNC], 0);
	assert_int_equal(path_thread(tb, 2)->state_ns[STATE_RUN_FREE], 1900 + 1900);
	assert_int_equal(path_thread(tb, 2)->state_ns[STATE_WAIT_SLEEP], 2000);
	assert_int_equal(path_thread(tb, 2)->state_ns[STATE_READY_WOKEN], 100 + 100);
	assert_int_equal(path->state_ns[STATE_RUN_FREE], 1800 + 3800);
	assert_int_equal(path->state_ns[STATE_READY_WOKEN], 400);
	assert_int_equal(path->ranking_cnt, 2);
	assert_ptr_equal(path->ranking[0], path_thread(tb, 2));
	assert_int_equal(path->ranking[0]->ns, 6000);
}

static void test_hops(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;

	scene(tb, 0);
	tb_analyze(tb);
	assert_int_equal(path->hops[STATE_WAIT_SYNC].cnt, 1);
	/* From 3000 on 1 waits while the path is with 2. */
	assert_int_equal(path->hops[STATE_WAIT_SYNC].wait_ns, 5000);
	assert_int_equal(path->hops[STATE_WAIT_SLEEP].cnt, 0);
	assert_int_equal(path->hops[STATE_CNT].cnt, 1);
	assert_int_equal(path->hops[STATE_CNT].wait_ns, 0);
}

static void test_lock(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;
	const struct path_object *lock;

	scene(tb, 2);
	tb_analyze(tb);
	assert_int_equal(path->hops[STATE_WAIT_LOCK].wait_ns, 5000);
	assert_int_equal(path->objects_cnt, 1);
	assert_int_equal(tb->analysis.timeline.words.words[0]->address, WORD);
	lock = path_word(path, 0);
	assert_non_null(lock);
	assert_false(lock->gil);
	assert_int_equal(lock->hops.cnt, 1);
	assert_int_equal(lock->hops.wait_ns, 5000);
	assert_int_equal(lock->wait_ns, 0);
	assert_null(path_word(path, 1));
}

/* Nobody is to blame for a time-out: the wait is part of the path. */
static void test_wait_that_no_thread_ended(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;

	tb_exec(tb, 1000, 0, 1);
	tb_block(tb, 2000, 0, 1, NR_FUTEX, WORD, 0);
	tb_waking(tb, 5000, 0, 0, 1, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 5100, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 6000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(path->length_ns, 5000);
	assert_int_equal(path->state_ns[STATE_WAIT_SYNC], 3000);
	assert_int_equal(path_word(path, 0)->wait_ns, 3000);
	assert_int_equal(path_word(path, 0)->hops.cnt, 0);
}

static void test_longest(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;
	const uint64_t lengths[] = { 2000, 1900, 1900, 1000, 800, 200, 100, 100 };

	scene(tb, 0);
	tb_analyze(tb);
	assert_int_equal(path->longest_cnt, ARRAY_SIZE(lengths));
	for (size_t i = 0; i < path->longest_cnt; i++)
		assert_int_equal(path->longest[i].to_ns - path->longest[i].from_ns, lengths[i]);
	assert_int_equal(path->longest[0].state, STATE_WAIT_SLEEP);
	/* Of equal ones the later first. */
	assert_int_equal(path->longest[1].from_ns, 6100);
	assert_int_equal(path->longest[2].from_ns, 2100);
}

/* More segments than are kept: 1, 2, 3, ... ns on the core, and 10 off it in between. */
static void test_longest_of_many(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;
	uint64_t now_ns = 1000;

	tb_exec(tb, now_ns, 0, 1);
	for (uint64_t i = 1; i <= 2 * PATH_LONGEST; i++) {
		now_ns += i;
		tb_switch(tb, now_ns, 0, 1, TRACE_HOW_PREEMPTED, 0);
		now_ns += 10;
		tb_switch(tb, now_ns, 0, 0, TRACE_HOW_NONE, 1);
	}
	tb_switch(tb, now_ns + 1, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(path->segments_cnt, 4 * PATH_LONGEST + 1);
	assert_int_equal(path->longest_cnt, PATH_LONGEST);
	for (size_t i = 0; i < PATH_LONGEST; i++)
		assert_int_equal(path->longest[i].to_ns - path->longest[i].from_ns, 2 * PATH_LONGEST - i);
}

/* 2 is first seen as it wakes 1: what the path was before, nobody knows. */
static void test_lost_birth(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;

	tb_exec(tb, 1000, 0, 1);
	tb_block(tb, 2000, 0, 1, NR_READ, 0, 0);
	tb_waking(tb, 4000, 1, 2, 1, NR_WRITE, 0, 0);
	tb_switch(tb, 4100, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 4200, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 5000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(path->length_ns, 4000);
	assert_int_equal(path->nobody_ns, 3000);
	assert_int_equal(path->state_ns[STATE_UNKNOWN], 3000);
	assert_int_equal(path->hops[STATE_WAIT_IO].cnt, 1);
	assert_int_equal(path->hops[STATE_WAIT_IO].wait_ns, 0);
}

/*
 * 3 wakes 2, and 2 in the same nanosecond 1: the path is bounded by each step, it does not look at what
 * came at once with it; so all of 2's wait is on it.
 */
static void test_two_wakings_at_once(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 1000, 0, 1, 2, 1);
	tb_thread(tb, 1000, 0, 1, 3, 1);
	tb_switch(tb, 1000, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 2000, 1, 2, NR_READ, 0, 0)->next = 3;
	tb_block(tb, 3000, 0, 1, NR_FUTEX, WORD, 0);
	tb_waking(tb, 5000, 1, 3, 2, NR_WRITE, 0, 0);
	tb_switch(tb, 5000, 1, 3, TRACE_HOW_PREEMPTED, 2);
	tb_waking(tb, 5000, 1, 2, 1, NR_FUTEX, WORD, FUTEX_WAKE);
	tb_switch(tb, 5100, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 5500, 1, 2, TRACE_HOW_DEAD, 3);
	tb_switch(tb, 5600, 1, 3, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 6000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(path_thread(tb, 1)->state_ns[STATE_RUN_FREE], 900);
	assert_int_equal(path_thread(tb, 2)->state_ns[STATE_WAIT_IO], 3000);
	assert_int_equal(path->hops[STATE_WAIT_SYNC].wait_ns, 2000);
	assert_int_equal(path->hops[STATE_WAIT_IO].cnt, 0);
}

/* Of those that end last, the one with the lowest id: 1, who does not wait for 2. */
static void test_two_ends_at_once(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 2000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 4000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(path_thread(tb, 1)->state_ns[STATE_RUN_FREE], 3000);
	assert_int_equal(path_thread(tb, 2)->segments_cnt, 0);
}

/* From one GIL straight to another: the same state, and yet two segments. */
static void test_two_gils(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;

	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	for (uint64_t gil = 1; gil <= 2; gil++)
		tb_gil(tb, 1000, 0, gil, 1)->exact = 1;
	tb_gil_step(tb, 1000, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 3000, 0, 1, 1, TRACE_GIL_OP_DROP);
	tb_gil_step(tb, 3000, 0, 1, 2, TRACE_GIL_OP_TAKE);
	tb_switch(tb, 6000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(path->segments_cnt, 2);
	assert_int_equal(path_gil(path, 1)->run_ns, 2000);
	assert_int_equal(path_gil(path, 2)->run_ns, 3000);
}

/* The recording ends before they do: 1 waits for 2, which is on a core to the end. */
static void test_left_alive(void **state)
{
	struct tb *tb = *state;
	const struct path *path = &tb->analysis.path;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 2000, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 3000, 0, 1, NR_FUTEX, WORD, 0);
	tb_end(tb, 9000, TRACE_END_SIGNAL);
	tb_analyze(tb);
	assert_int_equal(path->length_ns, 8000);
	assert_int_equal(path_thread(tb, 2)->state_ns[STATE_RUN_FREE], 7000);
	assert_int_equal(path_thread(tb, 1)->state_ns[STATE_RUN_FREE], 1000);
	assert_int_equal(path->state_ns[STATE_WAIT_SYNC], 0);
}

static void test_nothing(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, 1000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.path.length_ns, 0);
	assert_int_equal(tb->analysis.path.segments_cnt, 0);
	assert_int_equal(tb->analysis.path.longest_cnt, 0);
}

/* A walk that leaves the run, or stops short of its start, is no path. */
static void test_identity(void **state)
{
	struct tb *tb = *state;
	const struct analysis *analysis = &tb->analysis;
	struct identity identity = { "" };
	struct path path = { .identity = &identity };
	struct run run;

	scene(tb, 0);
	tb_analyze(tb);
	run = analysis->run;
	run.start_ns += 1500;
	assert_int_equal(path_find(&path, &analysis->history, &run, &analysis->people), -EPROTO);
	assert_non_null(strstr(identity.broken, "identity 6"));
	path_clear(&path);
}

static int stop(void *ctx, const struct path_segment *segment)
{
	(void)segment;
	return --*(int *)ctx ? 0 : -ECANCELED;
}

static void test_visitor_stops(void **state)
{
	struct tb *tb = *state;
	const struct analysis *analysis = &tb->analysis;
	int left = 3;

	scene(tb, 0);
	tb_analyze(tb);
	assert_int_equal(path_walk(&analysis->history, &analysis->run, &analysis->people,
				   &(struct path_visitor){ stop, NULL, &left }), -ECANCELED);
	assert_int_equal(left, 0);
}

#define TEST(name) TB_TEST(name, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shares),
		TEST(test_hops),
		TEST(test_lock),
		TEST(test_wait_that_no_thread_ended),
		TEST(test_longest),
		TEST(test_longest_of_many),
		TEST(test_lost_birth),
		TEST(test_two_wakings_at_once),
		TEST(test_two_ends_at_once),
		TEST(test_two_gils),
		TEST(test_left_alive),
		TEST(test_nothing),
		TEST(test_identity),
		TEST(test_visitor_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
