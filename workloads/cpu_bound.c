// SPDX-License-Identifier: BSD-2-Clause
/*
 * cpu_bound: threads that do nothing but compute.
 *
 * Under the GIL all of them look busy and one at a time makes progress: apparent parallelism is the
 * number of threads, true parallelism is 1. Without it, true parallelism is what the cores give.
 */

#include "workloads/gilrt/compute.h"

static const struct program program = {
	.name = "cpu_bound",
	.doc = "Threads that compute until the time is up, with or without a GIL. A round is a unit of "
	       "work of one thread.",
	.task = "run the threads",
	.worker_size = sizeof(struct compute),
	.prepare = compute_prepare,
	.run = compute_run,
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
