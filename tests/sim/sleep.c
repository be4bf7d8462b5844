/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going to sleep takes time, and whoever is woken meanwhile either stays on its core or leaves it
 * ready: the wakings that come before the switch-out that they end.
 */
#include "tests/sim/world.h"

#include "tests/sim/recorder.h"

enum sim_next run_for(struct sim_thread *thread, uint64_t ns)
{
	thread->run_ns = ns ? ns : 1;
	return NEXT_RUN;
}

enum sim_next call_routine(struct sim_thread *thread,
			   enum sim_next (*routine)(struct sim_world *, struct sim_thread *, struct sim_frame *),
			   void *object, uint64_t arg)
{
	thread->frames[thread->depth++] = (struct sim_frame){
		.routine = routine, .object = object, .arg = arg,
	};
	return NEXT_CALL;
}

static void word_add(struct sim_word *word, struct sim_thread *thread)
{
	thread->word_next = NULL;
	if (word->last)
		word->last->word_next = thread;
	else
		word->first = thread;
	word->last = thread;
}

static void word_remove(struct sim_word *word, struct sim_thread *thread)
{
	struct sim_thread **at = &word->first, *before = NULL;

	while (*at && *at != thread) {
		before = *at;
		at = &before->word_next;
	}
	if (!*at)
		return;
	*at = thread->word_next;
	if (word->last == thread)
		word->last = before;
}

/* From here on it can be woken; it leaves its core a little later. */
enum sim_next nap(struct sim_world *world, struct sim_thread *thread, const struct sim_nap *nap)
{
	thread->nap = *nap;
	thread->call = nap->call;
	thread->nap_id++;
	thread->napping = thread->in_nap = true;
	thread->woken = thread->timed_out = thread->stays = false;
	thread->nap_left_fact = thread->nap_waking_fact = 0;
	if (nap->word)
		word_add(nap->word, thread);
	if (nap->ns)
		world_at(world, world->now_ns + nap->ns, EVENT_TIME_OUT, thread->nap_id, thread);
	thread->run_ns = dice_ns(&world->random, 200, chance(&world->random, world->script->setup.early) ?
				 20000 : 1000);
	return NEXT_SLEEP;
}

/* It has done all that comes before leaving the core. */
void nap_left(struct sim_world *world, struct sim_thread *thread)
{
	struct sim_core *core = &world->cores[thread->core];

	if (thread->woken && thread->stays) {
		thread->napping = false;
		thread_go(world, thread);
		return;
	}
	thread->spot = SPOT_WAIT;
	core_switch(world, core, thread->nap.uninterruptible ? TRACE_HOW_BLOCKED_D : TRACE_HOW_BLOCKED);
	/* What it does in the call when it is back. */
	thread->run_ns = dice_ns(&world->random, 200, 3000);
	if (thread->woken) {
		thread->napping = false;
		thread_ready(world, thread, core, false);
	}
}

void thread_wake(struct sim_world *world, struct sim_thread *thread, struct sim_core *here, bool interrupt)
{
	if (!thread->napping || thread->woken)
		return;
	if (thread->nap.word)
		word_remove(thread->nap.word, thread);
	thread->woken = true;
	world->happened[SITUATION_WOKEN_EARLY] += thread->spot != SPOT_WAIT;
	world->happened[SITUATION_LOCK_OF_OTHERS] += thread->nap.class == CLASS_LOCK && !interrupt &&
						      here->thread->process != thread->process;
	record_waking(world->recorder, world, here, thread, interrupt);
	if (thread->spot == SPOT_CORE) {
		thread->stays = chance(&world->random, 400);
	} else if (thread->spot == SPOT_READY) {
		/* Pushed off on its way to sleep: it will find itself woken. */
		thread->stays = true;
	} else {
		thread->napping = false;
		thread_ready(world, thread, here, false);
	}
}

/* The core where the clock or a device interrupts whoever has it. */
struct sim_core *interrupted_core(struct sim_world *world, const struct sim_thread *thread)
{
	if (thread->nap.ender == ENDER_TIMER)
		return &world->cores[thread->core];
	return &world->cores[dice(&world->random, world->script->setup.cores)];
}

void nap_time_out(struct sim_world *world, struct sim_thread *thread)
{
	struct sim_core *here = interrupted_core(world, thread);
	bool interrupt = true;

	thread->timed_out = true;
	world->happened[SITUATION_TIMED_OUT] += thread->nap.word != NULL;
	/* A program does it itself, where one is running. */
	if (thread->nap.ender == ENDER_PROGRAM)
		for (uint32_t i = 0; i < world->script->setup.cores; i++)
			if (world->cores[i].program && world->cores[i].program != SIM_PROGRAM_HIDDEN) {
				here = &world->cores[i];
				interrupt = false;
			}
	thread_wake(world, thread, here, interrupt);
}

void word_wake(struct sim_world *world, struct sim_thread *waker, struct sim_word *word, uint64_t cnt)
{
	while (word->first && cnt--)
		thread_wake(world, word->first, &world->cores[waker->core], false);
}
