// SPDX-License-Identifier: BSD-2-Clause
/*
 * oversubscription: four threads for each core, without a GIL and without locks.
 *
 * A control: most threads wait at any time, but for a core, and no lock may be blamed for it. True
 * parallelism is the number of cores; the rest of the threads is ready.
 */

#include <sched.h>

#include "workloads/gilrt/compute.h"

#define THREADS_PER_CORE	4

static void set_defaults(struct workload_options *options)
{
	cpu_set_t allowed;

	options->runtime.mode = GILRT_OFF;
	if (!sched_getaffinity(0, sizeof(allowed), &allowed))
		options->thread_cnt = THREADS_PER_CORE * (unsigned int)CPU_COUNT(&allowed);
}

static const struct program program = {
	.name = "oversubscription",
	.doc = "Threads that compute, four for each core that may be used unless --threads says how "
	       "many, without a GIL unless --gil says otherwise. A round is a unit of work of one "
	       "thread.",
	.task = "run the threads",
	.worker_size = sizeof(struct compute),
	.set_defaults = set_defaults,
	.prepare = compute_prepare,
	.run = compute_run,
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
