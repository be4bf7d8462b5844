// SPDX-License-Identifier: BSD-2-Clause
/*
 * What protects objects without a GIL: one-byte mutexes, the parking lot, critical sections, and
 * reference counts. Runs end after a number of events; only the main thread asserts.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "workloads/gilrt/event.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/object.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define THREADS		4

static const enum gilrt_mode modes[] = { GILRT_NEW, GILRT_OFF };

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

static void run_in_threads(void (*fn)(void *), void *args, size_t arg_size)
{
	struct gilrt_thread *threads[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++)
		assert_int_equal(gilrt_thread_start(fn, (char *)args + i * arg_size, "user",
						    &threads[i]), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(gilrt_thread_join(threads[i]), 0);
}

/* ---- the mutex -------------------------------------------------------------------------------- */

#define ROUNDS	20000

struct counter {
	struct gilrt_mutex mutex;
	uint64_t value;		/* under the mutex: the race detector would tell */
};

static void count_up(void *arg)
{
	struct counter *counter = *(struct counter **)arg;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		gilrt_mutex_lock(&counter->mutex);
		counter->value++;
		/* Under a GIL only a switch inside makes others wait. */
		gilrt_checkpoint();
		gilrt_mutex_unlock(&counter->mutex);
	}
}

static void test_mutex_excludes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct counter counter = { .value = 0 };
		struct counter *counters[THREADS] = { &counter, &counter, &counter, &counter };

		begin(modes[i]);
		run_in_threads(count_up, counters, sizeof(counters[0]));
		end();
		assert_int_equal(counter.value, THREADS * ROUNDS);
		assert_int_equal(counter.mutex.bits, 0);
	}
}

static void lock_and_leave(void *arg)
{
	struct gilrt_mutex *mutex = *(struct gilrt_mutex **)arg;

	gilrt_mutex_lock(mutex);
	gilrt_mutex_unlock(mutex);
}

/* The futex word that a thread of this process blocks on, 0 if it does not. */
static uint64_t futex_of(pid_t tid)
{
	char path[64], text[128] = "";
	uint64_t word = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file) || sscanf(text, "202 0x%" SCNx64, &word) != 1)
		word = 0;
	fclose(file);
	return word;
}

/* As a tracer does it: another thread's stack is none of our business otherwise. */
static void read_memory(uint64_t address, void *to, size_t size)
{
	const struct iovec local = { to, size }, remote = { (void *)(uintptr_t)address, size };

	assert_int_equal(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), (ssize_t)size);
}

static void test_parked_thread_tells_its_lock(void **state)
{
	struct gilrt_mutex mutex = { .bits = 0 }, *arg = &mutex;
	struct gilrt_thread *thread;
	struct gilrt_stats stats;
	uint64_t word, lock;

	(void)state;
	begin(GILRT_OFF);
	gilrt_mutex_lock(&mutex);
	assert_false(gilrt_mutex_try(&mutex));
	assert_int_equal(gilrt_thread_start(lock_and_leave, &arg, "waiter", &thread), 0);
	gilrt_thread_stats(thread, &stats);
	/* Starting it waits on a futex of another kind, in main; the waiter has only this one left. */
	do {
		sched_yield();
		word = futex_of(stats.tid);
		lock = 0;
		if (word)
			read_memory(word - 8, &lock, sizeof(lock));
	} while (lock != (uint64_t)(uintptr_t)&mutex);
	gilrt_mutex_unlock(&mutex);
	assert_int_equal(gilrt_thread_join(thread), 0);
	assert_int_equal(gilrt_stop(), 0);
	gilrt_thread_stats(thread, &stats);
	assert_true(stats.lock_waits >= 1);
	assert_true(stats.lock_wait_ns > 0);
	gilrt_fini();
}

/* ---- critical sections ------------------------------------------------------------------------ */

struct pair {
	struct gilrt_object *first, *second;
	uint64_t *first_cnt, *second_cnt;
};

static void use_both(void *arg)
{
	struct pair *pair = arg;
	struct gilrt_critical outer, inner;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		gilrt_critical_begin(&outer, pair->first);
		gilrt_critical_begin(&inner, pair->second);
		(*pair->second_cnt)++;
		gilrt_critical_end(&inner);
		(*pair->first_cnt)++;
		gilrt_critical_end(&outer);
	}
}

/* In opposite order: held through the wait for the other, this would not end. */
static void test_critical_sections_do_not_deadlock(void **state)
{
	struct gilrt_object a, b;
	uint64_t a_cnt, b_cnt;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct pair pairs[THREADS] = {
			{ &a, &b, &a_cnt, &b_cnt }, { &b, &a, &b_cnt, &a_cnt },
			{ &a, &b, &a_cnt, &b_cnt }, { &b, &a, &b_cnt, &a_cnt },
		};

		begin(modes[i]);
		gilrt_object_init(&a);
		gilrt_object_init(&b);
		a_cnt = b_cnt = 0;
		run_in_threads(use_both, pairs, sizeof(pairs[0]));
		end();
		assert_int_equal(a_cnt, THREADS * ROUNDS);
		assert_int_equal(b_cnt, THREADS * ROUNDS);
		assert_int_equal(a.mutex.bits | b.mutex.bits, 0);
	}
}

struct sleeper {
	struct gilrt_object *object;
	struct gilrt_event *go;
	_Atomic bool inside;
};

static void wait_inside(void *arg)
{
	struct sleeper *sleeper = arg;
	struct gilrt_critical critical;

	gilrt_critical_begin(&critical, sleeper->object);
	sleeper->inside = true;
	gilrt_event_wait(sleeper->go, GILRT_FOREVER);
	gilrt_critical_end(&critical);
}

static void test_blocking_suspends(void **state)
{
	struct sleeper sleeper = { .inside = false };
	struct gilrt_critical critical;
	struct gilrt_object object;
	struct gilrt_thread *thread;

	(void)state;
	begin(GILRT_OFF);
	gilrt_object_init(&object);
	sleeper.object = &object;
	assert_int_equal(gilrt_event_create(&sleeper.go), 0);
	assert_int_equal(gilrt_thread_start(wait_inside, &sleeper, "sleeper", &thread), 0);
	while (!sleeper.inside)
		sched_yield();
	/* It waits for us, inside of its section: this returns because it has given it up. */
	gilrt_critical_begin(&critical, &object);
	gilrt_event_set(sleeper.go);
	gilrt_critical_end(&critical);
	assert_int_equal(gilrt_thread_join(thread), 0);
	assert_int_equal(object.mutex.bits, 0);
	gilrt_event_destroy(sleeper.go);
	end();
}

/* ---- reference counts ------------------------------------------------------------------------- */

static void ref_and_unref(void *arg)
{
	struct gilrt_object *object = *(struct gilrt_object **)arg;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		gilrt_object_ref(object);
		gilrt_object_ref(object);
		gilrt_object_unref(object);
		gilrt_checkpoint();
	}
}

static void test_references_are_counted(void **state)
{
	struct gilrt_object object;
	struct gilrt_object *objects[THREADS] = { &object, &object, &object, &object };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		begin(modes[i]);
		gilrt_object_init(&object);
		run_in_threads(ref_and_unref, objects, sizeof(objects[0]));
		gilrt_object_unref(&object);
		assert_int_equal(gilrt_object_refs(&object), THREADS * ROUNDS);
		/* Under the GIL one plain number does; without, others' references are shared. */
		assert_int_equal(object.shared_cnt,
				 modes[i] == GILRT_OFF ? THREADS * ROUNDS : 0);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutex_excludes),
		cmocka_unit_test(test_parked_thread_tells_its_lock),
		cmocka_unit_test(test_critical_sections_do_not_deadlock),
		cmocka_unit_test(test_blocking_suspends),
		cmocka_unit_test(test_references_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
