/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the history to steps. What a thread does from leaving its core to having one again is one
 * sleep; it becomes a step when it is over, because only then its waker and its latency are known.
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/replay_parts.h"

/* Longer is no way to a free core: other programs had it, or the thread may not go there. */
#define LATENCY_MAX_NS UINT64_C(1000000)

int feed_open(struct replay *replay)
{
	for (size_t i = 0; i < replay->threads_cnt; i++) {
		replay->threads[i].feed.state = STATE_CNT;
		replay->threads[i].feed.slept = STATE_CNT;
	}
	replay->feed.last_ns = replay->setup->start_ns;
	return history_open(&replay->feed.reader, replay->setup->history);
}

static void chunks_free(struct chunk *chunk)
{
	while (chunk) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void feed_close(struct replay *replay)
{
	for (size_t i = 0; replay->threads && i < replay->threads_cnt; i++)
		chunks_free(replay->threads[i].feed.steps.first);
	chunks_free(replay->feed.spare);
	history_close(&replay->feed.reader);
}

static int chunk_add(struct feed *feed, struct steps *steps)
{
	struct chunk *chunk = feed->spare;

	if (chunk)
		feed->spare = chunk->next;
	else
		chunk = malloc(sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	chunk->next = NULL;
	if (steps->last)
		steps->last->next = chunk;
	else
		steps->first = chunk;
	steps->last = chunk;
	steps->end = 0;
	return 0;
}

/* Work goes on where nothing came between. */
static bool work_merge(struct steps *steps, const struct step *step)
{
	struct step *last;

	if (step->kind != STEP_WORK || !steps->last || !steps->end ||
	    (steps->first == steps->last && steps->at == steps->end))
		return false;
	last = &steps->last->steps[steps->end - 1];
	if (last->kind != STEP_WORK || last->gil != step->gil)
		return false;
	last->ns += step->ns;
	return true;
}

static int step_add(struct replay *replay, struct feed_thread *thread, const struct step *step)
{
	struct steps *steps = &thread->steps;
	int err = 0;

	if (work_merge(steps, step))
		return 0;
	if (!steps->last || steps->end == CHUNK_STEPS)
		err = chunk_add(&replay->feed, steps);
	if (err)
		return err;
	steps->last->steps[steps->end++] = *step;
	replay->feed.steps_cnt++;
	return 0;
}

bool feed_next(struct replay *replay, struct replay_thread *thread, struct step *ret_step)
{
	struct steps *steps = &thread->feed.steps;
	struct chunk *chunk = steps->first;

	if (!chunk || (chunk == steps->last && steps->at == steps->end))
		return false;
	*ret_step = chunk->steps[steps->at++];
	replay->feed.steps_cnt--;
	if (steps->at < (chunk == steps->last ? steps->end : CHUNK_STEPS))
		return true;
	steps->first = chunk->next;
	if (!steps->first)
		steps->last = NULL;
	steps->at = 0;
	chunk->next = replay->feed.spare;
	replay->feed.spare = chunk;
	return true;
}

static bool is_running(unsigned int state)
{
	return state < STATE_CNT && state_infos[state].counts & COUNTS_SCHEDULED;
}

static bool is_busy(unsigned int state)
{
	return is_running(state) || state == STATE_READY_WOKEN || state == STATE_READY_PREEMPTED;
}

/* The GIL with this id, of this thread's process; a process's own where it is not known which. */
static int gil_find(struct replay *replay, uint64_t id, const struct process *process, uint32_t *ret_gil)
{
	uint64_t key = id ? id : UINT64_MAX - process->slot;
	uintptr_t known = (uintptr_t)idmap_get(&replay->gil_ids, key);
	int err;

	if (!known) {
		err = array_reserve(&replay->gils, &replay->gils_cap, replay->gils_cnt + 1,
				    sizeof(*replay->gils));
		if (err)
			return err;
		known = replay->gils_cnt + 1;
		err = idmap_put(&replay->gil_ids, key, (void *)known);
		if (err)
			return err;
		replay->gils[replay->gils_cnt++] = (struct replay_gil){ .process = process, .id = id };
	}
	*ret_gil = (uint32_t)known;
	return 0;
}

static bool gil_is_gone(const struct replay *replay, uint32_t slot)
{
	const struct replay_setup *setup = replay->setup;
	const struct process *process = setup->people->threads[slot]->process;

	return setup->without_gil && (!setup->gil_process || setup->gil_process == process);
}

/* A thread that spins in a process with a GIL spins for it. */
static bool spin_is_gone(const struct replay *replay, uint32_t slot)
{
	return replay->threads[slot].feed.gil && gil_is_gone(replay, slot);
}

static int work_add(struct replay *replay, uint32_t slot, uint64_t at_ns)
{
	struct feed_thread *thread = &replay->threads[slot].feed;
	struct step step = { .ns = at_ns - thread->since_ns, .kind = STEP_WORK };

	thread->since_ns = at_ns;
	if (!step.ns || (thread->state == STATE_RUN_SPIN && spin_is_gone(replay, slot)))
		return 0;
	if (thread->state == STATE_RUN_GIL && gil_is_gone(replay, slot))
		step.ns += step.ns * replay->setup->gil_cost_permille / 1000;
	else if (thread->state == STATE_RUN_GIL)
		step.gil = thread->gil;
	if (replay->setup->halved && replay->setup->group_of[slot] + 1 == replay->setup->halved)
		step.ns /= 2;
	return step_add(replay, thread, &step);
}

static uint64_t mean(const struct latency *latency)
{
	return latency->cnt ? latency->ns / latency->cnt : 0;
}

/* The way from being woken to a core, as it would be if one is free. */
static uint64_t latency_of(struct feed *feed, struct feed_thread *thread)
{
	struct latency *latency = thread->slept == STATE_WAIT_GIL ? &feed->gil_latency : &feed->latency;

	if (!thread->core_was_free || thread->latency_ns > LATENCY_MAX_NS)
		return thread->latency_ns < mean(latency) ? thread->latency_ns : mean(latency);
	latency->ns += thread->latency_ns;
	latency->cnt++;
	return thread->latency_ns;
}

static bool wait_is_gone(const struct replay *replay, const struct feed_thread *thread, unsigned int state)
{
	uint32_t lock = replay->setup->lock;

	return state == STATE_WAIT_GIL ||
	       (state == STATE_WAIT_LOCK && lock && (lock == REPLAY_ALL_LOCKS || lock == thread->lock));
}

/*
 * Its first step: who was not born by one of ours begins when it did. It may be known late, since a sleep is
 * known when it is over: what has gone by meanwhile is no more to be waited for.
 */
static void thread_begin(struct replay *replay, uint32_t slot)
{
	struct feed_thread *thread = &replay->threads[slot].feed;
	uint64_t offset_ns = thread->birth_ns - replay->setup->start_ns;
	uint64_t late_ns = replay->now_ns > offset_ns ? replay->now_ns - offset_ns : 0;

	thread->begun = true;
	if (thread->has_waker)
		return;
	replay_timer(replay, slot, late_ns ? 0 : offset_ns - replay->now_ns);
	thread->off_ns -= late_ns < thread->off_ns ? late_ns : thread->off_ns;
}

static int sleep_end(struct replay *replay, uint32_t slot)
{
	struct feed_thread *thread = &replay->threads[slot].feed;
	bool gone = thread->slept < STATE_CNT && wait_is_gone(replay, thread, thread->slept);
	uint64_t latency_ns = thread->slept < STATE_CNT ? latency_of(&replay->feed, thread) : 0;
	int err = 0;

	replay->result.kept_ns += thread->off_ns;
	if (!thread->begun)
		thread_begin(replay, slot);
	if (gone)
		latency_ns = 0;
	if (thread->has_waker)
		err = step_add(replay, thread, &(struct step){
			.kind = STEP_AWAIT, .other = thread->waker, .turn = thread->turn, .ns = latency_ns });
	else
		thread->off_ns += latency_ns;
	if (!err && thread->off_ns)
		err = step_add(replay, thread, &(struct step){ .kind = STEP_DELAY, .ns = thread->off_ns });
	thread->slept = STATE_CNT;
	thread->has_waker = false;
	thread->core_was_free = false;
	thread->off_ns = thread->latency_ns = 0;
	return err;
}

/*
 * Who dies in a wait was cut off in it: what is replayed ends there. Whom it would have waited for is beyond
 * that; but time, devices and other programs take as long as they did.
 */
static bool cut_lasts(const struct feed_thread *thread, unsigned int state)
{
	return state == STATE_WAIT_SLEEP || state == STATE_WAIT_OTHER || state == STATE_UNKNOWN ||
	       (state == STATE_WAIT_IO && !thread->fed);
}

/* What the thread did in the state that it leaves. */
static int state_leave(struct replay *replay, uint32_t slot, uint64_t at_ns, unsigned int to)
{
	struct feed_thread *thread = &replay->threads[slot].feed;
	uint64_t passed_ns = at_ns - thread->since_ns;
	unsigned int state = thread->state;

	if (is_running(state))
		return work_add(replay, slot, at_ns);
	thread->since_ns = at_ns;
	if (state == STATE_READY_WOKEN)
		thread->latency_ns += passed_ns;
	else if (state != STATE_CNT && state != STATE_READY_PREEMPTED &&
		 (to != STATE_CNT || cut_lasts(thread, state)) &&
		 !wait_is_gone(replay, thread, state) && !thread->has_waker)
		thread->off_ns += passed_ns;
	return 0;
}

static int change_read(struct replay *replay, const struct history_entry *entry)
{
	struct feed_thread *thread = &replay->threads[entry->thread].feed;
	const struct process *process = replay->setup->people->threads[entry->thread]->process;
	int err;

	if (entry->from == STATE_CNT) {
		thread->born = true;
		thread->birth_ns = thread->since_ns = entry->at_ns;
	}
	err = state_leave(replay, entry->thread, entry->at_ns, entry->to);
	if (!err && !is_running(thread->state) && (is_running(entry->to) || entry->to == STATE_CNT))
		err = sleep_end(replay, entry->thread);
	if (!err && entry->to == STATE_RUN_GIL)
		err = gil_find(replay, entry->object, process, &thread->gil);
	replay->feed.running_cnt -= is_running(thread->state);
	/* Others may be ready as well: on their way to a core that is slow to wake up, as this one will be. */
	if (entry->to == STATE_READY_WOKEN)
		thread->core_was_free = replay->feed.running_cnt < replay->setup->recorded_cores;
	else if (entry->to == STATE_WAIT_LOCK)
		thread->lock = (uint32_t)entry->object;
	if (!is_running(entry->to) && !is_busy(entry->to) && entry->to != STATE_CNT)
		thread->slept = entry->to;
	replay->feed.running_cnt += is_running(entry->to);
	thread->state = entry->to;
	return err;
}

static int edge_read(struct replay *replay, const struct history_entry *entry)
{
	struct feed_thread *wakee = &replay->threads[entry->thread].feed, *waker;
	uint32_t slot;
	int err = 0;

	if (entry->from < STATE_CNT)
		wakee->slept = entry->from;
	/* Who was woken before it slept was never in that state. */
	if (entry->from == STATE_WAIT_LOCK)
		wakee->lock = (uint32_t)entry->awaited;
	if (!entry->object || entry->object == 1 + (uint64_t)entry->thread ||
	    (entry->from < STATE_CNT && wait_is_gone(replay, wakee, entry->from)))
		return 0;
	slot = (uint32_t)(entry->object - 1);
	waker = &replay->threads[slot].feed;
	/* What is left of a dead thread wakes nobody. */
	if (!waker->born || (waker->state == STATE_CNT && waker->begun))
		return 0;
	if (is_running(waker->state))
		err = work_add(replay, slot, entry->at_ns);
	if (!err)
		err = step_add(replay, waker, &(struct step){ .kind = STEP_WAKE, .other = entry->thread });
	wakee->has_waker = true;
	wakee->fed |= entry->from == STATE_WAIT_IO;
	wakee->waker = slot;
	wakee->turn = ++waker->wakes;
	wakee->off_ns = 0;
	return err;
}

/* Those who live on do nothing any more that is known. */
static int feed_end(struct replay *replay)
{
	int err = 0;

	replay->feed.ended = true;
	for (uint32_t i = 0; !err && i < replay->threads_cnt; i++) {
		if (is_running(replay->threads[i].feed.state))
			err = work_add(replay, i, replay->feed.last_ns);
		if (replay->threads[i].feed.born && !replay->threads[i].feed.begun)
			thread_begin(replay, i);
	}
	return err;
}

int feed_read(struct replay *replay)
{
	struct feed *feed = &replay->feed;
	struct history_entry entry;
	int got = 0;

	if (feed->entries_cnt < replay->setup->entries_max)
		got = history_next(&feed->reader, &entry);
	if (got < 0)
		return got;
	if (!got)
		return feed_end(replay);
	feed->entries_cnt++;
	feed->last_ns = entry.at_ns;
	return entry.kind == HISTORY_CHANGE ? change_read(replay, &entry) : edge_read(replay, &entry);
}
