// SPDX-License-Identifier: BSD-2-Clause
/*
 * idle_pool: a pool of threads with next to nothing to do.
 *
 * A control: nearly all of their time the threads wait for a job, and that is no contention. They
 * have no work in hand, so apparent parallelism is near 0, and no lock may be blamed.
 *
 * It ends as pools do since Python 3.13: by shutting the queue down.
 */

#include <errno.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define JOB_PERIOD_NS	(10 * NSEC_PER_MSEC)
#define UNITS_PER_JOB	20

struct worker {
	struct pool *pool;
	uint64_t job_cnt, result_sum;
	int err;
};

struct pool {
	const struct workload *workload;
	struct gilrt_queue *jobs;	/* of numbers */
	uint64_t job_cnt;
	int err;
};

static struct truth_counter counters[] = {
	{ .name = "jobs" },
	{ .name = "result_sum" },
};

/* Whoever gets a job, its result is the same. */
static void do_job(struct worker *worker, uint64_t number)
{
	struct gilrt_work work;

	gilrt_work_init(&work, worker->pool->workload->options.seed + number);
	gilrt_work_run(&work, UNITS_PER_JOB);
	worker->result_sum += gilrt_work_checksum(&work);
	worker->job_cnt++;
	gilrt_thread_add_work(work.unit_cnt, gilrt_work_checksum(&work));
}

static void run(void *arg)
{
	struct worker *worker = arg;
	void *number;

	while (!(worker->err = gilrt_queue_get(worker->pool->jobs, GILRT_FOREVER, &number)))
		do_job(worker, (uintptr_t)number);
}

static void give_jobs(void *arg, unsigned int worker_cnt)
{
	struct pool *pool = arg;

	(void)worker_cnt;
	while (!pool->err && !workload_is_over(pool->workload, pool->job_cnt)) {
		gilrt_sleep(JOB_PERIOD_NS);
		pool->err = gilrt_queue_put(pool->jobs, (void *)(uintptr_t)pool->job_cnt,
					    GILRT_FOREVER);
		pool->job_cnt++;
	}
	gilrt_queue_shutdown(pool->jobs, false, NULL);
}

static int prepare(struct workload *workload, void *workers)
{
	struct worker *worker = workers;
	static struct pool pool;
	unsigned int i;

	workload->shared = &pool;
	pool.workload = workload;
	for (i = 0; i < workload->options.thread_cnt; i++)
		worker[i].pool = &pool;
	return gilrt_queue_create(0, &pool.jobs);
}

static int finish(struct workload *workload, void *workers)
{
	const struct pool *pool = workload->shared;
	const struct worker *worker = workers;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		if (worker[i].err != -ESHUTDOWN)
			return worker[i].err;
		counters[0].value += worker[i].job_cnt;
		counters[1].value += worker[i].result_sum;
	}
	if (pool->err)
		return pool->err;
	return counters[0].value == pool->job_cnt ? 0 : -EPROTO;
}

static void clean_up(struct workload *workload, void *workers)
{
	const struct pool *pool = workload->shared;

	(void)workers;
	gilrt_queue_destroy(pool->jobs);
}

static const struct program program = {
	.name = "idle_pool",
	.doc = "A pool of threads that gets a small job every 10 ms, with or without a GIL. A round is "
	       "a job.",
	.task = "do all jobs",
	.worker_size = sizeof(struct worker),
	.prepare = prepare,
	.run = run,
	.meanwhile = give_jobs,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
