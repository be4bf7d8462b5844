/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts what is in doubt, and adds up what that leaves open, one stretch after the other. Where nothing
 * is in doubt nothing is added: such figures are exact.
 */
#include "analyzer/trust.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/prescan.h"
#include "analyzer/run.h"
#include "analyzer/thread.h"
#include "analyzer/trust_parts.h"
#include "analyzer/waitclass.h"

static bool state_runs(enum thread_state state)
{
	return state <= STATE_RUN_SPIN;
}

/* They were born in a loss. */
uint64_t trust_unseen(const struct trust *trust, uint64_t until_ns)
{
	const struct prescan *prescan = trust->prescan;

	return prescan->gaps_cnt && until_ns > prescan->gaps[0].first_ns ? trust->unseen : 0;
}

uint64_t trust_any(const struct trust *trust, uint64_t until_ns)
{
	return trust->now.doubt[DOUBT_ANY] + trust_unseen(trust, until_ns);
}

enum doubt trust_doubt(const struct trust *trust, uint32_t slot)
{
	return slot < trust->threads_cap ? trust->threads[slot].doubt : DOUBT_NONE;
}

bool trust_forgot(const struct trust *trust, uint32_t slot)
{
	return slot < trust->threads_cap && trust->threads[slot].forgotten;
}

bool trust_is_certain(const struct trust *trust, uint64_t until_ns)
{
	const struct trust_counts *now = &trust->now;

	return !trust_any(trust, until_ns) && !now->doubt[DOUBT_CORE] && !now->doubt[DOUBT_RUN] &&
	       !now->doubt[DOUBT_FUTEX] && !now->uses[CORE_UNKNOWN];
}

/* Of the threads that may be in any state, as many as can be on cores. */
static uint64_t any_on_core(const struct trust *trust, uint64_t any)
{
	uint64_t cores = trust->now.uses[CORE_UNKNOWN];

	return trust->now.doubt[DOUBT_CORE] + (any < cores ? any : cores);
}

static void curves_advance(struct trust *trust, uint64_t any, uint64_t passed_ns)
{
	const struct trust_counts *now = &trust->now;
	uint64_t on_core = any_on_core(trust, any), some = any + now->doubt[DOUBT_CORE];
	const uint64_t more[CURVE_CNT] = {
		[CURVE_ALIVE] = any - now->doubt[DOUBT_ANY],
		[CURVE_APPARENT] = some + now->doubt[DOUBT_FUTEX],
		[CURVE_SCHEDULED] = on_core,
		[CURVE_TRUE] = on_core + now->doubted[STATE_RUN_SPIN],
		[CURVE_OVERLAP] = some + now->doubted[STATE_RUN_SPIN],
	};

	for (int i = 0; i < CURVE_CNT; i++)
		trust->curves[i].up_ns += more[i] * passed_ns;
	/* Whoever runs is on a core, and has work in hand, whatever it does there. */
	for (int state = 0; state < STATE_CNT; state++)
		for (int i = CURVE_ALIVE + 1; now->doubted[state] && i < CURVE_CNT; i++)
			if (state_infos[state].counts & curve_counts[i] &&
			    !(state_runs((enum thread_state)state) &&
			      (i == CURVE_APPARENT || i == CURVE_SCHEDULED)))
				trust->curves[i].down_ns += now->doubted[state] * passed_ns;
}

static void states_advance(struct trust *trust, uint64_t any, uint64_t passed_ns)
{
	const struct trust_counts *now = &trust->now;
	uint64_t on_core = any_on_core(trust, any) + now->doubt[DOUBT_RUN];
	struct range *states = trust->states;

	for (int i = 0; i < STATE_UNKNOWN; i++) {
		states[i].up_ns += (state_runs((enum thread_state)i) ? on_core - now->doubted[i] : any) *
				   passed_ns;
		states[i].down_ns += now->doubted[i] * passed_ns;
	}
	states[STATE_WAIT_LOCK].up_ns += now->doubt[DOUBT_FUTEX] * passed_ns;
}

static void advance(struct trust *trust, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - trust->last_ns, any = trust_any(trust, now_ns);

	trust->last_ns = now_ns;
	if (!passed_ns || trust_is_certain(trust, now_ns))
		return;
	curves_advance(trust, any, passed_ns);
	states_advance(trust, any, passed_ns);
	trust_parts_advance(trust, any, passed_ns);
}

static enum doubt doubt_find(const struct trust *trust, const struct trust_thread *thread,
			     const struct thread *who, const struct wait_for *wait)
{
	enum thread_state state = thread->state;
	bool missed = thread->missed && who->process->gil_exact;

	if (state == STATE_UNKNOWN)
		return thread->on_core ? DOUBT_CORE : DOUBT_ANY;
	if (state_runs(state))
		return (thread->forgotten || missed) &&
		       (who->process->gil != GIL_NONE || !who->process->id) ? DOUBT_RUN : DOUBT_NONE;
	if (!trust->prescan->gaps_cnt)
		return DOUBT_NONE;
	/* What went on before such a call, or whose GIL or lock it is, was told by what is lost. */
	if (wait->sysno == SYSNO_RESTART || (wait->word && (missed || !who->process->id)))
		return DOUBT_ANY;
	return state == STATE_WAIT_SYNC && wait->word ? DOUBT_FUTEX : DOUBT_NONE;
}

static void count(struct trust *trust, const struct trust_thread *thread, uint64_t by)
{
	struct trust_counts *now = &trust->now;

	if (!thread->alive)
		return;
	now->in_state[thread->state] += by;
	now->doubt[thread->doubt] += by;
	if (thread->doubt != DOUBT_NONE && thread->state != STATE_UNKNOWN)
		now->doubted[thread->state] += by;
}

uint64_t trust_sampled_ns(const struct trust *trust, const struct change *change)
{
	uint64_t passed_ns = change->at_ns - change->since_ns, margin_ns = change->margin_ns;

	if (!change->sampled || !(change->from == STATE_RUN_GIL || change->from == STATE_RUN_FREE))
		return 0;
	if (change->thread->slot < trust->threads_cap)
		margin_ns += trust->threads[change->thread->slot].margin_ns;
	/* What it was doing is inferred from a look that came later. */
	if (!margin_ns)
		margin_ns = TRUST_SAMPLE_NS;
	return margin_ns < passed_ns ? margin_ns : passed_ns;
}

static void sampled_add(struct trust *trust, const struct change *change)
{
	enum thread_state other = change->from == STATE_RUN_GIL ? STATE_RUN_FREE : STATE_RUN_GIL;
	uint64_t sampled_ns = trust_sampled_ns(trust, change);

	if (!sampled_ns)
		return;
	trust->states[change->from].down_ns += sampled_ns;
	trust->states[other].up_ns += sampled_ns;
}

static bool state_waits(enum thread_state state)
{
	return state >= STATE_WAIT_GIL && state <= STATE_WAIT_OTHER;
}

/* A wait without an end: had it been woken on its way there, it was ready. */
static void late_add(struct trust *trust, const struct change *change, const struct trust_thread *thread)
{
	uint64_t passed_ns = change->at_ns - change->since_ns;
	unsigned int counts;

	if (!thread->blind || change->goes_on || !state_waits(change->from) ||
	    (change->to != STATE_UNKNOWN && change->to != STATE_CNT))
		return;
	counts = state_infos[change->from].counts;
	trust->late_ns += passed_ns;
	trust->states[change->from].down_ns += passed_ns;
	trust->states[STATE_READY_WOKEN].up_ns += passed_ns;
	if (!(counts & COUNTS_APPARENT))
		trust->curves[CURVE_APPARENT].up_ns += passed_ns;
	if (counts & COUNTS_OVERLAP)
		trust->curves[CURVE_OVERLAP].down_ns += passed_ns;
}

/* Nobody saw it die: that may have been as early as it was last seen. */
static void end_take(struct trust *trust, const struct change *change)
{
	bool open = change->thread->left_alive && change->from == STATE_UNKNOWN;
	uint64_t end_ns = open ? change->since_ns : change->at_ns;

	if (open)
		trust->curves[CURVE_ALIVE].down_ns += change->at_ns - change->since_ns;
	if (end_ns > trust->end_least_ns)
		trust->end_least_ns = end_ns;
}

static void birth_take(struct trust *trust, const struct thread *thread)
{
	if (!trust->unseen || prescan_process(trust->prescan, thread->id))
		return;
	trust->unseen--;
}

/* What is no longer known of it, or known again, from this change on. */
static void memory_update(struct trust *trust, struct trust_thread *thread, const struct change *change)
{
	const struct prescan *prescan = trust->prescan;
	bool runs = state_runs(change->to);

	while (trust->gap_next < prescan->gaps_cnt &&
	       prescan->gaps[trust->gap_next].first_ns <= change->at_ns) {
		const struct gap *gap = &prescan->gaps[trust->gap_next++];

		if (gap->last_ns > trust->gap_until_ns)
			trust->gap_until_ns = gap->last_ns;
	}
	thread->margin_ns = change->margin_ns;
	if (runs && !state_runs(change->from))
		thread->came_ns = change->at_ns;
	if (state_waits(change->to))
		thread->blind = change->from == STATE_UNKNOWN ||
				(trust->gap_next && trust->gap_until_ns >= thread->came_ns);
	if (change->to == STATE_UNKNOWN || !change->thread->process->id)
		thread->forgotten = true;
	else if (state_waits(change->to))
		thread->forgotten = false;
	if (change->to == STATE_UNKNOWN)
		thread->missed = prescan->gaps_cnt;
	else if (change->to_exact)
		thread->missed = false;
}

static int trust_change(void *ctx, const struct change *change)
{
	struct trust *trust = ctx;
	uint32_t slot = change->thread->slot;
	struct trust_thread *thread;
	int err = array_reserve(&trust->threads, &trust->threads_cap, (size_t)slot + 1,
				sizeof(*trust->threads));

	if (err)
		return err;
	advance(trust, change->at_ns);
	thread = &trust->threads[slot];
	count(trust, thread, (uint64_t)-1);
	sampled_add(trust, change);
	late_add(trust, change, thread);
	if (change->from == STATE_CNT)
		birth_take(trust, change->thread);
	thread->alive = change->to != STATE_CNT;
	if (!thread->alive) {
		end_take(trust, change);
		return 0;
	}
	thread->state = change->to;
	memory_update(trust, thread, change);
	thread->doubt = doubt_find(trust, thread, change->thread, &change->to_wait);
	count(trust, thread, 1);
	return 0;
}

static void on_core_set(struct trust *trust, struct trust_thread *thread, bool on_core)
{
	count(trust, thread, (uint64_t)-1);
	thread->on_core = on_core;
	if (thread->state == STATE_UNKNOWN)
		thread->doubt = on_core ? DOUBT_CORE : DOUBT_ANY;
	count(trust, thread, 1);
}

static int trust_core(void *ctx, const struct core_change *change)
{
	struct trust *trust = ctx;
	struct trust_core *core = &trust->core_now[change->core];
	int err;

	advance(trust, change->at_ns);
	if (core->use == CORE_OURS)
		on_core_set(trust, &trust->threads[core->slot], false);
	trust->now.uses[core->use]--;
	core->use = change->use;
	trust->now.uses[core->use]++;
	if (core->use != CORE_OURS)
		return 0;
	core->slot = change->thread->slot;
	err = array_reserve(&trust->threads, &trust->threads_cap, (size_t)core->slot + 1,
			    sizeof(*trust->threads));
	if (!err)
		on_core_set(trust, &trust->threads[core->slot], true);
	return err;
}

/* Threads without a birth in the file. */
static uint64_t unseen_count(const struct prescan *prescan)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < prescan->threads_cnt; i++)
		cnt += !prescan->threads[i]->process;
	return cnt;
}

static int trust_begin(void *ctx, const struct run *run)
{
	struct trust *trust = ctx;

	trust->last_ns = run->start_ns;
	trust->unseen = unseen_count(trust->prescan);
	trust->births_lost = trust->unseen;
	trust->cores_cnt = run->cores_cnt;
	trust->core_now = calloc(run->cores_cnt + 1, sizeof(*trust->core_now));
	if (!trust->core_now)
		return -ENOMEM;
	for (size_t i = 0; i < trust->cores_cnt; i++)
		trust->core_now[i].use = CORE_UNKNOWN;
	trust->now.uses[CORE_UNKNOWN] = run->cores_cnt;
	return 0;
}

static int trust_end(void *ctx, const struct run *run)
{
	struct trust *trust = ctx;

	advance(trust, run->end_ns);
	if (trust->end_least_ns && trust->end_least_ns < run->end_ns)
		trust->wall_down_ns = run->end_ns - trust->end_least_ns;
	trust_parts_settle(trust);
	return 0;
}

void trust_clear(struct trust *trust)
{
	free(trust->threads);
	free(trust->core_now);
	*trust = (struct trust){ 0 };
}

const struct sink trust_sink = {
	.name = "trust",
	.begin = trust_begin,
	.change = trust_change,
	.core = trust_core,
	.end = trust_end,
};
