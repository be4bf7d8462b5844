/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cores that are alike, and one queue for all of them, in which everybody knows where he was last.
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/replay_parts.h"

int played_cores_init(struct replay *replay)
{
	uint32_t cores = replay->setup->cores;
	int err = heap_init(&replay->ready, replay->threads_cnt);

	if (!err)
		err = heap_init(&replay->running, replay->threads_cnt);
	if (err)
		return err;
	replay->cores = calloc(cores, sizeof(*replay->cores));
	replay->free_cores = calloc(cores, sizeof(*replay->free_cores));
	if (!replay->cores || !replay->free_cores)
		return -ENOMEM;
	for (; replay->free_cnt < cores; replay->free_cnt++)
		replay->free_cores[replay->free_cnt] = replay->cores[replay->free_cnt].free_at = replay->free_cnt;
	return 0;
}

void played_cores_clear(struct replay *replay)
{
	heap_clear(&replay->ready);
	heap_clear(&replay->running);
	free(replay->cores);
	free(replay->free_cores);
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
	uint32_t core = replay->threads[slot].core;

	heap_remove(&replay->running, slot);
	heap_remove(&replay->timers, slot);
	if (!core || replay->cores[core - 1].runner != slot + 1)
		return;
	replay->cores[core - 1].runner = 0;
	replay->cores[core - 1].free_at = replay->free_cnt;
	replay->free_cores[replay->free_cnt++] = core - 1;
}

/* The free one that it had last, or any other that is free. */
static uint32_t core_take(struct replay *replay, const struct replay_thread *thread)
{
	uint32_t last = --replay->free_cnt, core = replay->free_cores[last];
	uint32_t home = thread->core ? thread->core - 1 : core;

	if (!replay->cores[home].runner && home != core) {
		replay->free_cores[replay->cores[home].free_at] = core;
		replay->cores[core].free_at = replay->cores[home].free_at;
		core = home;
	}
	return core;
}

static void ready_add(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];

	thread->place = AT_READY;
	thread->ready_ns = replay->now_ns;
	heap_put(&replay->ready, slot, thread->had_ns);
}

static void push_off(struct replay *replay, uint32_t slot)
{
	core_account(replay, slot);
	core_leave(replay, slot);
	ready_add(replay, slot);
}

/* Who has the core that it had last; who has none yet may come to any. */
static uint32_t rival_of(const struct replay *replay, const struct replay_thread *thread)
{
	const struct heap_node *ahead = heap_first(&replay->running);

	return thread->core ? replay->cores[thread->core - 1].runner : ahead ? ahead->id + 1 : 0;
}

void core_queue(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];
	const struct replay_thread *other;
	uint32_t rival;

	if (thread->had_ns < replay->floor_ns - (int64_t)replay->slice_ns)
		thread->had_ns = replay->floor_ns - (int64_t)replay->slice_ns;
	ready_add(replay, slot);
	rival = replay->free_cnt ? 0 : rival_of(replay, thread);
	if (!rival)
		return;
	other = &replay->threads[rival - 1];
	replay->result.full = true;
	if (thread->had_ns + (int64_t)(replay->wake_ns + other->since_ns) <
	    other->had_ns + (int64_t)replay->now_ns)
		push_off(replay, rival - 1);
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
	thread->core = core_take(replay, thread) + 1;
	replay->cores[thread->core - 1].runner = slot + 1;
	if (thread->had_ns > replay->floor_ns)
		replay->floor_ns = thread->had_ns;
	heap_put(&replay->running, slot, (int64_t)replay->now_ns - thread->had_ns);
}

int64_t core_give(struct replay *replay)
{
	const struct heap_node *next = heap_first(&replay->ready);
	uint32_t slot;

	if (!next)
		return -1;
	if (!replay->free_cnt) {
		replay->result.full = true;
		return -1;
	}
	slot = next->id;
	core_enter(replay, slot);
	return slot;
}

/* It is to have a core on which somebody runs: its last one, or any if it has been ready for long. */
static bool may_come(const struct replay *replay, uint32_t slot, uint32_t core)
{
	const struct replay_thread *thread = &replay->threads[slot];

	return !thread->core || thread->core == core ||
	       replay->now_ns - thread->ready_ns >= REPLAY_MOVE_SLICES * replay->slice_ns;
}

bool core_slice_over(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];
	const struct heap_node *next = heap_first(&replay->ready);

	if (replay->now_ns < thread->slice_ns)
		return false;
	thread->slice_ns = replay->now_ns + replay->slice_ns;
	if (!next || next->key > thread->had_ns || !may_come(replay, next->id, thread->core))
		return false;
	push_off(replay, slot);
	return true;
}
