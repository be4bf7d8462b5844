// SPDX-License-Identifier: BSD-2-Clause
/*
 * processes: the same work by threads, then by processes.
 *
 * This is Python's question of threading or multiprocessing in one run. First the threads take item
 * after item until half the time is over, then a pool of as many processes does the same items
 * again. Under the GIL the threads make progress one at a time, and the processes as many at a time
 * as there are cores: each has a GIL of its own. What both have computed must be the same.
 *
 * The processes exist from the beginning, as Python's pools do: until it is their turn they are
 * idle.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/pool.h"
#include "workloads/gilrt/semaphore.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define UNITS_PER_ITEM	100	/* so that sending one costs next to nothing: some 2 ms */

struct shared {
	struct workload *workload;
	struct gilrt_pool *pool;
	struct gilrt_semaphore *finished;	/* a permit from each worker */
	_Atomic uint64_t next_item;
	_Atomic uint32_t checksum;		/* of all the workers' items */
	uint64_t item_cnt;
	uint32_t pool_checksum;
	uint64_t threads_ns, processes_ns;
	int err;
};

struct worker {
	struct shared *shared;
	uint64_t item_cnt;
};

static char task[128] = "share out the work";

static uint32_t do_item(uint32_t seed, uint64_t item)
{
	struct gilrt_work work;

	gilrt_work_init(&work, seed + item);
	gilrt_work_run(&work, UNITS_PER_ITEM);
	return gilrt_work_checksum(&work);
}

/* ---- by threads ------------------------------------------------------------------------------ */

static void run(void *arg)
{
	struct worker *worker = arg;
	struct shared *shared = worker->shared;
	const struct workload_options *options = &shared->workload->options;
	uint64_t item;

	while (!workload_is_over(shared->workload, 0)) {
		item = atomic_fetch_add(&shared->next_item, 1);
		if (options->round_cnt && item >= options->round_cnt)
			break;
		atomic_fetch_xor(&shared->checksum, do_item(options->seed, item));
		worker->item_cnt++;
	}
	gilrt_thread_add_work(worker->item_cnt * UNITS_PER_ITEM, 0);
	gilrt_semaphore_release(shared->finished, 1);
}

/* ---- by processes ---------------------------------------------------------------------------- */

static int process_item(void *arg, const void *data, size_t size, void **ret_result,
			size_t *ret_result_size)
{
	const uint32_t *seed = arg;
	uint32_t *checksum;
	uint64_t item;

	if (size != sizeof(item))
		return -EPROTO;
	memcpy(&item, data, sizeof(item));
	checksum = malloc(sizeof(*checksum));
	if (!checksum)
		return -ENOMEM;
	*checksum = do_item(*seed, item);
	gilrt_thread_add_work(UNITS_PER_ITEM, 0);
	*ret_result = checksum;
	*ret_result_size = sizeof(*checksum);
	return 0;
}

static int take_result(struct shared *shared)
{
	struct gilrt_pool_result result;
	uint32_t checksum;
	int err;

	err = gilrt_pool_get(shared->pool, &result);
	if (err)
		return err;
	err = result.err;
	if (!err && result.size != sizeof(checksum))
		err = -EPROTO;
	if (!err) {
		memcpy(&checksum, result.data, sizeof(checksum));
		shared->pool_checksum ^= checksum;
	}
	free(result.data);
	return err;
}

static int share_out(struct shared *shared)
{
	uint64_t i;
	int err = 0;

	for (i = 0; !err && i < shared->item_cnt; i++)
		err = gilrt_pool_put(shared->pool, &i, sizeof(i));
	for (i = 0; !err && i < shared->item_cnt; i++)
		err = take_result(shared);
	return err;
}

static void meanwhile(void *arg, unsigned int worker_cnt)
{
	struct shared *shared = arg;
	uint64_t start_ns;
	unsigned int i;

	for (i = 0; i < worker_cnt; i++)
		gilrt_semaphore_acquire(shared->finished, GILRT_FOREVER);
	start_ns = clock_now_ns();
	shared->threads_ns = start_ns - shared->workload->start_ns;
	shared->item_cnt = shared->next_item;
	if (shared->workload->options.round_cnt &&
	    shared->item_cnt > shared->workload->options.round_cnt)
		shared->item_cnt = shared->workload->options.round_cnt;

	shared->err = share_out(shared);
	shared->processes_ns = clock_now_ns() - start_ns;
	if (!shared->err)
		shared->err = gilrt_pool_close(shared->pool);
	gilrt_thread_add_work(0, shared->pool_checksum);
}

/* ---- both ------------------------------------------------------------------------------------ */

static int prepare(struct workload *workload, void *arg)
{
	struct workload_options *options = &workload->options;
	struct worker *workers = arg;
	struct shared *shared;
	unsigned int i;
	int err;

	shared = calloc(1, sizeof(*shared));
	if (!shared)
		return -ENOMEM;
	shared->workload = workload;
	workload->shared = shared;
	for (i = 0; i < options->thread_cnt; i++)
		workers[i].shared = shared;
	/* The other half is for the processes, who will hardly need more. */
	if (options->duration_ns != UINT64_MAX)
		options->duration_ns /= 2;
	err = gilrt_semaphore_create(0, &shared->finished);
	if (!err)
		err = gilrt_pool_create(&options->runtime, options->thread_cnt, process_item,
					&options->seed, &shared->pool);
	return err;
}

static struct truth_counter counters[] = {
	{ .name = "items" },
	{ .name = "items_per_s_by_threads" },
	{ .name = "items_per_s_by_processes" },
};

static uint64_t rate(uint64_t cnt, uint64_t duration_ns)
{
	return duration_ns ? cnt * NSEC_PER_SEC / duration_ns : 0;
}

static int finish(struct workload *workload, void *workers)
{
	struct shared *shared = workload->shared;
	struct gilrt_pool_failure failure;
	char text[64];

	(void)workers;
	if (gilrt_pool_failed(shared->pool, &failure)) {
		gilrt_pool_failure_text(&failure, text, sizeof(text));
		snprintf(task, sizeof(task), "go on, since %s", text);
	}
	if (shared->err)
		return shared->err;
	if (shared->pool_checksum != shared->checksum)
		return -EBADMSG;
	workload->processes = gilrt_pool_stats(shared->pool, &workload->process_cnt);
	counters[0].value = shared->item_cnt;
	counters[1].value = rate(shared->item_cnt, shared->threads_ns);
	counters[2].value = rate(shared->item_cnt, shared->processes_ns);
	return 0;
}

static void clean_up(struct workload *workload, void *workers)
{
	struct shared *shared = workload->shared;

	(void)workers;
	if (!shared)
		return;
	gilrt_pool_destroy(shared->pool);
	gilrt_semaphore_destroy(shared->finished);
	free(shared);
}

static const struct program program = {
	.name = "processes",
	.doc = "The same work by threads, for half the time, and then by as many processes. A round is "
	       "an item of work, all threads together.",
	.task = task,
	.worker_size = sizeof(struct worker),
	.prepare = prepare,
	.run = run,
	.meanwhile = meanwhile,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
