/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A heap of decisions by time, and a list of threads in doubt.
 *
 * Holds are only ever placed at the present, so appending keeps their list sorted and its head is
 * the oldest. The heap moves small keys; the decisions themselves stay where they are.
 */
#include "analyzer/queue.h"

#include <stdlib.h>

#include "analyzer/array.h"

enum item_kind { ITEM_CHANGE, ITEM_CORE, ITEM_EDGE };

struct queue_item {
	enum item_kind kind;
	size_t free_next;
	union {
		struct change change;
		struct core_change core;
		struct edge edge;
	};
};

struct queue_key {
	uint64_t at_ns;
	uint64_t seq;		/* equal times: as decided */
	size_t item;
};

void queue_init(struct queue *queue, const struct sink_use *sinks, size_t sinks_cnt)
{
	*queue = (struct queue){
		.sinks = sinks,
		.sinks_cnt = sinks_cnt,
		.limit_ns = UINT64_MAX,
	};
}

void queue_clear(struct queue *queue)
{
	free(queue->heap);
	free(queue->items);
	*queue = (struct queue){ 0 };
}

static int sink_call(const struct sink_use *use, const struct queue_item *item)
{
	const struct sink *sink = use->sink;

	switch (item->kind) {
	case ITEM_CHANGE:
		return sink->change ? sink->change(use->ctx, &item->change) : 0;
	case ITEM_CORE:
		return sink->core ? sink->core(use->ctx, &item->core) : 0;
	default:
		return sink->edge ? sink->edge(use->ctx, &item->edge) : 0;
	}
}

static void deliver(struct queue *queue, const struct queue_item *item)
{
	for (size_t i = 0; i < queue->sinks_cnt && !queue->err; i++) {
		int err = sink_call(&queue->sinks[i], item);

		if (err < 0)
			queue->err = err;
	}
}

static bool key_before(const struct queue_key *a, const struct queue_key *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static void heap_push(struct queue *queue, struct queue_key key)
{
	size_t at = queue->heap_cnt++;

	while (at && key_before(&key, &queue->heap[(at - 1) / 2])) {
		queue->heap[at] = queue->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	queue->heap[at] = key;
}

static struct queue_key heap_pop(struct queue *queue)
{
	struct queue_key top = queue->heap[0];
	struct queue_key last = queue->heap[--queue->heap_cnt];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= queue->heap_cnt)
			break;
		if (child + 1 < queue->heap_cnt &&
		    key_before(&queue->heap[child + 1], &queue->heap[child]))
			child++;
		if (key_before(&last, &queue->heap[child]))
			break;
		queue->heap[at] = queue->heap[child];
		at = child;
	}
	if (queue->heap_cnt)
		queue->heap[at] = last;
	return top;
}

static int item_store(struct queue *queue, const struct queue_item *item, size_t *ret_index)
{
	size_t index;
	int err;

	if (queue->free_first) {
		index = queue->free_first - 1;
		queue->free_first = queue->items[index].free_next;
	} else {
		err = array_reserve(&queue->items, &queue->items_cap, queue->items_cnt + 1,
				    sizeof(*queue->items));
		if (err)
			return err;
		index = queue->items_cnt++;
	}
	queue->items[index] = *item;
	*ret_index = index;
	return 0;
}

static void push(struct queue *queue, uint64_t at_ns, const struct queue_item *item)
{
	size_t index;

	if (queue->err)
		return;
	/* Nobody in doubt and nothing waiting: the common case of programs without a GIL. */
	if (!queue->held_first && !queue->heap_cnt && at_ns <= queue->limit_ns) {
		deliver(queue, item);
		return;
	}
	queue->err = array_reserve(&queue->heap, &queue->heap_cap, queue->heap_cnt + 1,
				   sizeof(*queue->heap));
	if (!queue->err)
		queue->err = item_store(queue, item, &index);
	if (!queue->err)
		heap_push(queue, (struct queue_key){ at_ns, queue->seq++, index });
}

static void decide(struct queue *queue, struct thread *thread, uint64_t at_ns,
		   enum thread_state state, bool sampled)
{
	struct queue_item item = {
		.kind = ITEM_CHANGE,
		.change = {
			.at_ns = at_ns,
			.thread = thread,
			.from = thread->state,
			.to = state,
			.since_ns = thread->since_ns,
			.sampled = thread->sampled || sampled,
			.sysno = thread->sysno,
		},
	};

	if (state == thread->state) {
		thread->sampled |= sampled;
		return;
	}
	thread->state = state;
	thread->since_ns = at_ns;
	thread->sampled = sampled;
	thread->sysno = 0;
	push(queue, at_ns, &item);
}

void queue_decide(struct queue *queue, struct thread *thread, uint64_t at_ns,
		  enum thread_state state)
{
	decide(queue, thread, at_ns, state, false);
}

void queue_decide_sampled(struct queue *queue, struct thread *thread, uint64_t at_ns,
			  enum thread_state state)
{
	decide(queue, thread, at_ns, state, true);
}

void queue_core(struct queue *queue, const struct core_change *change)
{
	push(queue, change->at_ns, &(struct queue_item){ .kind = ITEM_CORE, .core = *change });
}

void queue_edge(struct queue *queue, const struct edge *edge)
{
	push(queue, edge->at_ns, &(struct queue_item){ .kind = ITEM_EDGE, .edge = *edge });
}

void queue_hold(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	queue_unhold(queue, thread);
	thread->held = true;
	thread->hold_ns = now_ns;
	thread->hold_prev = queue->held_last;
	thread->hold_next = NULL;
	if (queue->held_last)
		queue->held_last->hold_next = thread;
	else
		queue->held_first = thread;
	queue->held_last = thread;
}

void queue_unhold(struct queue *queue, struct thread *thread)
{
	if (!thread->held)
		return;
	if (thread->hold_prev)
		thread->hold_prev->hold_next = thread->hold_next;
	else
		queue->held_first = thread->hold_next;
	if (thread->hold_next)
		thread->hold_next->hold_prev = thread->hold_prev;
	else
		queue->held_last = thread->hold_prev;
	thread->held = false;
}

int queue_flush(struct queue *queue, uint64_t now_ns)
{
	uint64_t limit_ns = now_ns < queue->limit_ns ? now_ns : queue->limit_ns;

	if (queue->held_first && queue->held_first->hold_ns < limit_ns)
		limit_ns = queue->held_first->hold_ns;
	while (!queue->err && queue->heap_cnt && queue->heap[0].at_ns <= limit_ns) {
		struct queue_key key = heap_pop(queue);
		struct queue_item item = queue->items[key.item];

		queue->items[key.item].free_next = queue->free_first;
		queue->free_first = key.item + 1;
		deliver(queue, &item);
	}
	return queue->err;
}
