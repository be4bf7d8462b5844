/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state machine: switches, wakings that come early or not at all, births, deaths, execs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

#define NR_READ 0
#define NR_WRITE 1
#define NR_POLL 7
#define NR_NANOSLEEP 35
#define NR_ACCEPT 43
#define NR_EXECVE 59
#define NR_WAIT4 61
#define NR_FUTEX 202
#define NR_RESTART 219
#define NR_EXIT_GROUP 231
#define NR_TGKILL 234

static int setup(void **state)
{
	static struct tb tb;

	tb_init(&tb, "2");
	tb_exec(&tb, 1000, 0, 1);
	*state = &tb;
	return 0;
}

static int teardown(void **state)
{
	tb_free(*state);
	return 0;
}

/* Two threads: 1 goes on on core 0, 2 is born at 2000 and gets core 1 at 3000. */
static void two_threads(struct tb *tb)
{
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
}

static void all_die(struct tb *tb, uint64_t ts_ns)
{
	tb_switch(tb, ts_ns, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, ts_ns, 1, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, ts_ns + 50, TRACE_END_TREE);
}

static void test_birth_to_death(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	all_die(tb, 5000);
	tb_analyze(tb);
	assert_int_equal(tb->report.tree.wall_ns, 4000);
	assert_int_equal(tb_row(tb, 1)->life_ns, 4000);
	tb_expect(tb, 1, STATE_RUN_FREE, 4000);
	assert_int_equal(tb_row(tb, 2)->life_ns, 3000);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000);
	tb_expect(tb, 2, STATE_RUN_FREE, 2000);
	assert_int_equal(tb_row(tb, 2)->thread->on_core_ns, 2000);
	assert_false(tb_row(tb, 2)->thread->left_alive);
}

static void test_preempted(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 2000, 0, 1, TRACE_HOW_PREEMPTED, 0)->other = 9;
	tb_switch(tb, 2700, 0, 0, TRACE_HOW_NONE, 1)->other = 9;
	tb_switch(tb, 3000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_READY_PREEMPTED, 700);
	tb_expect(tb, 1, STATE_RUN_FREE, 1300);
}

static void test_wait_ends_at_waking(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_block(tb, 4000, 1, 2, NR_READ, 3, 0);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 6500, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 2000);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 500);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 500);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 1);
}

/* Only the first waking after the switch-out counts. */
static void test_second_waking_ignored(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_block(tb, 4000, 1, 2, NR_READ, 3, 0);
	tb_waking(tb, 5000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 4, 0);
	tb_switch(tb, 6500, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 1000);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 1);
}

/* The waking came while it was going to sleep: there was no wait. */
static void test_early_waking(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 4800, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 0);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 800);
	tb_expect(tb, 2, STATE_UNKNOWN, 0);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 1);
}

/* Who ends or replaces its process kills the other threads, whatever they wait for. */
static void test_killers_are_believed(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
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
	all_die(tb, 7000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 3);
	tb_expect(tb, 2, STATE_WAIT_SLEEP, 500);
	tb_expect(tb, 2, STATE_UNKNOWN, 0);
}

/* The same over more than PRESCAN_SHORT_NS, where the first pass has to know. */
static void test_early_waking_long(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 4000 + 30000000, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 40000000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 0);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 30000000);
}

/* An early waking and a later one: it really waited. */
static void early_then_late(struct tb *tb, uint64_t woken_ns)
{
	two_threads(tb);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_waking(tb, woken_ns, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_switch(tb, woken_ns + 100, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, woken_ns + 1000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, woken_ns - 4000);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 100);
}

static void test_early_then_late(void **state)
{
	early_then_late(*state, 6000);
}

static void test_early_then_late_long(void **state)
{
	early_then_late(*state, 60000000);
}

/* A waking before the last switch-in has been used up. */
static void test_stale_waking(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_waking(tb, 3100, 0, 1, 2, NR_WRITE, 1, 0);
	tb_switch(tb, 3200, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 3300, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 4000, 1, 2, NR_READ, 3, 0);
	tb_switch(tb, 4800, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 800);
	tb_expect(tb, 2, STATE_READY_PREEMPTED, 100);
}

static void test_no_waking_is_unknown(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_block(tb, 4000, 1, 2, NR_READ, 3, 0);
	tb_switch(tb, 4800, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 800);
	tb_expect(tb, 2, STATE_WAIT_IO, 0);
}

/* Blocked until the end: that is a wait, nothing contradicts it. */
static void test_blocked_to_the_end(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_block(tb, 4000, 1, 2, NR_WAIT4, 0, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 10000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb->report.tree.wall_ns, 9000);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 6000);
	assert_true(tb_row(tb, 2)->thread->left_alive);
	assert_int_equal(tb->report.quality.left_alive, 1);
	assert_int_equal(tb_row(tb, 2)->thread->death_ns, 10000);
}

static void test_doubt_to_the_end_is_unknown(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_waking(tb, 3900, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 4000, 1, 2, NR_READ, 0, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 10000, TRACE_END_COMMAND);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 6000);
}

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

		two_threads(tb);
		tb_block(tb, 4000, 1, 2, c->wait_nr, c->wait_arg0, c->wait_arg1);
		waking = tb_waking(tb, 5000, 0, c->waker, 2, c->wake_nr, c->wake_arg0,
				   c->wake_arg1);
		waking->context = c->context;
		waking->other = c->other;
		tb_switch(tb, 5500, 1, 0, TRACE_HOW_NONE, 2);
		all_die(tb, 7000);
		tb_analyze(tb);
		if (cause_of(tb) != c->cause)
			fail_msg("%s: cause %d", c->name, cause_of(tb));
		/* Whoever was to blame, the thread was ready from then on. */
		tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 500);
		tb_free(tb);
		setup(state);
	}
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

		two_threads(tb);
		sw = tb_block(tb, 4000, 1, 2, c->nr, c->arg0, c->arg1);
		sw->how = c->how;
		sw->iowait = c->iowait;
		tb_waking(tb, 5000, 0, 1, 2, 62, 0, 0);
		tb_switch(tb, 5500, 1, 0, TRACE_HOW_NONE, 2);
		all_die(tb, 7000);
		tb_analyze(tb);
		if (tb_state(tb, 2, c->state) != 1000)
			fail_msg("%s is not %s", c->name, state_infos[c->state].name);
		tb_free(tb);
		setup(state);
	}
}

/* The class belongs to the word: all waits for it are for a lock, if an owner is ever seen. */
static void test_lock_word_is_remembered(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
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
	all_die(tb, 30000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 100);
	tb_expect(tb, 2, STATE_WAIT_LOCK, 300);
}

/* A new program's memory is another: what was a lock before or will be one after is not. */
static void test_lock_word_until_exec(void **state)
{
	struct tb *tb = *state;

	tb_thread(tb, 2000, 0, 1, 2, 2);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
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
	all_die(tb, 30000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SYNC, 200);
	tb_expect(tb, 2, STATE_WAIT_LOCK, 100);
}

/* The same address in another process is another word. */
static void test_lock_word_per_process(void **state)
{
	struct tb *tb = *state;

	tb_thread(tb, 2000, 0, 1, 2, 2);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 4000, 0, 1, NR_FUTEX, 0x1000, 128)->owner = 2;
	tb_waking(tb, 4100, 1, 2, 1, NR_FUTEX, 0x1000, 129);
	tb_switch(tb, 4200, 0, 0, TRACE_HOW_NONE, 1);
	tb_block(tb, 5000, 1, 2, NR_FUTEX, 0x1000, 128);
	tb_waking(tb, 5100, 0, 1, 2, NR_FUTEX, 0x1000, 129);
	tb_switch(tb, 5200, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 7000);
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
		{ 0, 60, 0, 0, CAUSE_THREAD },
		{ 128, 60, 0, 0, CAUSE_UNCLEAR },
		{ 128, NR_TGKILL, 0, 0, CAUSE_THREAD },
	};
	struct tb *tb = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tb_thread(tb, 2000, 0, 1, 2, 2);
		tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
		tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, cases[i].wait_op);
		tb_waking(tb, 5000, 0, 1, 2, cases[i].wake_nr, cases[i].wake_word,
			  cases[i].wake_op);
		tb_switch(tb, 5500, 1, 0, TRACE_HOW_NONE, 2);
		all_die(tb, 7000);
		tb_analyze(tb);
		if (cause_of(tb) != cases[i].cause)
			fail_msg("case %d: cause %d", (int)i, cause_of(tb));
		tb_free(tb);
		setup(state);
	}
}

/* A sleep that was stopped and goes on is a sleep. */
static void test_restarted_call(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_block(tb, 4000, 1, 2, NR_NANOSLEEP, 0, 0);
	tb_waking(tb, 5000, 0, 1, 2, NR_TGKILL, 0, 0);
	tb_switch(tb, 5100, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 5200, 1, 2, NR_NANOSLEEP, 0, 0)->how = TRACE_HOW_STOPPED;
	tb_waking(tb, 6000, 0, 1, 2, NR_TGKILL, 0, 0);
	tb_switch(tb, 6100, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 6200, 1, 2, NR_RESTART, 0, 0);
	tb_waking(tb, 6900, 0, 0, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 6950, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 7000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_SLEEP, 1000 + 700);
	tb_expect(tb, 2, STATE_WAIT_OTHER, 800);
}

/* A timer came upon the thread long before it went to sleep: it does not end that sleep. */
static void early_timer(struct tb *tb, uint64_t before_ns, uint64_t slept_ns)
{
	const uint64_t out_ns = 1000000000;

	two_threads(tb);
	tb_waking(tb, out_ns - before_ns, 1, 2, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_block(tb, out_ns, 1, 2, NR_NANOSLEEP, 0, 0);
	tb_switch(tb, out_ns + slept_ns, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, out_ns + slept_ns + 1000);
	tb_analyze(tb);
}

static void test_early_timer_is_stale(void **state)
{
	struct tb *tb = *state;

	early_timer(tb, 999990000, UINT64_C(4000000000));
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000);
	tb_expect(tb, 2, STATE_UNKNOWN, UINT64_C(4000000000));
}

static void test_early_timer_just_before(void **state)
{
	struct tb *tb = *state;

	early_timer(tb, 2000, 5000);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 5000);
	assert_int_equal(tb->report.quality.causes[CAUSE_TIMER], 1);
}

/* One that cannot have ended this wait: for all that is known, nothing did. */
static void early_unfit(struct tb *tb, uint64_t slept_ns)
{
	two_threads(tb);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x2000, 1);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 4000 + slept_ns, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 5000 + slept_ns);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, slept_ns);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000);
}

static void test_early_unfit(void **state)
{
	early_unfit(*state, 800);
}

static void test_early_unfit_long(void **state)
{
	early_unfit(*state, 30000000);
}

/* The unlock came first, then a timer and another word's: the unlock it was. */
static void early_hidden(struct tb *tb, uint64_t slept_ns)
{
	two_threads(tb);
	tb_waking(tb, 3900, 0, 1, 2, NR_FUTEX, 0x1000, 1);
	tb_waking(tb, 3950, 1, 2, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_waking(tb, 3960, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 4000 + slept_ns, 1, 0, TRACE_HOW_NONE, 2);
	all_die(tb, 5000 + slept_ns);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + slept_ns);
	assert_int_equal(tb->report.quality.causes[CAUSE_THREAD], 1);
}

static void test_early_not_hidden(void **state)
{
	early_hidden(*state, 800);
}

static void test_early_not_hidden_long(void **state)
{
	early_hidden(*state, 30000000);
}

/* An exec from another thread: it takes the leader's tid, the leader dies. */
static void test_exec_changes_tid(void **state)
{
	struct tb *tb = *state;
	struct trace_exec *exec;

	two_threads(tb);
	tb_switch(tb, 4000, 0, 1, TRACE_HOW_DEAD, 0);
	exec = &tb_add(tb, 5000, 1, TRACE_EXEC)->exec;
	exec->thread = 2;
	exec->tid = 1001;
	exec->comm = (struct trace_bytes){ "other", 5 };
	tb_switch(tb, 6000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(tb_row(tb, 2)->thread->tid, 1001);
	assert_string_equal(tb_row(tb, 2)->thread->comm, "other");
	assert_string_equal(tb->report.processes[0].comm, "other");
	tb_expect(tb, 1, STATE_RUN_FREE, 3000);
	tb_expect(tb, 2, STATE_RUN_FREE, 3000);
	assert_int_equal(tb->report.tree.wall_ns, 5000);
}

/* Ids are for life, tids are not. */
static void test_tid_reuse(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_thread(tb, 5000, 0, 1, 3, 1)->tid = 1002;
	tb_switch(tb, 5100, 1, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 6000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 7000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(tb->report.threads_cnt, 3);
	assert_int_equal(tb_row(tb, 2)->thread->tid, tb_row(tb, 3)->thread->tid);
	assert_int_equal(tb_row(tb, 2)->life_ns, 2000);
	assert_int_equal(tb_row(tb, 3)->life_ns, 1000);
}

static void test_usage_is_since_birth(void **state)
{
	struct tb *tb = *state;
	struct trace_usage *usage;

	tb_switch(tb, 4000, 0, 1, TRACE_HOW_DEAD, 0);
	usage = &tb_add(tb, 4000, 0, TRACE_USAGE)->usage;
	usage->thread = 1;
	usage->run_ns = 8100;
	usage->born_run_ns = 5000;
	tb_analyze(tb);
	assert_int_equal(tb_row(tb, 1)->thread->kernel_run_ns, 3100);
	assert_int_equal(tb->report.quality.clock.worst_ns, 100);
}

static void usage_add(struct tb *tb, uint64_t ts_ns, uint64_t id, uint64_t run_ns)
{
	struct trace_usage *usage = &tb_add(tb, ts_ns, 0, TRACE_USAGE)->usage;

	usage->thread = id;
	usage->run_ns = run_ns;
}

/* Thread 1 ran long, and may be off by more than thread 2 is; thread 2 may not be off so much. */
static void test_clock_slack_is_the_threads_own(void **state)
{
	const uint64_t end_ns = UINT64_C(20000000000);
	struct tb *tb = *state;

	two_threads(tb);
	tb_switch(tb, 10003000, 1, 2, TRACE_HOW_DEAD, 0);
	usage_add(tb, 10003000, 2, 10000000 + 30000000);
	tb_switch(tb, end_ns, 0, 1, TRACE_HOW_DEAD, 0);
	usage_add(tb, end_ns, 1, end_ns - 1000 + 90000000);
	tb_end(tb, end_ns, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.clock.worst->id, 2);
	assert_non_null(strstr(tb->report.quality.doubts, "the kernel's clock disagrees"));
}

static void test_switch_ins_from_idle(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_PREEMPTED, 0)->other = 9;
	tb_switch(tb, 5000, 1, 0, TRACE_HOW_NONE, 2)->other = 9;
	all_die(tb, 7000);
	tb_analyze(tb);
	assert_int_equal(tb_row(tb, 2)->thread->switch_ins, 2);
	assert_int_equal(tb_row(tb, 2)->thread->idle_switch_ins, 1);
}

static void test_no_threads(void **state)
{
	struct tb *tb = *state;
	char *text, *json;

	tb->cnt = 0;
	tb_add(tb, 500, 0, TRACE_CORE);
	tb_end(tb, 1000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->report.threads_cnt, 0);
	assert_int_equal(tb->report.tree.wall_ns, 0);
	text = tb_text(tb, 1);
	json = tb_json(tb);
	assert_non_null(strstr(text, "No thread was recorded."));
	free(text);
	free(json);
}

static void test_no_records(void **state)
{
	struct tb *tb = *state;

	tb->cnt = 0;
	tb_analyze(tb);
	assert_int_equal(tb->report.threads_cnt, 0);
}

/* Ids are anything; nothing may be sized by them. */
static void test_huge_ids(void **state)
{
	struct tb *tb = *state;
	const uint64_t id = UINT64_MAX - 1;

	tb_thread(tb, 2000, 0, 1, id, id);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, id);
	tb_switch(tb, 4000, 1, id, TRACE_HOW_DEAD, 0)->other = UINT64_MAX;
	tb_switch(tb, 5000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	tb_expect(tb, id, STATE_RUN_FREE, 1000);
}

/* Records that cannot be: counted, and no crash. */
static void test_contradictions(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_switch(tb, 3500, 0, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 3600, 0, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 3700, 0, 2, TRACE_HOW_PREEMPTED, 0);
	all_die(tb, 7000);
	tb_analyze(tb);
	assert_true(tb->report.quality.contradictions >= 2);
	assert_int_equal(tb->report.quality.confidence, CONFIDENCE_LOW);
}

/* A switch is missing, and nothing says so but the core, which is at something else. */
static void test_core_record_on_a_running_thread(void **state)
{
	struct tb *tb = *state;

	tb_add(tb, 2000, 0, TRACE_CORE);
	tb_end(tb, 5000, TRACE_END_COMMAND);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.contradictions, 1);
	assert_int_equal(tb->report.quality.confidence, CONFIDENCE_LOW);
	tb_expect(tb, 1, STATE_RUN_FREE, 1000);
	tb_expect(tb, 1, STATE_UNKNOWN, 3000);
	assert_int_equal(tb->report.cores[0].idle_ns, 3000);
}

/* Another comes to its core, another leaves it. */
static void test_core_is_not_free(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_thread(tb, 3100, 0, 1, 3, 1);
	tb_switch(tb, 4000, 1, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 5000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 7000, 1, 3, TRACE_HOW_DEAD, 2);
	all_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.contradictions, 2);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 1000);
	tb_expect(tb, 2, STATE_UNKNOWN, 1000);
	tb_expect(tb, 2, STATE_READY_PREEMPTED, 2000);
	tb_expect(tb, 3, STATE_RUN_FREE, 1000 + 1000);
	tb_expect(tb, 3, STATE_UNKNOWN, 1000);
}

/* It leaves, wakes or is sampled on a core where it is not. */
static void test_thread_is_elsewhere(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 5000, 1, 1, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 1);
	tb_waking(tb, 6500, 0, 1, 2, NR_WRITE, 0, 0);
	tb_sample(tb, 7000, 1, 2);
	all_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.contradictions, 3);
	tb_expect(tb, 1, STATE_RUN_FREE, 4000 + 500 + 1500);
	tb_expect(tb, 1, STATE_READY_PREEMPTED, 1000);
	assert_int_equal(tb->report.cores[0].unknown_ns, 1500);
	tb_expect(tb, 2, STATE_READY_PREEMPTED, 3000);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 1000);
}

static void test_dead_threads_do_nothing(void **state)
{
	struct tb *tb = *state;

	two_threads(tb);
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 5000, 1, 0, TRACE_HOW_NONE, 2);
	tb_waking(tb, 6000, 0, 1, 2, NR_WRITE, 0, 0);
	tb_switch(tb, 7000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.contradictions, 2);
	assert_int_equal(tb->report.cores[1].unknown_ns, 2000 + 2000);
}

/* Threads without a birth are of no known process: nothing of one is inherited by another's. */
static void test_lost_births_share_nothing(void **state)
{
	struct tb *tb = *state;
	struct trace_sched_switch *sw;

	tb_switch(tb, 2000, 1, 0, TRACE_HOW_NONE, 7);
	sw = tb_block(tb, 3000, 1, 7, NR_FUTEX, 0x1000, 0);
	sw->owner = 1;
	sw->gil = 1;
	tb_waking(tb, 3500, 0, 1, 7, NR_FUTEX, 0x1000, 1);
	tb_switch(tb, 3600, 1, 0, TRACE_HOW_NONE, 8);
	tb_thread(tb, 3700, 1, 8, 9, 9);
	tb_block(tb, 4000, 1, 8, NR_FUTEX, 0x1000, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9000, TRACE_END_COMMAND);
	tb_analyze(tb);
	tb_expect(tb, 7, STATE_WAIT_LOCK, 500);
	tb_expect(tb, 8, STATE_WAIT_SYNC, 5000);
	assert_int_equal(tb_row(tb, 9)->thread->process->gil, GIL_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_birth_to_death),
		TEST(test_preempted),
		TEST(test_wait_ends_at_waking),
		TEST(test_second_waking_ignored),
		TEST(test_early_waking),
		TEST(test_killers_are_believed),
		TEST(test_early_waking_long),
		TEST(test_early_then_late),
		TEST(test_early_then_late_long),
		TEST(test_stale_waking),
		TEST(test_no_waking_is_unknown),
		TEST(test_blocked_to_the_end),
		TEST(test_doubt_to_the_end_is_unknown),
		TEST(test_causes),
		TEST(test_classes),
		TEST(test_lock_word_is_remembered),
		TEST(test_lock_word_until_exec),
		TEST(test_lock_word_per_process),
		TEST(test_futex_between_processes),
		TEST(test_restarted_call),
		TEST(test_early_timer_is_stale),
		TEST(test_early_timer_just_before),
		TEST(test_early_unfit),
		TEST(test_early_unfit_long),
		TEST(test_early_not_hidden),
		TEST(test_early_not_hidden_long),
		TEST(test_exec_changes_tid),
		TEST(test_tid_reuse),
		TEST(test_usage_is_since_birth),
		TEST(test_clock_slack_is_the_threads_own),
		TEST(test_switch_ins_from_idle),
		TEST(test_no_threads),
		TEST(test_no_records),
		TEST(test_huge_ids),
		TEST(test_contradictions),
		TEST(test_core_record_on_a_running_thread),
		TEST(test_core_is_not_free),
		TEST(test_thread_is_elsewhere),
		TEST(test_dead_threads_do_nothing),
		TEST(test_lost_births_share_nothing),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
