// SPDX-License-Identifier: BSD-2-Clause
/*
 * The pool comes to an end in any case, also when one of its processes has its own.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "tests/support/watchdog.h"
#include "tests/unit/gilrt_noise.h"
#include "tests/unit/gilrt_pool.h"

/* The task is a letter. */
static int obey(void *arg, const void *task, size_t size, void **ret_result, size_t *ret_size)
{
	switch (*(const char *)task) {
	case 'k':
		kill(getpid(), SIGKILL);
		break;
	case '0':
		_exit(0);
	case '3':
		_exit(3);
	case 'i':
		raise(SIGINT);
		break;
	}
	return echo(arg, task, size, ret_result, ret_size);
}

static void check_untimely_end(const char *order, bool close_first, int status, const char *text)
{
	struct gilrt_pool_failure failure = { .pid = 0 };
	struct gilrt_pool_result result;
	char said[80], *rest;
	struct gilrt_pool *pool;
	int fd_cnt = fd_count();
	size_t cnt;
	int err;

	pool = pool_begin(3, obey, NULL);
	assert_false(gilrt_pool_failed(pool, &failure));
	assert_int_equal(gilrt_pool_put(pool, "a", 1), 0);
	assert_int_equal(gilrt_pool_get(pool, &result), 0);
	free(result.data);
	assert_int_equal(gilrt_pool_put(pool, order, 1), 0);
	if (close_first) {
		assert_int_equal(gilrt_pool_close(pool), -ECHILD);
	} else {
		err = gilrt_pool_get(pool, &result);
		assert_int_equal(err, -ECHILD);
	}

	assert_true(gilrt_pool_failed(pool, &failure));
	assert_true(failure.process < 3 && failure.pid > 0);
	assert_int_equal(failure.status, status);
	gilrt_pool_failure_text(&failure, said, sizeof(said));
	rest = strstr(said, ") ");
	assert_non_null(rest);
	assert_string_equal(rest + 2, text);

	assert_int_equal(gilrt_pool_put(pool, "a", 1), -ECHILD);
	assert_int_equal(gilrt_pool_get(pool, &result), -ECHILD);
	assert_int_equal(gilrt_pool_close(pool), -ECHILD);
	gilrt_pool_stats(pool, &cnt);
	assert_int_equal(cnt, 0);
	pool_end(pool, fd_cnt);
}

static void test_untimely_ends(void **state)
{
	int closing;

	(void)state;
	for (closing = 0; closing <= 1; closing++) {
		check_untimely_end("k", closing, SIGKILL, "was killed by signal 9");
		check_untimely_end("3", closing, 3 << 8, "exited with status 3 before its end");
		check_untimely_end("0", closing, 0, "exited with status 0 before its end");
	}
}

/* They are dead, or about to be, and left for us to reap: waits for ever for one that is not. */
static void await_all_dead(void)
{
	char path[64];
	siginfo_t info;
	FILE *children;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)gettid());
	children = fopen(path, "re");
	assert_non_null(children);
	while (fscanf(children, "%d", &pid) == 1)
		assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	fclose(children);
}

/*
 * All wait for tasks: one with the lock in its hand, the others for the lock. Whoever is killed,
 * the end does not wait for ever.
 */
static void test_killed_while_idle(void **state)
{
	struct gilrt_pool_failure failure;
	struct gilrt_pool *pool;
	int fd_cnt = fd_count(), i;
	pid_t pid;

	(void)state;
	for (i = 0; i < 6; i++) {
		pool = pool_begin(3, tell_pid, NULL);
		pid = get_pid(pool);
		kill(pid, SIGKILL);
		if (i % 2)
			assert_int_equal(gilrt_pool_close(pool), -ECHILD);
		else
			while (gilrt_pool_put(pool, "x", 1) == 0)
				;
		assert_true(gilrt_pool_failed(pool, &failure));
		assert_int_equal(failure.pid, pid);
		await_all_dead();
		pool_end(pool, fd_cnt);
	}
}

/* What came before is not lost. */
static void test_results_before_a_failure(void **state)
{
	struct gilrt_pool_result result;
	struct gilrt_pool *pool;
	int fd_cnt = fd_count(), i;

	(void)state;
	pool = pool_begin(1, obey, NULL);
	for (i = 0; i < 5; i++)
		assert_int_equal(gilrt_pool_put(pool, i < 4 ? "a" : "k", 1), 0);
	assert_int_equal(gilrt_pool_close(pool), -ECHILD);
	for (i = 0; i < 4; i++) {
		assert_int_equal(gilrt_pool_get(pool, &result), 0);
		assert_int_equal(result.task, i);
		free(result.data);
	}
	assert_int_equal(gilrt_pool_get(pool, &result), -ECHILD);
	pool_end(pool, fd_cnt);
}

static void test_destroyed_in_mid_work(void **state)
{
	struct gilrt_pool *pool;
	uint8_t *data = noise(1000000);
	int fd_cnt = fd_count(), i;

	(void)state;
	pool = pool_begin(3, echo, NULL);
	for (i = 0; i < 20; i++)
		assert_int_equal(gilrt_pool_put(pool, data, 1000000), 0);
	pool_end(pool, fd_cnt);
	free(data);
}

static void test_sigint_is_the_parents(void **state)
{
	struct gilrt_pool_result result;
	struct gilrt_pool *pool;
	int fd_cnt = fd_count();

	(void)state;
	pool = pool_begin(2, obey, NULL);
	assert_int_equal(gilrt_pool_put(pool, "i", 1), 0);
	assert_int_equal(gilrt_pool_get(pool, &result), 0);
	assert_memory_equal(result.data, "i", 1);
	free(result.data);
	assert_int_equal(gilrt_pool_close(pool), 0);
	pool_end(pool, fd_cnt);
}

static int never_return(void *arg, const void *task, size_t size, void **ret_result,
			size_t *ret_size)
{
	(void)arg;
	(void)task;
	(void)size;
	(void)ret_result;
	(void)ret_size;
	while (pause())
		;
	return 0;
}

/* A parent that is killed takes its processes with it: we would inherit them, and wait for them. */
static void test_parent_is_killed(void **state)
{
	struct gilrt_pool *pool;
	int status, i;
	pid_t pid;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (gilrt_pool_create(&config, 3, never_return, NULL, &pool) || gilrt_init(&config))
			_exit(1);
		for (i = 0; i < 3; i++)
			gilrt_pool_put(pool, NULL, 0);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while ((pid = waitpid(-1, &status, 0)) > 0)
		;
	assert_int_equal(errno, ECHILD);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untimely_ends),
		cmocka_unit_test(test_killed_while_idle),
		cmocka_unit_test(test_results_before_a_failure),
		cmocka_unit_test(test_destroyed_in_mid_work),
		cmocka_unit_test(test_sigint_is_the_parents),
		cmocka_unit_test(test_parent_is_killed),
	};

	watchdog_start("the pool", "in one of its tests");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
