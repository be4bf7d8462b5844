/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sinks: curves, levels, idle cores, held against numbers worked out by hand; identities that
 * are violated on purpose, by feeding a sink what no timeline would.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

/*
 * ns        1 (core 0)      2 (core 1)          core 0   core 1
 * 1000      run             -                   ours     ?
 * 2000      run             ready.woken         ours     ?
 * 3000      run             run                 ours     ours
 * 5000      run             wait.io             ours     idle
 * 8000      wait.lock       wait.io             idle     idle
 * 9000      wait.lock       ready.woken         idle     idle
 * 9500      wait.lock       run                 idle     ours
 * 10000     ready.woken     run                 idle     ours
 * 10200     run             run                 ours     ours
 * 11000     dead            run                 other    ours
 * 12000                     dead
 */
static void scene(struct tb *tb)
{
	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 5000, 1, 2, NR_READ, 0, 0);
	tb_block(tb, 8000, 0, 1, NR_FUTEX, 0x100, 0)->owner = 2;
	tb_waking(tb, 9000, 0, 0, 2, NR_WRITE, 0, 0);
	tb_switch(tb, 9500, 1, 0, TRACE_HOW_NONE, 2);
	tb_waking(tb, 10000, 1, 2, 1, NR_FUTEX, 0x100, 1);
	tb_switch(tb, 10200, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 11000, 0, 1, TRACE_HOW_DEAD, 0)->other = 7;
	tb_switch(tb, 12000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, 12100, TRACE_END_TREE);
}

static void test_integrals(void **state)
{
	struct tb *tb = *state;
	const struct scope *tree;

	scene(tb);
	tb_analyze(tb);
	tree = tb->report.tree.curves;
	assert_int_equal(tb->report.tree.wall_ns, 11000);
	assert_int_equal(tree->integral_ns[CURVE_ALIVE], 10000 + 10000);
	/* 1: all its life; 2: all but the read */
	assert_int_equal(tree->integral_ns[CURVE_APPARENT], 10000 + 6000);
	/* 1: 1000-8000, 10200-11000; 2: 3000-5000, 9500-12000 */
	assert_int_equal(tree->integral_ns[CURVE_SCHEDULED], 7800 + 4500);
	assert_int_equal(tree->integral_ns[CURVE_TRUE], 7800 + 4500);
	assert_int_equal(tree->integral_ns[CURVE_OVERLAP], 12300 + 4000);
	assert_int_equal(tree->active_ns, 11000);
	assert_int_equal(tree->any_on_core_ns, 7000 + 2500);
}

static void test_levels_sum_to_wall(void **state)
{
	struct tb *tb = *state;
	const struct scope *tree;

	scene(tb);
	tb_analyze(tb);
	tree = tb->report.tree.curves;
	assert_int_equal(tree->levels_cnt, 3);
	assert_int_equal(tree->level_ns[0], 1500);
	assert_int_equal(tree->level_ns[2], 2000 + 800);
	assert_int_equal(tree->level_ns[1], 11000 - 1500 - 2800);
}

/* Nobody has work in hand while all wait for a connection. */
static void test_active_time(void **state)
{
	struct tb *tb = *state;
	const struct scope *tree;

	tb_exec(tb, 1000, 0, 1);
	tb_block(tb, 2000, 0, 1, NR_ACCEPT, 3, 0);
	tb_waking(tb, 5000, 0, 0, 1, 0, 0, 0);
	tb_switch(tb, 5500, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 6000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	tree = tb->report.tree.curves;
	assert_int_equal(tree->active_ns, 2000);
	assert_int_equal(tree->active_integral_ns[CURVE_TRUE], 1500);
	assert_int_equal(tree->active_integral_ns[CURVE_ALIVE], 2000);
	assert_int_equal(tree->integral_ns[CURVE_ALIVE], 5000);
	assert_int_equal(tree->integral_ns[CURVE_OVERLAP], 1500);
}

static void test_per_process(void **state)
{
	struct tb *tb = *state;
	const struct report_process *child;

	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 2);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 6000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(tb->report.processes_cnt, 2);
	child = &tb->report.processes[1];
	assert_int_equal(child->process->id, 2);
	assert_int_equal(child->scope.wall_ns, 4000);
	assert_int_equal(child->scope.curves->integral_ns[CURVE_TRUE], 3000);
	assert_int_equal(child->scope.curves->level_ns[0], 1000);
	assert_int_equal(child->scope.curves->level_ns[1], 3000);
	assert_int_equal(child->on_core_ns, 3000);
}

static void test_cores(void **state)
{
	struct tb *tb = *state;
	struct trace_program *program;
	const struct report_core *core;

	scene(tb);
	program = &tb_add(tb, 11000, 0, TRACE_PROGRAM)->program;
	program->id = 7;
	program->pid = 77;
	program->comm = (struct trace_bytes){ "guest", 5 };
	tb_analyze(tb);
	core = &tb->report.cores[0];
	assert_int_equal(core->ours_ns, 7800);
	assert_int_equal(core->true_ns, 7800);
	assert_int_equal(core->idle_ns, 2200);
	assert_int_equal(core->other_ns, 1000);
	assert_int_equal(core->unknown_ns, 0);
	assert_string_equal(core->guests[0].comm, "guest");
	assert_int_equal(core->guests[0].ns, 1000);
	core = &tb->report.cores[1];
	/* Nothing is known of a core before its first record. */
	assert_int_equal(core->unknown_ns, 2000);
	assert_int_equal(core->ours_ns, 4500);
	assert_int_equal(core->idle_ns, 4500);
}

/* What a core did before the run counts as its start. */
static void test_core_before_the_run(void **state)
{
	struct tb *tb = *state;

	scene(tb);
	tb_add(tb, 500, 1, TRACE_CORE)->core.program = 9;
	tb_analyze(tb);
	assert_int_equal(tb->report.cores[1].other_ns, 2000);
	assert_int_equal(tb->report.cores[1].unknown_ns, 0);
}

/*
 * Idle: core 1 5000-9500, core 0 8000-10200.
 *  5000-8000   1 idle; 2 waits for io
 *  8000-9000   2 idle; 1 lock, 2 io
 *  9000-9500   2 idle; 2 ready, 1 lock
 *  9500-10000  1 idle; 1 lock
 *  10000-10200 1 idle; 1 ready
 */
static void test_idle_parts(void **state)
{
	struct tb *tb = *state;
	const struct report_idle *idle = &tb->report.idle;

	scene(tb);
	tb_analyze(tb);
	assert_int_equal(idle->idle_ns, 6700);
	assert_int_equal(idle->ready_ns, 500 + 200);
	assert_int_equal(idle->wait_ns[STATE_WAIT_IO], 3000 + 1000);
	assert_int_equal(idle->wait_ns[STATE_WAIT_LOCK], 1000 + 500 + 500);
	assert_int_equal(idle->nobody_ns, 0);
	assert_int_equal(idle->ready_ns + idle->waiting_ns + idle->nobody_ns, idle->idle_ns);
}

/* One idle core, three waiting threads of two kinds: shares that do not divide still sum up. */
static void test_idle_shares_sum_up(void **state)
{
	struct tb *tb = *state;
	const struct report_idle *idle = &tb->report.idle;

	tb_exec(tb, 1000, 0, 1);
	for (uint64_t id = 2; id <= 4; id++) {
		tb_thread(tb, 1000, 0, 1, id, 1);
		tb_switch(tb, 1000, 1, 0, TRACE_HOW_NONE, id);
		tb_block(tb, 1000, 1, id, id == 2 ? NR_READ : NR_FUTEX, 0x100, 0);
	}
	tb_switch(tb, 1100, 0, 1, TRACE_HOW_DEAD, 0)->other = 3;
	tb_end(tb, 2000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(idle->idle_ns, 1000);
	assert_int_equal(idle->wait_ns[STATE_WAIT_SYNC], 667);
	assert_int_equal(idle->wait_ns[STATE_WAIT_IO], 333);
}

/* The same, in steps of 1 ns because thread 1 comes and goes: what is split is the sum. */
static void test_idle_shares_do_not_add_errors(void **state)
{
	struct tb *tb = *state;
	const struct report_idle *idle = &tb->report.idle;

	tb_exec(tb, 1000, 0, 1);
	for (uint64_t id = 2; id <= 4; id++) {
		tb_thread(tb, 1000, 0, 1, id, 1);
		tb_switch(tb, 1000, 1, 0, TRACE_HOW_NONE, id);
		tb_block(tb, 1000, 1, id, id == 2 ? NR_READ : NR_FUTEX, 0x100, 0);
	}
	for (uint64_t ts_ns = 1001; ts_ns < 1300; ts_ns++) {
		tb_switch(tb, ts_ns, 0, 1, TRACE_HOW_PREEMPTED, 0)->other = 3;
		tb_switch(tb, ts_ns, 0, 0, TRACE_HOW_NONE, 1)->other = 3;
	}
	tb_switch(tb, 1300, 0, 1, TRACE_HOW_DEAD, 0)->other = 3;
	tb_end(tb, 1300, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(idle->idle_ns, 300);
	assert_int_equal(idle->wait_ns[STATE_WAIT_SYNC], 200);
	assert_int_equal(idle->wait_ns[STATE_WAIT_IO], 100);
}

static struct change change_of(struct thread *thread, uint64_t since_ns, uint64_t at_ns,
			       enum thread_state from, enum thread_state to)
{
	return (struct change){
		.at_ns = at_ns, .thread = thread, .from = from, .to = to, .since_ns = since_ns,
	};
}

/* A stretch of a life that the timeline forgot. */
static void test_identity_1_gap(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 100 };
	struct identity identity = { "" };
	struct tally tally = { .identity = &identity };
	struct change birth = change_of(&thread, 0, 100, STATE_CNT, STATE_RUN_FREE);
	struct change late = change_of(&thread, 150, 200, STATE_RUN_FREE, STATE_WAIT_IO);

	(void)state;
	assert_int_equal(tally_sink.change(&tally, &birth), 0);
	assert_int_equal(tally_sink.change(&tally, &late), -EPROTO);
	assert_memory_equal(identity.broken, "identity 1:", 11);
	tally_clear(&tally);
}

static void test_identity_1_wrong_state(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 100 };
	struct identity identity = { "" };
	struct tally tally = { .identity = &identity };
	struct change birth = change_of(&thread, 0, 100, STATE_CNT, STATE_RUN_FREE);
	struct change wrong = change_of(&thread, 100, 200, STATE_RUN_GIL, STATE_WAIT_IO);

	(void)state;
	assert_int_equal(tally_sink.change(&tally, &birth), 0);
	assert_int_equal(tally_sink.change(&tally, &wrong), -EPROTO);
	tally_clear(&tally);
}

/* A life that is longer than its states. */
static void test_identity_1_life(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 90 };
	struct identity identity = { "" };
	struct tally tally = { .identity = &identity };
	struct change birth = change_of(&thread, 0, 100, STATE_CNT, STATE_RUN_FREE);
	struct change death = change_of(&thread, 100, 200, STATE_RUN_FREE, STATE_CNT);

	(void)state;
	assert_int_equal(tally_sink.change(&tally, &birth), 0);
	assert_int_equal(tally_sink.change(&tally, &death), -EPROTO);
	assert_non_null(strstr(identity.broken, "its life is 110 ns"));
	tally_clear(&tally);
}

/* The switches that the timeline counted say something else than the states. */
static void test_identity_1_on_core(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 100, .on_core_ns = 90 };
	struct identity identity = { "" };
	struct tally tally = { .identity = &identity };
	struct change birth = change_of(&thread, 0, 100, STATE_CNT, STATE_RUN_FREE);
	struct change death = change_of(&thread, 100, 200, STATE_RUN_FREE, STATE_CNT);

	(void)state;
	assert_int_equal(tally_sink.change(&tally, &birth), 0);
	assert_int_equal(tally_sink.change(&tally, &death), -EPROTO);
	assert_non_null(strstr(identity.broken, "by its switches for 90 ns"));
	tally_clear(&tally);
}

/* Nobody may outlive the run. */
static void test_identity_1_end(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 100 };
	struct identity identity = { "" };
	struct tally tally = { .identity = &identity };
	struct run run = { .start_ns = 100, .end_ns = 300 };
	struct change birth = change_of(&thread, 0, 100, STATE_CNT, STATE_RUN_FREE);

	(void)state;
	assert_int_equal(tally_sink.change(&tally, &birth), 0);
	assert_int_equal(tally_sink.end(&tally, &run), -EPROTO);
	assert_memory_equal(identity.broken, "identity 1:", 11);
	tally_clear(&tally);
}

/* The life of one thread as a curve sees it, change by change; what the sink says of it. */
static int curves_feed(struct identity *identity, const struct run *run,
		       const struct change *changes, size_t cnt)
{
	struct curves curves = { .identity = identity };
	int err = curves_sink.begin(&curves, run);

	for (size_t i = 0; !err && i < cnt; i++)
		err = curves_sink.change(&curves, &changes[i]);
	if (!err)
		err = curves_sink.end(&curves, run);
	curves_clear(&curves);
	return err;
}

/* A thread leaves a state that it was not in: the parts of apparent no longer sum up. */
static void test_identity_2(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 100 };
	struct identity identity = { "" };
	const struct run run = { .start_ns = 100, .end_ns = 300 };
	const struct change changes[] = {
		change_of(&thread, 0, 100, STATE_CNT, STATE_WAIT_IO),
		change_of(&thread, 100, 200, STATE_WAIT_LOCK, STATE_WAIT_SLEEP),
	};

	(void)state;
	assert_int_equal(curves_feed(&identity, &run, changes, 2), -EPROTO);
	assert_memory_equal(identity.broken, "identity 2: apparent", 20);
}

/* On a core for longer than its switches say. */
static void test_identity_2_on_core(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 100, .death_ns = 300,
				 .on_core_ns = 150 };
	struct identity identity = { "" };
	const struct run run = { .start_ns = 100, .end_ns = 300 };
	const struct change changes[] = {
		change_of(&thread, 0, 100, STATE_CNT, STATE_RUN_FREE),
		change_of(&thread, 100, 300, STATE_RUN_FREE, STATE_CNT),
	};

	(void)state;
	assert_int_equal(curves_feed(&identity, &run, changes, 2), -EPROTO);
	assert_memory_equal(identity.broken, "identity 2: scheduled", 21);
	identity.broken[0] = '\0';
	thread.on_core_ns = 250;
	thread.unsure_ns = 50;
	assert_int_equal(curves_feed(&identity, &run, changes, 2), 0);
}

/* The levels begin before the first thread does. */
static void test_identity_3(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 150, .death_ns = 300,
				 .on_core_ns = 150 };
	struct identity identity = { "" };
	const struct run run = { .start_ns = 100, .end_ns = 300 };
	const struct change changes[] = {
		change_of(&thread, 0, 150, STATE_CNT, STATE_RUN_FREE),
		change_of(&thread, 150, 300, STATE_RUN_FREE, STATE_CNT),
	};

	(void)state;
	assert_int_equal(curves_feed(&identity, &run, changes, 2), -EPROTO);
	assert_non_null(strstr(identity.broken, "of the run sum to 200 ns"));
}

/* A process whose changes come late: its levels are shorter than its life. */
static void test_identity_3_process(void **state)
{
	struct process one = { .id = 1 }, two = { .id = 2, .slot = 1 };
	struct thread first = { .id = 1, .process = &one, .birth_ns = 100, .death_ns = 300 };
	struct thread second = { .id = 2, .slot = 1, .process = &two, .birth_ns = 150,
				 .death_ns = 300 };
	struct identity identity = { "" };
	const struct run run = { .start_ns = 100, .end_ns = 300 };
	const struct change changes[] = {
		change_of(&first, 0, 100, STATE_CNT, STATE_WAIT_IO),
		change_of(&second, 0, 200, STATE_CNT, STATE_WAIT_IO),
		change_of(&first, 100, 300, STATE_WAIT_IO, STATE_CNT),
		change_of(&second, 200, 300, STATE_WAIT_IO, STATE_CNT),
	};

	(void)state;
	assert_int_equal(curves_feed(&identity, &run, changes, 4), -EPROTO);
	assert_non_null(strstr(identity.broken, "of a process sum to 100 ns"));
}

static void test_identity_3_backwards(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 100 };
	struct identity identity = { "" };
	const struct run run = { .start_ns = 100, .end_ns = 300 };
	const struct change changes[] = {
		change_of(&thread, 0, 200, STATE_CNT, STATE_RUN_FREE),
		change_of(&thread, 200, 150, STATE_RUN_FREE, STATE_WAIT_IO),
	};

	(void)state;
	assert_int_equal(curves_feed(&identity, &run, changes, 2), -EPROTO);
	assert_non_null(strstr(identity.broken, "time runs backwards"));
}

/* Core changes and state changes of one thread on one core, until 300. */
static int cores_feed(struct identity *identity, struct thread *thread,
		      enum thread_state first, enum core_use use, enum thread_state second)
{
	struct cores cores = { .identity = identity };
	const struct run run = { .start_ns = 100, .end_ns = 300, .cores_cnt = 1 };
	const struct change changes[] = {
		change_of(thread, 0, 100, STATE_CNT, first),
		change_of(thread, 100, 200, first, second),
	};
	const struct core_change core = {
		.at_ns = 100, .use = use, .thread = use == CORE_OURS ? thread : NULL,
	};
	int err = cores_sink.begin(&cores, &run);

	if (!err)
		err = cores_sink.change(&cores, &changes[0]);
	if (!err)
		err = cores_sink.core(&cores, &core);
	if (!err)
		err = cores_sink.change(&cores, &changes[1]);
	if (!err)
		err = cores_sink.end(&cores, &run);
	cores_clear(&cores);
	return err;
}

/* The core is at a thread that does not run, or a thread runs nowhere. */
static void test_identity_5(void **state)
{
	struct process process = { .id = 1 };
	struct thread thread = { .id = 1, .process = &process, .birth_ns = 100 };
	struct identity identity = { "" };

	(void)state;
	assert_int_equal(cores_feed(&identity, &thread, STATE_RUN_FREE, CORE_OURS,
				    STATE_RUN_SPIN), 0);
	assert_int_equal(cores_feed(&identity, &thread, STATE_UNKNOWN, CORE_OURS,
				    STATE_RUN_GIL), 0);
	assert_int_equal(cores_feed(&identity, &thread, STATE_RUN_FREE, CORE_OURS,
				    STATE_WAIT_IO), -EPROTO);
	assert_memory_equal(identity.broken, "identity 5: core 0 was ours for 200 ns", 38);
	identity.broken[0] = '\0';
	assert_int_equal(cores_feed(&identity, &thread, STATE_RUN_FREE, CORE_IDLE,
				    STATE_WAIT_IO), -EPROTO);
	assert_non_null(strstr(identity.broken, "threads were scheduled for 100 ns"));
}

/* A core changes before the time that was reached: its uses would sum to anything. */
static void test_identity_5_wall(void **state)
{
	struct identity identity = { "" };
	struct cores cores = { .identity = &identity };
	const struct run run = { .start_ns = 100, .end_ns = 300, .cores_cnt = 1 };
	const struct core_change before = { .at_ns = 50, .use = CORE_IDLE };

	(void)state;
	assert_int_equal(cores_sink.begin(&cores, &run), 0);
	assert_int_equal(cores_sink.core(&cores, &before), -EPROTO);
	assert_memory_equal(identity.broken, "identity 5:", 11);
	cores_clear(&cores);
}

/* Which curve counts which state, word for word as they are defined. */
static void test_state_table(void **state)
{
	static const char *const apparent[] = {
		"run.gil", "run.free", "run.spin", "ready.woken", "ready.preempted", "wait.gil",
		"wait.lock", "wait.klock",
	};
	size_t counted = 0;

	(void)state;
	for (int i = 0; i < STATE_CNT; i++) {
		const char *name = state_infos[i].name;
		unsigned int counts = state_infos[i].counts;
		int is_true = !strcmp(name, "run.gil") || !strcmp(name, "run.free");

		for (size_t j = 0; j < sizeof(apparent) / sizeof(*apparent); j++)
			if (!strcmp(name, apparent[j])) {
				assert_true(counts & COUNTS_APPARENT);
				counted++;
			}
		assert_int_equal(!!(counts & COUNTS_SCHEDULED), !strncmp(name, "run.", 4));
		assert_int_equal(!!(counts & COUNTS_TRUE), is_true);
		assert_int_equal(!!(counts & COUNTS_OVERLAP), is_true || !strcmp(name, "wait.io"));
		counted -= !!(counts & COUNTS_APPARENT);
	}
	assert_int_equal(counted, 0);
}

#define TEST(name) TB_TEST(name, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_integrals),
		TEST(test_levels_sum_to_wall),
		TEST(test_active_time),
		TEST(test_per_process),
		TEST(test_cores),
		TEST(test_core_before_the_run),
		TEST(test_idle_parts),
		TEST(test_idle_shares_sum_up),
		TEST(test_idle_shares_do_not_add_errors),
		cmocka_unit_test(test_identity_1_gap),
		cmocka_unit_test(test_identity_1_wrong_state),
		cmocka_unit_test(test_identity_1_life),
		cmocka_unit_test(test_identity_1_on_core),
		cmocka_unit_test(test_identity_1_end),
		cmocka_unit_test(test_identity_2),
		cmocka_unit_test(test_identity_2_on_core),
		cmocka_unit_test(test_identity_3),
		cmocka_unit_test(test_identity_3_process),
		cmocka_unit_test(test_identity_3_backwards),
		cmocka_unit_test(test_identity_5),
		cmocka_unit_test(test_identity_5_wall),
		cmocka_unit_test(test_state_table),
	};

	return cmocka_run_group_tests_name("curves", tests, NULL, NULL);
}
