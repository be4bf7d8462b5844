// SPDX-License-Identifier: BSD-2-Clause
/*
 * preempted_holder: who holds the GIL is pushed off its core, and all others wait for nobody.
 *
 * One thread, the hog, computes in native code without the GIL, on the one core that all threads
 * share unless --cpus is given. So the holder has that core only half of the time, and no thread can
 * use the other half: it belongs to who does not need the GIL. The GIL is the subject, so it is on
 * by default; without one there are just threads that take turns.
 */

#include <stdio.h>

#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define HOG		0	/* the number of its thread */
#define NATIVE_STEPS	10000	/* between two looks whether it is over */

/* What the hog computes, in NATIVE_STEPS; 0: as long as there is somebody to disturb. */
static uint32_t hog_blocks;

struct shared {
	const struct workload *workload;
	_Atomic unsigned int busy_cnt;	/* threads that the hog disturbs */
};

struct worker {
	struct shared *shared;
	bool is_hog;
	const struct gilrt_thread *thread;
	struct gilrt_work work;
};

static struct truth_counter counters[] = {
	{ .name = "held_off_core_ns" },
};

static void set_defaults(struct workload_options *options)
{
	options_pin_to_one_cpu(options);
}

static int prepare(struct workload *workload, void *arg)
{
	static struct shared shared;
	struct worker *workers = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].shared = &shared;
		workers[i].is_hog = i == HOG;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	shared.workload = workload;
	shared.busy_cnt = workload->options.thread_cnt - 1;
	return 0;
}

/* Native code has no checkpoints, so it can do without the GIL. */
static uint64_t compute_natively(uint64_t value)
{
	unsigned int i;

	for (i = 0; i < NATIVE_STEPS; i++)
		value = (value ^ value >> 29) * UINT64_C(0xd6e8feb86659fd93);
	return value;
}

/* What it computes depends on how long the others take: it is not counted. */
static void run_hog(const struct shared *shared)
{
	volatile uint64_t value = 1;
	uint32_t i;

	gilrt_save_thread();
	for (i = 0; hog_blocks ? i < hog_blocks : shared->busy_cnt && !workload_is_over(shared->workload, 0); i++)
		value = compute_natively(value);
	gilrt_restore_thread();
}

static void run(void *arg)
{
	struct worker *worker = arg;
	struct gilrt_work *work = &worker->work;

	worker->thread = gilrt_thread_current();
	if (worker->is_hog) {
		run_hog(worker->shared);
		return;
	}
	while (!workload_is_over(worker->shared->workload, work->unit_cnt))
		gilrt_work_run(work, 1);
	worker->shared->busy_cnt--;
	gilrt_thread_add_work(work->unit_cnt, gilrt_work_checksum(work));
}

/*
 * What a thread had the GIL for and did not run. It has run a little without, to wait: so this is
 * what there was, or a little less.
 */
static uint64_t held_off_core_ns(const struct worker *worker)
{
	struct gilrt_stats stats;

	gilrt_thread_stats(worker->thread, &stats);
	return stats.gil_hold_ns > stats.cpu_ns ? stats.gil_hold_ns - stats.cpu_ns : 0;
}

static int finish(struct workload *workload, void *arg)
{
	const struct worker *workers = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++)
		counters[0].value += held_off_core_ns(&workers[i]);
	return 0;
}

static void set_name(const struct workload *workload, unsigned int number, char *name, size_t size)
{
	(void)workload;
	if (number == HOG)
		snprintf(name, size, "hog");
	else
		snprintf(name, size, "worker-%u", number);
}

static const struct workload_option options[] = {
	{ "hog-blocks", "N", "What the hog computes, in blocks of 10000 steps (as much as it can meanwhile)",
	  options_parse_count, &hog_blocks },
	{ 0 },
};

static const struct program program = {
	.name = "preempted_holder",
	.doc = "Threads that compute under the GIL, and one that takes the core from them without "
	       "the GIL. On one core unless --cpus is given. A round is a unit of work of one "
	       "thread.",
	.task = "run the threads",
	.threads_min = 2,
	.worker_size = sizeof(struct worker),
	.options = options,
	.set_defaults = set_defaults,
	.prepare = prepare,
	.run = run,
	.finish = finish,
	.set_name = set_name,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
