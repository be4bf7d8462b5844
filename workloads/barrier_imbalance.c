// SPDX-License-Identifier: BSD-2-Clause
/*
 * barrier_imbalance: all go on together, and one has more to do than the others.
 *
 * Work comes in phases, with Python's Barrier after each. Worker 0 has several times the work of
 * any other, so a phase lasts as long as worker 0 takes, and the others wait for it. There is no GIL
 * by default: under one they would wait for that.
 */

#include <errno.h>

#include "workloads/gilrt/barrier.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define SLOW_FACTOR	8

static uint32_t units_per_phase = 50;

struct shared {
	const struct workload *workload;
	struct gilrt_barrier *barrier;
	uint64_t phase_cnt;	/* both written by the last to arrive, before any goes on */
	bool over;
};

struct worker {
	struct shared *shared;
	uint64_t units_per_phase;
	uint64_t wait_ns;
	struct gilrt_work work;
	int err;
};

enum counter {
	COUNTER_PHASES,
	COUNTER_SLOW_WAIT_NS,
	COUNTER_FAST_WAIT_NS,
};

static struct truth_counter counters[] = {
	[COUNTER_PHASES] = { .name = "phases" },
	[COUNTER_SLOW_WAIT_NS] = { .name = "slow_wait_ns" },
	[COUNTER_FAST_WAIT_NS] = { .name = "fast_wait_ns" },
};

static void set_defaults(struct workload_options *options)
{
	options->runtime.mode = GILRT_OFF;
}

static int end_phase(void *arg)
{
	struct shared *shared = arg;

	shared->phase_cnt++;
	shared->over = workload_is_over(shared->workload, shared->phase_cnt);
	return 0;
}

static int prepare(struct workload *workload, void *arg)
{
	static struct shared shared;
	struct worker *workers = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].shared = &shared;
		workers[i].units_per_phase = (uint64_t)units_per_phase * (i == 0 ? SLOW_FACTOR : 1);
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	shared.workload = workload;
	workload->shared = &shared;
	return gilrt_barrier_create(workload->options.thread_cnt, end_phase, &shared,
				    &shared.barrier);
}

static void run(void *arg)
{
	struct worker *worker = arg;
	struct shared *shared = worker->shared;
	uint64_t arrival_ns;

	do {
		gilrt_work_run(&worker->work, worker->units_per_phase);
		arrival_ns = clock_now_ns();
		worker->err = gilrt_barrier_wait(shared->barrier, GILRT_FOREVER, NULL);
		worker->wait_ns += clock_now_ns() - arrival_ns;
	} while (!worker->err && !shared->over);
	gilrt_thread_add_work(worker->work.unit_cnt, gilrt_work_checksum(&worker->work));
}

/* If one could not be started the others would wait for it for ever. */
static void watch(void *arg, unsigned int worker_cnt)
{
	const struct shared *shared = arg;

	if (worker_cnt < shared->workload->options.thread_cnt)
		gilrt_barrier_abort(shared->barrier);
}

/* None has missed a phase. */
static int finish(struct workload *workload, void *arg)
{
	const struct shared *shared = workload->shared;
	const struct worker *workers = arg;
	unsigned int i;

	counters[COUNTER_PHASES].value = shared->phase_cnt;
	for (i = 0; i < workload->options.thread_cnt; i++) {
		const struct worker *worker = &workers[i];

		if (worker->err)
			return worker->err;
		if (worker->work.unit_cnt != shared->phase_cnt * worker->units_per_phase)
			return -EPROTO;
		counters[i == 0 ? COUNTER_SLOW_WAIT_NS : COUNTER_FAST_WAIT_NS].value +=
			worker->wait_ns;
	}
	return 0;
}

static void clean_up(struct workload *workload, void *arg)
{
	struct shared *shared = workload->shared;

	(void)arg;
	gilrt_barrier_destroy(shared->barrier);
}

static const struct workload_option options[] = {
	{ "units", "N", "Units of work for a phase (50); worker 0 does eight times as many",
	  options_parse_count, &units_per_phase },
	{ 0 },
};

static const struct program program = {
	.name = "barrier_imbalance",
	.doc = "Phases of work with a barrier after each, and one worker that has more to do than "
	       "the others. Without a GIL unless --gil is given. A round is a phase.",
	.task = "go through the phases",
	.worker_size = sizeof(struct worker),
	.set_defaults = set_defaults,
	.options = options,
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
