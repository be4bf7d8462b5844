/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * At every instant, every waiting thread points at its culprits.
 */
#include "tests/sim/blame.h"

#include "tests/sim/instants.h"
#include "tests/sim/memory.h"

/* What a waiter's instants with so many culprits sum to, and of these each culprit's. */
struct tally {
	uint64_t whole_ns;
	uint64_t *ns;
};

#define HOLDERS_MAX 8	/* that seem to hold one GIL at the same time */

struct pointing {
	struct sim_blame *blame;
	struct tally *tallies;	/* waiter * HOLDERS_MAX + culprits - 1 */
};

static bool is_wait(enum sim_state state)
{
	return state >= SIM_WAIT_GIL && state <= SIM_WAIT_OTHER;
}

/* The edge that ended the wait that this thread is in. */
static const struct sim_edge *edge_of(const struct sim_instant *instant, size_t slot)
{
	const struct sim_story *story = instant->story;

	for (size_t i = 0; i < story->edges_cnt; i++) {
		const struct sim_edge *edge = &story->edges[i];

		if (edge->wakee->slot == slot && edge->at_ns > instant->now_ns &&
		    edge->since_ns == instant->threads[slot]->from_ns && edge->ended != SIM_STATE_CNT)
			return edge;
	}
	return NULL;
}

static size_t waker_of(const struct sim_instant *instant, size_t slot)
{
	static const enum sim_nobody nobody[SIM_CAUSE_CNT] = {
		[SIM_BY_TIMER] = BLAME_TIMER, [SIM_BY_INTERRUPT] = BLAME_INTERRUPT,
		[SIM_BY_PROGRAM] = BLAME_PROGRAM, [SIM_BY_UNCLEAR] = BLAME_UNCLEAR,
	};
	const struct sim_edge *edge = edge_of(instant, slot);
	size_t threads = instant->story->tracks_cnt;

	if (!edge)
		return threads + BLAME_LASTS;
	return edge->waker ? edge->waker->slot : threads + nobody[edge->cause];
}

static bool holds_off_core(const struct sim_track *track, uint64_t gil, uint64_t now_ns)
{
	for (size_t i = 0; i < track->holds_cnt; i++)
		if (track->holds[i].gil == gil && track->holds[i].from_ns <= now_ns &&
		    now_ns < track->holds[i].to_ns)
			return true;
	return false;
}

/* Returns how many there are. */
static size_t holders_of(const struct sim_instant *instant, size_t waiter, size_t culprits[HOLDERS_MAX])
{
	const struct sim_story *story = instant->story;
	uint64_t gil = instant->threads[waiter]->gil;
	size_t cnt = 0;

	for (size_t i = 0; i < story->tracks_cnt && cnt < HOLDERS_MAX; i++) {
		const struct sim_piece *piece = instant->threads[i];

		if (piece && i != waiter && ((piece->state == SIM_RUN_GIL && piece->gil == gil) ||
					     holds_off_core(&story->tracks[i], gil, instant->now_ns)))
			culprits[cnt++] = i;
	}
	if (!cnt)
		culprits[cnt++] = story->tracks_cnt + BLAME_HAND_OVER;
	return cnt;
}

static void waiter_point(struct pointing *pointing, const struct sim_instant *instant, size_t slot)
{
	size_t culprits[HOLDERS_MAX], cnt = 1;
	struct tally *tally;

	if (instant->threads[slot]->state == SIM_WAIT_GIL)
		cnt = holders_of(instant, slot, culprits);
	else
		culprits[0] = waker_of(instant, slot);
	tally = &pointing->tallies[slot * HOLDERS_MAX + cnt - 1];
	if (!tally->ns)
		tally->ns = zalloc(pointing->blame->culprits_cnt, sizeof(*tally->ns));
	tally->whole_ns += instant->passed_ns;
	for (size_t i = 0; i < cnt; i++)
		tally->ns[culprits[i]] += instant->passed_ns;
}

static void instant_point(const struct sim_instant *instant, void *ctx)
{
	for (size_t i = 0; i < instant->story->tracks_cnt; i++)
		if (instant->threads[i] && is_wait(instant->threads[i]->state))
			waiter_point(ctx, instant, i);
}

void blame_make(struct sim_blame *blame, const struct sim_story *story)
{
	struct pointing pointing = { .blame = blame };
	uint64_t *parts;

	*blame = (struct sim_blame){
		.threads_cnt = story->tracks_cnt, .culprits_cnt = story->tracks_cnt + BLAME_NOBODY_CNT,
	};
	blame->shares_ns = zalloc(blame->threads_cnt * blame->culprits_cnt, sizeof(*blame->shares_ns));
	pointing.tallies = zalloc(blame->threads_cnt * HOLDERS_MAX, sizeof(*pointing.tallies));
	parts = zalloc(blame->culprits_cnt, sizeof(*parts));
	instants_each(story, instant_point, &pointing);
	for (size_t i = 0; i < blame->threads_cnt * HOLDERS_MAX; i++) {
		struct tally *tally = &pointing.tallies[i];

		if (!tally->ns)
			continue;
		share_out(tally->whole_ns, tally->ns, blame->culprits_cnt, parts);
		for (size_t j = 0; j < blame->culprits_cnt; j++)
			blame->shares_ns[i / HOLDERS_MAX * blame->culprits_cnt + j] += parts[j];
		free(tally->ns);
	}
	free(pointing.tallies);
	free(parts);
}

void blame_clear(struct sim_blame *blame)
{
	free(blame->shares_ns);
	*blame = (struct sim_blame){ 0 };
}

uint64_t blame_of(const struct sim_blame *blame, size_t waiter, size_t culprit)
{
	return blame->shares_ns[waiter * blame->culprits_cnt + culprit];
}
