/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of gilexact.h.
 */
#include "analyzer/gilexact.h"

#include "analyzer/array.h"
#include "analyzer/gilwatch.h"

static enum thread_state exact_state(const struct thread *thread)
{
	const struct exact_view *exact = &thread->exact;

	return exact->holds ? STATE_RUN_GIL : exact->waits ? STATE_RUN_SPIN : STATE_RUN_FREE;
}

void exact_begin(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	if (thread->exact.known)
		return;
	thread->exact = (struct exact_view){
		.known = true,
		.ever = true,
		.holds = gil_retire(queue, thread, now_ns),
		.waits = thread->gil_wait.open,
	};
	if (thread->exact.holds)
		episode_begin(&thread->gil_hold, now_ns);
}

void exact_inherit(struct thread *thread, const struct thread *parent, uint64_t now_ns)
{
	thread->exact = parent->exact;
	thread->exact.lock_kind = TRACE_LOCK_KIND_NONE;
	if (thread->exact.holds)
		episode_begin(&thread->gil_hold, now_ns);
}

void exact_end(struct thread *thread, uint64_t now_ns)
{
	thread->exact.missed = false;
	if (!thread->exact.known)
		return;
	if (thread->exact.holds && thread->place != PLACE_CORE)
		thread->gil_held_off_core_ns +=
			stretch_part(thread->window, thread->out_ns, now_ns);
	episode_end(&thread->gil_hold, now_ns);
	episode_end(&thread->gil_wait, now_ns);
	episode_end(&thread->lock_wait, now_ns);
	thread->exact = (struct exact_view){ .ever = true };
}

void exact_lose(struct thread *thread, uint64_t now_ns)
{
	exact_end(thread, now_ns);
	thread->exact.missed = true;
}

bool exact_come(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	/* COMMAND is born on a core: its first coming is not its first stay. */
	if (thread->process->gil_exact && !thread->exact.ever && !thread->exact.missed &&
	    thread->parent && thread->comings == 1)
		exact_begin(queue, thread, now_ns);
	if (!thread->exact.known)
		return false;
	if (thread->exact.holds)
		thread->gil_held_off_core_ns +=
			stretch_part(thread->window, thread->out_ns, now_ns);
	queue_decide(queue, thread, now_ns, exact_state(thread));
	return true;
}

/* Whatever it does now, it runs: its wait for a lock is over. */
static void lock_wait_end(struct thread *thread, uint64_t now_ns)
{
	episode_end(&thread->lock_wait, now_ns);
	thread->exact.lock_kind = TRACE_LOCK_KIND_NONE;
}

void exact_gil_op(struct queue *queue, struct thread *thread, const struct trace_gilop *op,
		  uint64_t now_ns)
{
	static const struct {
		bool holds, waits;
	} after[] = {
		[TRACE_GIL_OP_WAIT] = { false, true },
		[TRACE_GIL_OP_TAKE] = { true, false },
		[TRACE_GIL_OP_DROP] = { false, false },
		[TRACE_GIL_OP_RESUME] = { false, false },
		/* Whoever asks is about to block again; its own wait may have been lost. */
		[TRACE_GIL_OP_REQUEST] = { false, true },
	};

	exact_begin(queue, thread, now_ns);
	if (!op->op || op->op >= ARRAY_SIZE(after))
		return;
	lock_wait_end(thread, now_ns);
	if (op->gil)
		thread->gil.id = op->gil;
	thread->exact.holds = after[op->op].holds;
	thread->exact.waits = after[op->op].waits;
	(thread->exact.holds ? episode_begin : episode_end)(&thread->gil_hold, now_ns);
	(thread->exact.waits ? episode_begin : episode_end)(&thread->gil_wait, now_ns);
	queue_decide(queue, thread, now_ns, exact_state(thread));
}

void exact_lock_op(struct queue *queue, struct thread *thread, const struct trace_lockop *op,
		   uint64_t now_ns)
{
	/* Whether it holds the GIL, a step at a lock does not say. */
	if (thread->exact.missed)
		return;
	exact_begin(queue, thread, now_ns);
	lock_wait_end(thread, now_ns);
	if (op->op != TRACE_LOCK_OP_WAIT)
		return;
	thread->exact.lock_kind = op->kind;
	episode_begin(&thread->lock_wait, now_ns);
}

enum thread_state exact_wait(const struct thread *thread)
{
	const struct exact_view *exact = &thread->exact;

	if (exact->waits)
		return STATE_WAIT_GIL;
	switch (exact->lock_kind) {
	case TRACE_LOCK_KIND_NONE:
		return STATE_CNT;
	case TRACE_LOCK_KIND_LOCK:
	case TRACE_LOCK_KIND_RLOCK:
	case TRACE_LOCK_KIND_MUTEX:
		return STATE_WAIT_LOCK;
	default:
		return STATE_WAIT_SYNC;
	}
}
