/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What a traced program's own probes tell: each step at a GIL, and those at locks where a thread waits.
 * They are called in the program's course, so that an event here costs the program itself.
 *
 * A lock that is had at once is not recorded, nor is its release: there may be millions a second, and
 * they explain no waiting.
 */
#ifndef PROBES_EXACT_H
#define PROBES_EXACT_H

#include "probes/core.h"
#include "probes/gil.h"

/*
 * The thread that hits a probe, if it is traced. Such a program may lose its core in the middle, so the
 * time of its event is that at which there was room for it: with an earlier one it could come too
 * late to be put in order.
 */
static __always_inline struct thread_slot *exact_hit(struct spot *spot)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct thread_slot *slot = slot_of(current);

	if (!slot || !spot_find(spot))
		return NULL;
	__sync_fetch_and_add(&spot->counts->hits, 1);
	core_check(spot, current, slot);
	return slot;
}

/* NULL while not all that the program tells is attached to: some of the steps say nothing certain. */
static __always_inline struct process_gils *exact_gils(struct thread_slot *slot)
{
	struct process_gils *gils = bpf_map_lookup_elem(&gils_by_pid, &slot->pid);

	return gils && gils->exact ? gils : NULL;
}

/* The id of the GIL at this address; the thread is known by it from now on. */
static __always_inline u32 exact_gil(struct spot *spot, struct thread_slot *slot, u64 address,
				     struct process_gils *gils)
{
	u32 at = gil_at_address(gils, address);

	if (!at)
		return 0;
	slot->gil_at = at;
	at = (at - 1) & (EVENT_GILS_MAX - 1);
	if (!(gils->exist & 1u << at))
		gil_exists(gils, at);
	return gil_id(spot, slot, gils, at);
}

static __always_inline u32 exact_holder(struct process_gils *gils, u32 pid, u64 state)
{
	struct gil_words words = { .last_holder = state };
	struct fsbase_key key = { .fsbase = gil_holder(gils, &words), .pid = pid };
	u32 *holder = key.fsbase ? bpf_map_lookup_elem(&by_fsbase, &key) : NULL;

	return holder ? *holder : 0;
}

static __always_inline void exact_gil_op(struct pt_regs *ctx, u32 op)
{
	struct process_gils *gils;
	struct thread_slot *slot;
	struct event_gilop *e;
	struct spot spot;
	u32 gil, holder;

	slot = exact_hit(&spot);
	if (!slot)
		return;
	gils = exact_gils(slot);
	if (!gils)
		return;
	gil = exact_gil(&spot, slot, ctx->di, gils);
	holder = op == EVENT_GIL_OP_REQUEST ? exact_holder(gils, slot->pid, ctx->si) : 0;
	if (!ring_reserve(&spot, e, EVENT_GILOP, slot->id))
		return;
	e->head.ts_ns = bpf_ktime_get_ns();
	e->gil = gil;
	e->op = op;
	e->holder = holder;
	e->reserved = 0;
	e->ns = op == EVENT_GIL_OP_REQUEST ? 0 : ctx->si;
	ring_submit(&spot, e, false);
}

static __always_inline bool exact_lock_matters(struct thread_slot *slot, u32 op, u64 object, u64 ns)
{
	switch (op) {
	case EVENT_LOCK_OP_ACQUIRED:
		if (!ns)
			return false;
		slot->lock = object;
		return true;
	case EVENT_LOCK_OP_RELEASE:
		if (slot->lock != object)
			return false;
		slot->lock = 0;
		return true;
	default:
		return true;
	}
}

static __always_inline void exact_lock_op(struct pt_regs *ctx, u32 op)
{
	struct thread_slot *slot;
	struct event_lockop *e;
	struct spot spot;

	slot = exact_hit(&spot);
	if (!slot || !exact_lock_matters(slot, op, ctx->di, ctx->dx) ||
	    !exact_gils(slot) || !ring_reserve(&spot, e, EVENT_LOCKOP, slot->id))
		return;
	e->head.ts_ns = bpf_ktime_get_ns();
	e->op = op;
	e->kind = ctx->si;
	e->object = ctx->di;
	e->ns = op == EVENT_LOCK_OP_WAIT ? 0 : ctx->dx;
	ring_submit(&spot, e, false);
}

#endif
