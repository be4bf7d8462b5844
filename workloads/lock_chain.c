// SPDX-License-Identifier: BSD-2-Clause
/*
 * lock_chain: A waits for B, and B for C, who alone has something to do.
 *
 * Link 0 wants the lock of link 1, which has it while it waits for the lock of link 2, and so on;
 * the last link holds its lock and computes. All wait for the last, though only its neighbour wants
 * what it holds. The locks are plain pthread mutexes, as in a C program, and there is no GIL by
 * default; the order in which the links come is kept by Python's Locks, one turn for each link.
 */

#include <errno.h>
#include <stdio.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/native_lock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define UNITS_OF_LAST	1000	/* far longer than the others need to come, also under the GIL */

static uint32_t units_of_others = 20;

/* The same turns and the same work, and nobody has a mutex that another wants. */
static bool has_no_locks;

struct link {
	const struct workload *workload;
	struct link *previous, *next;	/* NULL at the ends */
	struct link *last;
	pthread_mutex_t mutex;		/* what the previous link wants */
	struct gilrt_lock *turn;	/* released when it is this link's turn to come */
	bool over;			/* written before its turn is given */
	uint64_t round_cnt, hold_ns;	/* hold_ns: of the last */
	struct native_waits waits;
	struct gilrt_work work;
};

enum counter {
	COUNTER_ROUNDS,
	COUNTER_WAITS,
	COUNTER_FIRST_WAIT_NS,
	COUNTER_MIDDLE_WAIT_NS,
	COUNTER_LAST_HOLD_NS,
};

static struct truth_counter counters[] = {
	[COUNTER_ROUNDS] = { .name = "rounds" },
	[COUNTER_WAITS] = { .name = "mutex_waits" },
	[COUNTER_FIRST_WAIT_NS] = { .name = "first_wait_ns" },
	[COUNTER_MIDDLE_WAIT_NS] = { .name = "middle_wait_ns" },
	[COUNTER_LAST_HOLD_NS] = { .name = "last_hold_ns" },
};

static void set_defaults(struct workload_options *options)
{
	options->thread_cnt = 3;
	options->runtime.mode = GILRT_OFF;
}

static int prepare(struct workload *workload, void *arg)
{
	const unsigned int link_cnt = workload->options.thread_cnt;
	struct link *links = arg;
	unsigned int i;
	int err;

	for (i = 0; i < link_cnt; i++) {
		struct link *link = &links[i];

		link->workload = workload;
		link->last = &links[link_cnt - 1];
		link->previous = i ? link - 1 : NULL;
		link->next = link == link->last ? NULL : link + 1;
		pthread_mutex_init(&link->mutex, NULL);
		gilrt_work_init(&link->work, workload->options.seed + (uint64_t)i);
		err = gilrt_lock_create(&link->turn);
		if (err)
			return err;
		if (link->next)
			gilrt_lock_acquire(link->turn, GILRT_NO_WAIT);
	}
	workload->shared = links;
	return 0;
}

static void hold_and_work(struct link *last)
{
	const uint64_t start_ns = clock_now_ns();

	gilrt_work_run(&last->work, UNITS_OF_LAST);
	last->hold_ns += clock_now_ns() - start_ns;
}

static void wait_and_work(struct link *link)
{
	if (!has_no_locks)
		native_mutex_lock(&link->next->mutex, &link->waits);
	gilrt_work_run(&link->work, units_of_others);
	if (!has_no_locks)
		pthread_mutex_unlock(&link->next->mutex);
}

/* When link 0 comes to the end all mutexes are free: each frees what it wanted, then its own. */
static void go_round(struct link *link)
{
	if (link->previous) {
		if (!has_no_locks)
			pthread_mutex_lock(&link->mutex);
		gilrt_lock_release(link->previous->turn);
	}
	if (link->next)
		wait_and_work(link);
	else
		hold_and_work(link);
	if (link->previous && !has_no_locks)
		pthread_mutex_unlock(&link->mutex);
	else if (!link->previous)
		gilrt_lock_release(link->last->turn);
	link->round_cnt++;
}

static void dismiss(struct link *link)
{
	link->over = true;
	gilrt_lock_release(link->turn);
}

static void run(void *arg)
{
	struct link *link = arg;

	for (;;) {
		gilrt_lock_acquire(link->turn, GILRT_FOREVER);
		if (link == link->last)
			link->over = workload_is_over(link->workload, link->round_cnt);
		if (link->over)
			break;
		go_round(link);
	}
	if (link->previous)
		dismiss(link->previous);
	gilrt_thread_add_work(link->work.unit_cnt, gilrt_work_checksum(&link->work));
}

/* If the last could not be started nobody would give the others their turn. */
static void watch(void *arg, unsigned int link_cnt)
{
	struct link *links = arg;

	if (link_cnt && links[link_cnt - 1].next)
		dismiss(&links[link_cnt - 1]);
}

static int finish(struct workload *workload, void *arg)
{
	const struct link *links = arg, *link;

	for (link = links; link <= links->last; link++) {
		if (link->round_cnt != links->round_cnt)
			return -EPROTO;
		counters[COUNTER_WAITS].value += link->waits.cnt;
		if (link->previous)
			counters[COUNTER_MIDDLE_WAIT_NS].value += link->waits.ns;
		else
			counters[COUNTER_FIRST_WAIT_NS].value = link->waits.ns;
	}
	(void)workload;
	counters[COUNTER_ROUNDS].value = links->round_cnt;
	counters[COUNTER_LAST_HOLD_NS].value = links->last->hold_ns;
	return 0;
}

static void clean_up(struct workload *workload, void *arg)
{
	struct link *links = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		pthread_mutex_destroy(&links[i].mutex);
		gilrt_lock_destroy(links[i].turn);
	}
}

static void set_name(const struct workload *workload, unsigned int number, char *name, size_t size)
{
	(void)workload;
	snprintf(name, size, "link-%u", number);
}

static const struct workload_option options[] = {
	{ "no-locks", "yes|no", "Leave the mutexes out (no)", options_parse_flag, &has_no_locks },
	{ "link-units", "N", "Units of work of each link but the last, which does 1000 (20)",
	  options_parse_count, &units_of_others },
	{ 0 },
};

static const struct program program = {
	.name = "lock_chain",
	.doc = "A chain of threads, each waiting for a lock that the next one holds while it waits "
	       "itself; the last computes. Without a GIL unless --gil is given; three threads. A "
	       "round is the work of the last.",
	.task = "go through the chain",
	.worker_size = sizeof(struct link),
	.set_defaults = set_defaults,
	.options = options,
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
