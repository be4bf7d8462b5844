// SPDX-License-Identifier: BSD-2-Clause
/*
 * pipeline: stages in a row, each a thread, with a bounded queue before each, and one of them slow.
 *
 * The slow stage always has an item in hand. Those before it wait for room in a queue, those behind
 * it for an item: they wait for each other, not for a lock. What makes it faster is to divide the slow
 * stage; more cores do not help, and under the GIL not even that does.
 *
 * With --one-lock there is a mutex besides, a plain pthread one, that each stage has while it works on
 * an item: then no two stages work at once. The work is the same.
 *
 * It ends by a None, which each stage passes on. The items must come out as they went in.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/native_lock.h"
#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define STAGES_MIN	3
#define STAGES_MAX	16
#define UNITS		2
#define QUEUE_SIZE	4

static uint32_t units_if_slow = 16;

/* Only one stage at a time works. */
static bool has_one_lock;
static pthread_mutex_t one_lock = PTHREAD_MUTEX_INITIALIZER;

struct item {
	uint64_t number;
	uint32_t value;
};

struct stage {
	struct gilrt_queue *in, *out;	/* out: the next one's, NULL for the last */
	uint64_t units;
	struct gilrt_work work;
	uint64_t item_cnt, busy_ns;	/* with an item in hand, and the lock */
	struct native_waits waits;
	int err;
};

/* The main thread makes the items. */
struct source {
	const struct workload *workload;
	struct gilrt_queue *out;	/* the first stage's */
	struct gilrt_work work;
	uint64_t item_cnt;
	int err;
};

static struct truth_counter counters[1 + STAGES_MAX] = { { .name = "items" } };
static char counter_names[STAGES_MAX][32];

/* Below; how many counters it has is known once its options are read. */
static struct program program;

static unsigned int slow_stage(const struct workload *workload)
{
	return workload->options.thread_cnt / 2;
}

static int make_item(struct source *source)
{
	struct item *item;
	int err;

	gilrt_work_run(&source->work, UNITS);
	item = malloc(sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->number = source->item_cnt++;
	item->value = gilrt_work_checksum(&source->work);
	err = gilrt_queue_put(source->out, item, GILRT_FOREVER);
	if (err)
		free(item);
	return err;
}

static void make_items(void *arg, unsigned int stage_cnt)
{
	struct source *source = arg;
	int err = 0;

	(void)stage_cnt;
	while (!err && !workload_is_over(source->workload, source->item_cnt))
		err = make_item(source);
	if (!err)
		err = gilrt_queue_put(source->out, NULL, GILRT_FOREVER);
	source->err = err;
	gilrt_thread_add_work(source->work.unit_cnt, gilrt_work_checksum(&source->work));
}

static int stage_work(struct stage *stage, struct item *item)
{
	uint64_t start_ns;

	if (item->number != stage->item_cnt)
		return -EPROTO;
	stage->item_cnt++;
	if (has_one_lock)
		native_mutex_lock(&one_lock, &stage->waits);
	start_ns = clock_now_ns();
	gilrt_work_feed(&stage->work, item->value);
	gilrt_work_run(&stage->work, stage->units);
	item->value = gilrt_work_checksum(&stage->work);
	stage->busy_ns += clock_now_ns() - start_ns;
	if (has_one_lock)
		pthread_mutex_unlock(&one_lock);
	return 0;
}

/* Returns false at the end, and after an error. */
static bool stage_step(struct stage *stage)
{
	void *item;

	stage->err = gilrt_queue_get(stage->in, GILRT_FOREVER, &item);
	if (stage->err)
		return false;
	if (item)
		stage->err = stage_work(stage, item);
	if (!stage->err && stage->out)
		stage->err = gilrt_queue_put(stage->out, item, GILRT_FOREVER);
	if (stage->err || !stage->out)
		free(item);
	return item && !stage->err;
}

static void run(void *arg)
{
	struct stage *stage = arg;

	while (stage_step(stage))
		;
	/* After an error nobody is to wait for this one. */
	if (stage->err) {
		gilrt_queue_shutdown(stage->in, true, free);
		if (stage->out)
			gilrt_queue_shutdown(stage->out, false, NULL);
	}
	gilrt_thread_add_work(stage->work.unit_cnt, gilrt_work_checksum(&stage->work));
}

static int prepare(struct workload *workload, void *workers)
{
	const struct workload_options *options = &workload->options;
	static struct source source;
	struct stage *stages = workers;
	unsigned int i;
	int err;

	for (i = 0; i < options->thread_cnt; i++) {
		err = gilrt_queue_create(QUEUE_SIZE, &stages[i].in);
		if (err)
			return err;
		if (i > 0)
			stages[i - 1].out = stages[i].in;
		stages[i].units = i == slow_stage(workload) ? units_if_slow : UNITS;
		gilrt_work_init(&stages[i].work, options->seed + 1 + (uint64_t)i);
	}
	workload->shared = &source;
	source.workload = workload;
	source.out = stages[0].in;
	gilrt_work_init(&source.work, options->seed);
	return 0;
}

static int finish(struct workload *workload, void *workers)
{
	const unsigned int stage_cnt = workload->options.thread_cnt;
	const struct source *source = workload->shared;
	const struct stage *stages = workers;
	unsigned int i;

	program.counter_cnt = 1 + stage_cnt;
	counters[0].value = stages[stage_cnt - 1].item_cnt;
	for (i = 0; i < stage_cnt; i++) {
		/* A queue is shut down because a stage failed: that one's error is what to tell. */
		if (stages[i].err && stages[i].err != -ESHUTDOWN)
			return stages[i].err;
		snprintf(counter_names[i], sizeof(counter_names[i]), "stage_%u_busy_ns", i);
		counters[1 + i] = (struct truth_counter){ counter_names[i], stages[i].busy_ns };
	}
	if (source->err)
		return source->err;
	return stages[stage_cnt - 1].item_cnt == source->item_cnt ? 0 : -EPROTO;
}

static void clean_up(struct workload *workload, void *workers)
{
	struct stage *stages = workers;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++)
		gilrt_queue_destroy(stages[i].in);
}

static void set_name(const struct workload *workload, unsigned int number, char *name, size_t size)
{
	snprintf(name, size, number == slow_stage(workload) ? "stage-%u-slow" : "stage-%u", number);
}

static const struct workload_option options[] = {
	{ "one-lock", "yes|no", "Let the stages share a mutex that each has while it works on an item (no)",
	  options_parse_flag, &has_one_lock },
	{ "slow-units", "N", "Units of work of the middle stage for each item (16); the others do "
	  "two", options_parse_count, &units_if_slow },
	{ 0 },
};

static struct program program = {
	.name = "pipeline",
	.doc = "Three to sixteen threads in a row that pass items on through bounded queues, and take "
	       "their time for each, the middle one eight times as long as the others unless --slow-units "
	       "says otherwise. A round is an item.",
	.task = "pass the items through three to sixteen stages",
	.worker_size = sizeof(struct stage),
	.threads_min = STAGES_MIN,
	.threads_max = STAGES_MAX,
	.options = options,
	.prepare = prepare,
	.run = run,
	.meanwhile = make_items,
	.finish = finish,
	.clean_up = clean_up,
	.set_name = set_name,
	.counters = counters,
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
