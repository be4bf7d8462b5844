/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adds up states. Keeps its own account of what state a thread is in, so that a timeline that lost
 * or doubled a stretch of a life cannot go unnoticed.
 */
#include "analyzer/tally.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/thread.h"

static int call_add(struct tally *tally, const struct change *change, uint64_t passed_ns)
{
	uint64_t sysno = change->from_wait.sysno;
	struct call_tally *call;
	int made = idmap_item(&tally->call_ids, sysno, IDMAP_LIST(tally, calls), &call);

	if (made < 0)
		return made;
	call->sysno = sysno;
	call->wait_ns[change->from] += passed_ns;
	call->cnt[change->from]++;
	return 0;
}

static int thread_find(struct tally *tally, uint32_t slot, struct thread_tally **ret_thread)
{
	int err = array_reserve(&tally->threads, &tally->threads_cap, slot + 1,
				sizeof(*tally->threads));

	if (err)
		return err;
	while (tally->threads_cnt <= slot)
		tally->threads[tally->threads_cnt++].state = STATE_CNT;
	*ret_thread = &tally->threads[slot];
	return 0;
}

static bool state_is_wait(enum thread_state state)
{
	return state >= STATE_WAIT_GIL && state <= STATE_WAIT_OTHER;
}

/* Identity 1 at a death: the states sum to the life that birth and death enclose. */
static int life_check(struct tally *tally, const struct thread_tally *own,
		      const struct thread *thread, uint64_t at_ns)
{
	uint64_t sum_ns = 0, run_ns = 0;
	int err;

	for (int i = 0; i < STATE_CNT; i++) {
		sum_ns += own->state_ns[i];
		if (state_infos[i].counts & COUNTS_SCHEDULED)
			run_ns += own->state_ns[i];
	}
	err = identity_check(tally->identity, sum_ns == at_ns - thread->birth_ns,
			     "identity 1: the states of thread %" PRIu64 " sum to %" PRIu64
			     " ns, its life is %" PRIu64 " ns",
			     thread->id, sum_ns, at_ns - thread->birth_ns);
	if (err)
		return err;
	return identity_check(tally->identity, run_ns == thread->on_core_ns - thread->unsure_ns,
			      "identity 1: thread %" PRIu64 " ran for %" PRIu64
			      " ns, by its switches for %" PRIu64 " ns, of them %" PRIu64
			      " ns unknown",
			      thread->id, run_ns, thread->on_core_ns, thread->unsure_ns);
}

static int tally_change(void *ctx, const struct change *change)
{
	const struct thread *thread = change->thread;
	struct tally *tally = ctx;
	struct thread_tally *own;
	uint64_t passed_ns;
	int err = thread_find(tally, thread->slot, &own);

	if (err)
		return err;
	err = identity_check(tally->identity,
			     change->from == own->state && change->since_ns == own->since_ns &&
				     change->at_ns >= own->since_ns,
			     "identity 1: thread %" PRIu64 " leaves a state at %" PRIu64
			     " ns that it was not in", thread->id, change->at_ns);
	if (err)
		return err;
	if (change->from != STATE_CNT) {
		passed_ns = change->at_ns - own->since_ns;
		own->state_ns[change->from] += passed_ns;
		own->entries[change->from]++;
		if (change->sampled)
			own->sampled_ns += passed_ns;
		if (state_is_wait(change->from))
			err = call_add(tally, change, passed_ns);
	}
	own->state = change->to;
	own->since_ns = change->at_ns;
	if (!err && change->to == STATE_CNT)
		err = life_check(tally, own, thread, change->at_ns);
	return err;
}

static int tally_edge(void *ctx, const struct edge *edge)
{
	struct tally *tally = ctx;

	if (edge->ended != STATE_CNT)
		tally->causes[edge->cause]++;
	return 0;
}

static int tally_end(void *ctx, const struct run *run)
{
	struct tally *tally = ctx;
	int err = 0;

	(void)run;
	for (size_t i = 0; !err && i < tally->threads_cnt; i++)
		err = identity_check(tally->identity, tally->threads[i].state == STATE_CNT,
				     "identity 1: the run is over, and the thread in place %zu is "
				     "still in a state", i);
	return err;
}

void tally_clear(struct tally *tally)
{
	for (size_t i = 0; i < tally->calls_cnt; i++)
		free(tally->calls[i]);
	free(tally->calls);
	idmap_clear(&tally->call_ids);
	free(tally->threads);
	*tally = (struct tally){ 0 };
}

const struct sink tally_sink = {
	.name = "tally",
	.change = tally_change,
	.edge = tally_edge,
	.end = tally_end,
};
