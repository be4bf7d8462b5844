// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which operations let go of the GIL, and how often: exact numbers, which are CPython's.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/work.h"

#define PATIENT_US	10000000	/* nobody asks for the GIL within a test */

static void begin(void)
{
	const struct gilrt_config config = { .mode = GILRT_NEW, .switch_interval_us = PATIENT_US };

	assert_int_equal(gilrt_init(&config), 0);
}

static void end(void)
{
	assert_int_equal(gilrt_stop(), 0);
	gilrt_fini();
}

static struct gilrt_stats own_stats(void)
{
	struct gilrt_stats stats;

	gilrt_thread_stats(gilrt_thread_current(), &stats);
	return stats;
}

struct things {
	struct gilrt_lock *lock, *taken;
	struct gilrt_cond *cond;
	struct gilrt_event *unset, *set;
	struct gilrt_queue *queue;
	int file;
};

static void op_save_restore(struct things *t)
{
	(void)t;
	gilrt_save_thread();
	gilrt_restore_thread();
}

static void op_checkpoint(struct things *t)
{
	(void)t;
	gilrt_checkpoint();
}

static void op_sleep_0(struct things *t)
{
	(void)t;
	assert_int_equal(gilrt_sleep(0), 0);
}

static void op_read(struct things *t)
{
	char c;

	assert_int_equal(gilrt_read(t->file, &c, 1), 1);
}

static void op_pread(struct things *t)
{
	char c;

	assert_int_equal(gilrt_pread(t->file, &c, 1, 0), 1);
}

static void op_write_refused(struct things *t)
{
	(void)t;
	assert_int_equal(gilrt_write(-1, "", 1), -EBADF);
}

static void op_poll_0(struct things *t)
{
	(void)t;
	assert_int_equal(gilrt_poll(NULL, 0, 0), 0);
}

static void op_lock_free(struct things *t)
{
	assert_int_equal(gilrt_lock_acquire(t->lock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_lock_release(t->lock), 0);
}

static void op_lock_try_taken(struct things *t)
{
	assert_int_equal(gilrt_lock_acquire(t->taken, GILRT_NO_WAIT), -EAGAIN);
}

static void op_lock_timeout(struct things *t)
{
	assert_int_equal(gilrt_lock_acquire(t->taken, 1000), -ETIMEDOUT);
}

static void op_notify_nobody(struct things *t)
{
	assert_int_equal(gilrt_lock_acquire(t->lock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_notify(t->cond, 1), 0);
	assert_int_equal(gilrt_lock_release(t->lock), 0);
}

static void op_event_set(struct things *t)
{
	assert_int_equal(gilrt_event_wait(t->set, GILRT_FOREVER), 0);
	assert_true(gilrt_event_is_set(t->set));
}

static void op_event_try(struct things *t)
{
	assert_int_equal(gilrt_event_wait(t->unset, GILRT_NO_WAIT), -EAGAIN);
}

static void op_event_timeout(struct things *t)
{
	assert_int_equal(gilrt_event_wait(t->unset, 1000), -ETIMEDOUT);
}

static void op_queue(struct things *t)
{
	void *item = NULL;

	assert_int_equal(gilrt_queue_put(t->queue, t, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_queue_get(t->queue, GILRT_FOREVER, &item), 0);
	assert_ptr_equal(item, t);
}

static void op_queue_try_empty(struct things *t)
{
	void *item;

	assert_int_equal(gilrt_queue_get(t->queue, GILRT_NO_WAIT, &item), -EAGAIN);
}

static void op_work(struct things *t)
{
	struct gilrt_work work;

	(void)t;
	gilrt_work_init(&work, 1);
	gilrt_work_run(&work, 1);
}

static const struct op_case {
	const char *name;
	void (*run)(struct things *things);
	uint64_t drops;
} op_cases[] = {
	{ "save and restore", op_save_restore, 1 },
	{ "checkpoint without a request", op_checkpoint, 0 },
	{ "sleep(0)", op_sleep_0, 1 },
	{ "read", op_read, 1 },
	{ "pread", op_pread, 1 },
	{ "write that fails", op_write_refused, 1 },
	{ "poll(0)", op_poll_0, 1 },
	{ "free lock", op_lock_free, 0 },
	{ "try a taken lock", op_lock_try_taken, 0 },
	{ "wait for a taken lock", op_lock_timeout, 1 },
	{ "notify nobody", op_notify_nobody, 0 },
	{ "event that is set", op_event_set, 0 },
	{ "try an event", op_event_try, 0 },
	{ "wait for an event", op_event_timeout, 1 },
	{ "put and get", op_queue, 0 },
	{ "try an empty queue", op_queue_try_empty, 0 },
	{ "compute", op_work, 0 },
};

static void test_drops_per_operation(void **state)
{
	const uint64_t n = 20;
	struct gilrt_stats before, after;
	struct things t;
	size_t i;
	uint64_t k;

	(void)state;
	begin();
	t.file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_true(t.file >= 0);
	assert_int_equal(gilrt_lock_create(&t.lock), 0);
	assert_int_equal(gilrt_lock_create(&t.taken), 0);
	assert_int_equal(gilrt_lock_acquire(t.taken, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_create(t.lock, &t.cond), 0);
	assert_int_equal(gilrt_event_create(&t.unset), 0);
	assert_int_equal(gilrt_event_create(&t.set), 0);
	gilrt_event_set(t.set);
	assert_int_equal(gilrt_queue_create(0, &t.queue), 0);

	for (i = 0; i < sizeof(op_cases) / sizeof(op_cases[0]); i++) {
		before = own_stats();
		for (k = 0; k < n; k++)
			op_cases[i].run(&t);
		after = own_stats();
		if (after.drops - before.drops != n * op_cases[i].drops)
			fail_msg("%s: %llu drops in %llu", op_cases[i].name,
				 (unsigned long long)(after.drops - before.drops),
				 (unsigned long long)n);
		/* Nobody else is there: taking it back is never a wait nor a switch. */
		assert_int_equal(after.gil_holds - before.gil_holds, after.drops - before.drops);
		assert_int_equal(after.gil_waits, 0);
		assert_int_equal(after.forced_switches, 0);
		assert_int_equal(gilrt_gil->switch_number, 1);
	}
	gilrt_queue_destroy(t.queue);
	gilrt_event_destroy(t.set);
	gilrt_event_destroy(t.unset);
	gilrt_cond_destroy(t.cond);
	gilrt_lock_destroy(t.taken);
	gilrt_lock_destroy(t.lock);
	close(t.file);
	end();
}

static void nothing(void *arg)
{
	(void)arg;
}

/* One by the starter, who waits for the thread to be there, and one by the thread when it ends. */
static void test_drops_of_start_and_join(void **state)
{
	const struct gilrt_thread *thread;
	struct gilrt_thread *started;
	struct gilrt_stats stats;
	int i;

	(void)state;
	begin();
	for (i = 0; i < 10; i++) {
		assert_int_equal(gilrt_thread_start(nothing, NULL, "x", &started), 0);
		assert_int_equal(gilrt_thread_join(started), 0);
	}
	assert_int_equal(own_stats().drops, 10);
	assert_int_equal(gilrt_stop(), 0);
	for (thread = gilrt_thread_next(gilrt_thread_next(NULL)); thread;
	     thread = gilrt_thread_next(thread)) {
		gilrt_thread_stats(thread, &stats);
		assert_int_equal(stats.drops, 1);
	}
	gilrt_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drops_per_operation),
		cmocka_unit_test(test_drops_of_start_and_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
