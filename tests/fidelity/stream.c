// SPDX-License-Identifier: BSD-2-Clause
/*
 * What scripts/stream.py does, on the model: items from one thread to another through a queue that
 * holds one.
 */

#include <errno.h>
#include <sched.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/workload.h"

struct worker {
	const struct workload *workload;
	bool produces;			/* the second one; the first consumes */
};

static struct {
	struct gilrt_queue *queue;
	cpu_set_t producer_cpus;
	bool pinned;
	uint64_t item_cnt, window_ns;
} stream;

static void produce(const struct workload *workload)
{
	if (stream.pinned)
		sched_setaffinity(0, sizeof(stream.producer_cpus), &stream.producer_cpus);
	while (!workload_is_over(workload, 0))
		gilrt_queue_put(stream.queue, &stream, GILRT_FOREVER);
	gilrt_queue_put(stream.queue, NULL, GILRT_FOREVER);
}

static void consume(void)
{
	uint64_t first_ns;
	void *item;

	gilrt_queue_get(stream.queue, GILRT_FOREVER, &item);
	first_ns = clock_now_ns();
	while (item) {
		gilrt_queue_get(stream.queue, GILRT_FOREVER, &item);
		stream.item_cnt++;
	}
	stream.window_ns = clock_now_ns() - first_ns;
}

static void run(void *arg)
{
	const struct worker *worker = arg;

	if (worker->produces)
		produce(worker->workload);
	else
		consume();
}

static int prepare(struct workload *workload, void *arg)
{
	struct worker *workers = arg;

	workload->options.thread_cnt = 2;
	workers[1] = (struct worker){ .workload = workload, .produces = true };
	return gilrt_queue_create(1, &stream.queue);
}

static struct truth_counter counters[] = {
	{ .name = "items" },
	{ .name = "window_ns" },
};

static int finish(struct workload *workload, void *workers)
{
	(void)workload;
	(void)workers;
	counters[0].value = stream.item_cnt;
	counters[1].value = stream.window_ns;
	return 0;
}

static void clean_up(struct workload *workload, void *workers)
{
	(void)workload;
	(void)workers;
	gilrt_queue_destroy(stream.queue);
}

static bool parse_producer_cpus(const char *text, void *value)
{
	(void)value;
	stream.pinned = options_parse_cpus(text, &stream.producer_cpus);
	return stream.pinned;
}

static const struct workload_option options[] = {
	{ "producer-cpus", "LIST", "Where the producer runs", parse_producer_cpus, NULL },
	{ 0 },
};

static const struct program program = {
	.name = "stream",
	.doc = "Items through a queue that holds one.",
	.task = "pass the items on",
	.worker_size = sizeof(struct worker),
	.options = options,
	.prepare = prepare,
	.run = run,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
