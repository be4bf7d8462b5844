/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list of decisions by time, and a list of threads in doubt.
 *
 * Holds are only ever placed at the present, so appending keeps their list sorted and its head is
 * the oldest. Most decisions are made about the present as well and go to the end of theirs; a late
 * one moves past what the others did while its thread was in doubt. Only small keys are moved, the
 * decisions themselves stay where they are.
 */
#include "analyzer/queue.h"

#include <stdlib.h>

#include "analyzer/array.h"

enum item_kind { ITEM_CHANGE, ITEM_CORE, ITEM_EDGE, ITEM_MOVE };

struct queue_item {
	enum item_kind kind;
	size_t free_next;
	union {
		struct change change;
		struct core_change core;
		struct edge edge;
		struct move move;
	};
};

struct queue_key {
	uint64_t at_ns;
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
	free(queue->keys);
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
	case ITEM_EDGE:
		return sink->edge ? sink->edge(use->ctx, &item->edge) : 0;
	default:
		return sink->move ? sink->move(use->ctx, &item->move) : 0;
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

/* Behind all of its own time: what happens at once stays as decided. */
static int key_insert(struct queue *queue, uint64_t at_ns, size_t item)
{
	size_t at;
	int err;

	/* What was released leaves room in front: use it before asking for more. */
	if (queue->keys_end == queue->keys_cap && queue->keys_first > queue->keys_cap / 2) {
		queue->keys_end -= queue->keys_first;
		memmove(queue->keys, queue->keys + queue->keys_first,
			queue->keys_end * sizeof(*queue->keys));
		queue->keys_first = 0;
	}
	err = array_reserve(&queue->keys, &queue->keys_cap, queue->keys_end + 1,
			    sizeof(*queue->keys));
	if (err)
		return err;
	for (at = queue->keys_end++; at > queue->keys_first; at--) {
		if (queue->keys[at - 1].at_ns <= at_ns)
			break;
		queue->keys[at] = queue->keys[at - 1];
	}
	queue->keys[at] = (struct queue_key){ at_ns, item };
	return 0;
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
	if (!queue->held_first && queue->keys_first == queue->keys_end &&
	    at_ns <= queue->limit_ns) {
		deliver(queue, item);
		return;
	}
	queue->err = item_store(queue, item, &index);
	if (!queue->err)
		queue->err = key_insert(queue, at_ns, index);
}

static const struct wait_for no_wait;

/* The GIL that it holds in a state in which it is on no core. */
static uint64_t gil_held_off(const struct thread *thread, enum thread_state state)
{
	bool off = state < STATE_CNT && !(state_infos[state].counts & COUNTS_SCHEDULED);

	return off && (thread->gil.held || thread->exact.holds) ? thread->gil.id : 0;
}

static void decide(struct queue *queue, struct thread *thread, uint64_t at_ns,
		   enum thread_state state, const struct wait_for *wait, bool sampled)
{
	uint64_t gil = state == STATE_RUN_GIL ? thread->gil.id : 0;
	uint64_t held = gil_held_off(thread, state);
	struct queue_item item = {
		.kind = ITEM_CHANGE,
		.change = {
			.at_ns = at_ns,
			.thread = thread,
			.from = thread->state,
			.to = state,
			.since_ns = thread->since_ns,
			.sampled = thread->sampled || sampled,
			.margin_ns = sampled ? at_ns - thread->gil.since_ns : 0,
			.to_exact = thread->exact.known,
			.from_wait = thread->waits_for,
			.to_wait = *wait,
			.from_gil = thread->state_gil,
			.to_gil = gil,
			.from_held = thread->state_held,
			.to_held = held,
		},
	};

	if (state == thread->state && gil == thread->state_gil && held == thread->state_held) {
		thread->sampled |= sampled;
		return;
	}
	thread->state = state;
	thread->since_ns = at_ns;
	thread->sampled = sampled;
	thread->waits_for = *wait;
	thread->state_gil = gil;
	thread->state_held = held;
	push(queue, at_ns, &item);
}

void queue_decide(struct queue *queue, struct thread *thread, uint64_t at_ns,
		  enum thread_state state)
{
	decide(queue, thread, at_ns, state, &no_wait, false);
}

void queue_decide_wait(struct queue *queue, struct thread *thread, uint64_t at_ns,
		       enum thread_state state, const struct wait_for *wait)
{
	decide(queue, thread, at_ns, state, wait, false);
}

void queue_decide_sampled(struct queue *queue, struct thread *thread, uint64_t at_ns,
			  enum thread_state state)
{
	decide(queue, thread, at_ns, state, &no_wait, true);
}

void queue_core(struct queue *queue, const struct core_change *change)
{
	push(queue, change->at_ns, &(struct queue_item){ .kind = ITEM_CORE, .core = *change });
}

void queue_edge(struct queue *queue, const struct edge *edge)
{
	push(queue, edge->at_ns, &(struct queue_item){ .kind = ITEM_EDGE, .edge = *edge });
}

void queue_move(struct queue *queue, const struct move *move)
{
	push(queue, move->at_ns, &(struct queue_item){ .kind = ITEM_MOVE, .move = *move });
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
	while (!queue->err && queue->keys_first < queue->keys_end &&
	       queue->keys[queue->keys_first].at_ns <= limit_ns) {
		size_t index = queue->keys[queue->keys_first++].item;

		deliver(queue, &queue->items[index]);
		queue->items[index].free_next = queue->free_first;
		queue->free_first = index + 1;
	}
	if (queue->keys_first == queue->keys_end)
		queue->keys_first = queue->keys_end = 0;
	return queue->err;
}
