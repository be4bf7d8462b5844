/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The speed-up stack, held against numbers worked out by hand: what other programs cost, and what
 * they do not.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

static const uint64_t *parts(const struct tb *tb)
{
	return tb->analysis.stack.part_ns;
}

static void program_add(struct tb *tb, uint64_t id, const char *comm)
{
	struct trace_record *record = tb_add(tb, 500, 0, TRACE_PROGRAM);

	record->program.id = id;
	record->program.pid = 100 + id;
	record->program.comm = (struct trace_bytes){ comm, strlen(comm) };
}

static void core_set(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t program)
{
	tb_add(tb, ts_ns, core, TRACE_CORE)->core.program = program;
}

/*
 * ns        thread 1   thread 2        core 1      core 2
 * 1000      core 0     -               program 5   program 6
 * 3000      core 0     ready           program 5   program 6
 * 7000      core 0     ready           idle        program 6
 * 8000      core 0     core 1          ours        program 6
 * 10000     dead       dead
 */
static void others(struct tb *tb)
{
	program_add(tb, 5, "hog");
	program_add(tb, 6, "guest");
	core_set(tb, 600, 1, 5);
	core_set(tb, 600, 2, 6);
	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 3000, 0, 1, 2, 1);
	core_set(tb, 7000, 1, 0);
	tb_switch(tb, 8000, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 10000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 10000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, 10000, TRACE_END_TREE);
}

/* Two cores are at other programs, one thread is ready: one core is lost. */
static void test_others(void **state)
{
	struct tb *tb = *state;

	others(tb);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.stack.whole_ns, 3 * 9000);
	assert_int_equal(parts(tb)[STACK_TRUE], 9000 + 2000);
	assert_int_equal(parts(tb)[STACK_OTHERS_READY], 4000);
	assert_int_equal(parts(tb)[STACK_OTHERS], 6000 + 9000 - 4000);
	/* While a core is idle, nobody else is in the way. */
	assert_int_equal(parts(tb)[STACK_IDLE_READY], 1000);
	assert_int_equal(tb->report.cores[0].crowded_ns, 0);
	assert_int_equal(tb->report.cores[1].crowded_ns, 4000);
	assert_int_equal(tb->report.cores[2].crowded_ns, 4000);
}

static void test_programs(void **state)
{
	struct tb *tb = *state;
	const struct stack *stack = &tb->analysis.stack;

	others(tb);
	tb_analyze(tb);
	assert_int_equal(stack->programs_cnt, 2);
	/* As much lost to the one as to the other; the longer first. */
	assert_int_equal(stack->programs[0].program, 6);
	assert_int_equal(stack->programs[0].ns, 9000);
	assert_int_equal(stack->programs[0].ready_ns, 2000);
	assert_int_equal(stack->programs[1].program, 5);
	assert_int_equal(stack->programs[1].ns, 6000);
	assert_int_equal(stack->programs[1].ready_ns, 2000);
}

/* Nobody could have run where they are. */
static void test_no_loss(void **state)
{
	struct tb *tb = *state;

	core_set(tb, 600, 1, 5);
	core_set(tb, 600, 2, 5);
	tb_exec(tb, 1000, 0, 1);
	tb_switch(tb, 4000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(parts(tb)[STACK_OTHERS_READY], 0);
	assert_int_equal(parts(tb)[STACK_OTHERS], 6000);
	assert_int_equal(tb->analysis.stack.programs[0].ready_ns, 0);
}

static void test_waits(void **state)
{
	struct tb *tb = *state;

	core_set(tb, 600, 1, 0);
	core_set(tb, 600, 2, 0);
	tb_exec(tb, 1000, 0, 1);
	tb_block(tb, 2000, 0, 1, NR_FUTEX, 0x100, 0)->owner = 2;
	tb_waking(tb, 5000, 0, 0, 1, 0, 0, 0);
	tb_switch(tb, 6000, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 7000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(parts(tb)[STACK_IDLE_LOCK], 3000);
	assert_int_equal(parts(tb)[STACK_IDLE_READY], 1000);
	assert_int_equal(parts(tb)[STACK_IDLE_NOBODY], 2 * 6000 + 4000 - 3000 - 1000);
}

static void test_gap(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, 1000, 0, 1);
	tb_gap(tb, 5000, 0, 2000, 3000, 1);
	tb_switch(tb, 5000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	/* Cores 1 and 2 never said anything. */
	assert_int_equal(parts(tb)[STACK_TRUE], 1000);
	assert_int_equal(parts(tb)[STACK_UNKNOWN], 2 * 4000 + 3000);
}

static void test_nothing(void **state)
{
	struct tb *tb = *state;
	char *text;

	tb_analyze(tb);
	assert_int_equal(tb->analysis.stack.whole_ns, 0);
	assert_int_equal(tb->analysis.stack.programs_cnt, 0);
	text = tb_text(tb, 1);
	assert_null(strstr(text, "Stack:"));
	free(text);
}

static void test_text(void **state)
{
	struct tb *tb = *state;
	char *text;

	others(tb);
	tb_analyze(tb);
	text = tb_text(tb, 0);
	/* Rounded so that all parts sum to 3.00. */
	assert_non_null(strstr(text, "  X  0.45  4.00 us  14.8 %  lost to other programs, mostly "
			       "guest\n"));
	assert_non_null(strstr(text, "  x  1.22  11.0 us  40.7 %  no loss: other programs, mostly "
			       "guest\n"));
	free(text);
}

/* What does not sum to cores x wall time is no stack. */
static void test_identity(void **state)
{
	struct tb *tb = *state;
	struct identity identity = { "" };
	struct stack stack = { .cores = &tb->analysis.cores, .identity = &identity };

	others(tb);
	tb_analyze(tb);
	tb->analysis.cores.idle_nobody_ns++;
	assert_int_equal(stack_sink.end(&stack, &tb->analysis.run), -EPROTO);
	assert_non_null(strstr(identity.broken, "identity 5"));
	stack_clear(&stack);
}

#define TEST(function) TB_TEST(function, "3")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_others),
		TEST(test_programs),
		TEST(test_no_loss),
		TEST(test_waits),
		TEST(test_gap),
		TEST(test_nothing),
		TEST(test_text),
		TEST(test_identity),
	};

	return cmocka_run_group_tests_name("speed-up stack", tests, NULL, NULL);
}
