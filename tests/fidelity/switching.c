// SPDX-License-Identifier: BSD-2-Clause
/*
 * What scripts/switching.py does, on the model: threads that compute and note the clock, so that
 * they know by themselves when they had the GIL. Prints what the script prints.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define GAP_NS		NSEC_PER_MSEC	/* a longer time between two readings was spent without it */
#define HOLDS_MAX	100000
#define LOOPS_PER_READING	100	/* of work.h, some 3 us: as much as the script's gil.spin() */

struct hold {
	uint64_t hold_ns, gap_ns;	/* the gap follows the hold */
};

struct worker {
	const struct workload *workload;
	uint64_t first_ns, last_ns;
	unsigned long first_switch, last_switch;
	struct hold *holds;
	size_t hold_cnt;
	struct gilrt_work work;
};

/* When the measuring ends; 0 until all threads are there. Under the GIL. */
static _Atomic uint64_t deadline_ns;

static void window_open(void *workload, unsigned int thread_cnt)
{
	const struct workload_options *options = &((const struct workload *)workload)->options;

	(void)thread_cnt;
	deadline_ns = clock_now_ns() + options->duration_ns;
}

static void note_time(struct worker *worker, uint64_t *begin_ns, uint64_t now_ns)
{
	if (now_ns - worker->last_ns > GAP_NS && worker->hold_cnt < HOLDS_MAX) {
		worker->holds[worker->hold_cnt++] = (struct hold){
			.hold_ns = worker->last_ns - *begin_ns,
			.gap_ns = now_ns - worker->last_ns,
		};
		*begin_ns = now_ns;
	}
	worker->last_ns = now_ns;
}

static void worker_run(void *arg)
{
	struct worker *worker = arg;
	uint64_t begin_ns;

	while (!deadline_ns)
		gilrt_work_run(&worker->work, 1);
	worker->first_ns = worker->last_ns = begin_ns = clock_now_ns();
	worker->first_switch = gilrt_switches();
	while (worker->last_ns < deadline_ns) {
		gilrt_work_run_loops(&worker->work, LOOPS_PER_READING);
		note_time(worker, &begin_ns, clock_now_ns());
	}
	worker->last_switch = gilrt_switches();
}

static void print_times(const char *name, const struct worker *worker, size_t offset)
{
	size_t i;

	printf("\"%s\":[", name);
	for (i = 0; i < worker->hold_cnt; i++)
		printf("%s%" PRIu64, i ? "," : "",
		       *(const uint64_t *)((const char *)&worker->holds[i] + offset));
	putchar(']');
}

static void print_result(const struct worker *workers, unsigned int worker_cnt)
{
	unsigned int i;

	printf("{\"switches\":%lu,\"window_ns\":%" PRIu64 ",\"threads\":[",
	       workers[0].last_switch - workers[0].first_switch,
	       workers[0].last_ns - workers[0].first_ns);
	for (i = 0; i < worker_cnt; i++) {
		fputs(i ? ",{" : "{", stdout);
		print_times("holds_ns", &workers[i], offsetof(struct hold, hold_ns));
		putchar(',');
		print_times("gaps_ns", &workers[i], offsetof(struct hold, gap_ns));
		putchar('}');
	}
	puts("]}");
}

static int workers_create(struct workload *workload, struct worker **ret_workers)
{
	const unsigned int worker_cnt = workload->options.thread_cnt;
	struct worker *workers;
	struct hold *holds;
	unsigned int i;

	workers = calloc(worker_cnt, sizeof(*workers));
	holds = calloc((size_t)worker_cnt * HOLDS_MAX, sizeof(*holds));
	if (!workers || !holds) {
		free(workers);
		free(holds);
		return -ENOMEM;
	}
	for (i = 0; i < worker_cnt; i++) {
		workers[i].workload = workload;
		workers[i].holds = holds + (size_t)i * HOLDS_MAX;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	*ret_workers = workers;
	return 0;
}

/* The steps that workload_main() makes, but with a result of its own. */
int main(int argc, char **argv)
{
	const struct program program = {
		.name = "switching",
		.doc = "Threads that compute and note when they had the GIL.",
	};
	struct workload workload;
	struct worker *workers;
	int err;

	workload_setup_program(&workload, &program, argc, argv);
	err = workers_create(&workload, &workers);
	if (err)
		return workload_exit_status(&workload, "start", err);
	err = workload_start(&workload);
	if (!err) {
		err = workload_run(&workload, worker_run, workers, sizeof(*workers), window_open,
				   &workload);
		err = workload_stop(&workload, err);
	}
	if (!err)
		print_result(workers, workload.options.thread_cnt);
	gilrt_fini();
	free(workers[0].holds);
	free(workers);
	return workload_exit_status(&workload, "run the threads", err);
}
