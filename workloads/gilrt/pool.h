/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_POOL_H
#define GILRT_POOL_H

/*
 * multiprocessing in small: a pool of processes, each with its own runtime and so its own GIL, that
 * take tasks from one pipe and put results into another. A lock between processes guards either
 * end that they share, as in multiprocessing's queues.
 *
 *	gilrt_pool_create(...);			the processes are forked: before gilrt_init()
 *	gilrt_init(...);
 *	gilrt_pool_put(...); ... gilrt_pool_get(...);
 *	gilrt_pool_close(...);			they end by themselves
 *	gilrt_stop(); ...			what they measured of themselves can be read now
 *	gilrt_pool_destroy(...);
 *
 * All of it is for the main thread alone. A process that ends otherwise than by gilrt_pool_close()
 * fails the pool: the others are killed, and every call but destroy says -ECHILD. The processes
 * ignore SIGINT, which a terminal sends to them as well: they end when their parent does.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "workloads/gilrt/gilrt.h"

struct gilrt_pool;

/*
 * Does a task, in the main thread of a process and with its GIL. The result is allocated by
 * malloc() and belongs to the pool; none: leave both as they are. -errno becomes the result's err.
 */
typedef int (*gilrt_pool_fn)(void *arg, const void *task, size_t size, void **ret_result,
			     size_t *ret_result_size);

/*
 * Forks process_cnt processes, "process-0" ..., in which fn(arg, ...) sees the memory as it is now.
 * -EBUSY when there is a runtime, since a child of a process with threads may hardly do anything.
 */
int gilrt_pool_create(const struct gilrt_config *config, unsigned int process_cnt,
		      gilrt_pool_fn fn, void *arg, struct gilrt_pool **ret_pool);

/* Hands in a task of any size, which is copied. Waits, without the GIL, while the pipe is full. */
int gilrt_pool_put(struct gilrt_pool *pool, const void *task, size_t size);

struct gilrt_pool_result {
	uint64_t task;		/* they are numbered from 0 in the order of put */
	int err;		/* what fn said */
	void *data;		/* to be freed by the caller; NULL if size is 0 */
	size_t size;
};

/*
 * The next result, in the order of their completion. Waits without the GIL. -ENOENT: there are as
 * many results as tasks. Results that came before the pool failed are still given.
 */
int gilrt_pool_get(struct gilrt_pool *pool, struct gilrt_pool_result *ret_result);

/* Lets the processes finish all tasks and waits for their end. Results can be got afterwards. */
int gilrt_pool_close(struct gilrt_pool *pool);

/* In any case and at any time: kills and reaps what is left, and frees the pool. NULL is accepted. */
void gilrt_pool_destroy(struct gilrt_pool *pool);

struct gilrt_pool_failure {
	unsigned int process;	/* the first that ended by itself: its number and pid */
	pid_t pid;
	int status;		/* as waitpid() has it */
};

/* Returns false, and writes nothing, if the pool has not failed. */
bool gilrt_pool_failed(const struct gilrt_pool *pool, struct gilrt_pool_failure *ret_failure);

/* "process-1 (pid 4711) was killed by signal 9", cut to size. */
void gilrt_pool_failure_text(const struct gilrt_pool_failure *failure, char *text, size_t size);

struct gilrt_pool_stats {
	pid_t pid;		/* the process; its main thread is called "process-<number>" */
	char name[16];
	struct gilrt_stats stats;
};

/*
 * What the processes' threads have measured of themselves, in the order of their ends: complete
 * after a gilrt_pool_close() that went well, else empty. Valid as long as the pool.
 */
const struct gilrt_pool_stats *gilrt_pool_stats(const struct gilrt_pool *pool, size_t *ret_cnt);

#endif
