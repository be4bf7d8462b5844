// SPDX-License-Identifier: BSD-2-Clause
/*
 * lost_updates: threads that add to a shared variable without a lock.
 *
 * Adding is three steps: load, add, store. Who loses the GIL in between stores what is out of date
 * by then, and all that the others have added meanwhile is gone. Up to Python 3.9 a thread could lose
 * it there, which is the default here; with --checkpoints loops it cannot, and nothing is lost.
 * Without a GIL nothing keeps two threads from adding at once.
 */

#include <errno.h>

#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

struct worker {
	struct gilrt_work work;
	const struct workload *workload;
	uint64_t increment_cnt;
};

static volatile uint64_t shared_variable;

/* What a thread computes between two increments; 0: nothing. */
static uint32_t loops;

static struct truth_counter counters[] = {
	{ .name = "increments" },
	{ .name = "lost" },
};

static void set_defaults(struct workload_options *options)
{
	options->runtime.checkpoints = GILRT_EVERY_OP;
}

static int prepare(struct workload *workload, void *arg)
{
	struct worker *workers = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	return 0;
}

/* The race is the purpose. It is hidden from the race detector, which is to find all others. */
__attribute__((noinline, no_sanitize("thread")))
static void racy_increment(volatile uint64_t *variable)
{
	uint64_t value;

	value = *variable;
	gilrt_checkpoint_op();
	*variable = value + 1;
}

static void run(void *arg)
{
	struct worker *worker = arg;

	while (!workload_is_over(worker->workload, worker->increment_cnt)) {
		gilrt_work_run_loops(&worker->work, loops);
		racy_increment(&shared_variable);
		worker->increment_cnt++;
		gilrt_checkpoint();
	}
	gilrt_thread_add_work(worker->increment_cnt, 0);
}

static int finish(struct workload *workload, void *arg)
{
	const struct worker *workers = arg;
	uint64_t increments = 0;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++)
		increments += workers[i].increment_cnt;
	/* Updates can be lost, but none can be won. */
	if (shared_variable > increments)
		return -EPROTO;
	counters[0].value = increments;
	counters[1].value = increments - shared_variable;
	return 0;
}

static const struct workload_option options[] = {
	{ "loops", "N", "What a thread computes between two increments: a thousand take some 20 us (nothing)",
	  options_parse_count, &loops },
	{ 0 },
};

static const struct program program = {
	.name = "lost_updates",
	.doc = "Threads that increment a shared variable without a lock, and how many increments are "
	       "lost. Unless --checkpoints says otherwise, a thread may lose the GIL at every "
	       "instruction. A round is an increment by one thread.",
	.task = "count what was lost",
	.worker_size = sizeof(struct worker),
	.options = options,
	.set_defaults = set_defaults,
	.prepare = prepare,
	.run = run,
	.finish = finish,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
