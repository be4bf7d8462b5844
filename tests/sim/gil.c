/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIL: a barging lock with a timed wait, a request to drop it, and a forced switch. What is
 * locked, noted and signalled when is CPython's; the lock that guards switch_cond is left out, as it
 * is held for no time here. Where the setup says so it is the one before Python 3.2 instead: gil_old.c.
 */
#include "tests/sim/world.h"

#include "tests/sim/recorder.h"

static enum sim_next gil_cond_wait(struct sim_world *world, struct sim_thread *thread, struct sim_gil *gil)
{
	/* On the list before the mutex is free: a signal in between is not lost. */
	enum sim_next next = nap(world, thread, &(struct sim_nap){
		.class = CLASS_GIL,
		.call = { CALL_FUTEX, gil->cond.address, FUTEX_TIMED_WAIT },
		.word = &gil->cond,
		.ns = world->script->setup.interval_ns,
		.ender = ENDER_TIMER,
	});

	lock_release_now(world, thread, &gil->mutex);
	return next;
}

void gil_hold(struct sim_gil *gil, struct sim_thread *thread)
{
	gil->created = gil->locked = true;
	thread->holds_gil = true;
	if (gil->last == thread)
		return;
	gil->last = thread;
	gil->switches++;
}

/* It has the mutex. Takes the GIL, or waits for it. */
static enum sim_next gil_try(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_gil *gil = &thread->process->gil;

	if (gil->locked) {
		/* Told once in a taking. */
		if (!frame->object)
			record_step(world->recorder, world, thread, TRACE_GIL_OP_WAIT);
		frame->object = gil;
		frame->left_ns = gil->switches;
		frame->at = 4;
		return gil_cond_wait(world, thread, gil);
	}
	gil_hold(gil, thread);
	gil->request = false;
	record_step(world->recorder, world, thread, TRACE_GIL_OP_TAKE);
	frame->at = 3;
	if (gil->switch_cond.first)
		return call_routine(thread, routine_wake, &gil->switch_cond, 1);
	return NEXT_CALL;
}

static void request(struct sim_world *world, struct sim_thread *thread, struct sim_gil *gil)
{
	gil->request = true;
	record_step(world->recorder, world, thread, TRACE_GIL_OP_REQUEST);
}

enum sim_next routine_take(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_gil *gil = &thread->process->gil;

	if (world->script->setup.old_gil)
		return old_gil_take(world, thread, frame);
	switch (frame->at) {
	case 0:
		if (!thread->process->has_gil || thread->holds_gil)
			return NEXT_DONE;
		frame->at = 1;
		return call_routine(thread, routine_lock, &gil->mutex, 0);
	case 1:
		frame->at = 2;
		return run_for(thread, dice_ns(&world->random, 50, 300));
	case 2:
		/* It had waited, nobody was switched in meanwhile, and still somebody holds it. */
		if (frame->arg && gil->locked && gil->switches == frame->left_ns)
			request(world, thread, gil);
		return gil_try(world, thread, frame);
	case 3:
		lock_release_now(world, thread, &gil->mutex);
		frame->at = 5;
		return run_for(thread, dice_ns(&world->random, 20, 200));
	case 4:
		frame->arg = thread->timed_out;
		frame->at = 1;
		return call_routine(thread, routine_lock, &gil->mutex, 0);
	default:
		return NEXT_DONE;
	}
}

/* arg: it is about to exit, and nobody can make it wait. */
enum sim_next routine_drop(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_gil *gil = &thread->process->gil;

	if (world->script->setup.old_gil)
		return old_gil_drop(world, thread, frame);
	switch (frame->at++) {
	case 0:
		if (!thread->holds_gil)
			return NEXT_DONE;
		return call_routine(thread, routine_lock, &gil->mutex, 0);
	case 1:
		return run_for(thread, dice_ns(&world->random, 50, 300));
	case 2:
		gil->locked = false;
		thread->holds_gil = false;
		record_step(world->recorder, world, thread, TRACE_GIL_OP_DROP);
		if (gil->cond.first)
			return call_routine(thread, routine_wake, &gil->cond, 1);
		return NEXT_CALL;
	case 3:
		lock_release_now(world, thread, &gil->mutex);
		if (!gil->request || gil->last != thread || frame->arg)
			return NEXT_DONE;
		gil->request = false;
		world->happened[SITUATION_GIL_FORCED]++;
		frame->object = gil;
		record_step(world->recorder, world, thread, TRACE_GIL_OP_WAIT);
		return nap(world, thread, &(struct sim_nap){
			.class = CLASS_GIL,
			.call = { CALL_FUTEX, gil->switch_cond.address, FUTEX_PLAIN_WAIT },
			.word = &gil->switch_cond,
		});
	default:
		if (frame->object)
			record_step(world->recorder, world, thread, TRACE_GIL_OP_RESUME);
		return NEXT_DONE;
	}
}

/* Whether it has to let go now, having done some work. */
static bool gil_is_due(const struct sim_world *world, const struct sim_thread *thread, struct sim_frame *frame)
{
	bool due = world->script->setup.old_gil ? frame->object != NULL : thread->process->gil.request;

	frame->object = NULL;
	return thread->holds_gil && due && frame->left_ns < frame->arg;
}

/* frame->arg ns of work; looks every now and then whether it may go on, if it has the GIL. */
enum sim_next routine_compute(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	uint64_t chunk_ns;

	if (!frame->at++)
		frame->left_ns = frame->arg;
	if (thread->process->has_gil && !thread->holds_gil)
		return call_routine(thread, routine_take, NULL, 0);
	if (!frame->left_ns)
		return NEXT_DONE;
	if (gil_is_due(world, thread, frame))
		return call_routine(thread, routine_drop, NULL, 0);
	chunk_ns = 1 + dice(&world->random, world->script->setup.check_ns);
	if (chunk_ns > frame->left_ns || !thread->holds_gil)
		chunk_ns = frame->left_ns;
	frame->left_ns -= chunk_ns;
	frame->object = &thread->process->gil;
	return run_for(thread, chunk_ns);
}
