// SPDX-License-Identifier: BSD-2-Clause
/*
 * Several producers and consumers at every kind of queue, in every mode: each item arrives once,
 * also when the queue is shut down while it is full, empty, or in use.
 */

#include "tests/support/stress.h"

#include <errno.h>

#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/simple_queue.h"

#define PRODUCERS	4
#define CONSUMERS	3
#define ITEMS_MAX	2000	/* per producer */
#define MAXSIZE		3

enum kind { FIFO, LIFO, PRIORITY, SIMPLE, KINDS };

struct item {
	_Atomic unsigned int got_cnt, discarded_cnt;
	bool accepted;		/* its producer's */
};

/* One queue and all that happens to it. */
struct flow {
	enum kind kind;
	struct gilrt_queue *queue;	/* one of the two */
	struct gilrt_simple_queue *simple;
	unsigned int item_cnt;		/* per producer */
	struct item items[PRODUCERS][ITEMS_MAX];
	struct producer {
		struct flow *flow;
		struct item *items;
		uint64_t random;
	} producers[PRODUCERS];
	struct consumer {
		struct flow *flow;
		uint64_t random;
		unsigned int next[PRODUCERS];	/* of each producer's: what is before has been seen */
	} consumers[CONSUMERS];
	struct gilrt_thread **producing, **consuming;
};

static int compare_addresses(const void *a, const void *b)
{
	return (a > b) - (a < b);
}

static void flow_begin(struct flow *flow, enum kind kind, unsigned int item_cnt)
{
	unsigned int i;
	int err = 0;

	*flow = (struct flow){ .kind = kind, .item_cnt = item_cnt };
	for (i = 0; i < PRODUCERS; i++)
		flow->producers[i] = (struct producer){ .flow = flow, .items = flow->items[i],
							.random = i };
	for (i = 0; i < CONSUMERS; i++)
		flow->consumers[i] = (struct consumer){ .flow = flow, .random = i };
	switch (kind) {
	case FIFO:
		err = gilrt_queue_create(MAXSIZE, &flow->queue);
		break;
	case LIFO:
		err = gilrt_lifo_queue_create(MAXSIZE, &flow->queue);
		break;
	case PRIORITY:
		err = gilrt_priority_queue_create(MAXSIZE, compare_addresses, &flow->queue);
		break;
	default:
		err = gilrt_simple_queue_create(&flow->simple);
	}
	assert_int_equal(err, 0);
}

static void flow_end(struct flow *flow)
{
	gilrt_queue_destroy(flow->queue);
	gilrt_simple_queue_destroy(flow->simple);
}

static int put(struct flow *flow, struct item *item, int64_t timeout_ns)
{
	return flow->simple ? gilrt_simple_queue_put(flow->simple, item) :
		gilrt_queue_put(flow->queue, item, timeout_ns);
}

static int get(struct flow *flow, int64_t timeout_ns, void **ret_item)
{
	return flow->simple ? gilrt_simple_queue_get(flow->simple, timeout_ns, ret_item) :
		gilrt_queue_get(flow->queue, timeout_ns, ret_item);
}

static bool gave_up(int err, int64_t timeout_ns)
{
	if (err != -EAGAIN && err != -ETIMEDOUT)
		return false;
	must(err == (timeout_ns == GILRT_NO_WAIT ? -EAGAIN : -ETIMEDOUT));
	must(timeout_ns != GILRT_FOREVER);
	return true;
}

/* Until refused: items have been shut out. */
static void produce(void *arg)
{
	struct producer *self = arg;
	int64_t timeout_ns;
	unsigned int i;
	int err;

	for (i = 0; i < self->flow->item_cnt; i++) {
		timeout_ns = some_timeout(&self->random);
		err = put(self->flow, &self->items[i], timeout_ns);
		if (gave_up(err, timeout_ns))
			err = put(self->flow, &self->items[i], GILRT_FOREVER);
		must(!err || err == -ESHUTDOWN);
		if (err)
			return;
		self->items[i].accepted = true;
	}
}

static void note_got(struct consumer *self, struct item *item)
{
	struct flow *flow = self->flow;
	const size_t number = (size_t)(item - flow->items[0]);
	const size_t producer = number / ITEMS_MAX;

	item->got_cnt++;
	if (flow->kind == FIFO || flow->kind == SIMPLE) {
		must(number % ITEMS_MAX >= self->next[producer]);
		self->next[producer] = (unsigned int)(number % ITEMS_MAX) + 1;
	}
	if (flow->queue)
		must(!gilrt_queue_task_done(flow->queue));
}

/* Until the queue is shut down, or None comes. */
static void consume(void *arg)
{
	struct consumer *self = arg;
	int64_t timeout_ns;
	void *item;
	int err;

	for (;;) {
		item = NULL;
		timeout_ns = some_timeout(&self->random);
		err = get(self->flow, timeout_ns, &item);
		if (gave_up(err, timeout_ns))
			err = get(self->flow, GILRT_FOREVER, &item);
		must(!err || err == -ESHUTDOWN);
		if (err || !item)
			return;
		note_got(self, item);
	}
}

static void start_producers(struct flow *flow)
{
	flow->producing = start_all(produce, flow->producers, sizeof(flow->producers[0]), PRODUCERS);
}

static void start_consumers(struct flow *flow)
{
	flow->consuming = start_all(consume, flow->consumers, sizeof(flow->consumers[0]), CONSUMERS);
}

/* Everything accepted is got once or discarded once, everything else neither. */
static void check_items(const struct flow *flow, unsigned int *ret_accepted_cnt,
			unsigned int *ret_discarded_cnt)
{
	unsigned int i, k;

	*ret_accepted_cnt = 0;
	*ret_discarded_cnt = 0;
	for (i = 0; i < PRODUCERS; i++) {
		for (k = 0; k < flow->item_cnt; k++) {
			const struct item *item = &flow->items[i][k];

			assert_int_equal(item->got_cnt + item->discarded_cnt, item->accepted);
			*ret_accepted_cnt += item->accepted;
			*ret_discarded_cnt += item->discarded_cnt;
		}
	}
	no_failures();
}

/* ---- to the end ------------------------------------------------------------------------------ */

static void flow_to_the_end(enum kind kind)
{
	static struct flow flow;
	unsigned int i, accepted_cnt, discarded_cnt;

	flow_begin(&flow, kind, SCALED(ITEMS_MAX));
	start_consumers(&flow);
	start_producers(&flow);
	join_all(flow.producing, PRODUCERS);
	if (flow.queue) {
		assert_int_equal(gilrt_queue_join(flow.queue), 0);
		assert_int_equal(gilrt_queue_task_done(flow.queue), -EINVAL);
		gilrt_queue_shutdown(flow.queue, false, NULL);
	} else {
		for (i = 0; i < CONSUMERS; i++)
			assert_int_equal(gilrt_simple_queue_put(flow.simple, NULL), 0);
	}
	join_all(flow.consuming, CONSUMERS);
	check_items(&flow, &accepted_cnt, &discarded_cnt);
	assert_int_equal(accepted_cnt, PRODUCERS * SCALED(ITEMS_MAX));
	assert_int_equal(discarded_cnt, 0);
	flow_end(&flow);
}

static void test_every_item_arrives_once(void **state)
{
	static const char *const names[] = { "Queue", "LifoQueue", "PriorityQueue", "SimpleQueue" };
	enum kind kind;

	for (kind = 0; kind < KINDS; kind++) {
		mode_enter(state, names[kind]);
		flow_to_the_end(kind);
	}
}

/* ---- shut down before ------------------------------------------------------------------------ */

#define SHUTDOWNS	SCALED(60)

static void discard(void *item)
{
	((struct item *)item)->discarded_cnt++;
}

static void join_queue(void *arg)
{
	must(!gilrt_queue_join(arg));
}

static void shut_down_full(struct flow *flow, bool immediate)
{
	struct gilrt_thread *joiner;
	unsigned int accepted_cnt, discarded_cnt;

	start_producers(flow);
	while (gilrt_queue_size(flow->queue) < MAXSIZE)
		let_others_run();
	joiner = start(join_queue, flow->queue);
	gilrt_queue_shutdown(flow->queue, immediate, discard);
	join_all(flow->producing, PRODUCERS);
	assert_int_equal(gilrt_queue_size(flow->queue), immediate ? 0 : MAXSIZE);
	start_consumers(flow);
	join_all(flow->consuming, CONSUMERS);
	join(joiner);
	check_items(flow, &accepted_cnt, &discarded_cnt);
	assert_int_equal(accepted_cnt, MAXSIZE);
	assert_int_equal(discarded_cnt, immediate ? MAXSIZE : 0);
}

static void shut_down_empty(struct flow *flow, bool immediate)
{
	unsigned int accepted_cnt, discarded_cnt;

	start_consumers(flow);
	gilrt_queue_shutdown(flow->queue, immediate, discard);
	join_all(flow->consuming, CONSUMERS);
	start_producers(flow);
	join_all(flow->producing, PRODUCERS);
	check_items(flow, &accepted_cnt, &discarded_cnt);
	assert_int_equal(accepted_cnt, 0);
}

static void shut_down_in_use(struct flow *flow, bool immediate)
{
	unsigned int accepted_cnt, discarded_cnt;
	uint64_t random = flow->item_cnt;
	struct gilrt_thread *joiner;

	start_producers(flow);
	joiner = start(join_queue, flow->queue);
	start_consumers(flow);
	sleep_shortly(&random);
	gilrt_queue_shutdown(flow->queue, immediate, discard);
	join_all(flow->producing, PRODUCERS);
	join_all(flow->consuming, CONSUMERS);
	join(joiner);
	check_items(flow, &accepted_cnt, &discarded_cnt);
	assert_int_equal(gilrt_queue_size(flow->queue), 0);
	assert_in_range(discarded_cnt, 0, immediate ? MAXSIZE : 0);
}

static void shut_down_often(void (*shut_down)(struct flow *flow, bool immediate))
{
	static struct flow flow;
	unsigned int i;

	for (i = 0; i < SHUTDOWNS; i++) {
		flow_begin(&flow, i % 3, 10 + i);
		shut_down(&flow, i / 3 % 2);
		flow_end(&flow);
	}
}

static void test_shut_down_full(void **state)
{
	mode_enter(state, "shut down full");
	shut_down_often(shut_down_full);
}

static void test_shut_down_empty(void **state)
{
	mode_enter(state, "shut down empty");
	shut_down_often(shut_down_empty);
}

static void test_shut_down_in_use(void **state)
{
	mode_enter(state, "shut down in use");
	shut_down_often(shut_down_in_use);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL_MODES(test_every_item_arrives_once),
		IN_ALL_MODES(test_shut_down_full),
		IN_ALL_MODES(test_shut_down_empty),
		IN_ALL_MODES(test_shut_down_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
