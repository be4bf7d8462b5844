// SPDX-License-Identifier: BSD-2-Clause
/*
 * Workers that do nothing but compute.
 */

#include "workloads/gilrt/compute.h"

int compute_prepare(struct workload *workload, void *workers)
{
	struct compute *compute = workers;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		compute[i].workload = workload;
		gilrt_work_init(&compute[i].work, workload->options.seed + (uint64_t)i);
	}
	return 0;
}

void compute_run(void *worker)
{
	struct compute *compute = worker;
	struct gilrt_work *work = &compute->work;

	while (!workload_is_over(compute->workload, work->unit_cnt))
		gilrt_work_run(work, 1);
	gilrt_thread_add_work(work->unit_cnt, gilrt_work_checksum(work));
}
