// SPDX-License-Identifier: BSD-2-Clause
/*
 * serial_phase: a program that is parallel, then serial for a while, then parallel again.
 *
 * It has three acts of the same length, with Python's Barrier after each. In the first and the last
 * all workers compute; in the middle one worker 0 does so alone, as where one thread merges what all
 * have found before they go on, and the others wait for it. There is no GIL by default: under one
 * the first and the last act would be no more parallel than the middle one.
 */

#include "workloads/gilrt/barrier.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

enum act {
	ACT_BEFORE,
	ACT_SERIAL,
	ACT_AFTER,
	ACT_CNT,
};

struct shared {
	const struct workload *workload;
	struct gilrt_barrier *barrier;
	uint64_t end_ns[ACT_CNT];	/* written by the last to arrive, before any goes on */
	unsigned int over_cnt;
};

struct worker {
	struct shared *shared;
	bool merges;			/* it works in all acts */
	struct gilrt_work work;
	int err;
};

enum counter {
	COUNTER_SERIAL_START_NS,
	COUNTER_SERIAL_END_NS,
};

static struct truth_counter counters[] = {
	[COUNTER_SERIAL_START_NS] = { .name = "serial_start_ns" },
	[COUNTER_SERIAL_END_NS] = { .name = "serial_end_ns" },
};

static void set_defaults(struct workload_options *options)
{
	options->runtime.mode = GILRT_OFF;
}

static int end_act(void *arg)
{
	struct shared *shared = arg;

	shared->end_ns[shared->over_cnt++] = clock_now_ns();
	return 0;
}

static int prepare(struct workload *workload, void *arg)
{
	static struct shared shared;
	struct worker *workers = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].shared = &shared;
		workers[i].merges = i == 0;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	shared.workload = workload;
	workload->shared = &shared;
	return gilrt_barrier_create(workload->options.thread_cnt, end_act, &shared,
				    &shared.barrier);
}

/* Each act has its part of the time, or all of the rounds. */
static bool act_is_over(const struct workload *workload, enum act act, uint64_t unit_cnt)
{
	uint64_t deadline_ns = workload->deadline_ns;

	if (workload_is_over(workload, unit_cnt))
		return true;
	return clock_now_ns() - workload->start_ns >=
	       (deadline_ns - workload->start_ns) / ACT_CNT * ((uint64_t)act + 1);
}

static void run(void *arg)
{
	struct worker *worker = arg;
	struct shared *shared = worker->shared;
	struct gilrt_work *work = &worker->work;
	enum act act;

	for (act = ACT_BEFORE; act < ACT_CNT && !worker->err; act++) {
		uint64_t before_cnt = work->unit_cnt;

		while ((act != ACT_SERIAL || worker->merges) &&
		       !act_is_over(shared->workload, act, work->unit_cnt - before_cnt))
			gilrt_work_run(work, 1);
		worker->err = gilrt_barrier_wait(shared->barrier, GILRT_FOREVER, NULL);
	}
	gilrt_thread_add_work(work->unit_cnt, gilrt_work_checksum(work));
}

/* If one could not be started the others would wait for it for ever. */
static void watch(void *arg, unsigned int worker_cnt)
{
	const struct shared *shared = arg;

	if (worker_cnt < shared->workload->options.thread_cnt)
		gilrt_barrier_abort(shared->barrier);
}

static int finish(struct workload *workload, void *arg)
{
	const struct shared *shared = workload->shared;
	const struct worker *workers = arg;
	unsigned int i;

	counters[COUNTER_SERIAL_START_NS].value = shared->end_ns[ACT_BEFORE];
	counters[COUNTER_SERIAL_END_NS].value = shared->end_ns[ACT_SERIAL];
	for (i = 0; i < workload->options.thread_cnt; i++)
		if (workers[i].err)
			return workers[i].err;
	return 0;
}

static void clean_up(struct workload *workload, void *arg)
{
	struct shared *shared = workload->shared;

	(void)arg;
	gilrt_barrier_destroy(shared->barrier);
}

static const struct program program = {
	.name = "serial_phase",
	.doc = "Threads that compute, one of them alone for a third of the time in the middle. Without "
	       "a GIL unless --gil is given. A round is a unit of work of each thread in each third.",
	.task = "go through the acts",
	.worker_size = sizeof(struct worker),
	.set_defaults = set_defaults,
	.prepare = prepare,
	.run = run,
	.meanwhile = watch,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
