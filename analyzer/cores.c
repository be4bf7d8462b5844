/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adds up what the cores did, one stretch after the other.
 */
#include "analyzer/cores.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/run.h"
#include "analyzer/share.h"
#include "analyzer/thread.h"

static int idle_split(struct cores *cores, uint64_t waiting, uint64_t whole_ns)
{
	struct core_split *split;
	int err = array_reserve(&cores->splits, &cores->splits_cap, waiting + 1, sizeof(*split));

	if (err)
		return err;
	if (cores->splits_cnt <= waiting)
		cores->splits_cnt = waiting + 1;
	split = &cores->splits[waiting];
	split->whole_ns += whole_ns;
	cores->idle_share += ((unsigned __int128)whole_ns << CORE_SHARE_BITS) / waiting;
	for (int i = STATE_WAIT_GIL; i <= STATE_WAIT_OTHER; i++)
		split->thread_ns[i] += (unsigned __int128)cores->in_state[i] * whole_ns;
	return 0;
}

/* So many ready threads find no idle core. */
static void crowded_advance(struct cores *cores, uint64_t without, uint64_t passed_ns)
{
	cores->crowded_ns += passed_ns;
	cores->other_ready_ns +=
		(without < cores->other_cnt ? without : cores->other_cnt) * passed_ns;
}

static int idle_advance(struct cores *cores, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - cores->last_ns;
	uint64_t ready, waiting = 0, idle = cores->idle_cnt;

	cores->last_ns = now_ns;
	if (!passed_ns)
		return 0;
	ready = cores->in_state[STATE_READY_WOKEN] + cores->in_state[STATE_READY_PREEMPTED];
	if (ready > idle) {
		crowded_advance(cores, ready - idle, passed_ns);
		ready = idle;
	}
	if (!idle)
		return 0;
	cores->idle_ready_ns += ready * passed_ns;
	idle -= ready;
	for (int i = STATE_WAIT_GIL; i <= STATE_WAIT_OTHER; i++)
		waiting += cores->in_state[i];
	if (idle > waiting)
		cores->idle_nobody_ns += (idle - waiting) * passed_ns;
	if (!waiting || !idle)
		return 0;
	return idle_split(cores, waiting, (waiting < idle ? waiting : idle) * passed_ns);
}

/* In equal parts over so many threads; whole nanoseconds, the largest remainders first. */
static int split_settle(struct cores *cores, const struct core_split *split, uint64_t waiting)
{
	unsigned __int128 rests[STATE_CNT] = { 0 };
	uint64_t left_ns = split->whole_ns;

	for (int i = STATE_WAIT_GIL; i <= STATE_WAIT_OTHER; i++) {
		uint64_t part_ns = (uint64_t)(split->thread_ns[i] / waiting);

		rests[i] = split->thread_ns[i] % waiting;
		cores->idle_wait_ns[i] += part_ns;
		left_ns -= part_ns;
	}
	return share_rests(left_ns, rests, STATE_CNT, cores->idle_wait_ns);
}

/* Behind idle_advance() to the same instant. */
static void core_advance(struct cores *cores, struct core_tally *core, uint64_t now_ns)
{
	uint64_t crowded_ns = cores->crowded_ns - core->crowded_since_ns;
	uint64_t passed_ns = now_ns - core->since_ns;
	enum thread_state state;

	core->since_ns = now_ns;
	core->crowded_since_ns = cores->crowded_ns;
	core->use_ns[core->use] += passed_ns;
	if (core->use == CORE_OTHER) {
		core->crowded_ns += crowded_ns;
		core->guest->ns += passed_ns;
		core->guest->crowded_ns += crowded_ns;
	} else if (core->use == CORE_OURS) {
		state = cores->threads[core->thread_slot].state;
		if (state == STATE_RUN_SPIN)
			core->spin_ns += passed_ns;
		else if (state < STATE_CNT && state_infos[state].counts & COUNTS_TRUE)
			core->true_ns += passed_ns;
		else if (state == STATE_UNKNOWN)
			core->unsure_ns += passed_ns;
	}
}

static void scheduled_advance(struct cores *cores, uint64_t now_ns)
{
	cores->scheduled_ns += cores->scheduled_cnt * (now_ns - cores->scheduled_since_ns);
	cores->scheduled_since_ns = now_ns;
}

static bool state_is_scheduled(enum thread_state state)
{
	return state < STATE_CNT && state_infos[state].counts & COUNTS_SCHEDULED;
}

static int thread_find(struct cores *cores, uint32_t slot, struct core_thread **ret_thread)
{
	int err = array_reserve(&cores->threads, &cores->threads_cap, slot + 1,
				sizeof(*cores->threads));

	if (err)
		return err;
	while (cores->threads_cnt <= slot)
		cores->threads[cores->threads_cnt++].state = STATE_CNT;
	*ret_thread = &cores->threads[slot];
	return 0;
}

static int guest_find(struct core_tally *core, uint64_t program, struct core_guest **ret_guest)
{
	int made = idmap_item(&core->guest_ids, program, IDMAP_LIST(core, guests), ret_guest);

	if (made > 0)
		(*ret_guest)->program = program;
	return made < 0 ? made : 0;
}

static int cores_begin(void *ctx, const struct run *run)
{
	struct cores *cores = ctx;

	cores->last_ns = run->start_ns;
	cores->scheduled_since_ns = run->start_ns;
	cores->cores = calloc(run->cores_cnt ? run->cores_cnt : 1, sizeof(*cores->cores));
	if (!cores->cores)
		return -ENOMEM;
	cores->cores_cnt = run->cores_cnt;
	for (size_t i = 0; i < cores->cores_cnt; i++) {
		cores->cores[i].use = CORE_UNKNOWN;
		cores->cores[i].since_ns = run->start_ns;
	}
	return 0;
}

static int order_check(struct cores *cores, uint64_t at_ns)
{
	return identity_check(cores->identity, at_ns >= cores->last_ns,
			      "identity 5: time runs backwards, from %" PRIu64 " to %" PRIu64 " ns",
			      cores->last_ns, at_ns);
}

static int cores_change(void *ctx, const struct change *change)
{
	struct cores *cores = ctx;
	struct core_thread *thread;
	int err = thread_find(cores, change->thread->slot, &thread);

	if (!err)
		err = order_check(cores, change->at_ns);
	if (!err)
		err = idle_advance(cores, change->at_ns);
	if (err)
		return err;
	scheduled_advance(cores, change->at_ns);
	cores->scheduled_cnt += state_is_scheduled(change->to);
	cores->scheduled_cnt -= state_is_scheduled(change->from);
	if (thread->on_core)
		core_advance(cores, &cores->cores[thread->core], change->at_ns);
	if (thread->state != STATE_CNT)
		cores->in_state[thread->state]--;
	thread->state = change->to;
	if (thread->state != STATE_CNT)
		cores->in_state[thread->state]++;
	return 0;
}

static int cores_core(void *ctx, const struct core_change *change)
{
	struct cores *cores = ctx;
	struct core_tally *core = &cores->cores[change->core];
	struct core_thread *thread;
	int err = order_check(cores, change->at_ns);

	if (!err)
		err = idle_advance(cores, change->at_ns);
	if (err)
		return err;
	core_advance(cores, core, change->at_ns);
	if (core->use == CORE_OURS)
		cores->threads[core->thread_slot].on_core = false;
	cores->idle_cnt -= core->use == CORE_IDLE;
	cores->idle_cnt += change->use == CORE_IDLE;
	cores->other_cnt -= core->use == CORE_OTHER;
	cores->other_cnt += change->use == CORE_OTHER;
	if (change->use == CORE_OURS) {
		err = thread_find(cores, change->thread->slot, &thread);
		if (err)
			return err;
		thread->on_core = true;
		thread->core = change->core;
		core->thread_slot = change->thread->slot;
	} else if (change->use == CORE_OTHER) {
		err = guest_find(core, change->program, &core->guest);
		if (err)
			return err;
	}
	core->use = change->use;
	return 0;
}

static int core_check(struct cores *cores, size_t index, uint64_t wall_ns)
{
	const struct core_tally *core = &cores->cores[index];
	uint64_t ours_ns = core->use_ns[CORE_OURS], sum_ns = 0;
	int err;

	for (int use = 0; use < CORE_USE_CNT; use++)
		sum_ns += core->use_ns[use];
	err = identity_check(cores->identity, sum_ns == wall_ns,
			     "identity 5: the uses of core %zu sum to %" PRIu64
			     " ns, the wall time is %" PRIu64 " ns", index, sum_ns, wall_ns);
	if (err)
		return err;
	return identity_check(cores->identity,
			      ours_ns == core->true_ns + core->spin_ns + core->unsure_ns,
			      "identity 5: core %zu was ours for %" PRIu64 " ns: %" PRIu64
			      " true, %" PRIu64 " spin, %" PRIu64 " unknown", index, ours_ns,
			      core->true_ns, core->spin_ns, core->unsure_ns);
}

static int idle_check(struct cores *cores, uint64_t idle_ns)
{
	uint64_t sum_ns = cores->idle_ready_ns + cores->idle_nobody_ns;

	for (int i = 0; i < STATE_CNT; i++)
		sum_ns += cores->idle_wait_ns[i];
	return identity_check(cores->identity, sum_ns == idle_ns,
			      "identity 5: the cores were idle for %" PRIu64
			      " ns, the parts of that sum to %" PRIu64 " ns", idle_ns, sum_ns);
}

static int cores_end(void *ctx, const struct run *run)
{
	struct cores *cores = ctx;
	uint64_t ours_ns = 0, unsure_ns = 0, idle_ns = 0;
	int err = idle_advance(cores, run->end_ns);

	for (size_t waiting = 1; !err && waiting < cores->splits_cnt; waiting++)
		err = split_settle(cores, &cores->splits[waiting], waiting);
	scheduled_advance(cores, run->end_ns);
	for (size_t i = 0; !err && i < cores->cores_cnt; i++) {
		struct core_tally *core = &cores->cores[i];

		core_advance(cores, core, run->end_ns);
		ours_ns += core->use_ns[CORE_OURS];
		unsure_ns += core->unsure_ns;
		idle_ns += core->use_ns[CORE_IDLE];
		err = core_check(cores, i, run->end_ns - run->start_ns);
	}
	if (!err)
		err = idle_check(cores, idle_ns);
	if (err)
		return err;
	return identity_check(cores->identity, ours_ns - unsure_ns == cores->scheduled_ns,
			      "identity 5: the cores were ours for %" PRIu64 " ns, of them %"
			      PRIu64 " ns unknown; threads were scheduled for %" PRIu64 " ns",
			      ours_ns, unsure_ns, cores->scheduled_ns);
}

void cores_clear(struct cores *cores)
{
	for (size_t i = 0; i < cores->cores_cnt; i++) {
		struct core_tally *core = &cores->cores[i];

		for (size_t j = 0; j < core->guests_cnt; j++)
			free(core->guests[j]);
		free(core->guests);
		idmap_clear(&core->guest_ids);
	}
	free(cores->cores);
	free(cores->threads);
	free(cores->splits);
	*cores = (struct cores){ 0 };
}

const struct sink cores_sink = {
	.name = "cores",
	.begin = cores_begin,
	.change = cores_change,
	.core = cores_core,
	.end = cores_end,
};
