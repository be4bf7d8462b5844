/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each core has clocks that run by what it does. A thread that waits there reads them when it comes and
 * when it goes; what the core does is charged with the number of those who wait.
 */
#include "analyzer/analyses/runqueue.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/thread.h"

static bool is_ready(enum thread_state state)
{
	return state == STATE_READY_WOKEN || state == STATE_READY_PREEMPTED;
}

static int thread_find(struct runqueue *rq, const struct thread *thread, struct rq_thread **ret_thread)
{
	int err = array_reserve(&rq->threads, &rq->threads_cap, (size_t)thread->slot + 1,
				sizeof(*rq->threads));

	if (err)
		return err;
	if (rq->threads_cnt <= thread->slot)
		rq->threads_cnt = (size_t)thread->slot + 1;
	*ret_thread = &rq->threads[thread->slot];
	(*ret_thread)->thread = thread;
	return 0;
}

static int program_find(struct runqueue *rq, uint64_t id, struct rq_program **ret_program)
{
	int got = idmap_item(&rq->program_ids, id, IDMAP_LIST(rq, programs), ret_program);

	if (got > 0)
		(*ret_program)->program = id;
	return got < 0 ? got : 0;
}

/* Idle cores that no ready thread is about to have. */
static uint64_t spare_cnt(const struct runqueue *rq)
{
	return rq->free_cnt > rq->nowhere_cnt ? rq->free_cnt - rq->nowhere_cnt : 0;
}

/* Goes on, or is over; whatever lasts no time does not interrupt it. */
static int stretches_advance(struct rq_stretches *stretches, bool holds, uint64_t passed_ns)
{
	int err = 0;

	if (holds) {
		stretches->now_ns += passed_ns;
	} else if (stretches->now_ns) {
		err = spread_add(&stretches->spread, stretches->now_ns);
		stretches->now_ns = 0;
	}
	return err;
}

/* All cores and threads together, up to now. */
static int runqueue_advance(struct runqueue *rq, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - rq->last_ns, spare = spare_cnt(rq);
	int err;

	rq->last_ns = now_ns;
	if (!passed_ns)
		return 0;
	if (rq->idle_cnt) {
		rq->room_clock_ns += passed_ns;
		rq->room_threads_ns += rq->ready_cnt * passed_ns;
	}
	if (spare) {
		rq->spare_clock_ns += passed_ns;
		rq->stranded_ns += rq->behind_cnt * passed_ns;
	}
	rq->wasted_ns += (spare < rq->behind_cnt ? spare : rq->behind_cnt) * passed_ns;
	err = stretches_advance(&rq->room, rq->idle_cnt && rq->ready_cnt, passed_ns);
	return err ? err : stretches_advance(&rq->waste, spare && rq->behind_cnt, passed_ns);
}

static bool is_taken(enum core_use use)
{
	return use == CORE_OURS || use == CORE_OTHER;
}

/* Behind runqueue_advance() to the same instant. */
static void core_advance(struct runqueue *rq, struct rq_core *core)
{
	uint64_t passed_ns = rq->last_ns - core->last_ns;

	if (is_taken(core->use))
		core->stranding_ns += rq->spare_clock_ns - core->last_spare_ns;
	core->last_ns = rq->last_ns;
	core->last_spare_ns = rq->spare_clock_ns;
	core->clock_ns[core->use] += passed_ns;
	if (core->use == CORE_OURS)
		rq->threads[core->thread_slot].caused_ns += core->waiting_cnt * passed_ns;
	else if (core->use == CORE_OTHER)
		core->program->caused_ns += core->waiting_cnt * passed_ns;
}

/* Takes the core out of what all cores are counted in, or puts it back; sign: -1, 1. */
static void core_count(struct runqueue *rq, const struct rq_core *core, uint64_t sign)
{
	if (core->use == CORE_IDLE) {
		rq->idle_cnt += sign;
		rq->free_cnt += core->waiting_cnt ? 0 : sign;
	} else if (is_taken(core->use)) {
		rq->behind_cnt += core->waiting_cnt * sign;
	}
}

static void waiting_change(struct runqueue *rq, struct rq_core *core, uint64_t sign)
{
	core_count(rq, core, (uint64_t)-1);
	core->waiting_cnt += sign;
	core_count(rq, core, 1);
}

/* The thread is ready: it begins to wait at its home. */
static void thread_queue(struct runqueue *rq, struct rq_thread *thread)
{
	struct rq_reading *since = &thread->since;
	struct rq_core *core;

	rq->ready_cnt++;
	*since = (struct rq_reading){
		.home = home_core(&thread->home), .at_ns = rq->last_ns, .room_ns = rq->room_clock_ns,
	};
	if (!since->home) {
		rq->nowhere_cnt++;
		return;
	}
	core = &rq->cores[since->home - 1];
	core_advance(rq, core);
	memcpy(since->clock_ns, core->clock_ns, sizeof(since->clock_ns));
	since->stranding_ns = core->stranding_ns;
	waiting_change(rq, core, 1);
}

static void thread_unqueue(struct runqueue *rq, struct rq_thread *thread)
{
	const struct rq_reading *since = &thread->since;
	struct rq_core *core;

	rq->ready_cnt--;
	thread->room_ns += rq->room_clock_ns - since->room_ns;
	if (!since->home) {
		rq->nowhere_cnt--;
		thread->nowhere_ns += rq->last_ns - since->at_ns;
		return;
	}
	core = &rq->cores[since->home - 1];
	core_advance(rq, core);
	for (int use = 0; use < CORE_USE_CNT; use++)
		thread->use_ns[use] += core->clock_ns[use] - since->clock_ns[use];
	thread->stranded_ns += core->stranding_ns - since->stranding_ns;
	waiting_change(rq, core, (uint64_t)-1);
}

/* Whether it waits, and where, may have changed. */
static void thread_requeue(struct runqueue *rq, struct rq_thread *thread, bool ready)
{
	if (thread->ready && ready && thread->since.home == home_core(&thread->home))
		return;
	if (thread->ready)
		thread_unqueue(rq, thread);
	thread->ready = ready;
	if (ready)
		thread_queue(rq, thread);
}

/* Once their instant is over it is known whether the thread was ready from then on. */
static void moves_settle(struct rq_thread *thread, uint64_t now_ns)
{
	if (now_ns == thread->moving_ns)
		return;
	thread->ready_moves_cnt += thread->ready ? thread->moving_cnt : 0;
	thread->moving_cnt = 0;
}

static int latency_add(struct runqueue *rq, struct rq_thread *thread, const struct change *change)
{
	uint64_t ns = change->at_ns - thread->entered_ns;

	thread->ready_ns += ns;
	if (ns > thread->worst_ns)
		thread->worst_ns = ns;
	rq->cut_cnt += change->to == STATE_UNKNOWN || change->to == STATE_CNT;
	return spread_add(change->from == STATE_READY_WOKEN ? &rq->woken : &rq->preempted, ns);
}

static int runqueue_begin(void *ctx, const struct run *run)
{
	struct runqueue *rq = ctx;

	rq->begin_ns = run->start_ns;
	rq->last_ns = run->start_ns;
	rq->cores = calloc(run->cores_cnt ? run->cores_cnt : 1, sizeof(*rq->cores));
	if (!rq->cores)
		return -ENOMEM;
	rq->cores_cnt = run->cores_cnt;
	for (size_t i = 0; i < rq->cores_cnt; i++)
		rq->cores[i] = (struct rq_core){ .use = CORE_UNKNOWN, .last_ns = run->start_ns };
	return 0;
}

static int runqueue_change(void *ctx, const struct change *change)
{
	struct runqueue *rq = ctx;
	struct rq_thread *thread;
	int err = thread_find(rq, change->thread, &thread);

	if (!err)
		err = runqueue_advance(rq, change->at_ns);
	/* Else it goes on, with another GIL taken along. */
	if (!err && change->from != change->to) {
		err = is_ready(change->from) ? latency_add(rq, thread, change) : 0;
		thread->entered_ns = change->at_ns;
	}
	if (err)
		return err;
	moves_settle(thread, change->at_ns);
	home_state(&thread->home, change->to, change->at_ns);
	thread_requeue(rq, thread, is_ready(change->to));
	return 0;
}

/* A thread comes to a core; what is there at the beginning was there before. */
static void thread_come(struct runqueue *rq, struct rq_thread *thread, uint32_t core)
{
	home_place(&thread->home, core, rq->last_ns);
	thread_requeue(rq, thread, thread->ready);
	rq->comings_cnt += rq->last_ns != rq->begin_ns;
	thread->elsewhere_cnt += thread->last_core && thread->last_core != 1 + (uint64_t)core;
	thread->last_core = 1 + (uint64_t)core;
}

static int runqueue_core(void *ctx, const struct core_change *change)
{
	struct runqueue *rq = ctx;
	struct rq_core *core = &rq->cores[change->core];
	struct rq_program *program = NULL;
	struct rq_thread *thread = NULL;
	int err = runqueue_advance(rq, change->at_ns);

	if (!err && change->use == CORE_OURS)
		err = thread_find(rq, change->thread, &thread);
	else if (!err && change->use == CORE_OTHER)
		err = program_find(rq, change->program, &program);
	if (err)
		return err;
	core_advance(rq, core);
	core_count(rq, core, (uint64_t)-1);
	core->use = change->use;
	core->program = program;
	core->thread_slot = thread ? change->thread->slot : 0;
	core_count(rq, core, 1);
	if (thread)
		thread_come(rq, thread, change->core);
	return 0;
}

static int runqueue_move(void *ctx, const struct move *move)
{
	struct runqueue *rq = ctx;
	struct rq_thread *thread;
	int err = thread_find(rq, move->thread, &thread);

	if (!err)
		err = runqueue_advance(rq, move->at_ns);
	if (err)
		return err;
	moves_settle(thread, move->at_ns);
	if (!move->found) {
		thread->moves_cnt++;
		thread->moving_ns = move->at_ns;
		thread->moving_cnt++;
	}
	home_place(&thread->home, move->to, move->at_ns);
	thread_requeue(rq, thread, thread->ready);
	return 0;
}

static int runqueue_end(void *ctx, const struct run *run)
{
	struct runqueue *rq = ctx;
	int err = runqueue_advance(rq, run->end_ns);

	if (!err)
		err = stretches_advance(&rq->room, false, 0);
	if (!err)
		err = stretches_advance(&rq->waste, false, 0);
	return err ? err : runqueue_sum(rq);
}

void runqueue_clear(struct runqueue *rq)
{
	for (size_t i = 0; i < rq->programs_cnt; i++)
		free(rq->programs[i]);
	free(rq->programs);
	idmap_clear(&rq->program_ids);
	free(rq->cores);
	free(rq->threads);
	free(rq->antagonists);
	free(rq->ranking);
	spread_clear(&rq->woken);
	spread_clear(&rq->preempted);
	spread_clear(&rq->room.spread);
	spread_clear(&rq->waste.spread);
	*rq = (struct runqueue){ 0 };
}

const struct sink runqueue_sink = {
	.name = "runqueue",
	.begin = runqueue_begin,
	.change = runqueue_change,
	.core = runqueue_core,
	.move = runqueue_move,
	.end = runqueue_end,
};
