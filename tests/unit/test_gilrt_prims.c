// SPDX-License-Identifier: BSD-2-Clause
/*
 * RLock, Condition over an RLock, Semaphore and Timer behave as Python's, in every mode.
 *
 * Where a thread has to be waiting before the test goes on, the test looks for a proof of that
 * under the lock concerned. Only the main thread asserts.
 */

#include "tests/support/gilrt_modes.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>

#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/rlock.h"
#include "workloads/gilrt/semaphore.h"
#include "workloads/gilrt/timer.h"

#define SOON_NS		1000
#define LATE_NS		(INT64_C(3600) * (int64_t)NSEC_PER_SEC)

/* ---- RLock ----------------------------------------------------------------------------------- */

struct rlock_errors {
	struct gilrt_rlock *rlock;
	int release, try, timed;
	bool owned;
};

static void try_rlock(void *arg)
{
	struct rlock_errors *errors = arg;

	errors->release = gilrt_rlock_release(errors->rlock);
	errors->owned = gilrt_rlock_is_owned(errors->rlock);
	errors->try = gilrt_rlock_acquire(errors->rlock, GILRT_NO_WAIT);
	errors->timed = gilrt_rlock_acquire(errors->rlock, SOON_NS);
	if (!errors->try)
		gilrt_rlock_release(errors->rlock);
	if (!errors->timed)
		gilrt_rlock_release(errors->rlock);
}

static void test_rlock_belongs_to_a_thread(void **state)
{
	struct rlock_errors errors;
	int level;

	(void)state;
	assert_int_equal(gilrt_rlock_create(&errors.rlock), 0);
	assert_int_equal(gilrt_rlock_release(errors.rlock), -EPERM);
	assert_false(gilrt_rlock_is_owned(errors.rlock));

	assert_int_equal(gilrt_rlock_acquire(errors.rlock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_rlock_acquire(errors.rlock, GILRT_NO_WAIT), 0);
	assert_int_equal(gilrt_rlock_acquire(errors.rlock, SOON_NS), 0);
	for (level = 3; level; level--) {
		assert_true(gilrt_rlock_is_owned(errors.rlock));
		in_another_thread(try_rlock, &errors);
		assert_int_equal(errors.release, -EPERM);
		assert_false(errors.owned);
		assert_int_equal(errors.try, -EAGAIN);
		assert_int_equal(errors.timed, -ETIMEDOUT);
		assert_int_equal(gilrt_rlock_release(errors.rlock), 0);
	}
	assert_false(gilrt_rlock_is_owned(errors.rlock));
	assert_int_equal(gilrt_rlock_release(errors.rlock), -EPERM);

	in_another_thread(try_rlock, &errors);
	assert_int_equal(errors.release, -EPERM);
	assert_int_equal(errors.try, 0);
	assert_int_equal(errors.timed, 0);
	gilrt_rlock_destroy(errors.rlock);
	gilrt_rlock_destroy(NULL);
}

/* ---- Condition ------------------------------------------------------------------------------- */

struct cond_on_rlock {
	struct gilrt_rlock *rlock;
	struct gilrt_cond *cond;
	int wait_error, notify_error;
};

static void notify_unowned(void *arg)
{
	struct cond_on_rlock *c = arg;

	c->wait_error = gilrt_cond_wait(c->cond, GILRT_NO_WAIT);
	c->notify_error = gilrt_cond_notify(c->cond, 1);
}

static void notify_owned(void *arg)
{
	struct cond_on_rlock *c = arg;

	/* Two levels here, so that notify is seen not to care how many. */
	gilrt_rlock_acquire(c->rlock, GILRT_FOREVER);
	gilrt_rlock_acquire(c->rlock, GILRT_FOREVER);
	c->notify_error = gilrt_cond_notify(c->cond, 1);
	gilrt_rlock_release(c->rlock);
	gilrt_rlock_release(c->rlock);
}

static void test_cond_lets_go_of_all_levels(void **state)
{
	struct cond_on_rlock c = { .wait_error = 0 };
	struct gilrt_thread *notifier;
	int level;

	(void)state;
	assert_int_equal(gilrt_rlock_create(&c.rlock), 0);
	assert_int_equal(gilrt_cond_create_on_rlock(c.rlock, &c.cond), 0);
	notify_unowned(&c);
	assert_int_equal(c.wait_error, -EPERM);
	assert_int_equal(c.notify_error, -EPERM);

	for (level = 0; level < 3; level++)
		assert_int_equal(gilrt_rlock_acquire(c.rlock, GILRT_FOREVER), 0);
	/* It is not enough that somebody owns it. */
	in_another_thread(notify_unowned, &c);
	assert_int_equal(c.wait_error, -EPERM);
	assert_int_equal(c.notify_error, -EPERM);

	assert_int_equal(gilrt_cond_wait(c.cond, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_cond_wait(c.cond, SOON_NS), -ETIMEDOUT);
	notifier = start(notify_owned, &c);
	/* It gets in only if all three are let go. */
	assert_int_equal(gilrt_cond_wait(c.cond, GILRT_FOREVER), 0);
	join(notifier);
	assert_int_equal(c.notify_error, 0);
	for (level = 0; level < 3; level++)
		assert_int_equal(gilrt_rlock_release(c.rlock), 0);
	assert_int_equal(gilrt_rlock_release(c.rlock), -EPERM);
	gilrt_cond_destroy(c.cond);
	gilrt_cond_destroy(NULL);
	gilrt_rlock_destroy(c.rlock);
}

struct counted {
	struct gilrt_lock *lock;
	struct gilrt_cond *cond;
	int value, wanted, asked_cnt;	/* under the lock */
	_Atomic bool stop;
};

static bool has_value(void *arg)
{
	struct counted *c = arg;

	c->asked_cnt++;
	return c->value >= c->wanted;
}

static void counted_begin(struct counted *c)
{
	assert_int_equal(gilrt_lock_create(&c->lock), 0);
	assert_int_equal(gilrt_cond_create(c->lock, &c->cond), 0);
}

static void counted_end(struct counted *c)
{
	gilrt_cond_destroy(c->cond);
	gilrt_lock_destroy(c->lock);
}

/* Says so also when it changes nothing. */
static void count_and_notify(struct counted *c, int step)
{
	gilrt_lock_acquire(c->lock, GILRT_FOREVER);
	c->value += step;
	gilrt_cond_notify(c->cond, GILRT_NOTIFY_ALL);
	gilrt_lock_release(c->lock);
	let_others_run();
}

static void count_to_wanted(void *arg)
{
	struct counted *c = arg;
	int i;

	for (i = 0; i < c->wanted; i++) {
		count_and_notify(c, 0);
		count_and_notify(c, 1);
	}
}

static void notify_in_vain(void *arg)
{
	struct counted *c = arg;

	while (!c->stop)
		count_and_notify(c, 0);
}

static void test_wait_for_asks(void **state)
{
	struct counted c = { .wanted = 5 };
	struct gilrt_thread *helper;

	(void)state;
	counted_begin(&c);
	assert_int_equal(gilrt_cond_wait_for(c.cond, has_value, &c, GILRT_FOREVER), -EPERM);
	assert_int_equal(c.asked_cnt, 0);

	assert_int_equal(gilrt_lock_acquire(c.lock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_wait_for(c.cond, has_value, &c, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(c.asked_cnt, 2);
	assert_int_equal(gilrt_cond_wait_for(c.cond, has_value, &c, SOON_NS), -ETIMEDOUT);
	assert_in_range(c.asked_cnt, 4, 5);
	assert_true(gilrt_lock_is_held(c.lock));

	helper = start(count_to_wanted, &c);
	assert_int_equal(gilrt_cond_wait_for(c.cond, has_value, &c, GILRT_FOREVER), 0);
	assert_true(c.value >= c.wanted);
	assert_int_equal(gilrt_lock_release(c.lock), 0);
	join(helper);

	c.asked_cnt = 0;
	assert_int_equal(gilrt_lock_acquire(c.lock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_wait_for(c.cond, has_value, &c, GILRT_NO_WAIT), 0);
	assert_int_equal(c.asked_cnt, 1);
	assert_int_equal(gilrt_lock_release(c.lock), 0);
	counted_end(&c);
}

/* However often it is woken, the time is that of all waits together: else this never ends. */
static void test_wait_for_has_one_timeout(void **state)
{
	const int64_t timeout_ns = 20 * (int64_t)NSEC_PER_MSEC;
	struct counted c = { .wanted = 1 };
	struct gilrt_thread *helper;
	uint64_t start_ns;

	mode_enter(state, "notified in vain");
	counted_begin(&c);
	helper = start(notify_in_vain, &c);
	assert_int_equal(gilrt_lock_acquire(c.lock, GILRT_FOREVER), 0);
	start_ns = clock_now_ns();
	assert_int_equal(gilrt_cond_wait_for(c.cond, has_value, &c, timeout_ns), -ETIMEDOUT);
	assert_true(clock_now_ns() - start_ns >= (uint64_t)timeout_ns);
	assert_int_equal(gilrt_lock_release(c.lock), 0);
	c.stop = true;
	join(helper);
	counted_end(&c);
}

/* ---- Semaphore ------------------------------------------------------------------------------- */

static void test_semaphore_counts(void **state)
{
	struct gilrt_semaphore *semaphore;

	(void)state;
	assert_int_equal(gilrt_semaphore_create(0, &semaphore), 0);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, SOON_NS), -ETIMEDOUT);
	assert_int_equal(gilrt_semaphore_release(semaphore, 0), -EINVAL);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_semaphore_release(semaphore, 2), 0);
	assert_int_equal(gilrt_semaphore_release(semaphore, 1), 0);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, GILRT_NO_WAIT), 0);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, SOON_NS), 0);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, GILRT_NO_WAIT), -EAGAIN);
	gilrt_semaphore_destroy(semaphore);

	assert_int_equal(gilrt_semaphore_create(UINT_MAX - 1, &semaphore), 0);
	assert_int_equal(gilrt_semaphore_release(semaphore, 2), -EOVERFLOW);
	assert_int_equal(gilrt_semaphore_release(semaphore, 1), 0);
	assert_int_equal(gilrt_semaphore_release(semaphore, 1), -EOVERFLOW);
	gilrt_semaphore_destroy(semaphore);
	gilrt_semaphore_destroy(NULL);
}

static void test_bounded_semaphore_is_bounded(void **state)
{
	struct gilrt_semaphore *semaphore;

	(void)state;
	assert_int_equal(gilrt_bounded_semaphore_create(2, &semaphore), 0);
	assert_int_equal(gilrt_semaphore_release(semaphore, 1), -EOVERFLOW);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, GILRT_NO_WAIT), 0);
	/* All or nothing. */
	assert_int_equal(gilrt_semaphore_release(semaphore, 2), -EOVERFLOW);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, GILRT_NO_WAIT), 0);
	assert_int_equal(gilrt_semaphore_acquire(semaphore, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_semaphore_release(semaphore, 2), 0);
	assert_int_equal(gilrt_semaphore_release(semaphore, 1), -EOVERFLOW);
	gilrt_semaphore_destroy(semaphore);
}

#define ACQUIRERS	4

struct permits {
	struct gilrt_semaphore *semaphore;
	_Atomic int got_cnt;
};

static void acquire_one(void *arg)
{
	struct permits *permits = arg;

	if (!gilrt_semaphore_acquire(permits->semaphore, GILRT_FOREVER))
		permits->got_cnt++;
}

/* Four wait, three are let in; those alone. One call wakes as many as it gives. */
static void test_semaphore_release_wakes(void **state)
{
	struct permits permits = { .got_cnt = 0 };
	struct gilrt_thread *threads[ACQUIRERS];
	int i;

	mode_enter(state, "released");
	assert_int_equal(gilrt_semaphore_create(0, &permits.semaphore), 0);
	for (i = 0; i < ACQUIRERS; i++)
		threads[i] = start(acquire_one, &permits);
	let_others_run();
	assert_int_equal(permits.got_cnt, 0);
	assert_int_equal(gilrt_semaphore_release(permits.semaphore, 3), 0);
	while (permits.got_cnt < 3)
		let_others_run();
	assert_int_equal(gilrt_semaphore_acquire(permits.semaphore, SOON_NS), -ETIMEDOUT);
	assert_int_equal(permits.got_cnt, 3);
	assert_int_equal(gilrt_semaphore_release(permits.semaphore, 1), 0);
	for (i = 0; i < ACQUIRERS; i++)
		join(threads[i]);
	assert_int_equal(permits.got_cnt, ACQUIRERS);
	gilrt_semaphore_destroy(permits.semaphore);
}

/* ---- Timer ----------------------------------------------------------------------------------- */

struct alarm_clock {
	struct gilrt_event *set_up, *rung;
	struct gilrt_timer *timer;
	uint64_t fired_ns;
	_Atomic int fired_cnt;
	int join_error;
};

static void ring(void *arg)
{
	struct alarm_clock *c = arg;

	c->fired_ns = clock_now_ns();
	c->fired_cnt++;
	gilrt_event_wait(c->set_up, GILRT_FOREVER);
	c->join_error = gilrt_timer_join(c->timer);
	gilrt_event_set(c->rung);
}

static void test_timer_fires_once(void **state)
{
	const uint64_t interval_ns = 2 * NSEC_PER_MSEC;
	struct alarm_clock c = { .fired_cnt = 0 };
	uint64_t start_ns = clock_now_ns();

	mode_enter(state, "timer");
	assert_int_equal(gilrt_event_create(&c.set_up), 0);
	assert_int_equal(gilrt_event_create(&c.rung), 0);
	assert_int_equal(gilrt_timer_start(interval_ns, ring, &c, &c.timer), 0);
	gilrt_event_set(c.set_up);
	assert_int_equal(gilrt_event_wait(c.rung, GILRT_FOREVER), 0);
	assert_int_equal(c.join_error, -EDEADLK);
	/* Too late, and harmless. */
	gilrt_timer_cancel(c.timer);
	assert_int_equal(gilrt_timer_join(c.timer), 0);
	assert_int_equal(gilrt_timer_join(c.timer), 0);
	assert_int_equal(c.fired_cnt, 1);
	assert_true(c.fired_ns - start_ns >= interval_ns);
	gilrt_timer_destroy(c.timer);
	gilrt_timer_destroy(NULL);
	gilrt_event_destroy(c.rung);
	gilrt_event_destroy(c.set_up);
}

static void test_timer_cancelled(void **state)
{
	const uint64_t intervals_ns[] = { LATE_NS, UINT64_MAX };
	struct alarm_clock c = { .fired_cnt = 0 };
	size_t i;

	mode_enter(state, "cancelled timer");
	for (i = 0; i < sizeof(intervals_ns) / sizeof(intervals_ns[0]); i++) {
		assert_int_equal(gilrt_timer_start(intervals_ns[i], ring, &c, &c.timer), 0);
		gilrt_timer_cancel(c.timer);
		gilrt_timer_cancel(c.timer);
		assert_int_equal(gilrt_timer_join(c.timer), 0);
		assert_int_equal(c.fired_cnt, 0);
		gilrt_timer_destroy(c.timer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL_MODES(test_rlock_belongs_to_a_thread),
		IN_ALL_MODES(test_cond_lets_go_of_all_levels),
		IN_ALL_MODES(test_wait_for_asks),
		IN_ALL_MODES(test_wait_for_has_one_timeout),
		IN_ALL_MODES(test_semaphore_counts),
		IN_ALL_MODES(test_bounded_semaphore_is_bounded),
		IN_ALL_MODES(test_semaphore_release_wakes),
		IN_ALL_MODES(test_timer_fires_once),
		IN_ALL_MODES(test_timer_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
