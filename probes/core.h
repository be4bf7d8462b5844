/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What a core is: idle, at another program, or ours. Recorded when it changes, so that it is a fact at
 * every instant, without a record for every switch of every other program.
 */
#ifndef PROBES_CORE_H
#define PROBES_CORE_H

#include "probes/ring.h"
#include "probes/tree.h"
#include <bpf/bpf_core_read.h>

enum core_use { CORE_USE_UNSEEN, CORE_USE_IDLE, CORE_USE_OTHER, CORE_USE_OURS };

static __always_inline void task_name(struct event_task *ret_task, struct task_struct *task)
{
	ret_task->pid = task->tgid;
	bpf_probe_read_kernel(ret_task->comm, sizeof(ret_task->comm), task->comm);
}

/* `now` is not traced. */
static __always_inline void core_note(struct spot *spot, struct task_struct *now)
{
	u64 use = now->pid ? CORE_USE_OTHER : CORE_USE_IDLE;
	struct event_core *e;

	if (spot->counts->use == use)
		return;
	if (!ring_reserve(spot, e, EVENT_CORE, 0))
		return;
	spot->counts->use = use;
	task_name(&e->now, now);
	e->reserved = 0;
	ring_submit(spot, e, false);
}

/*
 * There are tasks whose switches the kernel shows to nobody (seen in guests, with the agent of the
 * host); who follows one is on the core without a record. The scheduler keeps the time of each arrival
 * by a clock of its own, whose offset to ours is learned here from the arrivals that are shown.
 */
static __always_inline void core_learn(struct spot *spot, struct task_struct *leaving)
{
	struct core_counts *c = spot->counts;

	if (leaving->pid && c->pid == leaving->pid)
		c->clock_offset_ns = c->since_ns - leaving->sched_info.last_arrival;
}

static __always_inline void core_arrive(struct spot *spot, struct task_struct *task,
					struct thread_slot *slot)
{
	spot->counts->thread = slot ? slot->id : 0;
	spot->counts->pid = task->pid;
	spot->counts->since_ns = spot->ts_ns;
}

/* When the task came to the core that it is on, as far as that can be known; else 0. */
static __always_inline u64 core_arrival_ns(struct spot *spot, struct task_struct *task)
{
	u64 ts_ns = task->sched_info.last_arrival + spot->counts->clock_offset_ns;

	if (!spot->counts->clock_offset_ns)
		return 0;
	return ts_ns < spot->ts_ns ? ts_ns : spot->ts_ns;
}

/* CPU time of the running task until now; its own counter lags by up to a clock tick. */
static __always_inline u64 core_run_ns(struct spot *spot, struct task_struct *task)
{
	u64 arrival_ns = core_arrival_ns(spot, task);

	return arrival_ns ? task->se.prev_sum_exec_runtime + (spot->ts_ns - arrival_ns) :
			    task->se.sum_exec_runtime;
}

/* The traced thread is known to have come to this core, or its coming is told now. */
static __always_inline void core_check(struct spot *spot, struct task_struct *task,
				       struct thread_slot *slot)
{
	struct core_counts *c = spot->counts;
	u64 arrival_ns = core_arrival_ns(spot, task);
	struct event_switch *e;

	if (c->thread == slot->id)
		return;
	if (!arrival_ns)
		arrival_ns = spot->ts_ns -
			     (task->se.sum_exec_runtime - task->se.prev_sum_exec_runtime);
	c->unseen++;
	c->use = CORE_USE_OURS;
	c->thread = slot->id;
	c->pid = 0;
	if (!ring_reserve(spot, e, EVENT_SWITCH, 0))
		return;
	__builtin_memset((char *)e + sizeof(e->head), 0, sizeof(*e) - sizeof(e->head));
	e->head.ts_ns = arrival_ns;
	e->next = slot->id;
	e->inferred = 1;
	e->call.sysno = -1;
	e->other.comm[0] = '?';
	ring_submit(spot, e, false);
}

/*
 * Whether this runs for the current task or for an interrupt that it is innocent of. The arguments of
 * a tp_btf program lie on the stack that the kernel runs on: interrupts have one of their own, but for
 * those that come out of user mode, and there the task is in no system call.
 */
static __always_inline u32 core_context(void *ctx, struct task_struct *current)
{
	u64 here = 0;

	/* A pointer cannot be subtracted from; the copy of one is a number. */
	bpf_probe_read_kernel(&here, sizeof(here), &ctx);
	return here - (u64)current->stack < KERNEL_STACK_BYTES ? EVENT_CONTEXT_TASK :
								  EVENT_CONTEXT_INTERRUPT;
}

#endif
