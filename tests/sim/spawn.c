/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Birth, a new program, death. Tids are used again as soon as they are free.
 */
#include "tests/sim/world.h"

#include "tests/sim/memory.h"
#include "tests/sim/recorder.h"

static uint64_t tid_take(struct sim_world *world)
{
	size_t at = 0;

	while (at < world->tids_cap && world->tids[at])
		at++;
	grow(&world->tids, &world->tids_cap, at + 1, sizeof(*world->tids));
	world->happened[SITUATION_TID_AGAIN] += at + 1 < world->threads_cnt;
	world->tids[at] = true;
	return SIM_TIDS_FIRST + at;
}

static void tid_free(struct sim_world *world, uint64_t tid)
{
	world->tids[tid - SIM_TIDS_FIRST] = false;
}

static uint64_t address_new(struct sim_world *world)
{
	return UINT64_C(0x7f0000001000) + 64 * world->words_cnt++;
}

/* The same program has the same addresses in every process that runs it. */
static void gil_make(struct sim_gil *gil, enum sim_gil_kind kind)
{
	*gil = (struct sim_gil){ .address = 0x5000, .visible = kind == SIM_GIL_KNOWN };
	gil->cond = (struct sim_word){ .address = 0x5000 + 32, .part = TRACE_GIL_PART_COND };
	gil->mutex.word = (struct sim_word){ .address = 0x5000 + 80, .part = TRACE_GIL_PART_MUTEX };
	gil->switch_cond = (struct sim_word){ .address = 0x5000 + 120, .part = TRACE_GIL_PART_SWITCH_COND };
}

void process_objects_make(struct sim_world *world, struct sim_process *process, enum sim_gil_kind kind)
{
	for (uint64_t i = 0; i < SIM_OBJECTS; i++) {
		process->locks[i] = (struct sim_lock){ .word = { .address = 0x6000 + 64 * i } };
		process->conds[i] = (struct sim_word){ .address = 0x6800 + 64 * i };
	}
	process->gil_kind = kind;
	process->has_gil = kind != SIM_GIL_NONE;
	gil_make(&process->gil, kind);
	if (process->has_gil)
		process->gil.id = ++world->gils_cnt;
	world->happened[SITUATION_SECOND_GIL] += process->has_gil && world->gils_cnt > 1;
}

static struct sim_process *process_add(struct sim_world *world)
{
	struct sim_process *process = zalloc(1, sizeof(*process));

	grow(&world->processes, &world->processes_cap, world->processes_cnt + 1, sizeof(struct sim_process *));
	world->processes[world->processes_cnt++] = process;
	process->child_exits.address = address_new(world);
	world->happened[SITUATION_MANY_PROCESSES] += world->processes_cnt > 1;
	return process;
}

static bool plan_may_be_lost(const struct sim_world *world, size_t plan)
{
	for (size_t i = 0; i < world->script->plans[plan].cnt; i++) {
		enum sim_do what = world->script->plans[plan].steps[i].what;

		if (what == DO_EXEC || what == DO_SPAWN)
			return false;
	}
	return true;
}

/* A thread of the process; NULL: of a process of its own. */
static struct sim_thread *thread_add(struct sim_world *world, struct sim_process *process, size_t plan)
{
	struct sim_thread *thread = zalloc(1, sizeof(*thread));

	grow(&world->threads, &world->threads_cap, world->threads_cnt + 1, sizeof(struct sim_thread *));
	thread->slot = (uint32_t)world->threads_cnt;
	world->threads[world->threads_cnt++] = thread;
	thread->id = world->threads_cnt;
	thread->tid = tid_take(world);
	thread->plan = plan;
	thread->untold = process && plan_may_be_lost(world, plan);
	if (!process) {
		process = process_add(world);
		process->id = thread->id;
		process->pid = thread->tid;
	}
	thread->process = process;
	thread->comm = "thread";
	thread->loops = zalloc(world->script->plans[plan].cnt, sizeof(*thread->loops));
	thread->exits.address = address_new(world);
	process->alive_cnt++;
	world->alive_cnt++;
	world->by_plan[plan] = thread;
	call_routine(thread, routine_plan, NULL, 0);
	/* The first thing it does is to attach itself. */
	thread->frames[0].at = 2;
	return thread;
}

/* In a new program the GIL comes into being some time after the start, held by whoever made it. */
static enum sim_next routine_startup(struct sim_world *world, struct sim_thread *thread,
				     struct sim_frame *frame)
{
	struct sim_gil *gil = &thread->process->gil;

	if (!frame->at++)
		return run_for(thread, dice_ns(&world->random, 1000, 200000));
	if (thread->process->has_gil && !gil->created) {
		gil->created = gil->locked = true;
		gil->last = thread;
		gil->switches = 1;
		thread->holds_gil = true;
		record_step(world->recorder, world, thread, TRACE_GIL_OP_TAKE);
	}
	return NEXT_DONE;
}

static void program_begin(struct sim_world *world, struct sim_thread *thread)
{
	struct sim_process *process = thread->process;

	record_exec(world->recorder, world, thread);
	if (process->gil_kind == SIM_GIL_KNOWN)
		record_gil(world->recorder, world, process, thread->core);
	if (process->gil_kind == SIM_GIL_SOUGHT)
		world_at(world, world->now_ns + dice_ns(&world->random, 50000, 4000000), EVENT_FOUND, 0,
			 process);
	call_routine(thread, routine_startup, NULL, 0);
}

void gil_found(struct sim_world *world, struct sim_process *process)
{
	if (!process->has_gil || process->gil_kind != SIM_GIL_SOUGHT || process->gil.visible ||
	    !process->alive_cnt)
		return;
	process->gil.visible = true;
	world->happened[SITUATION_GIL_FOUND_LATE]++;
	record_gil(world->recorder, world, process, TRACE_STREAM_COLLECTOR);
}

struct sim_thread *command_begin(struct sim_world *world)
{
	struct sim_thread *thread = thread_add(world, NULL, 0);
	struct sim_core *core = &world->cores[dice(&world->random, world->script->setup.cores)];

	for (uint64_t i = 0; i < SIM_SHARED_LOCKS; i++)
		world->shared_locks[i].word = (struct sim_word){ .address = 0x9000 + 64 * i, .shared = true };
	process_objects_make(world, thread->process, world->script->setup.gil);
	thread->spot = SPOT_CORE;
	thread->core = core->index;
	thread->since_ns = world->now_ns;
	core->thread = thread;
	core->program = 0;
	core->turn++;
	record_birth(world->recorder, world, NULL, thread);
	program_begin(world, thread);
	thread_go(world, thread);
	world_at(world, world->now_ns + world->script->setup.slice_ns, EVENT_SLICE, core->turn, core);
	return thread;
}

/* A fork takes along what the memory says of the GIL: the child holds what its parent held. */
static void gil_inherit(struct sim_world *world, struct sim_thread *parent, struct sim_thread *child)
{
	const struct sim_gil *from = &parent->process->gil;
	struct sim_process *process = child->process;

	process_objects_make(world, process, parent->process->gil_kind);
	if (!process->has_gil)
		return;
	process->gil.created = from->created;
	process->gil.visible = from->visible;
	process->gil.switches = from->switches;
	process->gil.locked = parent->holds_gil;
	process->gil.last = parent->holds_gil ? child : NULL;
	child->holds_gil = parent->holds_gil;
}

static void child_begin(struct sim_world *world, struct sim_thread *parent, size_t plan)
{
	bool forks = world->script->plans[plan].forks;
	struct sim_thread *child = thread_add(world, forks ? NULL : parent->process, plan);

	if (forks)
		gil_inherit(world, parent, child);
	child->core = parent->core;
	child->parent = parent;
	record_birth(world->recorder, world, parent, child);
	if (forks && child->process->has_gil && child->process->gil.visible)
		record_gil(world->recorder, world, child->process, parent->core);
	thread_ready(world, child, &world->cores[parent->core], true);
}

enum sim_next routine_spawn(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	size_t plan = frame->arg;

	switch (frame->at++) {
	case 0:
		if (plan >= world->script->plans_cnt || world->by_plan[plan] ||
		    !world->script->plans[plan].cnt)
			return NEXT_DONE;
		/* A GIL that is not found yet cannot be followed into a child. */
		if (world->script->plans[plan].forks && thread->process->has_gil &&
		    !thread->process->gil.visible)
			return NEXT_DONE;
		thread->call = (struct sim_call){ CALL_CLONE, 0x3d0f00, 0 };
		return run_for(thread, dice_ns(&world->random, 2000, 30000));
	case 1:
		if (!world->by_plan[plan])
			child_begin(world, thread, plan);
		return run_for(thread, dice_ns(&world->random, 500, 5000));
	default:
		thread->call = (struct sim_call){ 0 };
		return NEXT_DONE;
	}
}

enum sim_next routine_join(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_thread *target = frame->arg < world->script->plans_cnt ? world->by_plan[frame->arg] : NULL;

	if (!target || target == thread || target->spot == SPOT_DEAD || target->exiting || frame->at++)
		return NEXT_DONE;
	/* Whoever waits for its own parent, or for a circle, is woken by the time. */
	if (target->process != thread->process)
		return nap(world, thread, &(struct sim_nap){
			.class = CLASS_CHILD, .call = { CALL_WAIT4, target->tid, 0 },
			.word = &target->process->child_exits, .ns = 20000000, .ender = ENDER_TIMER,
		});
	return nap(world, thread, &(struct sim_nap){
		.class = CLASS_SYNC, .call = { CALL_FUTEX, target->exits.address, FUTEX_SHARED_WAIT },
		.word = &target->exits, .ns = 20000000, .ender = ENDER_TIMER,
	});
}

static void kill_others(struct sim_world *world, struct sim_thread *killer)
{
	for (size_t i = 0; i < world->threads_cnt; i++) {
		struct sim_thread *thread = world->threads[i];

		if (thread == killer || thread->process != killer->process || thread->spot == SPOT_DEAD ||
		    thread->killed)
			continue;
		thread->killed = true;
		if (!thread->exiting)
			thread_wake(world, thread, &world->cores[killer->core], false);
	}
}

static void others_told(struct sim_world *world, struct sim_thread *thread)
{
	struct sim_process *process = thread->process;

	locks_abandon(world, thread);
	word_wake(world, thread, &thread->exits, UINT64_MAX);
	record_exit(world->recorder, world, thread);
	if (process->alive_cnt == 1)
		word_wake(world, thread, &process->child_exits, UINT64_MAX);
	if (process->alive_cnt == 2 && process->execs && process->execs != thread)
		thread_wake(world, process->execs, &world->cores[thread->core], false);
}

static void thread_end(struct sim_world *world, struct sim_thread *thread)
{
	struct sim_core *core = &world->cores[thread->core];

	thread->spot = SPOT_DEAD;
	world->alive_cnt--;
	core_switch(world, core, TRACE_HOW_DEAD);
	if (thread->tid != thread->process->pid)
		tid_free(world, thread->tid);
	if (!thread->process->alive_cnt)
		tid_free(world, thread->process->pid);
}

enum sim_next routine_exit(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_process *process = thread->process;
	bool ends_all = thread->tid == process->pid && !world->script->plans[thread->plan].quiet;

	switch (frame->at++) {
	case 0:
		for (uint32_t i = 0; i < SIM_LOCKS && !thread->killed; i++)
			if (lock_of(world, thread, i)->owner == thread) {
				frame->at = 0;
				return call_routine(thread, routine_unlock, lock_of(world, thread, i), 0);
			}
		return thread->killed ? NEXT_CALL : call_routine(thread, routine_drop, NULL, 1);
	case 1:
		thread->exiting = true;
		if (!thread->killed)
			thread->call = (struct sim_call){ ends_all ? CALL_EXIT_GROUP : CALL_EXIT, 0, 0 };
		return run_for(thread, dice_ns(&world->random, 500, 20000));
	case 2:
		if (ends_all && !thread->killed)
			kill_others(world, thread);
		return run_for(thread, dice_ns(&world->random, 500, 5000));
	case 3:
		others_told(world, thread);
		process->alive_cnt--;
		return run_for(thread, dice_ns(&world->random, 300, 3000));
	default:
		thread_end(world, thread);
		return NEXT_DEAD;
	}
}

enum sim_next routine_exec(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame)
{
	struct sim_process *process = thread->process;

	if (frame->at == 0) {
		if (process->execs || thread->process->alive_cnt == 0)
			return NEXT_DONE;
		process->execs = thread;
		frame->at = 1;
		thread->call = (struct sim_call){ CALL_EXECVE, 0x100, 0 };
		return run_for(thread, dice_ns(&world->random, 5000, 50000));
	}
	if (frame->at == 1) {
		frame->at = 2;
		world->happened[SITUATION_EXEC_BY_OTHER] += thread->tid != process->pid;
		world->happened[SITUATION_EXEC_KILLED] += process->alive_cnt > 1;
		kill_others(world, thread);
	}
	if (frame->at == 2 && process->alive_cnt > 1)
		return nap(world, thread, &(struct sim_nap){
			.class = CLASS_OTHER, .call = { CALL_EXECVE, 0x100, 0 }, .uninterruptible = true,
			.ns = 50000000, .ender = ENDER_TIMER,
		});
	if (frame->at == 2) {
		frame->at = 3;
		locks_abandon(world, thread);
		process->execs = NULL;
		process->spaces++;
		if (thread->tid != process->pid)
			tid_free(world, thread->tid);
		thread->tid = process->pid;
		thread->holds_gil = false;
		thread->comm = "fresh";
		process_objects_make(world, process, (enum sim_gil_kind)(frame->arg % SIM_GIL_KIND_CNT));
		program_begin(world, thread);
		thread->call = (struct sim_call){ 0 };
		return NEXT_CALL;
	}
	return NEXT_DONE;
}
