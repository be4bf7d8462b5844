// SPDX-License-Identifier: BSD-2-Clause
/*
 * one_core: threads that take turns on a single core, and nothing but the core is scarce.
 *
 * There is no GIL and no lock. The kernel gives each thread a slice of time, so all of them advance
 * and all look busy, but one at a time is on the core: the others are ready. With --cpus they get
 * more cores, and true parallelism is the number of these.
 */

#include "workloads/gilrt/compute.h"

static void set_defaults(struct workload_options *options)
{
	options->runtime.mode = GILRT_OFF;
	options_pin_to_one_cpu(options);
}

static const struct program program = {
	.name = "one_core",
	.doc = "Threads that compute on one core, without a GIL unless --gil says otherwise, or on "
	       "those that --cpus lists. A round is a unit of work of one thread.",
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
