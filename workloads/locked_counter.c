// SPDX-License-Identifier: BSD-2-Clause
/*
 * locked_counter: threads that add to a shared variable under a Lock, and lose nothing.
 *
 * What the Lock costs depends on where a thread can lose the GIL. With --checkpoints every-op it is
 * often while it holds the Lock: the others get the GIL, find the Lock taken, and wait for a thread
 * that waits for them. Two convoys, one behind the other, and hardly an increment without a wait.
 */

#include <errno.h>

#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

struct worker {
	struct gilrt_work work;
	const struct workload *workload;
	uint64_t increment_cnt;
	int err;
};

/* The lock protects it. */
static uint64_t shared_variable;
static struct gilrt_lock *lock;

/* What a thread computes between two increments; 0: nothing. */
static uint32_t loops;

static struct truth_counter counters[] = {
	{ .name = "increments" },
	{ .name = "lost" },
};

static int prepare(struct workload *workload, void *arg)
{
	struct worker *workers = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	return gilrt_lock_create(&lock);
}

/* "with lock: variable += 1" in Python. */
static int locked_increment(uint64_t *variable)
{
	uint64_t value;
	int err;

	err = gilrt_lock_acquire(lock, GILRT_FOREVER);
	if (err)
		return err;
	gilrt_checkpoint_op();
	value = *variable;
	gilrt_checkpoint_op();
	*variable = value + 1;
	gilrt_checkpoint_op();
	return gilrt_lock_release(lock);
}

static void run(void *arg)
{
	struct worker *worker = arg;

	while (!worker->err && !workload_is_over(worker->workload, worker->increment_cnt)) {
		gilrt_work_run_loops(&worker->work, loops);
		worker->err = locked_increment(&shared_variable);
		worker->increment_cnt++;
		gilrt_checkpoint();
	}
	gilrt_thread_add_work(worker->increment_cnt, 0);
}

static int finish(struct workload *workload, void *arg)
{
	const struct worker *workers = arg;
	uint64_t increments = 0;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		if (workers[i].err)
			return workers[i].err;
		increments += workers[i].increment_cnt;
	}
	counters[0].value = increments;
	counters[1].value = increments - shared_variable;
	return counters[1].value ? -EPROTO : 0;
}

static void clean_up(struct workload *workload, void *workers)
{
	(void)workload;
	(void)workers;
	gilrt_lock_destroy(lock);
}

static const struct workload_option options[] = {
	{ "loops", "N", "What a thread computes between two increments: a thousand take some 20 us (nothing)",
	  options_parse_count, &loops },
	{ 0 },
};

static const struct program program = {
	.name = "locked_counter",
	.doc = "Threads that increment a shared variable under a Lock, with or without a GIL. A round "
	       "is an increment by one thread.",
	.task = "count without a loss",
	.worker_size = sizeof(struct worker),
	.options = options,
	.prepare = prepare,
	.run = run,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
