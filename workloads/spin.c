// SPDX-License-Identifier: BSD-2-Clause
/*
 * spin: threads that wait for a lock without sleeping.
 *
 * The lock is a flag in user space: who finds it set looks again and again until it is clear, and
 * only then tries to set it. So the thread is on a core, and does not progress. No system call is
 * made, which is why nobody sees this from outside. There is no GIL by default; under one the thread
 * spins with the GIL until it must give it up.
 *
 * Two threads by default: with more threads than cores the owner is pushed off its core while all
 * others spin for a whole time slice.
 */

#include <errno.h>
#include <stdatomic.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

struct shared {
	_Atomic bool taken;
	struct gilrt_work work;		/* of who has set `taken` */
};

struct worker {
	const struct workload *workload;
	struct shared *shared;
	uint64_t acquire_cnt;
	uint64_t spin_cnt, spin_ns;	/* spin_ns: on a core */
	struct gilrt_work work;		/* the little it does without the lock */
};

enum counter {
	COUNTER_ACQUISITIONS,
	COUNTER_SPINS,
	COUNTER_SPIN_NS,
};

static struct truth_counter counters[] = {
	[COUNTER_ACQUISITIONS] = { .name = "acquisitions" },
	[COUNTER_SPINS] = { .name = "spins" },
	[COUNTER_SPIN_NS] = { .name = "spin_ns" },
};

static void set_defaults(struct workload_options *options)
{
	options->thread_cnt = 2;
	options->runtime.mode = GILRT_OFF;
}

static int prepare(struct workload *workload, void *arg)
{
	static struct shared shared;
	struct worker *workers = arg;
	unsigned int i;

	gilrt_work_init(&shared.work, workload->options.seed);
	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		workers[i].shared = &shared;
		gilrt_work_init(&workers[i].work, workload->options.seed + 1 + (uint64_t)i);
	}
	workload->shared = &shared;
	return 0;
}

static bool spin_trylock(struct shared *shared)
{
	return !atomic_exchange_explicit(&shared->taken, true, memory_order_acquire);
}

static void spin_unlock(struct shared *shared)
{
	atomic_store_explicit(&shared->taken, false, memory_order_release);
}

static void spin_until_clear(struct shared *shared)
{
	while (atomic_load_explicit(&shared->taken, memory_order_relaxed)) {
		__builtin_ia32_pause();
		gilrt_checkpoint();
	}
}

static void spin_lock(struct worker *worker)
{
	struct shared *shared = worker->shared;
	uint64_t start_ns;

	if (spin_trylock(shared))
		return;
	start_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
	do
		spin_until_clear(shared);
	while (!spin_trylock(shared));
	worker->spin_ns += clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
	worker->spin_cnt++;
}

static void run(void *arg)
{
	struct worker *worker = arg;
	struct shared *shared = worker->shared;

	while (!workload_is_over(worker->workload, worker->acquire_cnt)) {
		spin_lock(worker);
		gilrt_work_run(&shared->work, 1);
		spin_unlock(shared);
		gilrt_work_feed(&worker->work, worker->acquire_cnt++);
	}
	gilrt_thread_add_work(worker->acquire_cnt, gilrt_work_checksum(&worker->work));
}

/* No two were inside at once, or units of the shared work would have been lost. */
static int finish(struct workload *workload, void *arg)
{
	const struct shared *shared = workload->shared;
	const struct worker *workers = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		counters[COUNTER_ACQUISITIONS].value += workers[i].acquire_cnt;
		counters[COUNTER_SPINS].value += workers[i].spin_cnt;
		counters[COUNTER_SPIN_NS].value += workers[i].spin_ns;
	}
	return counters[COUNTER_ACQUISITIONS].value == shared->work.unit_cnt ? 0 : -EPROTO;
}

static const struct program program = {
	.name = "spin",
	.doc = "Threads that spin in user space until a lock is free, two of them and without a "
	       "GIL unless told otherwise. A round is an acquisition by one thread.",
	.task = "share the lock",
	.worker_size = sizeof(struct worker),
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
