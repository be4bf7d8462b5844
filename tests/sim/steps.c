/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What threads do: the steps of their plans, each with the GIL let go around it where it blocks.
 */
#include "tests/sim/world.h"

#include "tests/sim/recorder.h"

/* A plan that loops is over after so many steps. */
#define STEPS_MAX 60

static const char *const comms[] = { "worker", "reader", "writer", "pool-1", "pool-2", "io", "main", "x" };

/* How steps block that are but one wait. */
static const struct blocking {
	enum sim_class class;
	struct sim_call call;
	enum sim_ender ender;
	bool iowait, uninterruptible, keeps_gil;
} blockings[DO_CNT] = {
	[DO_READ] = { CLASS_IO, { CALL_READ, 5, 0 }, ENDER_DEVICE, false, false, false },
	[DO_POLL] = { CLASS_IO, { CALL_POLL, 0x7000, 1 }, ENDER_TIMER, false, false, false },
	[DO_FSYNC] = { CLASS_IO, { CALL_FSYNC, 6, 0 }, ENDER_DEVICE, true, true, false },
	[DO_ACCEPT] = { CLASS_LISTEN, { CALL_ACCEPT, 7, 0 }, ENDER_PROGRAM, false, false, false },
	[DO_FAULT] = { CLASS_OTHER, { 0, 0, 0 }, ENDER_DEVICE, false, true, true },
	[DO_HOARD] = { CLASS_IO, { CALL_READ, 8, 0 }, ENDER_DEVICE, false, false, true },
	[DO_SLEEP] = { CLASS_SLEEP, { CALL_NANOSLEEP, 0, 0 }, ENDER_TIMER, false, false, false },
};

static enum sim_next block_begin(struct sim_thread *thread, const struct sim_step *step)
{
	const struct blocking *blocking = &blockings[step->what];

	thread->nap = (struct sim_nap){
		.class = blocking->class, .call = blocking->call, .ns = step->ns, .ender = blocking->ender,
		.iowait = blocking->iowait, .uninterruptible = blocking->uninterruptible,
	};
	return call_routine(thread, routine_nap, NULL, 0);
}

static bool step_keeps_gil(const struct sim_step *step)
{
	switch (step->what) {
	case DO_COMPUTE: case DO_UNLOCK: case DO_SIGNAL: case DO_BROADCAST: case DO_EXEC: case DO_RENAME:
	case DO_LOOP: case DO_SPAWN: case DO_FAULT: case DO_HOARD:
		return true;
	default:
		return false;
	}
}

/* Locks are taken in their order, one thread at most each once, so that nobody waits in a circle. */
static bool may_lock(struct sim_world *world, struct sim_thread *thread, uint32_t arg)
{
	for (uint32_t i = arg % SIM_LOCKS; i < SIM_LOCKS; i++)
		if (lock_of(world, thread, i)->owner == thread)
			return false;
	return true;
}

static enum sim_next wait_begin(struct sim_thread *thread, const struct sim_step *step)
{
	struct sim_word *word = &thread->process->conds[step->arg % SIM_OBJECTS];

	thread->nap = (struct sim_nap){
		.class = CLASS_SYNC, .call = { CALL_FUTEX, word->address, FUTEX_TIMED_WAIT },
		.word = word, .ns = step->ns, .ender = ENDER_TIMER,
	};
	return call_routine(thread, routine_nap, NULL, 0);
}

static void loop_back(struct sim_thread *thread, const struct sim_step *step)
{
	uint32_t *left = &thread->loops[thread->step - 1];

	/* 1 + how many times are left; 0: it has not begun. */
	if (!*left)
		*left = 1 + step->times;
	if (!--*left)
		return;
	thread->step -= step->arg < thread->step ? step->arg + 1 : thread->step;
}

static enum sim_next object_step(struct sim_world *world, struct sim_thread *thread,
				 const struct sim_step *step)
{
	struct sim_process *process = thread->process;
	uint32_t arg = step->arg % SIM_OBJECTS;

	switch (step->what) {
	case DO_LOCK:
		return may_lock(world, thread, step->arg) ?
			       call_routine(thread, routine_lock, lock_of(world, thread, step->arg), 0) : NEXT_CALL;
	case DO_UNLOCK:
		return call_routine(thread, routine_unlock, lock_of(world, thread, step->arg), 0);
	case DO_WAIT:
		return wait_begin(thread, step);
	case DO_SIGNAL:
	case DO_BROADCAST:
		if (!process->conds[arg].first)
			return NEXT_CALL;
		return call_routine(thread, routine_wake, &process->conds[arg],
				    step->what == DO_SIGNAL ? 1 : UINT64_MAX);
	case DO_RECEIVE:
		return call_routine(thread, routine_receive, &world->pipes[arg], step->ns);
	case DO_SEND:
		return call_routine(thread, routine_send, &world->pipes[arg], 0);
	default:
		return NEXT_CALL;
	}
}

static enum sim_next step_do(struct sim_world *world, struct sim_thread *thread, const struct sim_step *step)
{
	switch (step->what) {
	case DO_COMPUTE:
		return call_routine(thread, routine_compute, NULL, step->ns);
	case DO_NATIVE:
		return run_for(thread, step->ns);
	case DO_READ: case DO_POLL: case DO_FSYNC: case DO_ACCEPT: case DO_FAULT: case DO_HOARD: case DO_SLEEP:
		return block_begin(thread, step);
	case DO_SPAWN:
		return call_routine(thread, routine_spawn, NULL, step->arg);
	case DO_JOIN:
		return call_routine(thread, routine_join, NULL, step->arg);
	case DO_EXEC:
		return call_routine(thread, routine_exec, NULL, step->arg);
	case DO_RENAME:
		thread->comm = comms[dice(&world->random, sizeof(comms) / sizeof(*comms))];
		record_comm(world->recorder, world, thread);
		return NEXT_CALL;
	case DO_LOOP:
		loop_back(thread, step);
		return NEXT_CALL;
	default:
		return object_step(world, thread, step);
	}
}

static bool is_tired(const struct sim_world *world, const struct sim_thread *thread)
{
	return thread->steps_done >= STEPS_MAX && !world->script->setup.records;
}

/* Between two steps: 0 take what the step needs of the GIL, 1 do it, 2 take the GIL back. */
enum sim_next routine_plan(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	const struct sim_plan *plan = &world->script->plans[thread->plan];
	const struct sim_step *step;

	if (frame->at == 2) {
		frame->at = 0;
		thread->call = (struct sim_call){ 0 };
		if (thread->process->has_gil && !thread->holds_gil)
			return call_routine(thread, routine_take, NULL, 0);
	}
	if (thread->step >= plan->cnt || is_tired(world, thread))
		return NEXT_DONE;
	step = &plan->steps[thread->step];
	if (!frame->at++ && !step_keeps_gil(step))
		return call_routine(thread, routine_drop, NULL, 0);
	frame->at = 2;
	thread->step++;
	thread->steps_done += step->what != DO_SPAWN && step->what != DO_JOIN;
	return step_do(world, thread, step);
}

void thread_go(struct sim_world *world, struct sim_thread *thread)
{
	enum sim_next next = NEXT_CALL;

	/* Back in user mode; whoever was killed does not get there any more. */
	if (thread->in_nap && !thread->killed)
		thread->call = (struct sim_call){ 0 };
	thread->in_nap = false;
	if (thread->killed && !thread->exiting) {
		thread->depth = 0;
		call_routine(thread, routine_exit, NULL, 0);
	}
	while (next == NEXT_CALL || next == NEXT_DONE) {
		struct sim_frame *frame = &thread->frames[thread->depth - 1];

		next = frame->routine(world, thread, frame);
		if (next == NEXT_DONE && !--thread->depth)
			call_routine(thread, routine_exit, NULL, 0);
	}
	if (next == NEXT_RUN || next == NEXT_SLEEP)
		world_at(world, world->now_ns + thread->run_ns, EVENT_RUN, thread->wake_id, thread);
}
