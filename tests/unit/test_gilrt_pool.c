// SPDX-License-Identifier: BSD-2-Clause
/*
 * The pool of processes: every task done once, messages of any size, what it says of itself.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/mman.h>

#include "tests/support/watchdog.h"
#include "tests/unit/gilrt_noise.h"
#include "tests/unit/gilrt_pool.h"
#include "workloads/gilrt/lock.h"

static int square(void *arg, const void *task, size_t size, void **ret_result, size_t *ret_size)
{
	uint64_t number;

	(void)arg;
	if (size != sizeof(number))
		return -EINVAL;
	memcpy(&number, task, sizeof(number));
	gilrt_thread_add_work(1, (uint32_t)number);
	number *= number;
	return result_of(&number, sizeof(number), ret_result, ret_size);
}

static void check_squares(enum gilrt_mode mode, unsigned int process_cnt, uint64_t task_cnt)
{
	const struct gilrt_config config = { .mode = mode, .switch_interval_us = 5000 };
	bool *seen = calloc(task_cnt, sizeof(*seen));
	const struct gilrt_pool_stats *stats;
	struct gilrt_pool_result result;
	uint64_t i, value, units = 0;
	struct gilrt_pool *pool;
	int fd_cnt = fd_count();
	size_t stats_cnt, n;

	assert_non_null(seen);
	assert_int_equal(gilrt_pool_create(&config, process_cnt, square, NULL, &pool), 0);
	assert_int_equal(gilrt_init(&config), 0);
	for (i = 0; i < task_cnt; i++)
		assert_int_equal(gilrt_pool_put(pool, &i, sizeof(i)), 0);
	for (i = 0; i < task_cnt; i++) {
		if (i == task_cnt / 2)
			assert_int_equal(gilrt_pool_close(pool), 0);
		assert_int_equal(gilrt_pool_get(pool, &result), 0);
		assert_int_equal(result.err, 0);
		assert_int_equal(result.size, sizeof(value));
		memcpy(&value, result.data, sizeof(value));
		free(result.data);
		assert_int_equal(value, result.task * result.task);
		assert_true(result.task < task_cnt && !seen[result.task]);
		seen[result.task] = true;
	}
	assert_int_equal(gilrt_pool_get(pool, &result), -ENOENT);
	stats = gilrt_pool_stats(pool, &stats_cnt);
	assert_int_equal(stats_cnt, process_cnt);
	for (n = 0; n < stats_cnt; n++)
		units += stats[n].stats.units;
	assert_int_equal(units, task_cnt);
	pool_end(pool, fd_cnt);
	free(seen);
}

static void test_every_task_is_done_once(void **state)
{
	(void)state;
	check_squares(GILRT_NEW, 3, 5000);
	check_squares(GILRT_OLD, 2, 500);
	check_squares(GILRT_OFF, 2, 500);
	check_squares(GILRT_NEW, 1, 1);
	check_squares(GILRT_NEW, 20, 100);
}

/* Both ways more at a time than any pipe holds: neither side may wait for the other. */
static void test_messages_of_any_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 4096, 65536, 65537, 1000000, 3000000, 0, 8 };
	struct gilrt_pool_result result;
	struct gilrt_pool *pool;
	int fd_cnt = fd_count();
	uint8_t *data;
	size_t i;

	(void)state;
	data = noise(3000000);
	pool = pool_begin(2, echo, NULL);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_int_equal(gilrt_pool_put(pool, data, sizes[i]), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(gilrt_pool_get(pool, &result), 0);
		assert_int_equal(result.size, sizes[result.task]);
		if (result.size)
			assert_memory_equal(result.data, data, result.size);
		else
			assert_null(result.data);
		free(result.data);
	}
	assert_int_equal(gilrt_pool_close(pool), 0);
	pool_end(pool, fd_cnt);
	free(data);
}

static void test_errors_are_results(void **state)
{
	struct gilrt_pool_result result;
	struct gilrt_pool *pool, *other;
	int fd_cnt = fd_count();

	(void)state;
	pool = pool_begin(1, square, NULL);
	assert_int_equal(gilrt_pool_create(&config, 1, square, NULL, &other), -EBUSY);
	assert_int_equal(gilrt_pool_get(pool, &result), -ENOENT);
	assert_int_equal(gilrt_pool_put(pool, "abc", 3), 0);
	assert_int_equal(gilrt_pool_get(pool, &result), 0);
	assert_int_equal(result.err, -EINVAL);
	assert_null(result.data);
	assert_int_equal(gilrt_pool_close(pool), 0);
	assert_int_equal(gilrt_pool_close(pool), 0);
	pool_end(pool, fd_cnt);
}

static void test_processes_say_what_they_measured(void **state)
{
	const struct gilrt_pool_stats *all;
	struct gilrt_pool *pool;
	int fd_cnt = fd_count();
	size_t cnt, i;
	bool seen[3] = { false };
	unsigned int number;

	(void)state;
	pool = pool_begin(3, tell_pid, NULL);
	gilrt_pool_stats(pool, &cnt);
	assert_int_equal(cnt, 0);
	assert_int_equal(gilrt_pool_close(pool), 0);
	all = gilrt_pool_stats(pool, &cnt);
	assert_int_equal(cnt, 3);
	for (i = 0; i < cnt; i++) {
		const struct gilrt_stats *s = &all[i].stats;

		assert_int_equal(sscanf(s->name, "process-%u", &number), 1);
		assert_true(number < 3 && !seen[number]);
		seen[number] = true;
		assert_int_equal(s->tid, all[i].pid);
		assert_int_not_equal(all[i].pid, getpid());
		assert_true(s->ended && s->end_ns > s->start_ns);
		assert_int_equal(s->gil_hold_ns + s->gil_wait_ns + s->gil_released_ns,
				 s->end_ns - s->start_ns);
		/* Each alone with its GIL: never a wait. Those that wait for a task do so there. */
		assert_int_equal(s->gil_waits, 0);
		assert_true(s->gil_released_ns > 0);
	}
	pool_end(pool, fd_cnt);
}

/* Two at once, ended in the order in which the second has inherited the ends of the first. */
static void test_two_pools(void **state)
{
	struct gilrt_pool *first, *second;

	(void)state;
	assert_int_equal(gilrt_pool_create(&config, 2, tell_pid, NULL, &first), 0);
	second = pool_begin(2, tell_pid, NULL);
	assert_int_not_equal(get_pid(first), get_pid(second));
	assert_int_equal(gilrt_pool_close(first), 0);
	assert_int_equal(gilrt_pool_close(second), 0);
	end();
	gilrt_pool_destroy(first);
	gilrt_pool_destroy(second);
}

/* ---- a lock between processes ---------------------------------------------------------------- */

#define COUNTS_PER_TASK	1000

struct counter {
	struct gilrt_lock *lock;
	volatile uint64_t *value;	/* in shared memory */
};

static int count(void *arg, const void *task, size_t size, void **ret_result, size_t *ret_size)
{
	const struct counter *counter = arg;
	int i;

	(void)task;
	(void)size;
	(void)ret_result;
	(void)ret_size;
	for (i = 0; i < COUNTS_PER_TASK; i++) {
		gilrt_lock_acquire(counter->lock, GILRT_FOREVER);
		(*counter->value)++;
		gilrt_lock_release(counter->lock);
	}
	return 0;
}

static void test_lock_between_processes(void **state)
{
	struct gilrt_pool_result result;
	struct counter counter;
	struct gilrt_pool *pool;
	int fd_cnt = fd_count(), i;

	(void)state;
	counter.value = mmap(NULL, sizeof(*counter.value), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(counter.value != MAP_FAILED);
	assert_int_equal(gilrt_lock_create_shared(&counter.lock), 0);
	pool = pool_begin(3, count, &counter);
	for (i = 0; i < 30; i++)
		assert_int_equal(gilrt_pool_put(pool, NULL, 0), 0);
	for (i = 0; i < 30; i++)
		assert_int_equal(gilrt_pool_get(pool, &result), 0);
	assert_int_equal(gilrt_pool_close(pool), 0);
	assert_int_equal(*counter.value, 30 * COUNTS_PER_TASK);
	assert_int_equal(gilrt_lock_release(counter.lock), -EPERM);
	gilrt_lock_destroy(counter.lock);
	munmap((void *)counter.value, sizeof(*counter.value));
	pool_end(pool, fd_cnt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_task_is_done_once),
		cmocka_unit_test(test_messages_of_any_size),
		cmocka_unit_test(test_errors_are_results),
		cmocka_unit_test(test_processes_say_what_they_measured),
		cmocka_unit_test(test_two_pools),
		cmocka_unit_test(test_lock_between_processes),
	};

	watchdog_start("the pool", "in one of its tests");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
