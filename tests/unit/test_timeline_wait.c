/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread waits for, and whom its end is due to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/tb.h"

static enum wake_cause cause_of(struct tb *tb)
{
	for (int i = 0; i < CAUSE_CNT; i++)
		if (tb->report.quality.causes[i])
			return (enum wake_cause)i;
	return CAUSE_CNT;
}

struct cause_case {
	const char *name;
	uint64_t wait_nr, wait_arg0, wait_arg1;
	uint64_t waker, other, context;
	uint64_t wake_nr, wake_arg0, wake_arg1;
	enum wake_cause cause;
};

static const struct cause_case cause_cases[] = {
	{ "futex wake on the word", 202, 0x10, 0, 1, 0, 0, 202, 0x10, 1, CAUSE_THREAD },
	{ "private futex wake", 202, 0x10, 128, 1, 0, 0, 202, 0x10, 129, CAUSE_THREAD },
	{ "futex wake on another word", 202, 0x10, 0, 1, 0, 0, 202, 0x20, 1, CAUSE_UNCLEAR },
	{ "a futex waiter is innocent", 202, 0x10, 0, 1, 0, 0, 202, 0x10, 0, CAUSE_UNCLEAR },
	{ "PI unlock", 202, 0x10, 6, 1, 0, 0, 202, 0x10, 7, CAUSE_THREAD },
	{ "exit ends a join", 202, 0x10, 0, 1, 0, 0, 60, 0, 0, CAUSE_THREAD },
	{ "write does not end a futex wait", 202, 0x10, 0, 1, 0, 0, 1, 0, 0, CAUSE_UNCLEAR },
	{ "write ends a read", 0, 3, 0, 1, 0, 0, 1, 4, 0, CAUSE_THREAD },
	{ "futex does not end a read", 0, 3, 0, 1, 0, 0, 202, 3, 1, CAUSE_UNCLEAR },
	{ "exit ends wait4", 61, 0, 0, 1, 0, 0, 231, 0, 0, CAUSE_THREAD },
	{ "write does not end wait4", 61, 0, 0, 1, 0, 0, 1, 0, 0, CAUSE_UNCLEAR },
	{ "nobody ends a sleep", 35, 0, 0, 1, 0, 0, 1, 0, 0, CAUSE_UNCLEAR },
	{ "but a signal does", 35, 0, 0, 1, 0, 0, 234, 0, 0, CAUSE_THREAD },
	{ "interrupt upon a sleep", 35, 0, 0, 1, 0, TRACE_CONTEXT_INTERRUPT, 234, 0, 0,
	  CAUSE_TIMER },
	{ "interrupt upon a futex wait", 202, 0x10, 0, 1, 0, TRACE_CONTEXT_INTERRUPT, 202, 0x10, 1,
	  CAUSE_TIMER },
	{ "interrupt upon a read, innocent", 0, 3, 0, 1, 0, TRACE_CONTEXT_INTERRUPT, 202, 0, 0,
	  CAUSE_INTERRUPT },
	{ "loopback, the sender's soft irq", 45, 3, 0, 1, 0, TRACE_CONTEXT_INTERRUPT, 44, 4, 0,
	  CAUSE_THREAD },
	{ "open ends a wait for the other end", 257, 0, 0, 1, 0, 0, 2, 0, 0, CAUSE_THREAD },
	{ "flock ends flock", 73, 3, 0, 1, 0, 0, 73, 3, 0, CAUSE_THREAD },
	{ "close ends flock", 73, 3, 0, 1, 0, 0, 3, 3, 0, CAUSE_THREAD },
	{ "epoll_ctl ends epoll_wait", 232, 3, 0, 1, 0, 0, 233, 3, 0, CAUSE_THREAD },
	{ "futex_wake ends futex_wait", 455, 0x10, 0, 1, 0, 0, 454, 0x10, 0, CAUSE_THREAD },
	{ "futex_wake on another word", 455, 0x10, 0, 1, 0, 0, 454, 0x20, 0, CAUSE_UNCLEAR },
	{ "another program", 0, 3, 0, 0, 7, 0, 1, 4, 0, CAUSE_PROGRAM },
	{ "idle core", 0, 3, 0, 0, 0, TRACE_CONTEXT_INTERRUPT, 0, 0, 0, CAUSE_INTERRUPT },
};

static void test_causes(void **state)
{
	struct tb *tb = *state;

	for (size_t i = 0; i < sizeof(cause_cases) / sizeof(*cause_cases); i++) {
		const struct cause_case *c = &cause_cases[i];
		struct trace_waking *waking;

		tb_second(tb, 1);
		tb_block(tb, 4000, 1, 2, c->wait_nr, c->wait_arg0, c->wait_arg1);
		waking = tb_waking(tb, 5000, 0, c->waker, 2, c->wake_nr, c->wake_arg0,
				   c->wake_arg1);
		waking->context = c->context;
		waking->other = c->other;
		tb_switch(tb, 5500, 1, 0, TRACE_HOW_NONE, 2);
		tb_both_die(tb, 7000);
		tb_analyze(tb);
		if (cause_of(tb) != c->cause)
			fail_msg("%s: cause %d", c->name, cause_of(tb));
		/* Whoever was to blame, the thread was ready from then on. */
		tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 500);
		tb_reset(tb);
		tb_exec(tb, 1000, 0, 1);
	}
}

/* Who ends or replaces its process kills the other threads, whatever they wait for. */
static void test_killers_are_believed(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_block(tb, 4000, 1, 2, NR_NANOSLEEP, 0, 0);
	tb_waking(tb, 4500, 0, 1, 2, NR_EXIT_GROUP, 0, 0);
	tb_switch(tb, 4600, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 5000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_waking(tb, 5500, 0, 1, 2, NR_EXECVE, 0, 0);
	tb_switch(tb, 5600, 1, 0, TRACE_HOW_NONE, 2);
	/* Early: only a believed one explains the end of a sleep. */
	tb_waking(tb, 5900, 0, 1, 2, NR_EXIT_GROUP, 0, 0);
	tb_block(tb, 6000, 1, 2, NR_NANOSLEEP, 0, 0);
	tb_switch(tb, 6400, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 3);
	tb_expect(tb, 2, STATE_WAIT_SLEEP, 500);
	tb_expect(tb, 2, STATE_UNKNOWN, 0);
}

struct class_case {
	const char *name;
	uint64_t nr, arg0, arg1;
	enum trace_how how;
	uint64_t iowait;
	enum thread_state state;
};

static const struct class_case class_cases[] = {
	{ "read", 0, 3, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_IO },
	{ "poll", 7, 0x1000, 2, TRACE_HOW_BLOCKED, 0, STATE_WAIT_IO },
	{ "poll of nothing", 7, 0x1000, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_SLEEP },
	{ "ppoll of nothing", 271, 0, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_SLEEP },
	{ "select of nothing", 23, 0, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_SLEEP },
	{ "select", 23, 5, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_IO },
	{ "pselect6 of nothing", 270, 0, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_SLEEP },
	{ "epoll_wait", 232, 3, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_IO },
	{ "accept", 43, 3, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_LISTEN },
	{ "accept4", 288, 3, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_LISTEN },
	{ "nanosleep", 35, 0, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_SLEEP },
	{ "clock_nanosleep", 230, 0, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_SLEEP },
	{ "wait4", 61, 0, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_SYNC },
	{ "vfork", 58, 0, 0, TRACE_HOW_BLOCKED_D, 0, STATE_WAIT_SYNC },
	{ "io_uring_enter", 426, 0, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_IO },
	{ "futex without a lock", 202, 0x1000, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_SYNC },
	{ "futex with iowait", 202, 0x1000, 0, TRACE_HOW_BLOCKED, 1, STATE_WAIT_SYNC },
	{ "PI lock", 202, 0x1000, 134, TRACE_HOW_BLOCKED, 0, STATE_WAIT_LOCK },
	{ "madvise", 28, 0, 0, TRACE_HOW_BLOCKED_D, 0, STATE_WAIT_OTHER },
	{ "madvise, reading pages in", 28, 0, 0, TRACE_HOW_BLOCKED_D, 1, STATE_WAIT_IO },
	{ "a call that no table knows", 9999, 0, 0, TRACE_HOW_BLOCKED, 0, STATE_WAIT_OTHER },
	{ "page fault", (uint64_t)-1, 0, 0, TRACE_HOW_BLOCKED_D, 0, STATE_WAIT_OTHER },
	{ "page fault from disk", (uint64_t)-1, 0, 0, TRACE_HOW_BLOCKED_D, 1, STATE_WAIT_IO },
	{ "stopped in read", 0, 3, 0, TRACE_HOW_STOPPED, 0, STATE_WAIT_OTHER },
};

static void test_classes(void **state)
{
	struct tb *tb = *state;

	for (size_t i = 0; i < sizeof(class_cases) / sizeof(*class_cases); i++) {
		const struct class_case *c = &class_cases[i];
		struct trace_sched_switch *sw;

		tb_second(tb, 1);
		sw = tb_block(tb, 4000, 1, 2, c->nr, c->arg0, c->arg1);
		sw->how = c->how;
		sw->iowait = c->iowait;
		tb_waking(tb, 5000, 0, 1, 2, 62, 0, 0);
		tb_switch(tb, 5500, 1, 0, TRACE_HOW_NONE, 2);
		tb_both_die(tb, 7000);
		tb_analyze(tb);
		if (tb_state(tb, 2, c->state) != 1000)
			fail_msg("%s is not %s", c->name, state_infos[c->state].name);
		tb_reset(tb);
		tb_exec(tb, 1000, 0, 1);
	}
}

/* The class belongs to the word: all waits for it are for a lock, if an owner is ever seen. */
static void test_lock_word_is_remembered(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	for (int i = 0; i < 3; i++) {
		uint64_t at_ns = 10000 + 1000 * (uint64_t)i;

		tb_block(tb, at_ns, 1, 2, NR_FUTEX, 0x1000, 0)->owner = i == 1;
		tb_waking(tb, at_ns + 100, 0, 1, 2, NR_FUTEX, 0x1000, 1);
		tb_switch(tb, at_ns + 150, 1, 0, TRACE_HOW_NONE, 2);
	}
	/* Another word is another matter. */
	tb_block(tb, 20000, 1, 2, NR_FUTEX, 0x2000, 0);
	tb_waking(tb, 20100, 0, 1, 2, NR_FUTEX, 0x2000, 1);
	tb_switch(tb, 20150, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 30000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 100);
	tb_expect(tb, 2, STATE_WAIT_LOCK, 300);
}

/* Where an rwlock has its writer, a condition variable's neighbour may have its owner: a mutex. */
static void test_owner_of_the_mutex_beside(void **state)
{
	static const struct {
		enum trace_owner_at owner_at;
		uint64_t word;
		enum thread_state state;
	} cases[] = {
		{ TRACE_OWNER_MUTEX, 2, STATE_WAIT_LOCK },
		{ TRACE_OWNER_PI, 1002, STATE_WAIT_LOCK },
		{ TRACE_OWNER_RWLOCK_R, 3, STATE_WAIT_LOCK },
		{ TRACE_OWNER_RWLOCK_W, 1, STATE_WAIT_LOCK },
		{ TRACE_OWNER_RWLOCK_R, 0, STATE_WAIT_SYNC },
		{ TRACE_OWNER_RWLOCK_R, 2, STATE_WAIT_SYNC },
		{ TRACE_OWNER_RWLOCK_W, 0, STATE_WAIT_SYNC },
		{ TRACE_OWNER_RWLOCK_W, 2, STATE_WAIT_SYNC },
	};
	struct tb *tb = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct trace_sched_switch *sw;

		tb_second(tb, 1);
		sw = tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 128);
		sw->owner = 1;
		sw->owner_at = cases[i].owner_at;
		sw->word = cases[i].word;
		tb_waking(tb, 5000, 0, 1, 2, NR_FUTEX, 0x1000, 129);
		tb_switch(tb, 5500, 1, 0, TRACE_HOW_NONE, 2);
		tb_both_die(tb, 7000);
		tb_analyze(tb);
		if (tb_state(tb, 2, cases[i].state) != 1000)
			fail_msg("case %d is not %s", (int)i, state_infos[cases[i].state].name);
		tb_reset(tb);
		tb_exec(tb, 1000, 0, 1);
	}
}

/* A new program's memory is another: what was a lock before or will be one after is not. */
static void test_lock_word_until_exec(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 2);
	for (int i = 0; i < 3; i++) {
		uint64_t at_ns = 10000 + 1000 * (uint64_t)i;
		struct trace_exec *exec;

		tb_block(tb, at_ns, 1, 2, NR_FUTEX, 0x1000, 0)->owner = i == 1;
		tb_waking(tb, at_ns + 100, 0, 1, 2, NR_FUTEX, 0x1000, 1);
		tb_switch(tb, at_ns + 150, 1, 0, TRACE_HOW_NONE, 2);
		exec = &tb_add(tb, at_ns + 200, 1, TRACE_EXEC)->exec;
		exec->thread = 2;
		exec->tid = 1002;
	}
	tb_both_die(tb, 30000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 200);
	tb_expect(tb, 2, STATE_WAIT_LOCK, 100);
}

/* The same address in another process is another word. */
static void test_lock_word_per_process(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 2);
	tb_block(tb, 4000, 0, 1, NR_FUTEX, 0x1000, 128)->owner = 2;
	tb_waking(tb, 4100, 1, 2, 1, NR_FUTEX, 0x1000, 129);
	tb_switch(tb, 4200, 0, 0, TRACE_HOW_NONE, 1);
	tb_block(tb, 5000, 1, 2, NR_FUTEX, 0x1000, 128);
	tb_waking(tb, 5100, 0, 1, 2, NR_FUTEX, 0x1000, 129);
	tb_switch(tb, 5200, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_WAIT_LOCK, 100);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 100);
	assert_int_equal(tb->report.processes_cnt, 2);
	/* Nor is the waker in the other process believed. */
	assert_int_equal(tb->report.quality.causes[CAUSE_UNCLEAR], 2);
}

/* A shared word has an address in each process; an exit ends a join, not another's wait. */
static void test_futex_between_processes(void **state)
{
	static const struct {
		uint64_t wait_op, wake_nr, wake_word, wake_op;
		enum wake_cause cause;
	} cases[] = {
		{ 0, NR_FUTEX, 0x1000, 1, CAUSE_THREAD },
		{ 0, NR_FUTEX, 0x2000, 1, CAUSE_THREAD },
		{ 0, NR_FUTEX, 0x1000, 129, CAUSE_UNCLEAR },
		{ 128, NR_FUTEX, 0x1000, 1, CAUSE_UNCLEAR },
		{ 0, NR_EXIT, 0, 0, CAUSE_THREAD },
		{ 128, NR_EXIT, 0, 0, CAUSE_UNCLEAR },
		{ 128, NR_TGKILL, 0, 0, CAUSE_THREAD },
	};
	struct tb *tb = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tb_second(tb, 2);
		tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, cases[i].wait_op);
		tb_waking(tb, 5000, 0, 1, 2, cases[i].wake_nr, cases[i].wake_word,
			  cases[i].wake_op);
		tb_switch(tb, 5500, 1, 0, TRACE_HOW_NONE, 2);
		tb_both_die(tb, 7000);
		tb_analyze(tb);
		if (cause_of(tb) != cases[i].cause)
			fail_msg("case %d: cause %d", (int)i, cause_of(tb));
		tb_reset(tb);
		tb_exec(tb, 1000, 0, 1);
	}
}

/* A sleep that was stopped and goes on is a sleep. */
static void test_restarted_call(void **state)
{
	struct tb *tb = *state;

	tb_second(tb, 1);
	tb_block(tb, 4000, 1, 2, NR_NANOSLEEP, 0, 0);
	tb_waking(tb, 5000, 0, 1, 2, NR_TGKILL, 0, 0);
	tb_switch(tb, 5100, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 5200, 1, 2, NR_NANOSLEEP, 0, 0)->how = TRACE_HOW_STOPPED;
	tb_waking(tb, 6000, 0, 1, 2, NR_TGKILL, 0, 0);
	tb_switch(tb, 6100, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 6200, 1, 2, NR_RESTART, 0, 0);
	tb_waking(tb, 6900, 0, 0, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 6950, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SLEEP, 1000 + 700);
	tb_expect(tb, 2, STATE_WAIT_OTHER, 800);
}

#define TEST(name) TB_TEST_AFTER(name, tb_setup_exec, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_causes),
		TEST(test_killers_are_believed),
		TEST(test_classes),
		TEST(test_lock_word_is_remembered),
		TEST(test_owner_of_the_mutex_beside),
		TEST(test_lock_word_until_exec),
		TEST(test_lock_word_per_process),
		TEST(test_futex_between_processes),
		TEST(test_restarted_call),
	};

	return cmocka_run_group_tests_name("timeline, waits", tests, NULL, NULL);
}
