/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mutexes, conditions and pipes, and the calls that wake those who wait for them.
 */
#include "tests/sim/world.h"

#include "tests/sim/recorder.h"

/* Then it looks again. */
#define SHARED_PATIENCE_NS 3000000

/* A call that wakes up to arg of those who wait at a word. */
enum sim_next routine_wake(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_word *word = frame->object;

	switch (frame->at++) {
	case 0:
		thread->call = (struct sim_call){
			CALL_FUTEX, word->address, word->shared ? FUTEX_SHARED_WAKE : FUTEX_PLAIN_WAKE,
		};
		return run_for(thread, dice_ns(&world->random, 100, 2000));
	case 1:
		word_wake(world, thread, word, frame->arg);
		return run_for(thread, dice_ns(&world->random, 100, 1000));
	default:
		thread->call = (struct sim_call){ 0 };
		return NEXT_DONE;
	}
}

/* Waits once, as frame->object says. */
enum sim_next routine_nap(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	if (frame->at++)
		return NEXT_DONE;
	return nap(world, thread, &thread->nap);
}

enum sim_next routine_lock(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_lock *lock = frame->object;

	if (lock->owner == thread)
		return NEXT_DONE;
	if (!lock->owner) {
		lock->owner = thread;
		world->happened[SITUATION_LOCK_THEN_GIL] += frame->at && thread->process->has_gil &&
							     !lock->word.part;
		return NEXT_DONE;
	}
	world->happened[SITUATION_BARGED] += frame->at++ && !lock->word.part && !thread->timed_out;
	/* Of those that other processes wait for as well, one may be killed with the waking in its hands. */
	return nap(world, thread, &(struct sim_nap){
		.class = lock->word.part ? CLASS_GIL : CLASS_LOCK,
		.call = { CALL_FUTEX, lock->word.address,
			  lock->word.shared ? FUTEX_SHARED_WAIT : FUTEX_PLAIN_WAIT },
		.word = &lock->word,
		.lock = lock,
		.ns = lock->word.shared ? SHARED_PATIENCE_NS : 0,
		.ender = ENDER_TIMER,
	});
}

/* Without barging it is the first waiter's, before he knows. */
enum sim_next routine_unlock(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_lock *lock = frame->object;

	if (frame->at++ || lock->owner != thread)
		return NEXT_DONE;
	lock->owner = NULL;
	if (!lock->word.first)
		return NEXT_DONE;
	if (world->script->setup.hands_over && !lock->word.part)
		lock->owner = lock->word.first;
	return call_routine(thread, routine_wake, &lock->word, 1);
}

struct sim_lock *lock_of(struct sim_world *world, struct sim_thread *thread, uint32_t number)
{
	number %= SIM_LOCKS;
	return number < SIM_OBJECTS ? &thread->process->locks[number] :
				      &world->shared_locks[number - SIM_OBJECTS];
}

void locks_abandon(struct sim_world *world, struct sim_thread *thread)
{
	for (int i = 0; i < SIM_SHARED_LOCKS; i++) {
		struct sim_lock *lock = &world->shared_locks[i];

		if (lock->owner != thread)
			continue;
		lock->owner = world->script->setup.hands_over ? lock->word.first : NULL;
		word_wake(world, thread, &lock->word, 1);
	}
}

/* In the middle of something else: the whole call at one instant. */
void lock_release_now(struct sim_world *world, struct sim_thread *thread, struct sim_lock *lock)
{
	struct sim_call before = thread->call;

	lock->owner = NULL;
	if (!lock->word.first)
		return;
	thread->call = (struct sim_call){ CALL_FUTEX, lock->word.address, FUTEX_PLAIN_WAKE };
	word_wake(world, thread, &lock->word, 1);
	thread->call = before;
}

enum sim_next routine_receive(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_pipe *pipe = frame->object;

	switch (frame->at++) {
	case 0:
		thread->call = (struct sim_call){ CALL_READ, 3, 0 };
		return run_for(thread, dice_ns(&world->random, 100, 1000));
	case 1:
		if (pipe->bytes) {
			pipe->bytes--;
			thread->call = (struct sim_call){ 0 };
			return NEXT_DONE;
		}
		/* Should nobody write, then somebody from outside does. */
		return nap(world, thread, &(struct sim_nap){
			.class = CLASS_IO, .call = { CALL_READ, 3, 0 }, .word = &pipe->readers,
			.ns = frame->arg, .ender = ENDER_PROGRAM,
		});
	default:
		return NEXT_DONE;
	}
}

enum sim_next routine_send(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_pipe *pipe = frame->object;

	switch (frame->at++) {
	case 0:
		thread->call = (struct sim_call){ CALL_WRITE, 4, 0 };
		return run_for(thread, dice_ns(&world->random, 100, 3000));
	case 1:
		if (pipe->readers.first)
			word_wake(world, thread, &pipe->readers, 1);
		else
			pipe->bytes++;
		return run_for(thread, dice_ns(&world->random, 100, 1000));
	default:
		thread->call = (struct sim_call){ 0 };
		return NEXT_DONE;
	}
}
