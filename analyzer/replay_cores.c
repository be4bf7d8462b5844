/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cores that are alike, and one queue for all of them.
 */
#include "analyzer/replay_parts.h"

void core_queue(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];

	if (thread->place != AT_READY && thread->had_ns < replay->floor_ns - (int64_t)replay->slice_ns)
		thread->had_ns = replay->floor_ns - (int64_t)replay->slice_ns;
	thread->place = AT_READY;
	heap_put(&replay->ready, slot, thread->had_ns);
}

void core_account(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];
	uint64_t passed_ns = replay->now_ns - thread->since_ns;

	thread->since_ns = replay->now_ns;
	thread->left_ns -= passed_ns;
	thread->had_ns += (int64_t)passed_ns;
	replay->result.work_ns += passed_ns;
}

/* Up to date before. */
void core_leave(struct replay *replay, uint32_t slot)
{
	heap_remove(&replay->running, slot);
	heap_remove(&replay->timers, slot);
}

static void push_off(struct replay *replay, uint32_t slot)
{
	core_account(replay, slot);
	core_leave(replay, slot);
	replay->threads[slot].place = AT_READY;
	core_queue(replay, slot);
}

void core_timer_set(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];
	uint64_t end_ns = replay->now_ns + thread->left_ns;

	heap_put(&replay->timers, slot, (int64_t)(end_ns < thread->slice_ns ? end_ns : thread->slice_ns));
}

static void core_enter(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];

	heap_remove(&replay->ready, slot);
	thread->place = AT_CORE;
	thread->since_ns = replay->now_ns;
	thread->slice_ns = replay->now_ns + replay->slice_ns;
	if (thread->had_ns > replay->floor_ns)
		replay->floor_ns = thread->had_ns;
	heap_put(&replay->running, slot, (int64_t)replay->now_ns - thread->had_ns);
}

int64_t core_give(struct replay *replay)
{
	const struct heap_node *next = heap_first(&replay->ready), *ahead;
	uint32_t slot;

	if (!next)
		return -1;
	slot = next->id;
	if (replay->running.cnt >= replay->setup->cores) {
		replay->result.full = true;
		ahead = heap_first(&replay->running);
		if (next->key + (int64_t)replay->wake_ns >= (int64_t)replay->now_ns - ahead->key)
			return -1;
		push_off(replay, ahead->id);
	}
	core_enter(replay, slot);
	return slot;
}

bool core_slice_over(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];
	const struct heap_node *next = heap_first(&replay->ready);

	if (replay->now_ns < thread->slice_ns)
		return false;
	thread->slice_ns = replay->now_ns + replay->slice_ns;
	if (!next || next->key > thread->had_ns)
		return false;
	push_off(replay, slot);
	return true;
}
