// SPDX-License-Identifier: BSD-2-Clause
/*
 * priority_inversion: who matters most waits for who matters least, because others are busy.
 *
 * All share one core unless --cpus is given. "low" (nice 19) holds a lock that "high" wants, and
 * cannot release it: threads of ordinary weight, which want no lock at all, leave it next to nothing
 * of the core. The lock is a plain pthread mutex, which has no remedy for this; there is no GIL by
 * default. No privileges are needed: "high" is as ordinary as the others, and that is enough.
 */

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/native_lock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define NICE_OF_LOW	19
#define UNITS_OF_LOW	20	/* with the lock: half a millisecond, if it had a core */

enum role {
	ROLE_LOW,
	ROLE_HIGH,
	ROLE_MEDIUM,	/* and all after it */
};

struct shared {
	const struct workload *workload;
	pthread_mutex_t mutex;
	struct gilrt_lock *low_turn;	/* released by high: take the mutex */
	struct gilrt_lock *high_turn;	/* released by low: the mutex is taken */
	_Atomic bool over;
};

struct worker {
	struct shared *shared;
	enum role role;
	uint64_t round_cnt;
	uint64_t hold_ns, hold_cpu_ns;	/* low: with the mutex; of that on the core */
	struct native_waits waits;
	struct gilrt_work work;
	int err;
};

enum counter {
	COUNTER_INVERSIONS,
	COUNTER_HIGH_WAIT_NS,
	COUNTER_LOW_HOLD_NS,
	COUNTER_LOW_READY_NS,
};

static struct truth_counter counters[] = {
	[COUNTER_INVERSIONS] = { .name = "inversions" },
	[COUNTER_HIGH_WAIT_NS] = { .name = "high_wait_ns" },
	[COUNTER_LOW_HOLD_NS] = { .name = "low_hold_ns" },
	[COUNTER_LOW_READY_NS] = { .name = "low_ready_ns" },
};

static void set_defaults(struct workload_options *options)
{
	options->runtime.mode = GILRT_OFF;
	options_pin_to_one_cpu(options);
}

static int prepare(struct workload *workload, void *arg)
{
	static struct shared shared = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct worker *workers = arg;
	unsigned int i;
	int err;

	shared.workload = workload;
	workload->shared = &shared;
	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].shared = &shared;
		workers[i].role = i < ROLE_MEDIUM ? (enum role)i : ROLE_MEDIUM;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	err = gilrt_lock_create(&shared.low_turn);
	if (!err)
		err = gilrt_lock_create(&shared.high_turn);
	if (!err)
		err = gilrt_lock_acquire(shared.high_turn, GILRT_NO_WAIT);
	return err;
}

static void hold_and_work(struct worker *low)
{
	const uint64_t start_ns = clock_now_ns();
	const uint64_t start_cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);

	gilrt_lock_release(low->shared->high_turn);
	gilrt_work_run(&low->work, UNITS_OF_LOW);
	low->hold_cpu_ns += clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - start_cpu_ns;
	low->hold_ns += clock_now_ns() - start_ns;
}

static void run_low(struct worker *low)
{
	struct shared *shared = low->shared;

	if (setpriority(PRIO_PROCESS, 0, NICE_OF_LOW))	/* of this thread alone */
		low->err = -errno;
	for (;;) {
		gilrt_lock_acquire(shared->low_turn, GILRT_FOREVER);
		if (shared->over)
			break;
		native_mutex_lock(&shared->mutex, &low->waits);
		hold_and_work(low);
		pthread_mutex_unlock(&shared->mutex);
		low->round_cnt++;
	}
}

static void run_high(struct worker *high)
{
	struct shared *shared = high->shared;

	while (!shared->over) {
		gilrt_lock_acquire(shared->high_turn, GILRT_FOREVER);
		native_mutex_lock(&shared->mutex, &high->waits);
		gilrt_work_run(&high->work, 1);
		pthread_mutex_unlock(&shared->mutex);
		high->round_cnt++;
		shared->over = workload_is_over(shared->workload, high->round_cnt);
		gilrt_lock_release(shared->low_turn);
	}
}

/* Whatever it does is for nothing, and depends on how long the others take: it is not counted. */
static void run_medium(struct worker *medium)
{
	struct gilrt_work idle_work = medium->work;

	while (!medium->shared->over)
		gilrt_work_run(&idle_work, 1);
}

static void run(void *arg)
{
	static void (*const runs[])(struct worker *worker) = {
		[ROLE_LOW] = run_low,
		[ROLE_HIGH] = run_high,
		[ROLE_MEDIUM] = run_medium,
	};
	struct worker *worker = arg;

	runs[worker->role](worker);
	gilrt_thread_add_work(worker->work.unit_cnt, gilrt_work_checksum(&worker->work));
}

/* If high could not be started nobody would give low its turn. */
static void watch(void *arg, unsigned int worker_cnt)
{
	struct shared *shared = arg;

	if (worker_cnt == ROLE_HIGH) {
		shared->over = true;
		gilrt_lock_release(shared->low_turn);
	}
}

static int finish(struct workload *workload, void *arg)
{
	const struct worker *workers = arg;
	const struct worker *low = &workers[ROLE_LOW], *high = &workers[ROLE_HIGH];

	(void)workload;
	if (low->err)
		return low->err;
	if (low->round_cnt != high->round_cnt)
		return -EPROTO;
	counters[COUNTER_INVERSIONS].value = high->waits.cnt;
	counters[COUNTER_HIGH_WAIT_NS].value = high->waits.ns;
	counters[COUNTER_LOW_HOLD_NS].value = low->hold_ns;
	counters[COUNTER_LOW_READY_NS].value = low->hold_ns - low->hold_cpu_ns;
	return 0;
}

static void clean_up(struct workload *workload, void *arg)
{
	struct shared *shared = workload->shared;

	(void)arg;
	gilrt_lock_destroy(shared->low_turn);
	gilrt_lock_destroy(shared->high_turn);
}

static void set_name(const struct workload *workload, unsigned int number, char *name, size_t size)
{
	(void)workload;
	if (number < ROLE_MEDIUM)
		snprintf(name, size, "%s", number == ROLE_LOW ? "low" : "high");
	else
		snprintf(name, size, "medium-%u", number - ROLE_MEDIUM);
}

static const struct program program = {
	.name = "priority_inversion",
	.doc = "A thread waits for a lock that one of low priority holds, while others keep the "
	       "core busy: one core and no GIL, unless --cpus and --gil say otherwise. At least "
	       "two threads; only the first two do work that counts. A round is a wait.",
	.task = "invert the priorities",
	.worker_size = sizeof(struct worker),
	.threads_min = ROLE_HIGH + 1,
	.set_defaults = set_defaults,
	.prepare = prepare,
	.run = run,
	.meanwhile = watch,
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
