/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of gilwatch.h. Each entry point is one kind of evidence.
 */
#include "analyzer/gilwatch.h"

/* Looks that must find a fighting thread without the GIL before it is doing something else. */
#define FIGHT_MISSES 2

static uint64_t middle(uint64_t from_ns, uint64_t to_ns)
{
	return from_ns + (to_ns - from_ns) / 2;
}

static bool peek_says_held(const struct gil_peek *peek, const struct thread *thread)
{
	const uint64_t taken = TRACE_GIL_LOCKED | TRACE_GIL_CREATED;

	return (peek->flags & taken) == taken && peek->last == thread->id;
}

/* It has taken the GIL since its last switch-out, whether or not it still holds it. */
static bool peek_says_had(const struct gil_peek *peek, const struct thread *thread)
{
	return peek->last == thread->id && peek->switches != thread->gil.switches;
}

static void watch(struct queue *queue, struct thread *thread, enum gil_mode mode, uint64_t now_ns)
{
	thread->gil.mode = mode;
	thread->gil.since_ns = now_ns;
	thread->gil.misses = 0;
	queue_hold(queue, thread, now_ns);
}

/* In CPython a thread may go from one interpreter, and so one GIL, to another. */
static void gil_turn(struct thread *thread, const struct gil_peek *peek)
{
	struct gil_view *gil = &thread->gil;

	if (!peek->gil || peek->gil == gil->id)
		return;
	if (gil->id)
		gil->switches = peek->switches;
	gil->id = peek->gil;
}

/* The fight was won at the switch-in; if it does not hold the GIL at `free_ns`, it dropped it. */
static void fight_won(struct queue *queue, struct thread *thread, bool holds, uint64_t free_ns)
{
	queue_decide(queue, thread, thread->in_ns, STATE_RUN_GIL);
	/* The switch-in is exact; that it held the GIL from there on is inferred. */
	thread->sampled = true;
	episode_end(&thread->gil_wait, thread->in_ns);
	if (!holds)
		queue_decide_sampled(queue, thread, middle(thread->in_ns, free_ns), STATE_RUN_FREE);
	thread->gil.mode = holds ? GIL_MODE_HELD : GIL_MODE_FREE;
}

/* It turns out to be doing something else, seen first at now_ns or at an earlier look. */
static void fight_over(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	if (thread->gil.part == TRACE_GIL_PART_COND) {
		fight_won(queue, thread, false, thread->gil.misses ? thread->gil.miss_ns : now_ns);
		return;
	}
	queue_decide(queue, thread, thread->in_ns, STATE_RUN_FREE);
	episode_end(&thread->gil_wait, thread->in_ns);
	thread->gil.mode = GIL_MODE_FREE;
}

/* Settles the doubt of every mode but FIGHT; afterwards the mode is FREE or HELD. */
static void settle(struct queue *queue, struct thread *thread, bool holds, bool blocks,
		   uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;

	if (gil->mode == GIL_MODE_DROPPED) {
		queue_decide(queue, thread, gil->since_ns,
			     blocks ? STATE_RUN_SPIN : STATE_RUN_FREE);
		gil->mode = GIL_MODE_FREE;
	}
	if (holds && thread->state_gil != gil->id)
		queue_decide_sampled(queue, thread, middle(gil->since_ns, now_ns), STATE_RUN_GIL);
	else if (gil->mode == GIL_MODE_HELD && !holds)
		queue_decide_sampled(queue, thread, middle(gil->since_ns, now_ns), STATE_RUN_FREE);
	gil->mode = holds ? GIL_MODE_HELD : GIL_MODE_FREE;
}

/*
 * It came without the GIL, is without it now, and has had it in between: as around a call that may
 * block, it took it first thing, and let go right before it blocked. Pushed off or at a tick: half-way.
 */
static bool stint_had(struct queue *queue, struct thread *thread, const struct gil_peek *peek,
		      bool blocks, uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;

	if (gil->mode != GIL_MODE_FREE || gil->since_ns != thread->in_ns || !peek->gil ||
	    !peek_says_had(peek, thread) || peek_says_held(peek, thread))
		return false;
	queue_decide(queue, thread, thread->in_ns, STATE_RUN_GIL);
	thread->sampled = true;
	if (!blocks)
		queue_decide_sampled(queue, thread, middle(thread->in_ns, now_ns), STATE_RUN_FREE);
	return true;
}

void gil_come(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;

	if (gil->held)
		thread->gil_held_off_core_ns +=
			stretch_part(thread->window, thread->out_ns, now_ns);
	if (thread->process->gil != GIL_LOCATED) {
		gil->mode = GIL_MODE_OFF;
		queue_decide(queue, thread, now_ns, STATE_RUN_FREE);
	} else if (gil->held) {
		queue_decide(queue, thread, now_ns, STATE_RUN_GIL);
		watch(queue, thread, GIL_MODE_HELD, now_ns);
	} else if (gil->part != TRACE_GIL_PART_NONE) {
		watch(queue, thread, GIL_MODE_FIGHT, now_ns);
	} else {
		queue_decide(queue, thread, now_ns, STATE_RUN_FREE);
		watch(queue, thread, GIL_MODE_FREE, now_ns);
	}
	gil->held = false;
}

/* One look at a fighting thread. What it was doing may stay in doubt. */
static void fight_look(struct queue *queue, struct thread *thread, const struct gil_peek *peek,
		       uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;
	bool holds = peek_says_held(peek, thread);

	if (holds || peek_says_had(peek, thread)) {
		fight_won(queue, thread, holds, now_ns);
	} else if (gil->misses + 1 < FIGHT_MISSES) {
		gil->misses++;
		gil->miss_ns = now_ns;
		return;
	} else {
		fight_over(queue, thread, now_ns);
	}
	watch(queue, thread, gil->mode, now_ns);
}

void gil_look(struct queue *queue, struct thread *thread, const struct gil_peek *peek,
	      uint64_t now_ns)
{
	bool holds = peek_says_held(peek, thread);

	gil_turn(thread, peek);
	switch (thread->gil.mode) {
	case GIL_MODE_OFF:
		/* The first that is heard of a GIL here: from now on it is watched. */
		queue_decide(queue, thread, now_ns, holds ? STATE_RUN_GIL : STATE_RUN_FREE);
		watch(queue, thread, holds ? GIL_MODE_HELD : GIL_MODE_FREE, now_ns);
		return;
	case GIL_MODE_FIGHT:
		fight_look(queue, thread, peek, now_ns);
		return;
	default:
		if (!stint_had(queue, thread, peek, false, now_ns))
			settle(queue, thread, holds, false, now_ns);
		watch(queue, thread, thread->gil.mode, now_ns);
	}
}

/* Its own waking proves that it holds the GIL, and wakings happen right inside the take. */
static void wake_holding(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;

	if (gil->mode == GIL_MODE_FIGHT)
		queue_decide(queue, thread, thread->in_ns, STATE_RUN_SPIN);
	else if (gil->mode == GIL_MODE_DROPPED)
		queue_decide(queue, thread, gil->since_ns, STATE_RUN_FREE);
	queue_decide(queue, thread, now_ns, STATE_RUN_GIL);
	episode_end(&thread->gil_wait, now_ns);
	watch(queue, thread, GIL_MODE_HELD, now_ns);
}

void gil_wake(struct queue *queue, struct thread *thread, const struct gil_peek *peek,
	      uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;
	/* Only a drop signals "GIL was freed": it held the GIL until now. */
	bool drops = peek->part == TRACE_GIL_PART_COND && peek->last == thread->id;

	gil_turn(thread, peek);
	if (peek_says_held(peek, thread)) {
		wake_holding(queue, thread, now_ns);
		return;
	}
	switch (gil->mode) {
	case GIL_MODE_FIGHT:
		if (!drops && !peek_says_had(peek, thread))
			return;
		fight_won(queue, thread, true, now_ns);
		break;
	case GIL_MODE_DROPPED:
	case GIL_MODE_FREE:
		settle(queue, thread, drops, false, now_ns);
		break;
	default:
		break;
	}
	watch(queue, thread, GIL_MODE_DROPPED, now_ns);
}

/* A fighting thread leaves its core. Returns whether it goes on fighting when it comes back. */
static bool fight_leave(struct queue *queue, struct thread *thread, const struct gil_peek *peek,
			bool holds, bool blocks, uint64_t how, uint64_t now_ns)
{
	if (holds || (peek->gil && peek_says_had(peek, thread))) {
		fight_won(queue, thread, holds, now_ns);
		return false;
	}
	if (blocks || how == TRACE_HOW_PREEMPTED) {
		queue_decide(queue, thread, thread->in_ns, STATE_RUN_SPIN);
		return true;
	}
	fight_over(queue, thread, now_ns);
	return false;
}

void gil_leave(struct queue *queue, struct thread *thread, const struct gil_peek *peek,
	       uint64_t how, uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;
	bool in_futex = peek->gil && peek->part != TRACE_GIL_PART_NONE;
	bool blocks = in_futex && how != TRACE_HOW_PREEMPTED && how != TRACE_HOW_DEAD;
	/* Whoever waits for a signal from the holder is not it, whatever a torn peek says. */
	bool waits = blocks && (peek->part == TRACE_GIL_PART_COND ||
				peek->part == TRACE_GIL_PART_SWITCH_COND);
	bool holds = !waits && peek->gil && peek_says_held(peek, thread);
	bool fights = false;

	gil_turn(thread, peek);
	if (gil->mode == GIL_MODE_FIGHT)
		fights = fight_leave(queue, thread, peek, holds, blocks, how, now_ns);
	else if (stint_had(queue, thread, peek, how != TRACE_HOW_PREEMPTED, now_ns))
		gil->mode = GIL_MODE_FREE;
	else if (gil->mode != GIL_MODE_OFF && peek->gil)
		settle(queue, thread, holds, blocks, now_ns);
	else if (gil->mode == GIL_MODE_DROPPED)
		settle(queue, thread, false, false, now_ns);
	queue_unhold(queue, thread);
	if (blocks && !holds)
		episode_begin(&thread->gil_wait, now_ns);
	else if (!fights)
		episode_end(&thread->gil_wait, now_ns);
	gil->held = holds && how != TRACE_HOW_DEAD;
	if (blocks)
		gil->part = (enum trace_gil_part)peek->part;
	else if (!fights)
		gil->part = TRACE_GIL_PART_NONE;
	if (peek->gil)
		gil->switches = peek->switches;
	gil->mode = GIL_MODE_OFF;
}

static void forget(struct queue *queue, struct thread *thread)
{
	queue_unhold(queue, thread);
	thread->gil.mode = GIL_MODE_OFF;
	thread->gil.held = false;
	thread->gil.part = TRACE_GIL_PART_NONE;
}

void gil_tire(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;

	if (gil->mode == GIL_MODE_OFF) {
		queue_unhold(queue, thread);
		return;
	}
	/* Whoever waited for the GIL does not run for so long without: it would block again. */
	if (gil->mode == GIL_MODE_FIGHT && gil->part == TRACE_GIL_PART_COND && !gil->misses)
		fight_won(queue, thread, true, now_ns);
	else if (gil->mode == GIL_MODE_FIGHT)
		fight_over(queue, thread, now_ns);
	else if (gil->mode == GIL_MODE_DROPPED)
		settle(queue, thread, false, false, now_ns);
	thread->sampled = true;
	watch(queue, thread, gil->mode, now_ns);
}

/* It was on its core all the time, but in what state is not known from at_ns on. */
static void lose_state(struct queue *queue, struct thread *thread, uint64_t at_ns, uint64_t now_ns)
{
	queue_decide(queue, thread, at_ns, STATE_UNKNOWN);
	thread->unsure_ns += stretch_part(thread->window, at_ns, now_ns);
}

void gil_lose(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;

	if (gil->held)
		thread->gil_held_off_core_ns +=
			stretch_part(thread->window, thread->out_ns, now_ns);
	if (gil->mode == GIL_MODE_FIGHT)
		lose_state(queue, thread, thread->in_ns, now_ns);
	else if (gil->mode == GIL_MODE_DROPPED)
		lose_state(queue, thread, gil->since_ns, now_ns);
	else if (gil->mode != GIL_MODE_OFF)
		/* The look that would have confirmed the last one is missing. */
		thread->sampled = true;
	episode_end(&thread->gil_wait, now_ns);
	forget(queue, thread);
}

bool gil_retire(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	struct gil_view *gil = &thread->gil;
	bool holds = gil->held || gil->mode == GIL_MODE_HELD;

	if (gil->mode == GIL_MODE_FIGHT)
		queue_decide(queue, thread, thread->in_ns, STATE_RUN_SPIN);
	else if (gil->mode == GIL_MODE_DROPPED)
		settle(queue, thread, false, false, now_ns);
	if (gil->mode != GIL_MODE_OFF || gil->held)
		forget(queue, thread);
	return holds;
}

void gil_exec(struct queue *queue, struct thread *thread, uint64_t now_ns)
{
	static const struct gil_peek no_peek;

	gil_leave(queue, thread, &no_peek, TRACE_HOW_BLOCKED, now_ns);
	forget(queue, thread);
	thread->gil.id = 0;
	/* Another program, another GIL: its switch number begins anew. */
	thread->gil.switches = 0;
	gil_come(queue, thread, now_ns);
}

void gil_end(struct queue *queue, struct thread *thread, uint64_t end_ns)
{
	struct gil_view *gil = &thread->gil;

	if (gil->held)
		thread->gil_held_off_core_ns +=
			stretch_part(thread->window, thread->out_ns, end_ns);
	if (gil->mode == GIL_MODE_FIGHT)
		queue_decide(queue, thread, thread->in_ns, STATE_RUN_SPIN);
	else if (gil->mode == GIL_MODE_DROPPED)
		queue_decide(queue, thread, gil->since_ns, STATE_RUN_FREE);
	episode_end(&thread->gil_wait, end_ns);
	forget(queue, thread);
}
