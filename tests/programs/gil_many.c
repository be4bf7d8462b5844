/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several GILs at once, for tests of tracers.
 *
 *     gil_many OPTIONS           every two threads compute in a sub-interpreter of their own
 *     gil_many fork OPTIONS      the same in two forked processes; each prints its own truth
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

struct worker {
	const struct workload *workload;
	struct gilrt_work work;
};

static int prepare(struct workload *workload, void *arg)
{
	struct worker *workers = arg;

	for (unsigned int i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		gilrt_work_init(&workers[i].work, workload->options.seed + i);
	}
	return 0;
}

static void run(void *arg)
{
	struct worker *worker = arg;

	while (!workload_is_over(worker->workload, worker->work.unit_cnt))
		gilrt_work_run(&worker->work, 1);
}

static int start(struct workload *workload, void (*fn)(void *arg), void *worker, const char *name,
		 struct gilrt_thread **ret_thread)
{
	static struct gilrt_interpreter *interpreter;
	static unsigned int started_cnt;
	int err = started_cnt++ % 2 ? 0 : gilrt_interpreter_create(&interpreter);

	(void)workload;
	return err ? err : gilrt_thread_start_in(interpreter, fn, worker, name, ret_thread);
}

static const struct program program = {
	.name = "gil_many",
	.doc = "Threads that compute, two in each sub-interpreter.",
	.task = "run the threads",
	.worker_size = sizeof(struct worker),
	.prepare = prepare,
	.run = run,
	.start = start,
};

/* Before there is a runtime: each process has its own, at the same addresses. */
static int in_two_processes(int argc, char **argv)
{
	int status, result = 0;

	for (int i = 0; i < 2; i++)
		if (!fork())
			_exit(workload_main(&program, argc, argv));
	for (int i = 0; i < 2; i++)
		result |= wait(&status) < 0 || status;
	return result;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "fork"))
		return in_two_processes(argc - 1, argv + 1);
	return workload_main(&program, argc, argv);
}
