/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools to test with, and tasks for them. After cmocka.h. */
#ifndef TESTS_UNIT_GILRT_POOL_H
#define TESTS_UNIT_GILRT_POOL_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/gilrt_drops.h"
#include "workloads/gilrt/pool.h"

static const struct gilrt_config config = { .mode = GILRT_NEW, .switch_interval_us = 5000 };

static inline int result_of(const void *data, size_t size, void **ret_result,
			    size_t *ret_result_size)
{
	*ret_result = malloc(size);
	if (!*ret_result)
		return -ENOMEM;
	memcpy(*ret_result, data, size);
	*ret_result_size = size;
	return 0;
}

static inline int echo(void *arg, const void *task, size_t size, void **ret_result,
		       size_t *ret_size)
{
	(void)arg;
	return size ? result_of(task, size, ret_result, ret_size) : 0;
}

static inline int tell_pid(void *arg, const void *task, size_t size, void **ret_result,
			   size_t *ret_size)
{
	pid_t pid = getpid();

	(void)arg;
	(void)task;
	(void)size;
	return result_of(&pid, sizeof(pid), ret_result, ret_size);
}

static inline struct gilrt_pool *pool_begin(unsigned int process_cnt, gilrt_pool_fn fn, void *arg)
{
	struct gilrt_pool *pool;

	assert_int_equal(gilrt_pool_create(&config, process_cnt, fn, arg, &pool), 0);
	assert_int_equal(gilrt_init(&config), 0);
	return pool;
}

static inline int fd_count(void)
{
	int cnt = 0;
	DIR *dir;

	dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	while (readdir(dir))
		cnt++;
	closedir(dir);
	return cnt;
}

/* Nothing is left of them: no process, no descriptor of those there were not before. */
static inline void pool_end(struct gilrt_pool *pool, int fd_cnt)
{
	end();
	gilrt_pool_destroy(pool);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(fd_count(), fd_cnt);
}

static inline pid_t get_pid(struct gilrt_pool *pool)
{
	struct gilrt_pool_result result;
	pid_t pid;

	assert_int_equal(gilrt_pool_put(pool, NULL, 0), 0);
	assert_int_equal(gilrt_pool_get(pool, &result), 0);
	assert_int_equal(result.size, sizeof(pid));
	memcpy(&pid, result.data, sizeof(pid));
	free(result.data);
	return pid;
}

#endif
