// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime's Lock, Condition, Event and Queue behave as Python's, with the GIL and without.
 *
 * Where a thread has to be waiting before the test goes on, the test looks for a proof of that
 * under the lock concerned. Only the main thread asserts.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/queue.h"

static const struct gilrt_config gil_on = { .mode = GILRT_NEW, .switch_interval_us = 200 };
static const struct gilrt_config gil_off = { .mode = GILRT_OFF };

static int runtime_begin(void **state)
{
	return gilrt_init(*state);
}

static int runtime_end(void **state)
{
	int err;

	(void)state;
	err = gilrt_stop();
	gilrt_fini();
	return err;
}

static struct gilrt_thread *start(void (*fn)(void *), void *arg)
{
	struct gilrt_thread *thread = NULL;

	assert_int_equal(gilrt_thread_start(fn, arg, "helper", &thread), 0);
	return thread;
}

static void let_others_run(void)
{
	gilrt_sleep(50 * NSEC_PER_USEC);
}

/* ---- Lock ------------------------------------------------------------------------------------ */

static void test_lock_misuse(void **state)
{
	struct gilrt_lock *lock;

	(void)state;
	assert_int_equal(gilrt_lock_create(&lock), 0);
	assert_int_equal(gilrt_lock_release(lock), -EPERM);
	assert_false(gilrt_lock_is_held(lock));
	assert_int_equal(gilrt_lock_acquire(lock, GILRT_FOREVER), 0);
	assert_true(gilrt_lock_is_held(lock));
	/* Not recursive, and no owner who could be asked. */
	assert_int_equal(gilrt_lock_acquire(lock, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_lock_acquire(lock, 1000), -ETIMEDOUT);
	assert_int_equal(gilrt_lock_release(lock), 0);
	assert_int_equal(gilrt_lock_release(lock), -EPERM);
	/* The releases refused have not let anybody in. */
	assert_int_equal(gilrt_lock_acquire(lock, GILRT_NO_WAIT), 0);
	assert_int_equal(gilrt_lock_acquire(lock, GILRT_NO_WAIT), -EAGAIN);
	gilrt_lock_destroy(lock);
	gilrt_lock_destroy(NULL);
}

#define COUNTERS	4
#define COUNTS		3000

struct counting {
	struct gilrt_lock *lock;
	int64_t timeout_ns;
	long counter;			/* under the lock */
	_Atomic int failures;
};

static void count_up(void *arg)
{
	struct counting *counting = arg;
	long seen;
	int i;

	for (i = 0; i < COUNTS; i++) {
		if (gilrt_lock_acquire(counting->lock, counting->timeout_ns))
			counting->failures++;
		seen = counting->counter;
		gilrt_checkpoint();	/* the GIL does not protect what the lock does */
		counting->counter = seen + 1;
		gilrt_lock_release(counting->lock);
	}
}

static void count_together(int64_t timeout_ns)
{
	struct counting counting = { .timeout_ns = timeout_ns };
	struct gilrt_thread *threads[COUNTERS];
	int i;

	assert_int_equal(gilrt_lock_create(&counting.lock), 0);
	for (i = 0; i < COUNTERS; i++)
		threads[i] = start(count_up, &counting);
	for (i = 0; i < COUNTERS; i++)
		assert_int_equal(gilrt_thread_join(threads[i]), 0);
	assert_int_equal(counting.failures, 0);
	assert_int_equal(counting.counter, COUNTERS * COUNTS);
	gilrt_lock_destroy(counting.lock);
}

static void test_lock_excludes(void **state)
{
	(void)state;
	count_together(GILRT_FOREVER);
	count_together(INT64_C(600) * (int64_t)NSEC_PER_SEC);
}

/* ---- Condition ------------------------------------------------------------------------------- */

#define WAITERS	3

struct waiting {
	struct gilrt_lock *lock;
	struct gilrt_cond *cond;
	int waiting_cnt, woken_cnt;	/* these under the lock */
	int woken[WAITERS];
	struct waiter_arg {
		struct waiting *waiting;
		int number, result;
	} args[WAITERS];
};

static void wait_once(void *arg)
{
	struct waiter_arg *self = arg;
	struct waiting *w = self->waiting;

	gilrt_lock_acquire(w->lock, GILRT_FOREVER);
	w->waiting_cnt++;
	self->result = gilrt_cond_wait(w->cond, GILRT_FOREVER);
	w->woken[w->woken_cnt++] = self->number;
	gilrt_lock_release(w->lock);
}

/* Once the lock is free again, a thread that has counted itself is in the queue. */
static void await_count(struct waiting *w, const int *count, int wanted)
{
	int seen = -1;

	while (seen < wanted) {
		let_others_run();
		gilrt_lock_acquire(w->lock, GILRT_FOREVER);
		seen = *count;
		gilrt_lock_release(w->lock);
	}
	assert_int_equal(seen, wanted);
}

static void notify(struct waiting *w, unsigned int cnt)
{
	assert_int_equal(gilrt_lock_acquire(w->lock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_notify(w->cond, cnt), 0);
	assert_int_equal(gilrt_lock_release(w->lock), 0);
}

static void test_cond_wakes_in_order(void **state)
{
	struct waiting w = { .waiting_cnt = 0 };
	struct gilrt_thread *threads[WAITERS];
	int i;

	(void)state;
	assert_int_equal(gilrt_lock_create(&w.lock), 0);
	assert_int_equal(gilrt_cond_create(w.lock, &w.cond), 0);
	for (i = 0; i < WAITERS; i++) {
		w.args[i] = (struct waiter_arg){ .waiting = &w, .number = i, .result = -1 };
		threads[i] = start(wait_once, &w.args[i]);
		await_count(&w, &w.waiting_cnt, i + 1);
	}
	notify(&w, 0);
	notify(&w, 1);
	await_count(&w, &w.woken_cnt, 1);
	notify(&w, 1);
	await_count(&w, &w.woken_cnt, 2);
	notify(&w, GILRT_NOTIFY_ALL);
	for (i = 0; i < WAITERS; i++)
		assert_int_equal(gilrt_thread_join(threads[i]), 0);
	for (i = 0; i < WAITERS; i++) {
		assert_int_equal(w.woken[i], i);
		assert_int_equal(w.args[i].result, 0);
	}
	gilrt_cond_destroy(w.cond);
	gilrt_lock_destroy(w.lock);
}

static void test_cond_misuse_and_timeout(void **state)
{
	struct gilrt_lock *lock;
	struct gilrt_cond *cond;

	(void)state;
	assert_int_equal(gilrt_lock_create(&lock), 0);
	assert_int_equal(gilrt_cond_create(lock, &cond), 0);
	assert_int_equal(gilrt_cond_wait(cond, GILRT_FOREVER), -EPERM);
	assert_int_equal(gilrt_cond_notify(cond, 1), -EPERM);
	assert_int_equal(gilrt_lock_acquire(lock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_wait(cond, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_cond_wait(cond, 1000), -ETIMEDOUT);
	assert_true(gilrt_lock_is_held(lock));
	/* Those who gave up are out of the queue: this would touch their stack. */
	assert_int_equal(gilrt_cond_notify(cond, GILRT_NOTIFY_ALL), 0);
	assert_int_equal(gilrt_lock_release(lock), 0);
	gilrt_cond_destroy(cond);
	gilrt_lock_destroy(lock);
}

/* ---- Event ----------------------------------------------------------------------------------- */

struct signalling {
	struct gilrt_event *go, *done;
	int value;
};

static void answer(void *arg)
{
	struct signalling *s = arg;

	gilrt_event_wait(s->go, GILRT_FOREVER);
	s->value++;
	gilrt_event_set(s->done);
}

static void test_event(void **state)
{
	struct signalling s = { .value = 41 };
	struct gilrt_thread *thread;

	(void)state;
	assert_int_equal(gilrt_event_create(&s.go), 0);
	assert_int_equal(gilrt_event_create(&s.done), 0);
	assert_int_equal(gilrt_event_wait(s.go, 1000), -ETIMEDOUT);
	thread = start(answer, &s);
	assert_false(gilrt_event_is_set(s.done));
	gilrt_event_set(s.go);
	assert_int_equal(gilrt_event_wait(s.done, GILRT_FOREVER), 0);
	assert_int_equal(s.value, 42);
	gilrt_event_clear(s.done);
	assert_int_equal(gilrt_event_wait(s.done, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_thread_join(thread), 0);
	gilrt_event_destroy(s.done);
	gilrt_event_destroy(s.go);
}

/* ---- Queue ----------------------------------------------------------------------------------- */

static void *number_item(uintptr_t number)
{
	return (void *)number;
}

static void test_queue_is_fifo(void **state)
{
	struct gilrt_queue *queue;
	uintptr_t in = 0, out = 0;
	void *item = &in;

	(void)state;
	assert_int_equal(gilrt_queue_create(0, &queue), 0);
	/* In and out at different rates: the ring wraps round and grows while it is wrapped. */
	while (in < 300) {
		assert_int_equal(gilrt_queue_put(queue, number_item(in++), GILRT_NO_WAIT), 0);
		assert_int_equal(gilrt_queue_put(queue, number_item(in++), GILRT_NO_WAIT), 0);
		assert_int_equal(gilrt_queue_get(queue, GILRT_NO_WAIT, &item), 0);
		/* The first is NULL, which is as good as any. */
		assert_ptr_equal(item, number_item(out++));
		assert_int_equal(gilrt_queue_size(queue), in - out);
	}
	while (out < in) {
		assert_int_equal(gilrt_queue_get(queue, GILRT_FOREVER, &item), 0);
		assert_ptr_equal(item, number_item(out++));
	}
	assert_int_equal(gilrt_queue_get(queue, GILRT_NO_WAIT, &item), -EAGAIN);
	assert_int_equal(gilrt_queue_get(queue, 1000, &item), -ETIMEDOUT);
	assert_ptr_equal(item, number_item(out - 1));		/* written only on success */
	gilrt_queue_destroy(queue);
	gilrt_queue_destroy(NULL);
}

static void test_queue_task_done(void **state)
{
	struct gilrt_queue *queue;
	void *item;

	(void)state;
	assert_int_equal(gilrt_queue_create(0, &queue), 0);
	assert_int_equal(gilrt_queue_task_done(queue), -EINVAL);
	assert_int_equal(gilrt_queue_join(queue), 0);
	assert_int_equal(gilrt_queue_put(queue, NULL, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_queue_get(queue, GILRT_FOREVER, &item), 0);
	assert_int_equal(gilrt_queue_task_done(queue), 0);
	assert_int_equal(gilrt_queue_task_done(queue), -EINVAL);
	assert_int_equal(gilrt_queue_join(queue), 0);
	gilrt_queue_destroy(queue);
}

#define ITEMS	500

struct stream {
	struct gilrt_queue *queue;
	_Atomic unsigned int put_cnt, done_cnt;
	_Atomic int failures;
};

static void put_all(void *arg)
{
	struct stream *s = arg;
	uintptr_t i;

	for (i = 0; i < ITEMS; i++) {
		if (gilrt_queue_put(s->queue, number_item(i), GILRT_FOREVER))
			s->failures++;
		s->put_cnt++;
	}
}

static void test_queue_maxsize_blocks(void **state)
{
	const unsigned int maxsize = 2;
	struct stream s = { .failures = 0 };
	struct gilrt_thread *thread;
	void *item = NULL;
	uintptr_t i;

	(void)state;
	assert_int_equal(gilrt_queue_create(maxsize, &s.queue), 0);
	assert_int_equal(gilrt_queue_put(s.queue, &s, GILRT_NO_WAIT), 0);
	assert_int_equal(gilrt_queue_put(s.queue, &s, GILRT_NO_WAIT), 0);
	assert_int_equal(gilrt_queue_put(s.queue, &s, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_queue_put(s.queue, &s, 1000), -ETIMEDOUT);
	assert_int_equal(gilrt_queue_get(s.queue, GILRT_FOREVER, &item), 0);
	assert_int_equal(gilrt_queue_get(s.queue, GILRT_FOREVER, &item), 0);

	thread = start(put_all, &s);
	for (i = 0; i < ITEMS; i++) {
		/* However long we dawdle, it is never ahead by more than there is room. */
		while (i == ITEMS / 2 && gilrt_queue_size(s.queue) < maxsize)
			let_others_run();
		assert_true(s.put_cnt <= i + maxsize);
		assert_int_equal(gilrt_queue_get(s.queue, GILRT_FOREVER, &item), 0);
		assert_ptr_equal(item, number_item(i));
	}
	assert_int_equal(gilrt_thread_join(thread), 0);
	assert_int_equal(s.failures, 0);
	gilrt_queue_destroy(s.queue);
}

static void deal_with_all(void *arg)
{
	struct stream *s = arg;
	void *item = s;

	while (!gilrt_queue_get(s->queue, GILRT_FOREVER, &item) && item) {
		let_others_run();
		s->done_cnt++;
		if (gilrt_queue_task_done(s->queue))
			s->failures++;
	}
}

static void test_queue_join_waits(void **state)
{
	struct stream s = { .failures = 0 };
	struct gilrt_thread *threads[2];
	uintptr_t i;

	(void)state;
	assert_int_equal(gilrt_queue_create(0, &s.queue), 0);
	for (i = 0; i < 2; i++)
		threads[i] = start(deal_with_all, &s);
	for (i = 0; i < 50; i++)
		assert_int_equal(gilrt_queue_put(s.queue, &s, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_queue_join(s.queue), 0);
	assert_int_equal(s.done_cnt, 50);
	for (i = 0; i < 2; i++)
		assert_int_equal(gilrt_queue_put(s.queue, NULL, GILRT_FOREVER), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(gilrt_thread_join(threads[i]), 0);
	assert_int_equal(s.failures, 0);
	gilrt_queue_destroy(s.queue);
}

#define WITH_AND_WITHOUT_GIL(test)							\
	{ #test " (GIL on)", test, runtime_begin, runtime_end, (void *)&gil_on },	\
	{ #test " (GIL off)", test, runtime_begin, runtime_end, (void *)&gil_off }

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_AND_WITHOUT_GIL(test_lock_misuse),
		WITH_AND_WITHOUT_GIL(test_lock_excludes),
		WITH_AND_WITHOUT_GIL(test_cond_wakes_in_order),
		WITH_AND_WITHOUT_GIL(test_cond_misuse_and_timeout),
		WITH_AND_WITHOUT_GIL(test_event),
		WITH_AND_WITHOUT_GIL(test_queue_is_fifo),
		WITH_AND_WITHOUT_GIL(test_queue_task_done),
		WITH_AND_WITHOUT_GIL(test_queue_maxsize_blocks),
		WITH_AND_WITHOUT_GIL(test_queue_join_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
