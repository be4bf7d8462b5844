// SPDX-License-Identifier: BSD-2-Clause
/*
 * sub_interpreters: threads that compute, each in an interpreter of its own.
 *
 * With a GIL for each interpreter every thread holds one and none waits for it: true parallelism is
 * the number of cores, as without a GIL. With --gil new they share one, and it is 1.
 */

#include "workloads/gilrt/compute.h"

static void set_defaults(struct workload_options *options)
{
	options->runtime.mode = GILRT_PER_INTERPRETER;
}

static int start(struct workload *workload, void (*fn)(void *arg), void *worker, const char *name,
		 struct gilrt_thread **ret_thread)
{
	struct gilrt_interpreter *interpreter;
	int err;

	(void)workload;
	err = gilrt_interpreter_create(&interpreter);
	if (err)
		return err;
	return gilrt_thread_start_in(interpreter, fn, worker, name, ret_thread);
}

static const struct program program = {
	.name = "sub_interpreters",
	.doc = "Threads that compute, each in a sub-interpreter of its own, of which there can be 15. "
	       "Each has its own GIL unless --gil says otherwise. A round is a unit of work of one "
	       "thread.",
	.task = "run each thread in an interpreter of its own",
	.worker_size = sizeof(struct compute),
	.threads_max = GILRT_GIL_MAX - 1,	/* one is the main interpreter's */
	.set_defaults = set_defaults,
	.prepare = compute_prepare,
	.run = compute_run,
	.start = start,
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
