// SPDX-License-Identifier: BSD-2-Clause
/*
 * lock_convoy: threads that need the same lock nearly all the time.
 *
 * The lock is a plain pthread mutex, as in a C program, and there is no GIL by default: it is the
 * lock alone that makes one thread at a time progress. What it protects is work that they share.
 */

#include <errno.h>

#include "workloads/gilrt/native_lock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define UNITS_WITH_LOCK	5

struct shared {
	pthread_mutex_t mutex;
	struct gilrt_work work;		/* under the mutex */
};

/* A mutex for each thread, with work of its own: the same work without the contention. */
static bool has_own_locks;

struct worker {
	const struct workload *workload;
	struct shared own;		/* has_own_locks */
	struct shared *shared;
	uint64_t acquire_cnt;
	struct native_waits waits;
	struct gilrt_work work;		/* the little it does without the lock */
};

enum counter {
	COUNTER_ACQUISITIONS,
	COUNTER_WAITS,
	COUNTER_WAIT_NS,
};

static struct truth_counter counters[] = {
	[COUNTER_ACQUISITIONS] = { .name = "acquisitions" },
	[COUNTER_WAITS] = { .name = "mutex_waits" },
	[COUNTER_WAIT_NS] = { .name = "mutex_wait_ns" },
};

static void set_defaults(struct workload_options *options)
{
	options->runtime.mode = GILRT_OFF;
}

static int prepare(struct workload *workload, void *arg)
{
	static struct shared shared = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct worker *workers = arg;
	unsigned int i;

	gilrt_work_init(&shared.work, workload->options.seed);
	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		pthread_mutex_init(&workers[i].own.mutex, NULL);
		gilrt_work_init(&workers[i].own.work, workload->options.seed);
		workers[i].shared = has_own_locks ? &workers[i].own : &shared;
		gilrt_work_init(&workers[i].work, workload->options.seed + 1 + (uint64_t)i);
	}
	return 0;
}

static void run(void *arg)
{
	struct worker *worker = arg;
	struct shared *shared = worker->shared;

	while (!workload_is_over(worker->workload, worker->acquire_cnt)) {
		native_mutex_lock(&shared->mutex, &worker->waits);
		gilrt_work_run(&shared->work, UNITS_WITH_LOCK);
		pthread_mutex_unlock(&shared->mutex);
		gilrt_work_feed(&worker->work, worker->acquire_cnt++);
	}
	gilrt_thread_add_work(worker->acquire_cnt * UNITS_WITH_LOCK,
			      gilrt_work_checksum(&worker->work));
}

/* No two were inside at once, or units of the shared work would have been lost. */
static int finish(struct workload *workload, void *arg)
{
	const struct worker *workers = arg;
	uint64_t unit_cnt = has_own_locks ? 0 : workers[0].shared->work.unit_cnt;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		counters[COUNTER_ACQUISITIONS].value += workers[i].acquire_cnt;
		unit_cnt += workers[i].own.work.unit_cnt;
		counters[COUNTER_WAITS].value += workers[i].waits.cnt;
		counters[COUNTER_WAIT_NS].value += workers[i].waits.ns;
	}
	if (counters[COUNTER_ACQUISITIONS].value * UNITS_WITH_LOCK != unit_cnt)
		return -EPROTO;
	return 0;
}

static const struct workload_option options[] = {
	{ "own-locks", "yes|no", "Give each thread a mutex of its own (no)", options_parse_flag,
	  &has_own_locks },
	{ 0 },
};

static const struct program program = {
	.name = "lock_convoy",
	.doc = "Threads that fight for one mutex in a tight loop, without a GIL unless --gil is "
	       "given. A round is an acquisition by one thread.",
	.task = "share the lock",
	.worker_size = sizeof(struct worker),
	.set_defaults = set_defaults,
	.options = options,
	.prepare = prepare,
	.run = run,
	.finish = finish,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
