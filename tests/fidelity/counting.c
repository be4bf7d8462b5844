// SPDX-License-Identifier: BSD-2-Clause
/*
 * What scripts/counting.py does, on the model: threads that count, under one lock or each by itself,
 * first one alone and then several. Prints what the script prints, and what a count cost.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define BATCH		100	/* iterations between two looks at the clock */
#define LINES_INSIDE	3	/* of work.h: as many instructions as "count += 1" and its block have */
#define LOOPS_OUTSIDE	1	/* the loop around it */

struct worker {
	bool other;			/* every second one runs on other_cpus */
	uint64_t count;
	struct gilrt_work work;
};

static struct gilrt_lock *lock;
static bool with_lock = true;
static cpu_set_t other_cpus;
static bool pinned;
static _Atomic uint64_t deadline_ns;

static void count_one(struct worker *worker)
{
	if (with_lock)
		gilrt_lock_acquire(lock, GILRT_FOREVER);
	gilrt_work_run_lines(&worker->work, LINES_INSIDE);
	worker->count++;
	if (with_lock)
		gilrt_lock_release(lock);
	gilrt_work_run_loops(&worker->work, LOOPS_OUTSIDE);
}

static void run(void *arg)
{
	struct worker *worker = arg;
	unsigned int i;

	if (pinned && worker->other)
		sched_setaffinity(0, sizeof(other_cpus), &other_cpus);
	while (!deadline_ns)
		gilrt_work_run(&worker->work, 1);
	while (clock_now_ns() < deadline_ns)
		for (i = 0; i < BATCH; i++)
			count_one(worker);
}

static void open_window(void *arg, unsigned int thread_cnt)
{
	const struct workload *workload = arg;

	(void)thread_cnt;
	deadline_ns = clock_now_ns() + workload->options.duration_ns;
}

struct result {
	double per_ns;			/* how much was counted */
	double cpu_ns;			/* what each cost, starting and ending included */
};

static int measure(struct workload *workload, unsigned int thread_cnt, struct result *ret_result)
{
	const uint64_t cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct worker *workers;
	uint64_t count = 0;
	unsigned int i;
	int err;

	workers = calloc(thread_cnt, sizeof(*workers));
	if (!workers)
		return -ENOMEM;
	for (i = 0; i < thread_cnt; i++) {
		workers[i].other = i % 2;
		gilrt_work_init(&workers[i].work, i);
	}
	deadline_ns = 0;
	workload->options.thread_cnt = thread_cnt;
	err = gilrt_lock_create(&lock);
	if (!err)
		err = workload_start(workload);
	if (!err) {
		err = workload_run(workload, run, workers, sizeof(*workers), open_window, workload);
		err = workload_stop(workload, err);
	}
	gilrt_fini();
	gilrt_lock_destroy(lock);
	for (i = 0; i < thread_cnt; i++)
		count += workers[i].count;
	free(workers);
	ret_result->per_ns = (double)count / (double)workload->options.duration_ns;
	ret_result->cpu_ns = (double)(clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns) / (double)count;
	return err;
}

static bool parse_lock(const char *text, void *value)
{
	(void)value;
	with_lock = !strcmp(text, "yes");
	return with_lock || !strcmp(text, "no");
}

static bool parse_other_cpus(const char *text, void *value)
{
	(void)value;
	pinned = options_parse_cpus(text, &other_cpus);
	return pinned;
}

static const struct workload_option options[] = {
	{ "lock", "yes|no", "Whether there is a lock around it (yes)", parse_lock, NULL },
	{ "other-cpus", "LIST", "Where every second thread runs (as --cpus)", parse_other_cpus,
	  NULL },
	{ 0 },
};

/* The steps that workload_main() makes, but twice. */
int main(int argc, char **argv)
{
	const struct program program = {
		.name = "counting",
		.doc = "Threads that count, under one lock or each by itself.",
		.options = options,
	};
	struct workload workload;
	unsigned int thread_cnt;
	struct result alone, together;
	int err;

	workload_setup_program(&workload, &program, argc, argv);
	thread_cnt = workload.options.thread_cnt;
	err = measure(&workload, 1, &alone);
	if (!err)
		err = measure(&workload, thread_cnt, &together);
	if (!err)
		printf("{\"alone_per_ns\":%g,\"together_per_ns\":%g,\"alone_cpu_ns\":%g,"
		       "\"together_cpu_ns\":%g}\n", alone.per_ns, together.per_ns, alone.cpu_ns,
		       together.cpu_ns);
	return workload_exit_status(&workload, "count", err);
}
