// SPDX-License-Identifier: BSD-2-Clause
/*
 * producer_consumer: the main thread makes items, the others deal with them, and a bounded queue is
 * between them.
 *
 * It ends as such programs do in Python: the producer waits until all items are done (join), sends
 * one None per consumer, and joins the threads. What was put must have been got, or it fails.
 */

#include <errno.h>
#include <stdlib.h>

#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define UNITS_TO_PRODUCE	1
#define UNITS_TO_CONSUME	4
#define ITEMS_PER_CONSUMER	2	/* room in the queue */

struct item {
	uint64_t number;
	uint32_t value;
};

/* What one side has seen of the items. Both sides must have seen the same. */
struct tally {
	uint64_t item_cnt, number_sum, value_sum;
};

struct producer {
	const struct workload *workload;
	struct gilrt_queue *queue;
	struct gilrt_work work;
	struct tally tally;
	int err;
};

struct consumer {
	struct gilrt_queue *queue;
	struct gilrt_work work;
	struct tally tally;
	int err;
};

static struct truth_counter counters[] = { { .name = "items" } };

static void tally_add(struct tally *tally, const struct item *item)
{
	tally->item_cnt++;
	tally->number_sum += item->number;
	tally->value_sum += item->value;
}

static int produce_item(struct producer *producer)
{
	struct item *item;
	int err;

	gilrt_work_run(&producer->work, UNITS_TO_PRODUCE);
	item = malloc(sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->number = producer->tally.item_cnt;
	item->value = gilrt_work_checksum(&producer->work);
	tally_add(&producer->tally, item);
	err = gilrt_queue_put(producer->queue, item, GILRT_FOREVER);
	if (err)
		free(item);
	return err;
}

static void produce(void *arg, unsigned int consumer_cnt)
{
	struct producer *producer = arg;
	struct gilrt_work *work = &producer->work;
	int err = 0;

	while (!err && !workload_is_over(producer->workload, producer->tally.item_cnt))
		err = produce_item(producer);
	if (!err)
		err = gilrt_queue_join(producer->queue);
	while (consumer_cnt--)
		gilrt_queue_put(producer->queue, NULL, GILRT_FOREVER);
	producer->err = err;
	gilrt_thread_add_work(work->unit_cnt, gilrt_work_checksum(work));
}

static void consume(void *arg)
{
	struct consumer *consumer = arg;
	struct gilrt_work *work = &consumer->work;
	void *got = NULL;
	struct item *item;

	for (;;) {
		consumer->err = gilrt_queue_get(consumer->queue, GILRT_FOREVER, &got);
		item = got;
		if (consumer->err || !item)
			break;
		gilrt_work_feed(work, item->value);
		gilrt_work_run(work, UNITS_TO_CONSUME);
		tally_add(&consumer->tally, item);
		free(item);
		consumer->err = gilrt_queue_task_done(consumer->queue);
		if (consumer->err)
			break;
	}
	gilrt_thread_add_work(work->unit_cnt, gilrt_work_checksum(work));
}

static int prepare(struct workload *workload, void *workers)
{
	const struct workload_options *options = &workload->options;
	struct consumer *consumers = workers;
	static struct producer producer;
	unsigned int i;
	int err;

	workload->shared = &producer;
	err = gilrt_queue_create((size_t)options->thread_cnt * ITEMS_PER_CONSUMER, &producer.queue);
	if (err)
		return err;
	producer.workload = workload;
	gilrt_work_init(&producer.work, options->seed);
	for (i = 0; i < options->thread_cnt; i++) {
		consumers[i].queue = producer.queue;
		gilrt_work_init(&consumers[i].work, options->seed + 1 + (uint64_t)i);
	}
	return 0;
}

static int finish(struct workload *workload, void *workers)
{
	const struct consumer *consumers = workers;
	const struct producer *producer = workload->shared;
	const struct tally *put = &producer->tally;
	struct tally got = { .item_cnt = 0 };
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		if (consumers[i].err)
			return consumers[i].err;
		got.item_cnt += consumers[i].tally.item_cnt;
		got.number_sum += consumers[i].tally.number_sum;
		got.value_sum += consumers[i].tally.value_sum;
	}
	if (got.item_cnt != put->item_cnt || got.number_sum != put->number_sum ||
	    got.value_sum != put->value_sum)
		return -EPROTO;
	counters[0].value = put->item_cnt;
	return producer->err;
}

static void clean_up(struct workload *workload, void *workers)
{
	const struct producer *producer = workload->shared;

	(void)workers;
	gilrt_queue_destroy(producer->queue);
}

static const struct program program = {
	.name = "producer_consumer",
	.doc = "A producer, a bounded queue and threads that consume, with or without a GIL. A round is "
	       "an item.",
	.task = "pass the items on",
	.worker_size = sizeof(struct consumer),
	.prepare = prepare,
	.run = consume,
	.meanwhile = produce,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = 1,
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
