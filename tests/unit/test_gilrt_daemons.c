// SPDX-License-Identifier: BSD-2-Clause
/*
 * Daemons and the end of the runtime: what they may do until then, and what they leave behind.
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
#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/thread.h"

static void begin(enum gilrt_mode mode)
{
	const struct gilrt_config config = { .mode = mode, .switch_interval_us = 100 };

	assert_int_equal(gilrt_init(&config), 0);
}

static void end(void)
{
	assert_int_equal(gilrt_stop(), 0);
	gilrt_fini();
}

/* ---- a thread that a daemon starts while main wants to stop ------------------------------------ */

struct late_start {
	_Atomic bool main_stops;	/* and waits for the first thread */
	_Atomic bool first_may_end;
	_Atomic bool late_is_done;
};

static void wait_until(const _Atomic bool *flag)
{
	while (!*flag)
		gilrt_sleep(0);
}

static void be_first(void *arg)
{
	struct late_start *late_start = arg;

	wait_until(&late_start->first_may_end);
}

static void be_late(void *arg)
{
	struct late_start *late_start = arg;

	gilrt_sleep(1000000);
	late_start->late_is_done = true;
}

static void start_late(void *arg)
{
	const struct gilrt_thread *self = gilrt_thread_current();
	struct late_start *late_start = arg;
	struct gilrt_thread *thread;

	/* With the GIL, so main has let go of it. */
	wait_until(&late_start->main_stops);
	late_start->first_may_end = true;
	/* Nobody but main can ask for it: it knows that the first one has ended. */
	while (!self->gil->drop_request)
		sched_yield();
	gilrt_thread_start(be_late, late_start, "late", &thread);
}

static void test_stop_waits_for_what_a_daemon_starts(void **state)
{
	static struct late_start late_start;
	struct gilrt_interpreter *interpreter;
	struct gilrt_thread *thread;

	(void)state;
	begin(GILRT_PER_INTERPRETER);
	assert_int_equal(gilrt_interpreter_create(&interpreter), 0);
	assert_int_equal(gilrt_thread_start_in(interpreter, be_first, &late_start, "first",
					       &thread), 0);
	assert_int_equal(gilrt_thread_start_daemon(start_late, &late_start, "daemon", &thread), 0);
	late_start.main_stops = true;
	assert_int_equal(gilrt_stop(), 0);
	assert_true(late_start.late_is_done);
	gilrt_fini();
}

/* ---- a daemon with a GIL that is not main's ---------------------------------------------------- */

static void do_nothing(void *arg)
{
	(void)arg;
}

static void start_daemon(void *arg)
{
	struct gilrt_thread *thread;
	int *err = arg;

	*err = gilrt_thread_start_daemon(do_nothing, NULL, "daemon", &thread);
}

static int start_daemon_in_interpreter(enum gilrt_mode mode)
{
	struct gilrt_interpreter *interpreter;
	struct gilrt_thread *thread;
	int err = -EPROTO;

	begin(mode);
	assert_int_equal(gilrt_interpreter_create(&interpreter), 0);
	assert_int_equal(gilrt_thread_start_in(interpreter, start_daemon, &err, "starter",
					       &thread), 0);
	assert_int_equal(gilrt_thread_join(thread), 0);
	end();
	return err;
}

static void test_daemons_have_main_s_gil(void **state)
{
	(void)state;
	assert_int_equal(start_daemon_in_interpreter(GILRT_PER_INTERPRETER), -EPERM);
	assert_int_equal(start_daemon_in_interpreter(GILRT_NEW), 0);
	assert_int_equal(start_daemon_in_interpreter(GILRT_OFF), 0);
}

/* ---- a daemon that ends in a Condition --------------------------------------------------------- */

struct meeting {
	struct gilrt_lock *lock;
	struct gilrt_cond *cond;
	unsigned int waiting_cnt;	/* under the lock */
	int64_t timeout_ns;
	_Atomic int err;
};

static void meet(void *arg)
{
	struct meeting *meeting = arg;

	gilrt_lock_acquire(meeting->lock, GILRT_FOREVER);
	meeting->waiting_cnt++;
	meeting->err = gilrt_cond_wait(meeting->cond, meeting->timeout_ns);
	gilrt_lock_release(meeting->lock);
}

static void await_waiting(struct meeting *meeting, unsigned int cnt)
{
	unsigned int waiting_cnt;

	do {
		gilrt_sleep(0);
		gilrt_lock_acquire(meeting->lock, GILRT_FOREVER);
		waiting_cnt = meeting->waiting_cnt;
		gilrt_lock_release(meeting->lock);
	} while (waiting_cnt < cnt);
}

/* Outside of the runtime. */
static void await_end(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d", (int)tid);
	while (!access(path, F_OK))
		sched_yield();
}

static void test_daemon_that_ends_in_a_condition(void **state)
{
	static struct meeting meeting;
	struct gilrt_thread *thread, *threads[2];
	struct gilrt_stats stats;
	unsigned int i;

	(void)state;
	assert_int_equal(gilrt_lock_create(&meeting.lock), 0);
	assert_int_equal(gilrt_cond_create(meeting.lock, &meeting.cond), 0);
	begin(GILRT_NEW);
	meeting.timeout_ns = 100000000;
	assert_int_equal(gilrt_thread_start_daemon(meet, &meeting, "daemon", &thread), 0);
	await_waiting(&meeting, 1);
	assert_int_equal(gilrt_stop(), 0);
	gilrt_thread_stats(thread, &stats);
	gilrt_fini();
	/* It has no lock: its time is up, and before anything else it wants the GIL. */
	await_end(stats.tid);

	begin(GILRT_NEW);
	meeting.timeout_ns = GILRT_FOREVER;
	for (i = 0; i < 2; i++) {
		assert_int_equal(gilrt_thread_start(meet, &meeting, "waiter", &threads[i]), 0);
		await_waiting(&meeting, 2 + i);
	}
	/* One for each that is there, none for the one that is not. */
	for (i = 0; i < 2; i++) {
		assert_int_equal(gilrt_lock_acquire(meeting.lock, GILRT_FOREVER), 0);
		assert_int_equal(gilrt_cond_notify(meeting.cond, 1), 0);
		assert_int_equal(gilrt_lock_release(meeting.lock), 0);
		assert_int_equal(gilrt_thread_join(threads[i]), 0);
		assert_int_equal(meeting.err, 0);
	}
	end();
	gilrt_cond_destroy(meeting.cond);
	gilrt_lock_destroy(meeting.lock);
}

/* ---- a wait in the last drop ------------------------------------------------------------------- */

struct blocker {
	pid_t main_tid;
	_Atomic bool has_mutex;
};

static bool sleeps(pid_t tid)
{
	char path[64], state = '?';
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	stat = fopen(path, "r");
	if (!stat)
		return false;
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(stat);
	return state == 'S';
}

/* Like a holder of the GIL's mutex that has lost its core: main, which drops the GIL, waits for it. */
static void *block_main(void *arg)
{
	struct blocker *blocker = arg;

	pthread_mutex_lock(&gilrt_gil->mutex);
	blocker->has_mutex = true;
	while (!sleeps(blocker->main_tid))
		sched_yield();
	pthread_mutex_unlock(&gilrt_gil->mutex);
	return NULL;
}

static void test_wait_in_the_last_drop_ends(void **state)
{
	struct blocker blocker = { .main_tid = gettid() };
	pthread_t handle;

	(void)state;
	begin(GILRT_NEW);
	assert_int_equal(pthread_create(&handle, NULL, block_main, &blocker), 0);
	while (!blocker.has_mutex)
		sched_yield();
	assert_int_equal(gilrt_stop(), 0);
	pthread_join(handle, NULL);
	assert_int_equal(gilrt_thread_next(NULL)->account.entry_cnt[ACCOUNT_WAITING], 1);
	assert_int_equal(gilrt_thread_next(NULL)->account.state, ACCOUNT_RELEASED);
	gilrt_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stop_waits_for_what_a_daemon_starts),
		cmocka_unit_test(test_daemons_have_main_s_gil),
		cmocka_unit_test(test_daemon_that_ends_in_a_condition),
		cmocka_unit_test(test_wait_in_the_last_drop_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
