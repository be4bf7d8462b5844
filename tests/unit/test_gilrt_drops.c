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

#include "workloads/gilrt/barrier.h"
#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/rlock.h"
#include "workloads/gilrt/semaphore.h"
#include "workloads/gilrt/simple_queue.h"
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
	struct gilrt_rlock *rlock;
	struct gilrt_cond *rlock_cond;
	struct gilrt_semaphore *semaphore, *used_up;
	struct gilrt_barrier *of_one, *of_two;
	struct gilrt_queue *queue, *lifo, *priority;
	struct gilrt_simple_queue *simple_queue;
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

static void op_rlock(struct things *t)
{
	assert_int_equal(gilrt_rlock_acquire(t->rlock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_rlock_acquire(t->rlock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_rlock_release(t->rlock), 0);
	assert_int_equal(gilrt_rlock_release(t->rlock), 0);
}

static void op_notify_nobody(struct things *t)
{
	assert_int_equal(gilrt_lock_acquire(t->lock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_notify(t->cond, 1), 0);
	assert_int_equal(gilrt_lock_release(t->lock), 0);
}

static void op_cond_try(struct things *t)
{
	assert_int_equal(gilrt_lock_acquire(t->lock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_wait(t->cond, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_lock_release(t->lock), 0);
}

static void op_cond_timeout(struct things *t)
{
	assert_int_equal(gilrt_rlock_acquire(t->rlock, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_wait(t->rlock_cond, 1000), -ETIMEDOUT);
	assert_int_equal(gilrt_rlock_release(t->rlock), 0);
}

static void op_semaphore(struct things *t)
{
	assert_int_equal(gilrt_semaphore_acquire(t->semaphore, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_semaphore_release(t->semaphore, 1), 0);
}

static void op_semaphore_try(struct things *t)
{
	assert_int_equal(gilrt_semaphore_acquire(t->used_up, GILRT_NO_WAIT), -EAGAIN);
}

static void op_semaphore_timeout(struct things *t)
{
	assert_int_equal(gilrt_semaphore_acquire(t->used_up, 1000), -ETIMEDOUT);
}

static void op_barrier_alone(struct things *t)
{
	assert_int_equal(gilrt_barrier_wait(t->of_one, GILRT_FOREVER, NULL), 0);
}

static void op_barrier_timeout(struct things *t)
{
	assert_int_equal(gilrt_barrier_wait(t->of_two, 1000, NULL), -EPIPE);
	gilrt_barrier_reset(t->of_two);
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

static void put_and_get(struct gilrt_queue *queue)
{
	void *item = NULL;

	assert_int_equal(gilrt_queue_put(queue, queue, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_queue_get(queue, GILRT_FOREVER, &item), 0);
	assert_ptr_equal(item, queue);
}

static void op_queue(struct things *t)
{
	put_and_get(t->queue);
}

static void op_lifo(struct things *t)
{
	put_and_get(t->lifo);
}

static void op_priority(struct things *t)
{
	put_and_get(t->priority);
}

static void op_queue_try_empty(struct things *t)
{
	void *item;

	assert_int_equal(gilrt_queue_get(t->queue, GILRT_NO_WAIT, &item), -EAGAIN);
}

static void op_queue_timeout(struct things *t)
{
	void *item;

	assert_int_equal(gilrt_queue_get(t->queue, 1000, &item), -ETIMEDOUT);
}

static void op_simple_queue(struct things *t)
{
	void *item = NULL;

	assert_int_equal(gilrt_simple_queue_put(t->simple_queue, t), 0);
	assert_int_equal(gilrt_simple_queue_get(t->simple_queue, GILRT_FOREVER, &item), 0);
	assert_ptr_equal(item, t);
}

static void op_simple_queue_try_empty(struct things *t)
{
	void *item;

	assert_int_equal(gilrt_simple_queue_get(t->simple_queue, GILRT_NO_WAIT, &item), -EAGAIN);
}

static void op_simple_queue_timeout(struct things *t)
{
	void *item;

	assert_int_equal(gilrt_simple_queue_get(t->simple_queue, 1000, &item), -ETIMEDOUT);
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
	{ "free RLock, twice", op_rlock, 0 },
	{ "notify nobody", op_notify_nobody, 0 },
	{ "try a condition", op_cond_try, 0 },
	{ "wait for a condition", op_cond_timeout, 1 },
	{ "event that is set", op_event_set, 0 },
	{ "try an event", op_event_try, 0 },
	{ "wait for an event", op_event_timeout, 1 },
	{ "semaphore", op_semaphore, 0 },
	{ "try a semaphore", op_semaphore_try, 0 },
	{ "wait for a semaphore", op_semaphore_timeout, 1 },
	{ "barrier of one", op_barrier_alone, 0 },
	{ "wait at a barrier", op_barrier_timeout, 1 },
	{ "put and get", op_queue, 0 },
	{ "put and get, last first", op_lifo, 0 },
	{ "put and get, smallest first", op_priority, 0 },
	{ "try an empty queue", op_queue_try_empty, 0 },
	{ "wait for an item", op_queue_timeout, 1 },
	{ "put and get, simple queue", op_simple_queue, 0 },
	{ "try an empty simple queue", op_simple_queue_try_empty, 0 },
	{ "wait for an item, simple queue", op_simple_queue_timeout, 1 },
	{ "compute", op_work, 0 },
};

static int compare(const void *a, const void *b)
{
	return (a > b) - (a < b);
}

static void things_create(struct things *t)
{
	t->file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_true(t->file >= 0);
	assert_int_equal(gilrt_lock_create(&t->lock), 0);
	assert_int_equal(gilrt_lock_create(&t->taken), 0);
	assert_int_equal(gilrt_lock_acquire(t->taken, GILRT_FOREVER), 0);
	assert_int_equal(gilrt_cond_create(t->lock, &t->cond), 0);
	assert_int_equal(gilrt_event_create(&t->unset), 0);
	assert_int_equal(gilrt_event_create(&t->set), 0);
	gilrt_event_set(t->set);
	assert_int_equal(gilrt_rlock_create(&t->rlock), 0);
	assert_int_equal(gilrt_cond_create_on_rlock(t->rlock, &t->rlock_cond), 0);
	assert_int_equal(gilrt_semaphore_create(1, &t->semaphore), 0);
	assert_int_equal(gilrt_semaphore_create(0, &t->used_up), 0);
	assert_int_equal(gilrt_barrier_create(1, NULL, NULL, &t->of_one), 0);
	assert_int_equal(gilrt_barrier_create(2, NULL, NULL, &t->of_two), 0);
	assert_int_equal(gilrt_queue_create(0, &t->queue), 0);
	assert_int_equal(gilrt_lifo_queue_create(0, &t->lifo), 0);
	assert_int_equal(gilrt_priority_queue_create(0, compare, &t->priority), 0);
	assert_int_equal(gilrt_simple_queue_create(&t->simple_queue), 0);
}

static void things_destroy(struct things *t)
{
	gilrt_simple_queue_destroy(t->simple_queue);
	gilrt_queue_destroy(t->priority);
	gilrt_queue_destroy(t->lifo);
	gilrt_queue_destroy(t->queue);
	gilrt_barrier_destroy(t->of_two);
	gilrt_barrier_destroy(t->of_one);
	gilrt_semaphore_destroy(t->used_up);
	gilrt_semaphore_destroy(t->semaphore);
	gilrt_cond_destroy(t->rlock_cond);
	gilrt_rlock_destroy(t->rlock);
	gilrt_event_destroy(t->set);
	gilrt_event_destroy(t->unset);
	gilrt_cond_destroy(t->cond);
	gilrt_lock_destroy(t->taken);
	gilrt_lock_destroy(t->lock);
	close(t->file);
}

static void test_drops_per_operation(void **state)
{
	const uint64_t n = 20;
	struct gilrt_stats before, after;
	struct things t;
	size_t i;
	uint64_t k;

	(void)state;
	begin();
	things_create(&t);
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
	things_destroy(&t);
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
