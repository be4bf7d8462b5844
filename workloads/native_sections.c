// SPDX-License-Identifier: BSD-2-Clause
/*
 * native_sections: threads that compute under the GIL, then without it, in turn.
 *
 * The way out that Python itself offers: sha256 of a large block lets go of the GIL while it lasts,
 * as hashlib's does. Here that is about three quarters of a round, so true parallelism is the
 * number of threads, or what the cores give. But not more than four, on however many cores: the
 * last quarter is done by one thread at a time.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/gilrt/native.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define BLOCK_BYTES	((size_t)1024 * 1024)
#define UNITS_PER_ROUND	10	/* take about a third of the time that the block does */

struct worker {
	const struct workload *workload;
	const uint8_t *block;
	uint64_t round_cnt;
	int err;
	struct gilrt_work work;
};

static int prepare(struct workload *workload, void *arg)
{
	struct worker *workers = arg;
	uint8_t *block;
	unsigned int i;

	block = malloc(BLOCK_BYTES);
	if (!block)
		return -ENOMEM;
	memset(block, (int)workload->options.seed, BLOCK_BYTES);
	workload->shared = block;
	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		workers[i].block = block;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	return 0;
}

/* Hashes something else each time, so that what comes out is that of the work done. */
static int hash_block(struct worker *worker, uint64_t *ret_value)
{
	const uint32_t salt = gilrt_work_checksum(&worker->work);
	uint8_t digest[GILRT_SHA256_BYTES];
	struct gilrt_sha256 *hash;
	int err;

	err = gilrt_sha256_create(&salt, sizeof(salt), &hash);
	if (err)
		return err;
	err = gilrt_sha256_update(hash, worker->block, BLOCK_BYTES);
	if (!err)
		err = gilrt_sha256_digest(hash, digest);
	gilrt_sha256_destroy(hash);
	if (!err)
		memcpy(ret_value, digest, sizeof(*ret_value));
	return err;
}

static void run(void *arg)
{
	struct worker *worker = arg;
	uint64_t value = 0;

	while (!worker->err && !workload_is_over(worker->workload, worker->round_cnt)) {
		gilrt_work_run(&worker->work, UNITS_PER_ROUND);
		worker->err = hash_block(worker, &value);
		gilrt_work_feed(&worker->work, value);
		worker->round_cnt++;
	}
	gilrt_thread_add_work(worker->work.unit_cnt, gilrt_work_checksum(&worker->work));
}

static struct truth_counter counters[] = { { .name = "blocks" } };

static int finish(struct workload *workload, void *arg)
{
	const struct worker *workers = arg;
	unsigned int i;
	int err = 0;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		counters[0].value += workers[i].round_cnt;
		if (workers[i].err)
			err = workers[i].err;
	}
	return err;
}

static void clean_up(struct workload *workload, void *workers)
{
	(void)workers;
	free(workload->shared);
}

static const struct program program = {
	.name = "native_sections",
	.doc = "Threads that compute under a GIL and hash blocks of 1 MiB without it, in turn. A round "
	       "is a block of one thread.",
	.task = "compute",
	.worker_size = sizeof(struct worker),
	.prepare = prepare,
	.run = run,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = 1,
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
