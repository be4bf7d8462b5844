// SPDX-License-Identifier: BSD-2-Clause
/*
 * Locks of native code: who has to wait does so without the GIL, and counts it; others do neither.
 *
 * The switch interval is so long that nobody asks for the GIL: when a thread that was just started
 * has let the main thread go on, it waits.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

#include "workloads/gilrt/native_lock.h"
#include "workloads/gilrt/gilrt.h"

static const struct gilrt_config patient = { .mode = GILRT_NEW, .switch_interval_us = 60000000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void mutex_lock(struct native_waits *waits)
{
	native_mutex_lock(&mutex, waits);
}

static void mutex_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

static void read_lock(struct native_waits *waits)
{
	native_rwlock_read(&rwlock, waits);
}

static void write_lock(struct native_waits *waits)
{
	native_rwlock_write(&rwlock, waits);
}

static void rwlock_unlock(void)
{
	pthread_rwlock_unlock(&rwlock);
}

struct encounter {
	void (*first)(struct native_waits *waits);	/* by main, who holds it */
	void (*second)(struct native_waits *waits);	/* by another thread */
	void (*unlock)(void);
	bool waits;
};

static const struct encounter encounters[] = {
	{ mutex_lock, mutex_lock, mutex_unlock, true },
	{ write_lock, read_lock, rwlock_unlock, true },
	{ read_lock, write_lock, rwlock_unlock, true },
	{ write_lock, write_lock, rwlock_unlock, true },
	{ read_lock, read_lock, rwlock_unlock, false },
};

struct visitor {
	const struct encounter *encounter;
	struct native_waits waits;
	_Atomic bool inside;
};

static void visit(void *arg)
{
	struct visitor *visitor = arg;

	visitor->encounter->second(&visitor->waits);
	visitor->inside = true;
	visitor->encounter->unlock();
}

/* Returns with the visitor's statistics. */
static struct gilrt_stats meet(struct visitor *visitor)
{
	const struct encounter *encounter = visitor->encounter;
	struct native_waits waits = { .cnt = 0 };
	struct gilrt_thread *thread;
	struct gilrt_stats stats;

	assert_int_equal(gilrt_init(&patient), 0);
	encounter->first(&waits);
	assert_int_equal(waits.cnt, 0);
	assert_int_equal(waits.ns, 0);
	assert_int_equal(gilrt_thread_start(visit, visitor, "visitor", &thread), 0);
	/* Proof that it let go of the GIL: we have it. */
	assert_int_equal(visitor->inside, !encounter->waits);
	encounter->unlock();
	assert_int_equal(gilrt_thread_join(thread), 0);
	assert_true(visitor->inside);
	assert_int_equal(gilrt_stop(), 0);
	gilrt_thread_stats(thread, &stats);
	gilrt_fini();
	return stats;
}

static void test_a_wait_is_without_the_gil_and_counted(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(encounters) / sizeof(encounters[0]); i++) {
		struct visitor visitor = { .encounter = &encounters[i] };
		const struct gilrt_stats stats = meet(&visitor);

		assert_int_equal(visitor.waits.cnt, encounters[i].waits);
		assert_int_equal(visitor.waits.ns > 0, encounters[i].waits);
		assert_int_equal(stats.lock_waits, visitor.waits.cnt);
		assert_int_equal(stats.lock_wait_ns, visitor.waits.ns);
		assert_true(stats.gil_released_ns >= stats.lock_wait_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_wait_is_without_the_gil_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
