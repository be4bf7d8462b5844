// SPDX-License-Identifier: BSD-2-Clause
/*
 * cpu_bound: threads that do nothing but compute.
 *
 * Under the GIL all of them look busy and one at a time makes progress: apparent parallelism is the
 * number of threads, true parallelism is 1. Without it, true parallelism is what the cores give.
 */

#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

struct worker {
	const struct workload *workload;
	struct gilrt_work work;
};

static int prepare(struct workload *workload, void *arg)
{
	struct worker *workers = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	return 0;
}

static void run(void *arg)
{
	struct worker *worker = arg;
	struct gilrt_work *work = &worker->work;

	while (!workload_is_over(worker->workload, work->unit_cnt))
		gilrt_work_run(work, 1);
	gilrt_thread_add_work(work->unit_cnt, gilrt_work_checksum(work));
}

static const struct program program = {
	.name = "cpu_bound",
	.doc = "Threads that compute until the time is up, with or without a GIL. A round is a unit of "
	       "work of one thread.",
	.task = "run the threads",
	.worker_size = sizeof(struct worker),
	.prepare = prepare,
	.run = run,
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
