/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the rules and the sinks: puts what was decided, early or late, in the order of time.
 *
 * While it is not yet known what a thread is doing, it is *held* from that instant on, and nothing
 * later than the oldest hold reaches a sink. So the memory needed is that of the doubtful stretch.
 *
 * A decision cannot fail where it is taken: the first error (no memory, or what a sink returned)
 * sticks, later calls do nothing, and queue_flush() reports it.
 */
#ifndef ANALYZER_QUEUE_H
#define ANALYZER_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/sink.h"
#include "analyzer/thread.h"

struct queue_item;
struct queue_key;

struct queue {
	const struct sink_use *sinks;
	size_t sinks_cnt;
	int err;

	struct thread *held_first, *held_last;	/* by hold_ns, which never runs backwards */
	uint64_t limit_ns;	/* nothing later is released, whoever is held */

	struct queue_key *keys;		/* by time, from keys_first to keys_end */
	size_t keys_cap, keys_first, keys_end;
	struct queue_item *items;
	size_t items_cap, items_cnt;
	size_t free_first;		/* 1 + index, 0 = none */
};

/* sinks must outlive the queue. */
void queue_init(struct queue *queue, const struct sink_use *sinks, size_t sinks_cnt);
void queue_clear(struct queue *queue);

/*
 * The thread's state from at_ns on; nothing happens when it is in that state already, under or holding
 * the same GIL.
 */
void queue_decide(struct queue *queue, struct thread *thread, uint64_t at_ns,
		  enum thread_state state);
/* The same for a wait. */
void queue_decide_wait(struct queue *queue, struct thread *thread, uint64_t at_ns,
		       enum thread_state state, const struct wait_for *wait);
/* The same where the instant is the middle between two looks. */
void queue_decide_sampled(struct queue *queue, struct thread *thread, uint64_t at_ns,
			  enum thread_state state);
void queue_core(struct queue *queue, const struct core_change *change);
void queue_edge(struct queue *queue, const struct edge *edge);
void queue_move(struct queue *queue, const struct move *move);

/* Nothing about the thread is decided from now_ns on. An older hold is replaced. */
void queue_hold(struct queue *queue, struct thread *thread, uint64_t now_ns);
void queue_unhold(struct queue *queue, struct thread *thread);

/* Hands the sinks everything up to now_ns that no hold keeps back. */
int queue_flush(struct queue *queue, uint64_t now_ns);

#endif
