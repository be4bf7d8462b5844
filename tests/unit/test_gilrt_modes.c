// SPDX-License-Identifier: BSD-2-Clause
/*
 * The other GILs, the old one and one for each interpreter, and threads that nobody waits for.
 *
 * Runs end after a number of events. Only the main thread asserts.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/work.h"

static void begin(const struct gilrt_config *config)
{
	assert_int_equal(gilrt_init(config), 0);
}

static void end(void)
{
	assert_int_equal(gilrt_stop(), 0);
	gilrt_fini();
}

static struct gilrt_stats stats_of(const struct gilrt_thread *thread)
{
	struct gilrt_stats stats;

	gilrt_thread_stats(thread, &stats);
	return stats;
}

/* ---- the old GIL ------------------------------------------------------------------------------ */

static void test_old_lets_go_by_count(void **state)
{
	const struct gilrt_config config = { .mode = GILRT_OLD, .check_interval = 10 };
	struct gilrt_stats before, after;
	unsigned int i;

	(void)state;
	begin(&config);
	assert_int_equal(gilrt_checkpoint_policy(), GILRT_EVERY_OP);
	assert_int_equal(gilrt_gil->locked, 1);
	before = stats_of(gilrt_thread_current());
	for (i = 0; i < 11 * 100; i++)
		gilrt_checkpoint();
	after = stats_of(gilrt_thread_current());
	/* It counts down from the interval to below zero, as Python's ticker did. */
	assert_int_equal(after.drops - before.drops, 100);
	assert_int_equal(after.gil_holds - before.gil_holds, 100);
	assert_int_equal(after.gil_waits, 0);
	assert_int_equal(gilrt_gil->switch_number, 1);
	end();
	assert_int_equal(gilrt_gil->locked, -1);
}

static void test_old_counts_real_instructions(void **state)
{
	const struct gilrt_config seldom = { .mode = GILRT_OLD, .check_interval = 200 };
	const struct gilrt_config often = { .mode = GILRT_OLD, .check_interval = 20 };
	const struct gilrt_config *const configs[] = { &seldom, &often };
	uint64_t drops[2];
	struct gilrt_work work;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin(configs[i]);
		gilrt_work_init(&work, 1);
		gilrt_work_run(&work, 10);
		drops[i] = stats_of(gilrt_thread_current()).drops;
		end();
	}
	assert_true(drops[0] > 0);
	/* 201 instructions each against 21. */
	assert_in_range(drops[1] * 21 / 201, drops[0] - 1, drops[0] + 1);
}

struct shared {
	_Atomic uint64_t done_cnt;
	uint64_t unprotected;		/* the GIL is all that there is: the race detector would tell */
	uint64_t rounds;
};

static void add_up(void *arg)
{
	struct shared *shared = arg;
	uint64_t i;

	for (i = 0; i < shared->rounds; i++) {
		shared->unprotected++;
		gilrt_checkpoint();
	}
	shared->done_cnt++;
}

static void test_old_excludes(void **state)
{
	const struct gilrt_config config = { .mode = GILRT_OLD, .check_interval = 3 };
	struct shared shared = { .rounds = 20000 };
	struct gilrt_thread *threads[3];
	const struct gilrt_thread *thread = NULL;
	uint64_t hold_ns = 0, first_ns = UINT64_MAX, last_ns = 0;
	size_t i;

	(void)state;
	begin(&config);
	for (i = 0; i < 3; i++)
		assert_int_equal(gilrt_thread_start(add_up, &shared, "adder", &threads[i]), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(gilrt_thread_join(threads[i]), 0);
	assert_int_equal(gilrt_stop(), 0);
	assert_int_equal(shared.unprotected, 3 * shared.rounds);
	while ((thread = gilrt_thread_next(thread))) {
		struct gilrt_stats stats = stats_of(thread);

		assert_int_equal(stats.gil_hold_ns + stats.gil_wait_ns + stats.gil_released_ns,
				 stats.end_ns - stats.start_ns);
		assert_int_equal(stats.drops, stats.gil_holds);
		assert_int_equal(stats.forced_switches, 0);
		hold_ns += stats.gil_hold_ns;
		first_ns = stats.start_ns < first_ns ? stats.start_ns : first_ns;
		last_ns = stats.end_ns > last_ns ? stats.end_ns : last_ns;
	}
	assert_true(hold_ns <= last_ns - first_ns);
	gilrt_fini();
}

/* ---- interpreters ----------------------------------------------------------------------------- */

struct meeting {
	_Atomic unsigned int present;
	unsigned int expected;
};

/* Passes no checkpoint: under one GIL the others would never come. */
static void meet(void *arg)
{
	struct meeting *meeting = arg;

	meeting->present++;
	while (meeting->present < meeting->expected)
		sched_yield();
}

static void test_interpreters_run_in_parallel(void **state)
{
	const struct gilrt_config config = {
		.mode = GILRT_PER_INTERPRETER, .switch_interval_us = 5000,
	};
	struct meeting meeting = { .expected = 3 };
	struct gilrt_interpreter *interpreter;
	struct gilrt_thread *threads[3];
	size_t i;

	(void)state;
	begin(&config);
	for (i = 0; i < 3; i++) {
		assert_int_equal(gilrt_gil[i + 1].locked, -1);
		assert_int_equal(gilrt_interpreter_create(&interpreter), 0);
		assert_int_equal(gilrt_gil[i + 1].locked, 0);
		assert_int_equal(gilrt_thread_start_in(interpreter, meet, &meeting, "guest",
						       &threads[i]), 0);
	}
	for (i = 0; i < 3; i++)
		assert_int_equal(gilrt_thread_join(threads[i]), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(gilrt_gil[i + 1].switch_number, 1);
	end();
	for (i = 0; i < GILRT_GIL_MAX; i++)
		assert_int_equal(gilrt_gil[i].locked, -1);
}

static void remember_holder(void *arg)
{
	const struct gilrt_thread **holder = arg;

	*holder = gilrt_gil[0].last_holder;
}

static void test_interpreters_share_the_new_gil(void **state)
{
	const struct gilrt_config config = { .mode = GILRT_NEW, .switch_interval_us = 5000 };
	struct gilrt_interpreter *interpreter;
	const struct gilrt_thread *holder = NULL;
	struct gilrt_thread *thread;

	(void)state;
	begin(&config);
	assert_int_equal(gilrt_interpreter_create(&interpreter), 0);
	assert_int_equal(gilrt_gil[1].locked, -1);
	assert_int_equal(gilrt_thread_start_in(interpreter, remember_holder, &holder, "guest",
					       &thread), 0);
	assert_int_equal(gilrt_thread_join(thread), 0);
	assert_ptr_equal(holder, thread);
	end();
}

static void test_interpreters_have_an_end(void **state)
{
	const struct gilrt_config config = { .mode = GILRT_PER_INTERPRETER };
	struct gilrt_interpreter *interpreter;
	unsigned int i, round;

	(void)state;
	/* Twice: the second runtime can have as many as the first. */
	for (round = 0; round < 2; round++) {
		begin(&config);
		for (i = 1; i < GILRT_GIL_MAX; i++)
			assert_int_equal(gilrt_interpreter_create(&interpreter), 0);
		assert_int_equal(gilrt_interpreter_create(&interpreter), -ENOSPC);
		end();
	}
}

#define CREATOR_CNT	4

struct creator {
	_Atomic unsigned int *ready_cnt;
	struct gilrt_interpreter *created;
	int err;
};

static void create_one(void *arg)
{
	struct creator *creator = arg;

	++*creator->ready_cnt;
	while (*creator->ready_cnt < CREATOR_CNT)
		gilrt_sleep(0);
	creator->err = gilrt_interpreter_create(&creator->created);
}

static void test_interpreters_are_created_at_once(void **state)
{
	const struct gilrt_config config = { .mode = GILRT_PER_INTERPRETER };
	struct gilrt_thread *threads[CREATOR_CNT];
	struct creator creators[CREATOR_CNT];
	struct gilrt_interpreter *interpreter;
	_Atomic unsigned int ready_cnt = 0;
	unsigned int i, k;

	(void)state;
	begin(&config);
	for (i = 0; i < CREATOR_CNT; i++) {
		creators[i] = (struct creator){ .ready_cnt = &ready_cnt };
		assert_int_equal(gilrt_interpreter_create(&interpreter), 0);
		assert_int_equal(gilrt_thread_start_in(interpreter, create_one, &creators[i],
						       "creator", &threads[i]), 0);
	}
	for (i = 0; i < CREATOR_CNT; i++) {
		assert_int_equal(gilrt_thread_join(threads[i]), 0);
		assert_int_equal(creators[i].err, 0);
		for (k = 0; k < i; k++)
			assert_ptr_not_equal(creators[i].created, creators[k].created);
	}
	/* Main's, theirs, and one from each. */
	for (i = 0; i < GILRT_GIL_MAX; i++)
		assert_int_equal(gilrt_gil[i].locked != -1, i < 1 + 2 * CREATOR_CNT);
	end();
}

/* ---- daemons ---------------------------------------------------------------------------------- */

struct daemon {
	int fd;				/* reads here for ever */
	_Atomic bool came_back;
};

static void read_for_ever(void *arg)
{
	struct daemon *daemon = arg;
	char c;

	gilrt_read(daemon->fd, &c, 1);
	daemon->came_back = true;
}

static void compute_for_ever(void *arg)
{
	struct gilrt_work work;

	(void)arg;
	gilrt_work_init(&work, 1);
	for (;;)
		gilrt_work_run(&work, 1);
}

static void daemon_waits(enum gilrt_mode mode)
{
	const struct gilrt_config config = { .mode = mode, .switch_interval_us = 100 };
	static struct daemon daemon;
	struct gilrt_thread *thread;
	int fds[2];

	daemon.came_back = false;
	assert_int_equal(pipe(fds), 0);
	daemon.fd = fds[0];
	begin(&config);
	assert_int_equal(gilrt_thread_start_daemon(read_for_ever, &daemon, "reader", &thread), 0);
	/* Returns although it is not through. */
	assert_int_equal(gilrt_stop(), 0);
	assert_false(stats_of(thread).ended);
	gilrt_fini();
	/* It wakes up into a runtime that is over, and into one that is not its own. */
	begin(&config);
	assert_int_equal(write(fds[1], "x", 1), 1);
	close(fds[1]);
	while (gilrt_sleep(0) == 0 && access("/proc/self/task", F_OK) == 0) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/task/%d", (int)stats_of(thread).tid);
		if (access(path, F_OK))
			break;
	}
	end();
	assert_false(daemon.came_back);
	/* fds[0] stays open: the race detector cannot know that the daemon has ended. */
}

static void test_daemon_that_waits(void **state)
{
	(void)state;
	daemon_waits(GILRT_NEW);
	daemon_waits(GILRT_OLD);
	daemon_waits(GILRT_OFF);
}

static void test_daemons_that_compute(void **state)
{
	static const enum gilrt_mode modes[] = { GILRT_NEW, GILRT_OLD, GILRT_OFF };
	struct gilrt_thread *thread;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const struct gilrt_config config = {
			.mode = modes[i], .switch_interval_us = 100, .check_interval = 100,
		};

		begin(&config);
		for (k = 0; k < 3; k++)
			assert_int_equal(gilrt_thread_start_daemon(compute_for_ever, NULL, "busy",
								   &thread), 0);
		end();
	}
}

static void finish_at_once(void *arg)
{
	(void)arg;
}

static void test_daemon_that_ends_is_listed(void **state)
{
	const struct gilrt_config config = { .mode = GILRT_NEW, .switch_interval_us = 5000 };
	struct gilrt_thread *thread;

	(void)state;
	begin(&config);
	assert_int_equal(gilrt_thread_start_daemon(finish_at_once, NULL, "brief", &thread), 0);
	assert_int_equal(gilrt_thread_join(thread), 0);
	while (!stats_of(thread).ended)
		gilrt_sleep(0);
	assert_int_equal(gilrt_stop(), 0);
	assert_int_equal(stats_of(thread).drops, 1);
	gilrt_fini();
}

/* ---- waits in locks --------------------------------------------------------------------------- */

struct lock_wait {
	struct gilrt_lock *lock;
	_Atomic bool about_to;
};

static void acquire(void *arg)
{
	struct lock_wait *wait = arg;

	wait->about_to = true;
	gilrt_lock_acquire(wait->lock, GILRT_FOREVER);
}

static void test_lock_waits_are_counted(void **state)
{
	const struct gilrt_config config = { .mode = GILRT_NEW, .switch_interval_us = 5000 };
	struct lock_wait wait = { .about_to = false };
	struct gilrt_thread *thread;
	struct gilrt_stats stats;

	(void)state;
	begin(&config);
	assert_int_equal(gilrt_lock_create(&wait.lock), 0);
	assert_int_equal(gilrt_lock_acquire(wait.lock, GILRT_FOREVER), 0);
	assert_int_equal(stats_of(gilrt_thread_current()).lock_waits, 0);
	assert_int_equal(gilrt_lock_acquire(wait.lock, 1000), -ETIMEDOUT);
	assert_int_equal(stats_of(gilrt_thread_current()).lock_waits, 1);
	assert_true(stats_of(gilrt_thread_current()).lock_wait_ns >= 1000);

	assert_int_equal(gilrt_thread_start(acquire, &wait, "waiter", &thread), 0);
	/* It has the GIL from there until it blocks: when we have it again, it does. */
	while (!wait.about_to)
		gilrt_sleep(0);
	assert_int_equal(gilrt_lock_release(wait.lock), 0);
	assert_int_equal(gilrt_thread_join(thread), 0);
	assert_int_equal(gilrt_stop(), 0);
	stats = stats_of(thread);
	assert_int_equal(stats.lock_waits, 1);
	assert_true(stats.lock_wait_ns > 0);
	gilrt_lock_destroy(wait.lock);
	gilrt_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_old_lets_go_by_count),
		cmocka_unit_test(test_old_counts_real_instructions),
		cmocka_unit_test(test_old_excludes),
		cmocka_unit_test(test_interpreters_run_in_parallel),
		cmocka_unit_test(test_interpreters_share_the_new_gil),
		cmocka_unit_test(test_interpreters_have_an_end),
		cmocka_unit_test(test_interpreters_are_created_at_once),
		cmocka_unit_test(test_daemon_that_waits),
		cmocka_unit_test(test_daemons_that_compute),
		cmocka_unit_test(test_daemon_that_ends_is_listed),
		cmocka_unit_test(test_lock_waits_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
