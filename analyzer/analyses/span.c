/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each thread carries the longest chain of work behind it; an edge hands over the waker's, if it is
 * longer. So there is no graph to be kept.
 */
#include "analyzer/analyses/span.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/gils.h"
#include "analyzer/run.h"
#include "analyzer/thread.h"

static int thread_find(struct span *span, const struct thread *thread, struct span_thread **ret_thread)
{
	int err = array_reserve(&span->threads, &span->threads_cap, (size_t)thread->slot + 1,
				sizeof(*span->threads));

	if (err)
		return err;
	if (span->threads_cnt <= thread->slot)
		span->threads_cnt = (size_t)thread->slot + 1;
	*ret_thread = &span->threads[thread->slot];
	return 0;
}

static bool is_work(enum thread_state state)
{
	return state < STATE_CNT && state_infos[state].counts & COUNTS_TRUE;
}

/* Adds the work up to now. */
static void thread_advance(struct span *span, struct span_thread *thread, uint64_t now_ns)
{
	uint64_t passed_ns;

	if (!thread->working)
		return;
	passed_ns = now_ns - thread->since_ns;
	thread->since_ns = now_ns;
	thread->own_ns += passed_ns;
	thread->chain_ns += passed_ns;
	thread->unlocked_ns += passed_ns;
	span->work_ns += passed_ns;
	if (thread->chain_ns > span->span_ns)
		span->span_ns = thread->chain_ns;
	if (thread->unlocked_ns > span->unlocked_ns)
		span->unlocked_ns = thread->unlocked_ns;
}

static int span_change(void *ctx, const struct change *change)
{
	struct span *span = ctx;
	struct span_thread *thread;
	int err = thread_find(span, change->thread, &thread);

	if (err)
		return err;
	thread_advance(span, thread, change->at_ns);
	thread->working = is_work(change->to);
	thread->since_ns = change->at_ns;
	return 0;
}

/* Where the next may go on only because the one before let go. */
static bool is_locking(enum thread_state ended)
{
	return ended == STATE_WAIT_GIL || ended == STATE_WAIT_LOCK || ended == STATE_WAIT_KLOCK;
}

static int span_edge(void *ctx, const struct edge *edge)
{
	struct span *span = ctx;
	struct span_thread *waker, *wakee;
	int err;

	if (!edge->waker)
		return 0;
	err = thread_find(span, edge->waker, &waker);
	if (!err)
		err = thread_find(span, edge->wakee, &wakee);
	if (err)
		return err;
	/* Room for the wakee may have moved the waker. */
	waker = &span->threads[edge->waker->slot];
	thread_advance(span, waker, edge->at_ns);
	if (waker->chain_ns > wakee->chain_ns)
		wakee->chain_ns = waker->chain_ns;
	if (!is_locking(edge->ended) && waker->unlocked_ns > wakee->unlocked_ns)
		wakee->unlocked_ns = waker->unlocked_ns;
	return 0;
}

static int law_check(struct span *span, const char *law, uint64_t less_ns, uint64_t more_ns)
{
	return identity_check(span->identity, less_ns <= more_ns,
			      "work and span: %s does not hold, %" PRIu64 " ns and %" PRIu64 " ns", law,
			      less_ns, more_ns);
}

static int span_end(void *ctx, const struct run *run)
{
	struct span *span = ctx;
	uint64_t wall_ns = run->end_ns - run->start_ns, own_ns = 0;
	int err;

	for (size_t i = 0; i < span->gils->counts_cnt; i++)
		if (span->gils->counts[i]->run_ns > span->gil_ns)
			span->gil_ns = span->gils->counts[i]->run_ns;
	for (size_t i = 0; i < span->threads_cnt; i++)
		if (span->threads[i].own_ns > own_ns)
			own_ns = span->threads[i].own_ns;
	err = law_check(span, "span <= wall time", span->span_ns, wall_ns);
	if (!err)
		err = law_check(span, "span <= work", span->span_ns, span->work_ns);
	if (!err)
		err = law_check(span, "work <= cores * wall time", span->work_ns, run->cores_cnt * wall_ns);
	if (!err)
		err = law_check(span, "unlocked span <= span", span->unlocked_ns, span->span_ns);
	if (!err)
		err = law_check(span, "time of a GIL <= wall time", span->gil_ns, wall_ns);
	if (!err)
		err = law_check(span, "a thread's work <= unlocked span", own_ns, span->unlocked_ns);
	return err;
}

uint64_t span_bound_ns(const struct span *span, uint64_t cores)
{
	/* Rounded up: no run is shorter. */
	uint64_t shared_ns = cores ? span->work_ns / cores + (span->work_ns % cores > 0) : 0;

	uint64_t serial_ns = span->gil_ns > span->span_ns ? span->gil_ns : span->span_ns;

	return shared_ns > serial_ns ? shared_ns : serial_ns;
}

void span_clear(struct span *span)
{
	free(span->threads);
	*span = (struct span){ 0 };
}

const struct sink span_sink = {
	.name = "span",
	.change = span_change,
	.edge = span_edge,
	.end = span_end,
};
