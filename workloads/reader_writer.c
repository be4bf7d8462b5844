// SPDX-License-Identifier: BSD-2-Clause
/*
 * reader_writer: readers that go side by side, and one writer that stops them all.
 *
 * The lock is a plain pthread rwlock, as in a C program, and there is no GIL by default. A writer
 * that waits goes before new readers: else those could keep it out for ever.
 */

#include <errno.h>
#include <stdio.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/native_lock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define UNITS_TO_READ		5
#define UNITS_TO_THINK		5	/* of a reader, between two reads, without the lock */
#define UNITS_TO_WRITE		50
#define UNITS_TO_PREPARE	150	/* of the writer, between two writes, without the lock */

struct shared {
	pthread_rwlock_t lock;
	uint64_t version, copy;		/* the same, whoever may look */
};

struct worker {
	const struct workload *workload;
	struct shared *shared;
	bool writes;
	uint64_t access_cnt;
	uint64_t torn_cnt;		/* reads that saw a write half done */
	uint64_t hold_ns;		/* of the writer: nobody else could have the lock */
	struct native_waits waits;
	struct gilrt_work work;
};

enum counter {
	COUNTER_READS,
	COUNTER_READ_WAITS,
	COUNTER_READ_WAIT_NS,
	COUNTER_WRITES,
	COUNTER_WRITE_WAITS,
	COUNTER_WRITE_WAIT_NS,
	COUNTER_WRITE_HOLD_NS,
};

static struct truth_counter counters[] = {
	[COUNTER_READS] = { .name = "reads" },
	[COUNTER_READ_WAITS] = { .name = "read_waits" },
	[COUNTER_READ_WAIT_NS] = { .name = "read_wait_ns" },
	[COUNTER_WRITES] = { .name = "writes" },
	[COUNTER_WRITE_WAITS] = { .name = "write_waits" },
	[COUNTER_WRITE_WAIT_NS] = { .name = "write_wait_ns" },
	[COUNTER_WRITE_HOLD_NS] = { .name = "write_hold_ns" },
};

static void set_defaults(struct workload_options *options)
{
	options->runtime.mode = GILRT_OFF;
}

static void shared_init(struct shared *shared)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&shared->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

static int prepare(struct workload *workload, void *arg)
{
	static struct shared shared;
	struct worker *workers = arg;
	unsigned int i;

	shared_init(&shared);
	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		workers[i].shared = &shared;
		workers[i].writes = i == 0;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	workload->shared = &shared;
	return 0;
}

static void read_once(struct worker *worker)
{
	struct shared *shared = worker->shared;
	uint64_t version;

	native_rwlock_read(&shared->lock, &worker->waits);
	version = shared->version;
	gilrt_work_run(&worker->work, UNITS_TO_READ);
	worker->torn_cnt += version != shared->copy;
	pthread_rwlock_unlock(&shared->lock);
	gilrt_work_run(&worker->work, UNITS_TO_THINK);
}

static void write_once(struct worker *worker)
{
	struct shared *shared = worker->shared;
	uint64_t start_ns;

	gilrt_work_run(&worker->work, UNITS_TO_PREPARE);
	native_rwlock_write(&shared->lock, &worker->waits);
	start_ns = clock_now_ns();
	shared->version++;
	gilrt_work_run(&worker->work, UNITS_TO_WRITE);
	shared->copy++;
	worker->hold_ns += clock_now_ns() - start_ns;
	pthread_rwlock_unlock(&shared->lock);
}

static void run(void *arg)
{
	struct worker *worker = arg;

	while (!workload_is_over(worker->workload, worker->access_cnt)) {
		if (worker->writes)
			write_once(worker);
		else
			read_once(worker);
		worker->access_cnt++;
	}
	gilrt_thread_add_work(worker->work.unit_cnt, gilrt_work_checksum(&worker->work));
}

static int finish(struct workload *workload, void *arg)
{
	const struct shared *shared = workload->shared;
	const struct worker *workers = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		const struct worker *worker = &workers[i];
		struct truth_counter *own = &counters[worker->writes ? COUNTER_WRITES :
						     COUNTER_READS];

		if (worker->torn_cnt)
			return -EPROTO;
		own[0].value += worker->access_cnt;
		own[1].value += worker->waits.cnt;
		own[2].value += worker->waits.ns;
		counters[COUNTER_WRITE_HOLD_NS].value += worker->hold_ns;
	}
	return shared->version == counters[COUNTER_WRITES].value ? 0 : -EPROTO;
}

static void clean_up(struct workload *workload, void *arg)
{
	struct shared *shared = workload->shared;

	(void)arg;
	pthread_rwlock_destroy(&shared->lock);
}

static void set_name(const struct workload *workload, unsigned int number, char *name, size_t size)
{
	(void)workload;
	if (number)
		snprintf(name, size, "reader-%u", number);
	else
		snprintf(name, size, "writer");
}

static const struct program program = {
	.name = "reader_writer",
	.doc = "A writer and readers that share a readers-writer lock, without a GIL unless --gil "
	       "is given. A round is an access by one thread.",
	.task = "share the lock",
	.worker_size = sizeof(struct worker),
	.set_defaults = set_defaults,
	.prepare = prepare,
	.run = run,
	.finish = finish,
	.clean_up = clean_up,
	.set_name = set_name,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
