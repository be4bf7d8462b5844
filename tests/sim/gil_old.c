/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIL before Python 3.2: a semaphore that its holder lets go and takes again every so often. Who is woken
 * by that finds most of the time, once on a core, that it is taken.
 */
#include "tests/sim/world.h"

#include "tests/sim/recorder.h"

enum sim_next old_gil_take(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_gil *gil = &thread->process->gil;

	switch (frame->at) {
	case 0:
		if (!thread->process->has_gil || thread->holds_gil)
			return NEXT_DONE;
		frame->at = 1;
		return run_for(thread, dice_ns(&world->random, 20, 200));
	case 1:
		if (gil->locked) {
			/* Told once in a taking. */
			if (!frame->object)
				record_step(world->recorder, world, thread, TRACE_GIL_OP_WAIT);
			else
				world->happened[SITUATION_GIL_TAKEN_AGAIN]++;
			frame->object = gil;
			frame->at = 0;
			return nap(world, thread, &(struct sim_nap){
				.class = CLASS_GIL,
				.call = { CALL_FUTEX, gil->cond.address, FUTEX_PLAIN_WAIT },
				.word = &gil->cond,
			});
		}
		gil_hold(gil, thread);
		record_step(world->recorder, world, thread, TRACE_GIL_OP_TAKE);
		frame->at = 2;
		return run_for(thread, dice_ns(&world->random, 20, 200));
	default:
		return NEXT_DONE;
	}
}

enum sim_next old_gil_drop(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_gil *gil = &thread->process->gil;

	switch (frame->at++) {
	case 0:
		if (!thread->holds_gil)
			return NEXT_DONE;
		return run_for(thread, dice_ns(&world->random, 20, 200));
	case 1:
		gil->locked = false;
		thread->holds_gil = false;
		record_step(world->recorder, world, thread, TRACE_GIL_OP_DROP);
		if (gil->cond.first)
			return call_routine(thread, routine_wake, &gil->cond, 1);
		return NEXT_DONE;
	default:
		return NEXT_DONE;
	}
}
