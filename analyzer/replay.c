/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The replay's clock: it jumps from one timer to the next, and whoever's time has come goes on with its
 * steps until one of them takes time.
 */
#include "analyzer/replay.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/replay_parts.h"

void replay_timer(struct replay *replay, uint32_t slot, uint64_t ns)
{
	replay->threads[slot].place = AT_TIMER;
	heap_put(&replay->timers, slot, (int64_t)(replay->now_ns + ns));
}

static void leave_for(struct replay *replay, uint32_t slot, enum place place)
{
	played_gil_drop(replay, slot);
	core_leave(replay, slot);
	replay->threads[slot].place = place;
}

/* A turn that has come, where somebody waits for it. */
static void wake(struct replay *replay, uint32_t slot, uint32_t other)
{
	struct replay_thread *thread = &replay->threads[slot], *wakee = &replay->threads[other];

	thread->wakes++;
	if (wakee->place == AT_NOTHING)
		replay_timer(replay, other, 0);
	else if (wakee->place == AT_WAKER && wakee->waker == slot && wakee->turn <= thread->wakes)
		replay_timer(replay, other, wakee->latency_ns);
}

/* Whether the thread can go on at once. */
static bool step_take(struct replay *replay, uint32_t slot, const struct step *step)
{
	struct replay_thread *thread = &replay->threads[slot];

	switch (step->kind) {
	case STEP_WORK:
		thread->left_ns = step->ns;
		thread->gil = step->gil;
		return true;
	case STEP_WAKE:
		wake(replay, slot, step->other);
		return true;
	case STEP_AWAIT:
		if (replay->threads[step->other].wakes >= step->turn)
			return true;
		leave_for(replay, slot, AT_WAKER);
		thread->waker = step->other;
		thread->turn = step->turn;
		thread->latency_ns = step->ns;
		return false;
	default:
		leave_for(replay, slot, AT_TIMER);
		replay_timer(replay, slot, step->ns);
		return false;
	}
}

/* So far ahead that others' steps fill the memory: it has to wait for them. */
static void hold_back(struct replay *replay, uint32_t slot)
{
	leave_for(replay, slot, AT_HISTORY);
	replay->threads[slot].line_next = replay->ahead;
	replay->ahead = slot + 1;
	replay->result.held_back = true;
}

/* They go on once the others have caught up; or cannot, since they wait for one of them. */
static void ahead_free(struct replay *replay, bool must)
{
	if (!must && replay->feed.steps_cnt > REPLAY_STEPS_MAX / 4 * 3)
		return;
	replay->steps_max = must ? replay->feed.steps_cnt + REPLAY_STEPS_MAX / 4 : REPLAY_STEPS_MAX;
	while (replay->ahead) {
		uint32_t slot = replay->ahead - 1;

		replay->ahead = replay->threads[slot].line_next;
		replay_timer(replay, slot, 0);
	}
}

/* Takes the next step out of the history; 0: there is none for now. */
static int step_fetch(struct replay *replay, uint32_t slot, struct step *ret_step)
{
	struct replay_thread *thread = &replay->threads[slot];
	int err;

	while (!feed_next(replay, thread, ret_step)) {
		if (replay->feed.ended) {
			leave_for(replay, slot, AT_END);
			replay->result.wall_ns = replay->now_ns;
			if (replay->setup->done_ns)
				replay->setup->done_ns[slot] = replay->now_ns;
			return 0;
		}
		if (replay->feed.steps_cnt >= replay->steps_max) {
			hold_back(replay, slot);
			return 0;
		}
		err = feed_read(replay);
		if (err)
			return err;
	}
	return 1;
}

/* It has work at hand: whether it is done with it at once, or must have a core, or the GIL. */
static void work_begin(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];

	if (thread->place != AT_CORE) {
		core_queue(replay, slot);
		return;
	}
	if (thread->held != thread->gil)
		played_gil_drop(replay, slot);
	if (played_gil_obey(replay, slot))
		return;
	if (thread->gil && !thread->held && !played_gil_take(replay, slot))
		return;
	core_timer_set(replay, slot);
}

static int thread_go(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];
	struct step step;
	int got;

	while (!thread->left_ns) {
		got = step_fetch(replay, slot, &step);
		if (got <= 0)
			return got;
		if (!step_take(replay, slot, &step))
			return 0;
	}
	work_begin(replay, slot);
	return 0;
}

static int timer_take(struct replay *replay, uint32_t id)
{
	if (replay->threads[id].place == AT_GIL) {
		played_gil_patience_over(replay, id);
		return 0;
	}
	if (replay->threads[id].place == AT_CORE) {
		core_account(replay, id);
		if (replay->threads[id].left_ns) {
			if (!core_slice_over(replay, id))
				core_timer_set(replay, id);
			return 0;
		}
	}
	return thread_go(replay, id);
}

static int cores_fill(struct replay *replay)
{
	int64_t slot;
	int err = 0;

	while (!err && (slot = core_give(replay)) >= 0)
		err = thread_go(replay, (uint32_t)slot);
	return err;
}

/* Nobody will wake them: their wakers are beyond the end of what was read. */
static bool stuck_free(struct replay *replay)
{
	bool any = false;

	for (uint32_t i = 0; i < replay->threads_cnt; i++) {
		if (replay->threads[i].place != AT_WAKER)
			continue;
		replay->result.stuck++;
		replay_timer(replay, i, 0);
		any = true;
	}
	return any;
}

static int replay_play(struct replay *replay)
{
	const struct heap_node *next;
	uint32_t id;
	int err = 0;

	while (!err) {
		if (replay->ahead)
			ahead_free(replay, !heap_first(&replay->timers));
		next = heap_first(&replay->timers);
		if (!next) {
			if (!replay->feed.ended)
				err = feed_read(replay);
			else if (!stuck_free(replay))
				break;
			continue;
		}
		replay->now_ns = (uint64_t)next->key;
		id = next->id;
		heap_remove(&replay->timers, id);
		err = timer_take(replay, id);
		if (!err)
			err = cores_fill(replay);
	}
	return err;
}

static void replay_clear(struct replay *replay)
{
	feed_close(replay);
	heap_clear(&replay->timers);
	played_cores_clear(replay);
	idmap_clear(&replay->gil_ids);
	free(replay->gils);
	free(replay->threads);
}

static void grain_choose(struct replay *replay)
{
	const struct replay_setup *setup = replay->setup;
	uint64_t slices = (setup->end_ns - setup->start_ns) / REPLAY_SLICE_NS * setup->recorded_cores;
	uint64_t factor = 1 + slices / REPLAY_SLICES_MAX;

	replay->slice_ns = REPLAY_SLICE_NS * factor;
	replay->wake_ns = REPLAY_WAKE_NS * factor;
}

int replay_run(const struct replay_setup *setup, struct replay_result *ret_result)
{
	struct replay replay = {
		.setup = setup,
		.threads_cnt = setup->people->threads_cnt,
		.steps_max = REPLAY_STEPS_MAX,
	};
	int err;

	grain_choose(&replay);
	replay.threads = calloc(replay.threads_cnt + 1, sizeof(*replay.threads));
	err = replay.threads ? heap_init(&replay.timers, replay.threads_cnt) : -ENOMEM;
	if (!err)
		err = played_cores_init(&replay);
	if (!err)
		err = feed_open(&replay);
	if (!err)
		err = replay_play(&replay);
	replay.result.recorded_ns = replay.feed.last_ns - setup->start_ns;
	if (!err)
		*ret_result = replay.result;
	replay_clear(&replay);
	return err;
}
