/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread groups and bottle graphs, held against numbers worked out by hand.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

static void thread_add(struct tb *tb, uint64_t ts_ns, uint64_t id, uint64_t process, const char *name)
{
	tb_thread(tb, ts_ns, 0, 1, id, process)->comm = (struct trace_bytes){ name, strlen(name) };
}

static const struct bottle *bottle_of(const struct tb *tb, uint64_t id, enum bottle_kind kind)
{
	const struct bottles *bottles = &tb->analysis.bottles;

	for (size_t i = 0; i < bottles->threads_cnt; i++)
		if (bottles->threads[i].thread->id == id)
			return &bottles->threads[i].bottles[kind];
	fail_msg("no bottle of thread %d", (int)id);
	return NULL;
}

static void expect(const struct tb *tb, uint64_t id, enum bottle_kind kind, uint64_t height_ns,
		   uint64_t active_ns)
{
	assert_int_equal(bottle_of(tb, id, kind)->height_ns, height_ns);
	assert_int_equal(bottle_of(tb, id, kind)->active_ns, active_ns);
}

/*
 * ns        1 (core 0)      2 (core 1)      3 (core 2)
 * 1000      run
 * 2000      run             ready           ready
 * 3000      run             run             ready
 * 5000      run             run             run
 * 8000      run             wait.io         run
 * 9001      dead            wait.io         dead
 * 9500                      dead on its way
 */
static void scene(struct tb *tb)
{
	tb_exec(tb, 1000, 0, 1);
	thread_add(tb, 2000, 2, 1, "worker-1");
	thread_add(tb, 2000, 3, 1, "worker-23");
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 5000, 2, 0, TRACE_HOW_NONE, 3);
	tb_block(tb, 8000, 1, 2, NR_READ, 0, 0);
	tb_switch(tb, 9001, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 9001, 2, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9500, TRACE_END_COMMAND);
}

static void test_heights(void **state)
{
	struct tb *tb = *state;

	scene(tb);
	tb_analyze(tb);
	/* Alone 2000, of two 2000 + 1001, of three 3000. The odd nanosecond goes to the lower id. */
	expect(tb, 1, BOTTLE_TRUE, 2000 + 1000 + 1000 + 501, 8001);
	expect(tb, 2, BOTTLE_TRUE, 1000 + 1000, 5000);
	expect(tb, 3, BOTTLE_TRUE, 1000 + 500, 4001);
	assert_int_equal(tb->analysis.bottles.crowds[BOTTLE_TRUE].any_ns, 8001);
	/* Alone 1000, of three 6000, of two 1001. */
	expect(tb, 1, BOTTLE_APPARENT, 1000 + 2000 + 501, 8001);
	expect(tb, 2, BOTTLE_APPARENT, 2000, 6000);
	expect(tb, 3, BOTTLE_APPARENT, 2000 + 500, 7001);
}

/* Who is ready is counted, and has no share; halves are rounded up, one by one. */
static void test_cmetric(void **state)
{
	struct tb *tb = *state;

	scene(tb);
	tb_analyze(tb);
	expect(tb, 1, BOTTLE_CMETRIC, 1000 + 2000 + 501, 8001);
	expect(tb, 2, BOTTLE_CMETRIC, 5000 / 3 + 1, 5000);
	expect(tb, 3, BOTTLE_CMETRIC, 1000 + 501, 4001);
}

static void test_groups(void **state)
{
	struct tb *tb = *state;
	const struct groups *groups = &tb->analysis.groups;
	const struct group_bottles *of_group;
	size_t group;

	scene(tb);
	tb_analyze(tb);
	assert_int_equal(groups->groups_cnt, 2);
	group = groups->of_thread[tb_row(tb, 3)->thread->slot];
	assert_int_equal(groups->of_thread[tb_row(tb, 2)->thread->slot], group);
	assert_string_equal(groups->groups[group].name, "worker-");
	assert_int_equal(groups->groups[group].threads_cnt, 2);
	assert_int_equal(groups->groups[group].first->id, 2);
	of_group = &tb->analysis.bottles.of_groups[0];
	assert_ptr_equal(of_group->group, &groups->groups[group]);
	assert_int_equal(of_group->bottles[BOTTLE_TRUE].height_ns, 2000 + 1500);
	assert_int_equal(of_group->bottles[BOTTLE_TRUE].active_ns, 5000 + 4001);
}

/* The process counts, and the last name; a thread alone keeps its digits. */
static void test_groups_by_process_and_last_name(void **state)
{
	struct tb *tb = *state;
	const struct groups *groups = &tb->analysis.groups;
	struct trace_comm *comm;

	tb_exec(tb, 1000, 0, 1);
	thread_add(tb, 2000, 2, 1, "pool1");
	thread_add(tb, 2000, 3, 1, "pool");
	thread_add(tb, 2000, 4, 4, "pool2");
	thread_add(tb, 2000, 5, 1, "other");
	thread_add(tb, 2000, 6, 1, "77");
	comm = &tb_add(tb, 2500, 0, TRACE_COMM)->comm;
	comm->thread = 5;
	comm->comm = (struct trace_bytes){ "pool3", 5 };
	tb_switch(tb, 3000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3000, TRACE_END_COMMAND);
	tb_analyze(tb);
	/* The command; 77; 2, 3 and 5; 4 in its own process. */
	assert_int_equal(groups->groups_cnt, 4);
	for (size_t i = 0; i < groups->groups_cnt; i++) {
		const struct thread_group *group = &groups->groups[i];

		assert_int_equal(group->threads_cnt, group->first->id == 2 ? 3 : 1);
		if (group->first->id == 2)
			assert_string_equal(group->name, "pool");
		else if (group->first->id == 4)
			assert_string_equal(group->name, "pool2");
		else if (group->first->id == 6)
			assert_string_equal(group->name, "77");
	}
}

/* Thread 2 is dead where the part of the run begins: it has no bottle there, be it an empty one. */
static void test_window(void **state)
{
	struct tb *tb = *state;
	struct analysis analysis;

	tb_exec(tb, 1000, 0, 1);
	thread_add(tb, 2000, 2, 1, "early");
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_DEAD, 0);
	thread_add(tb, 6000, 3, 1, "late");
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 9000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9000, TRACE_END_TREE);
	tb_open(tb);
	assert_int_equal(analysis_run_with(&analysis, tb->reader, &(struct analysis_setup){
		.window = &(struct stretch){ 4000, UINT64_MAX },
	}), 0);
	assert_int_equal(analysis.bottles.threads_cnt, 2);
	assert_int_equal(analysis.bottles.threads[0].thread->id, 1);
	assert_int_equal(analysis.bottles.threads[1].thread->id, 3);
	assert_int_equal(analysis.bottles.threads[1].bottles[BOTTLE_TRUE].height_ns, 1500);
	analysis_clear(&analysis);
}

/* What is unknown is nobody's activity. */
static void test_unknown(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1);
	tb_gap(tb, 4000, 0, 2000, 4000, 10);
	tb_switch(tb, 5000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 5000, TRACE_END_COMMAND);
	tb_analyze(tb);
	expect(tb, 1, BOTTLE_TRUE, 1000, 1000);
	expect(tb, 1, BOTTLE_APPARENT, 1000, 1000);
	expect(tb, 1, BOTTLE_CMETRIC, 1000, 1000);
}

static void test_nothing(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, 5000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.groups.groups_cnt, 0);
	assert_int_equal(tb->analysis.bottles.crowds[BOTTLE_APPARENT].any_ns, 0);
}

/* A thread that stops being active before it began to be: no timeline would say so. */
static void test_identity_4(void **state)
{
	struct identity identity = { "" };
	struct groups groups = { 0 };
	struct bottles bottles = { .identity = &identity, .groups = &groups };
	struct thread thread = { .id = 1 };
	struct run run = { 0 };

	(void)state;
	bottle_sink.begin(&bottles, &run);
	bottles.crowds[BOTTLE_TRUE].active_cnt = 1;
	bottle_sink.change(&bottles, &(struct change){
		.at_ns = 1000, .thread = &thread, .from = STATE_CNT, .to = STATE_RUN_FREE });
	assert_int_equal(bottle_sink.end(&bottles, &run), -EPROTO);
	assert_non_null(strstr(identity.broken, "identity 4"));
	bottle_clear(&bottles);
}

#define TEST(name) TB_TEST(name, "3")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_heights),
		TEST(test_cmetric),
		TEST(test_groups),
		TEST(test_groups_by_process_and_last_name),
		TEST(test_window),
		TEST(test_unknown),
		TEST(test_nothing),
		TEST(test_identity_4),
	};

	return cmocka_run_group_tests_name("bottle graphs", tests, NULL, NULL);
}
