/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: a queue for each core, time slices, wake-ups that push off who runs, threads that
 * move, and other programs that come first.
 */
#include "tests/sim/world.h"

#include "tests/sim/recorder.h"

bool core_is_idle(const struct sim_core *core)
{
	return !core->thread && !core->program;
}

void core_look_soon(struct sim_world *world, struct sim_core *core)
{
	if (core->will_look)
		return;
	core->will_look = true;
	world_at(world, world->now_ns + 1 + dice_ns(&world->random, 300, 40000), EVENT_LOOK, 0, core);
}

static void queue_add(struct sim_core *core, struct sim_thread *thread)
{
	thread->queue_next = NULL;
	if (core->last)
		core->last->queue_next = thread;
	else
		core->first = thread;
	core->last = thread;
	core->queue_cnt++;
}

static struct sim_thread *queue_take(struct sim_core *core)
{
	struct sim_thread *thread = core->first;

	if (!thread)
		return NULL;
	core->first = thread->queue_next;
	if (!core->first)
		core->last = NULL;
	core->queue_cnt--;
	return thread;
}

/* An idle core may take what waits at another. */
static struct sim_thread *queue_steal(struct sim_world *world, struct sim_core *core)
{
	uint32_t cores = world->script->setup.cores;
	uint32_t at = (uint32_t)dice(&world->random, cores);
	struct sim_thread *thread;

	for (uint32_t i = 0; i < 4 && i < cores; i++) {
		struct sim_core *other = &world->cores[(at + i) % cores];

		if (other == core || !other->first || !chance(&world->random, world->script->setup.move))
			continue;
		thread = queue_take(other);
		thread->core = core->index;
		record_migrate(world->recorder, world, core, thread, other->index);
		return thread;
	}
	return NULL;
}

static void thread_come(struct sim_world *world, struct sim_core *core, struct sim_thread *thread)
{
	thread->spot = SPOT_CORE;
	thread->core = core->index;
	thread->since_ns = world->now_ns;
	thread->wake_id++;
	world_at(world, world->now_ns + (thread->run_ns ? thread->run_ns : 1), EVENT_RUN, thread->wake_id,
		 thread);
}

static void thread_leave(struct sim_world *world, struct sim_thread *thread)
{
	uint64_t ran_ns = world->now_ns - thread->since_ns;

	thread->cpu_ns += ran_ns;
	thread->run_ns = thread->run_ns > ran_ns ? thread->run_ns - ran_ns : 0;
	thread->wake_id++;
}

static void program_come(struct sim_world *world, struct sim_core *core)
{
	core->program = core->program_next;
	core->program_next = 0;
	world_at(world, world->now_ns + core->program_next_ns, EVENT_PROGRAM_END, core->turn, core);
}

/* The core changes hands: whoever has it leaves, for the given reason, and the next comes. */
void core_switch(struct sim_world *world, struct sim_core *core, enum trace_how how)
{
	struct sim_thread *prev = core->thread, *next = NULL;
	uint64_t prev_program = core->program;

	if (!core->program_next) {
		next = queue_take(core);
		if (!next && how != TRACE_HOW_PREEMPTED)
			next = queue_steal(world, core);
		if (!next && how == TRACE_HOW_PREEMPTED)
			return;
	}
	core->turn++;
	core->push_off = false;
	core->program = 0;
	core->thread = next;
	if (prev)
		thread_leave(world, prev);
	if (core->program_next)
		program_come(world, core);
	record_switch(world->recorder, world, core, &(struct sim_handover){
		.prev = prev, .prev_program = prev_program, .how = how,
		.next = next, .next_program = core->program,
	});
	if (prev && how == TRACE_HOW_PREEMPTED) {
		world->happened[SITUATION_GIL_PUSHED_OFF] += prev->holds_gil;
		prev->spot = SPOT_READY;
		queue_add(core, prev);
	}
	if (next) {
		thread_come(world, core, next);
		world_at(world, world->now_ns + world->script->setup.slice_ns, EVENT_SLICE, core->turn,
			 core);
	}
	if (core->first && core_is_idle(core))
		core_look_soon(world, core);
}

void core_look(struct sim_world *world, struct sim_core *core)
{
	core->will_look = false;
	if (core_is_idle(core)) {
		if (core->first || core->program_next)
			core_switch(world, core, TRACE_HOW_NONE);
	} else if (core->thread && (core->program_next || core->push_off)) {
		core_switch(world, core, TRACE_HOW_PREEMPTED);
	}
}

void core_slice_end(struct sim_world *world, struct sim_core *core)
{
	if (!core->thread)
		return;
	if (core->first || core->program_next)
		core_switch(world, core, TRACE_HOW_PREEMPTED);
	else
		world_at(world, world->now_ns + world->script->setup.slice_ns, EVENT_SLICE, core->turn,
			 core);
}

static struct sim_core *core_choose(struct sim_world *world, const struct sim_thread *thread)
{
	const struct sim_setup *setup = &world->script->setup;
	struct sim_core *core = &world->cores[thread->core];
	uint32_t at;

	if ((core_is_idle(core) && !core->first) || !chance(&world->random, setup->move))
		return core;
	at = (uint32_t)dice(&world->random, setup->cores);
	for (uint32_t i = 0; i < 8 && i < setup->cores; i++) {
		struct sim_core *other = &world->cores[(at + i) % setup->cores];

		if (core_is_idle(other) && !other->first)
			return other;
	}
	return core;
}

void thread_ready(struct sim_world *world, struct sim_thread *thread, const struct sim_core *here, bool is_new)
{
	struct sim_core *core = core_choose(world, thread);
	uint32_t from = thread->core;

	thread->spot = SPOT_READY;
	thread->core = core->index;
	if (core->index != from && !is_new)
		record_migrate(world->recorder, world, here, thread, from);
	queue_add(core, thread);
	world->happened[SITUATION_FOREIGN_CORE] += core->program != 0;
	if (core->thread && chance(&world->random, world->script->setup.preempt))
		core->push_off = true;
	if (core_is_idle(core) || core->push_off)
		core_look_soon(world, core);
}
