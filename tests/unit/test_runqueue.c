/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said of waits for a core, held against numbers worked out by hand.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

static void program(struct tb *tb, uint64_t ts_ns, uint64_t id, const char *name)
{
	struct trace_program *record = &tb_add(tb, ts_ns, 0, TRACE_PROGRAM)->program;

	record->id = id;
	record->pid = 100 + id;
	record->comm = (struct trace_bytes){ name, strlen(name) };
}

static void move(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t thread, uint64_t from, uint64_t to)
{
	struct trace_migrate *record = &tb_add(tb, ts_ns, core, TRACE_MIGRATE)->migrate;

	record->thread = thread;
	record->from = from;
	record->to = to;
}

static const struct rq_thread *thread_of(const struct tb *tb, uint64_t id)
{
	const struct runqueue *rq = &tb->analysis.runqueue;

	for (size_t i = 0; i < rq->threads_cnt; i++)
		if (rq->threads[i].thread && rq->threads[i].thread->id == id)
			return &rq->threads[i];
	fail_msg("no thread %d", (int)id);
	return NULL;
}

/*
 * ns      core 0        core 1          1             2
 * 1000    1             idle            run           -
 * 2000    1             idle            run           ready, nobody knows where
 * 2500    1             2               run           run
 * 4000    1             idle            run           wait.io
 * 6000    1             idle            run           ready at 1
 * 6300    1             2               run           run
 * 8000    1             program 7       run           ready, pushed off
 * 8400    1             program 7       run           taken to core 0
 * 9000    2             program 7       pushed off    run
 * 9500    2             idle            ready at 0    run
 * 9900    2             idle            taken to 1    run
 * 10000   2             1               run           run
 * 12000   idle          idle            dead          dead
 */
static void scene(struct tb *tb)
{
	program(tb, 900, 7, "stranger");
	tb_add(tb, 950, 1, TRACE_CORE)->core.program = 0;
	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 2500, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 4000, 1, 2, NR_READ, 0, 0);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 0, 0);
	tb_switch(tb, 6300, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 8000, 1, 2, TRACE_HOW_PREEMPTED, 0)->other = 7;
	move(tb, 8400, 0, 2, 1, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_PREEMPTED, 2);
	tb_add(tb, 9500, 1, TRACE_CORE)->core.program = 0;
	move(tb, 9900, 1, 1, 0, 1);
	tb_switch(tb, 10000, 1, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 12000, 0, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 12000, 1, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 12000, TRACE_END_TREE);
}

static void test_latencies(void **state)
{
	struct tb *tb = *state;
	const struct runqueue *rq = &tb->analysis.runqueue;

	scene(tb);
	tb_analyze(tb);
	assert_int_equal(rq->woken.cnt, 2);
	assert_int_equal(rq->woken.min_ns, 300);
	assert_int_equal(rq->woken.max_ns, 500);
	assert_int_equal(rq->preempted.cnt, 2);
	assert_int_equal(rq->preempted.sum_ns, 1000 + 1000);
	assert_int_equal(rq->ready_ns, 800 + 2000);
	assert_int_equal(rq->cut_cnt, 0);
	assert_int_equal(thread_of(tb, 2)->ready_ns, 1800);
	assert_int_equal(thread_of(tb, 2)->worst_ns, 1000);
	assert_int_equal(rq->ranking_cnt, 2);
	assert_int_equal(rq->ranking[0]->thread->id, 2);
}

static void test_what_had_the_core(void **state)
{
	struct tb *tb = *state;
	const struct rq_thread *one, *two;

	scene(tb);
	tb_analyze(tb);
	one = thread_of(tb, 1);
	two = thread_of(tb, 2);
	assert_int_equal(two->nowhere_ns, 500);
	assert_int_equal(two->use_ns[CORE_IDLE], 300);
	assert_int_equal(two->use_ns[CORE_OTHER], 400);
	assert_int_equal(two->use_ns[CORE_OURS], 600);
	assert_int_equal(one->use_ns[CORE_OURS], 900);
	assert_int_equal(one->use_ns[CORE_IDLE], 100);
	assert_int_equal(one->caused_ns, 600);
	assert_int_equal(two->caused_ns, 900);
}

/* Threads of one name together, and programs by theirs. */
static void test_antagonists(void **state)
{
	struct tb *tb = *state;
	const struct runqueue *rq = &tb->analysis.runqueue;

	scene(tb);
	tb_analyze(tb);
	assert_true(rq->antagonists_cnt >= 2);
	assert_true(rq->antagonists[0].group != NULL);
	assert_non_null(rq_worst_program(rq));
	assert_int_equal(rq_worst_program(rq)->caused_ns, 400);
	assert_string_equal(rq_worst_program(rq)->name, "stranger");
	assert_string_equal(rq->antagonists[0].name, rq->antagonists[0].group->name);
}

/* The thread that is pushed off at `ts_ns` waits for this program until `to_ns`. */
static void pushed(struct tb *tb, uint64_t ts_ns, uint64_t to_ns, uint64_t id)
{
	tb_switch(tb, ts_ns, 0, 1, TRACE_HOW_PREEMPTED, 0)->other = id;
	tb_switch(tb, to_ns, 0, 0, TRACE_HOW_NONE, 1)->other = id;
}

/* "sh" has it for 300 and 500 ns, a third one is elsewhere; "make" has it for 600. */
static void test_programs_of_one_name(void **state)
{
	struct tb *tb = *state;
	const struct runqueue *rq = &tb->analysis.runqueue;
	char *text;

	program(tb, 900, 7, "sh");
	program(tb, 900, 8, "make");
	program(tb, 900, 9, "sh");
	program(tb, 900, 10, "sh");
	tb_add(tb, 950, 1, TRACE_CORE)->core.program = 10;
	tb_exec(tb, 1000, 0, 1);
	pushed(tb, 2000, 2300, 7);
	pushed(tb, 3000, 3600, 8);
	pushed(tb, 4000, 4500, 9);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(rq->antagonists_cnt, 2);
	assert_string_equal(rq->antagonists[0].name, "sh");
	assert_int_equal(rq->antagonists[0].caused_ns, 800);
	assert_int_equal(rq->antagonists[0].programs_cnt, 2);
	assert_int_equal(rq->antagonists[0].program, 9);
	assert_int_equal(rq->antagonists[1].caused_ns, 600);
	assert_int_equal(rq->antagonists[1].programs_cnt, 1);
	text = tb_text(tb, 0);
	assert_non_null(strstr(text, "sh x 2  other programs"));
	assert_non_null(strstr(text, "make    another program"));
	free(text);
}

/* Core 1 is idle with nobody at it from 9500 to 9900, when 1 stands behind 2; 2 first has a core to come. */
static void test_waste(void **state)
{
	struct tb *tb = *state;
	const struct runqueue *rq = &tb->analysis.runqueue;

	scene(tb);
	tb_analyze(tb);
	assert_int_equal(rq->wasted_ns, 400);
	assert_int_equal(rq->waste.spread.cnt, 1);
	assert_int_equal(rq->waste.spread.max_ns, 400);
	assert_int_equal(thread_of(tb, 1)->stranded_ns, 400);
	assert_int_equal(thread_of(tb, 2)->stranded_ns, 0);
	assert_int_equal(rq->room.spread.cnt, 3);
	assert_int_equal(rq->room.spread.sum_ns, 500 + 300 + 500);
	assert_int_equal(thread_of(tb, 1)->room_ns, 500);
	assert_int_equal(thread_of(tb, 2)->room_ns, 800);
}

static void test_moves(void **state)
{
	struct tb *tb = *state;
	const struct runqueue *rq = &tb->analysis.runqueue;

	scene(tb);
	/* Nobody takes a thread that runs, but what is recorded is counted. */
	move(tb, 11000, 0, 2, 0, 0);
	tb_analyze(tb);
	assert_int_equal(rq->moves_cnt, 3);
	assert_int_equal(rq->ready_moves_cnt, 2);
	assert_int_equal(thread_of(tb, 2)->moves_cnt, 2);
	assert_int_equal(thread_of(tb, 2)->ready_moves_cnt, 1);
	/* 1 was there at the exec; 2 came three times, the third to core 0; 1 came to core 1. */
	assert_int_equal(rq->comings_cnt, 4);
	assert_int_equal(rq->elsewhere_cnt, 2);
}

/* In one instant woken and taken elsewhere, in whatever order that is told. */
static void test_moved_with_its_waking(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 2500, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 4000, 1, 2, NR_READ, 0, 0);
	move(tb, 6000, 0, 2, 1, 0);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 0, 0);
	tb_switch(tb, 6300, 0, 1, TRACE_HOW_PREEMPTED, 2);
	tb_switch(tb, 8000, 0, 2, TRACE_HOW_DEAD, 1);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(thread_of(tb, 2)->ready_moves_cnt, 1);
	assert_int_equal(thread_of(tb, 2)->use_ns[CORE_OURS], 300);
	assert_int_equal(thread_of(tb, 1)->caused_ns, 300);
}

/*
 * Something is lost on core 0 from 5000 to 6000: 2 sleeps, and nobody knows where it is after that. It is
 * woken at 7000 and has a core at 7500; when it is pushed off that at 8000, its place is known again.
 */
static void test_lost(void **state)
{
	struct tb *tb = *state;
	const struct runqueue *rq = &tb->analysis.runqueue;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 2500, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 4000, 1, 2, NR_READ, 0, 0);
	tb_gap(tb, 6000, 0, 5000, 6000, 3);
	tb_switch(tb, 6500, 0, 1, TRACE_HOW_PREEMPTED, 1);
	tb_waking(tb, 7000, 0, 1, 2, NR_WRITE, 0, 0);
	tb_switch(tb, 7500, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 8000, 1, 2, TRACE_HOW_PREEMPTED, 0)->other = 7;
	tb_switch(tb, 8200, 1, 0, TRACE_HOW_NONE, 2)->other = 7;
	tb_switch(tb, 9000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(thread_of(tb, 2)->nowhere_ns, 500 + 500);
	assert_int_equal(thread_of(tb, 2)->use_ns[CORE_OTHER], 200);
	assert_int_equal(rq->ready_ns, 1200);
}

/* Whoever is ready when the run ends may be so for longer. */
static void test_cut(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_end(tb, 5000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.runqueue.cut_cnt, 1);
	assert_int_equal(tb->analysis.runqueue.woken.sum_ns, 3000);
	assert_int_equal(thread_of(tb, 2)->nowhere_ns, 3000);
}

static void test_nobody_waits(void **state)
{
	struct tb *tb = *state;
	char *text;

	tb_exec(tb, 1000, 0, 1);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.runqueue.ready_ns, 0);
	assert_int_equal(tb->analysis.runqueue.antagonists_cnt, 0);
	assert_null(rq_worst_program(&tb->analysis.runqueue));
	text = tb_text(tb, 0);
	assert_null(strstr(text, "Runqueue:"));
	free(text);
}

static void test_empty(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, 1000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.runqueue.ranking_cnt, 0);
}

/* In a part of the run threads wait where they waited before. */
static void test_window(void **state)
{
	struct tb *tb = *state;
	struct analysis analysis;

	scene(tb);
	tb_open(tb);
	/* From 9200 on, where 1 waits at core 0. */
	assert_int_equal(analysis_run_with(&analysis, tb->reader, &(struct analysis_setup){
		.window = &(struct stretch){ 8200, UINT64_MAX },
	}), 0);
	assert_int_equal(analysis.runqueue.nowhere_ns, 0);
	assert_int_equal(analysis.runqueue.use_ns[CORE_OURS], 700);
	assert_int_equal(analysis.runqueue.use_ns[CORE_IDLE], 100);
	assert_int_equal(analysis.runqueue.wasted_ns, 400);
	assert_int_equal(analysis.runqueue.moves_cnt, 1);
	analysis_clear(&analysis);
}

/* A sum that does not hold is found. */
static void test_identity(void **state)
{
	struct tb *tb = *state;
	struct runqueue *rq = &tb->analysis.runqueue;

	scene(tb);
	tb_analyze(tb);
	rq->threads[0].use_ns[CORE_OURS]++;
	assert_int_equal(runqueue_sum(rq), -EPROTO);
	assert_non_null(strstr(tb->analysis.identity.broken, "by what had its cores"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TB_TEST(test_latencies, "2"),
		TB_TEST(test_what_had_the_core, "2"),
		TB_TEST(test_antagonists, "2"),
		TB_TEST(test_programs_of_one_name, "2"),
		TB_TEST(test_waste, "2"),
		TB_TEST(test_moves, "2"),
		TB_TEST(test_moved_with_its_waking, "2"),
		TB_TEST(test_lost, "2"),
		TB_TEST(test_cut, "2"),
		TB_TEST(test_nobody_waits, "2"),
		TB_TEST(test_empty, "2"),
		TB_TEST(test_window, "2"),
		TB_TEST(test_identity, "2"),
	};

	return cmocka_run_group_tests_name("waits for a core", tests, NULL, NULL);
}
