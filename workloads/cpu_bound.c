// SPDX-License-Identifier: BSD-2-Clause
/*
 * cpu_bound: threads that do nothing but compute.
 *
 * Under the GIL all of them look busy and one at a time makes progress: apparent parallelism is the
 * number of threads, true parallelism is 1. Without it, true parallelism is what the cores give.
 */

#include <errno.h>
#include <stdlib.h>

#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

static const char doc[] = "Threads that compute until the time is up, with or without a GIL. "
	"A round is a unit of work of one thread.";

struct worker {
	const struct workload *workload;
	struct gilrt_work work;
};

static void worker_run(void *arg)
{
	struct worker *worker = arg;
	struct gilrt_work *work = &worker->work;

	while (!workload_is_over(worker->workload, work->unit_cnt))
		gilrt_work_run(work, 1);
	gilrt_thread_add_work(work->unit_cnt, gilrt_work_checksum(work));
}

static int compute(struct workload *workload, struct worker *workers)
{
	unsigned int i;
	int err;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	err = workload_start(workload);
	if (err)
		return err;
	err = workload_run(workload, worker_run, workers, sizeof(*workers), NULL, NULL);
	return workload_stop(workload, err);
}

int main(int argc, char **argv)
{
	struct workload workload;
	struct worker *workers;
	int err;

	workload_setup(&workload, "cpu_bound", doc, argc, argv);
	workers = calloc(workload.options.thread_cnt, sizeof(*workers));
	err = workers ? compute(&workload, workers) : -ENOMEM;
	free(workers);
	if (err)
		return workload_exit_status(&workload, "run the threads", err);
	err = workload_report(&workload, NULL, 0);
	return workload_exit_status(&workload, "write the result", err);
}
