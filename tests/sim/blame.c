/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * At every instant, every waiting thread points at its culprits.
 */
#include "tests/sim/blame.h"

#include "tests/sim/gil_use.h"
#include "tests/sim/instants.h"
#include "tests/sim/memory.h"

/* What a waiter's instants with so many culprits sum to, and of these each culprit's. */
struct tally {
	uint64_t whole_ns;
	uint64_t *ns;
};

#define HOLDERS_MAX 8	/* that seem to hold one GIL at the same time */
#define UNITS 840	/* divides by all numbers up to that */

struct pointing {
	struct sim_blame *blame;
	struct tally *tallies;	/* waiter * HOLDERS_MAX + culprits - 1 */
	struct tally *handed;	/* likewise */
	/* By culprit: instants of waits for it and others together, as parts of UNITS. */
	uint64_t (*shared)[SIM_STATE_CNT + 1];
	/* By slot: the next edge, the next hold, the GIL that it holds at the instant at hand. */
	size_t *edge_at, *hold_at;
	uint64_t *held;
	size_t *holders, holders_cnt;	/* slots of those that hold one */
	struct sim_gil_uses uses;	/* for the process that has each GIL */
	bool *unknown;			/* by process id: of a thread of it, at the instant at hand */
};

static bool is_wait(enum sim_state state)
{
	return state >= SIM_WAIT_GIL && state <= SIM_WAIT_OTHER;
}

/* The edge that ended the wait that this thread is in. */
static const struct sim_edge *edge_of(struct pointing *pointing, const struct sim_instant *instant, size_t slot)
{
	const struct sim_story *story = instant->story;
	size_t *at = &pointing->edge_at[slot];

	/* By time: what has passed can be forgotten. */
	for (; *at < story->edges_cnt; ++*at) {
		const struct sim_edge *edge = &story->edges[*at];

		if (edge->wakee->slot == slot && edge->at_ns > instant->now_ns &&
		    edge->ended != SIM_STATE_CNT)
			return edge->since_ns == instant->threads[slot]->from_ns ? edge : NULL;
	}
	return NULL;
}

static size_t waker_of(struct pointing *pointing, const struct sim_instant *instant, size_t slot)
{
	static const enum sim_nobody nobody[SIM_CAUSE_CNT] = {
		[SIM_BY_TIMER] = SIM_BLAME_TIMER, [SIM_BY_INTERRUPT] = SIM_BLAME_INTERRUPT,
		[SIM_BY_PROGRAM] = SIM_BLAME_PROGRAM, [SIM_BY_UNCLEAR] = SIM_BLAME_UNCLEAR,
	};
	const struct sim_edge *edge = edge_of(pointing, instant, slot);
	size_t threads = instant->story->tracks_cnt;

	if (!edge)
		return threads + SIM_BLAME_LASTS;
	return edge->waker ? edge->waker->slot : threads + nobody[edge->cause];
}

/* The GIL that it holds, on a core or off it; 0 = none. */
static uint64_t gil_held(struct pointing *pointing, const struct sim_instant *instant, size_t slot)
{
	const struct sim_track *track = &instant->story->tracks[slot];
	const struct sim_piece *piece = instant->threads[slot];
	size_t *at = &pointing->hold_at[slot];

	while (*at < track->holds_cnt && track->holds[*at].to_ns <= instant->now_ns)
		++*at;
	if (!piece)
		return 0;
	if (piece->state == SIM_RUN_GIL)
		return piece->gil;
	return *at < track->holds_cnt && track->holds[*at].from_ns <= instant->now_ns ? track->holds[*at].gil : 0;
}

/* Returns how many there are. */
static size_t holders_of(const struct pointing *pointing, const struct sim_instant *instant, size_t waiter,
			 size_t culprits[HOLDERS_MAX])
{
	const struct sim_story *story = instant->story;
	uint64_t gil = instant->threads[waiter]->gil;
	size_t cnt = 0;

	if (!gil)
		culprits[cnt++] = story->tracks_cnt + SIM_BLAME_UNCLEAR;
	for (size_t i = 0; i < pointing->holders_cnt && cnt < HOLDERS_MAX && gil; i++) {
		size_t holder = pointing->holders[i];

		if (holder != waiter && pointing->held[holder] == gil)
			culprits[cnt++] = holder;
	}
	if (!cnt)
		culprits[cnt++] = story->tracks_cnt + (pointing->unknown[pointing->uses.uses[gil].process] ?
						       SIM_BLAME_UNCLEAR : SIM_BLAME_HAND_OVER);
	return cnt;
}

static void culprit_note(struct pointing *pointing, const struct sim_instant *instant, size_t culprit, size_t cnt)
{
	const struct sim_piece *piece;
	size_t doing;

	if (culprit >= instant->story->tracks_cnt)
		return;
	piece = instant->threads[culprit];
	doing = piece ? piece->state : SIM_STATE_CNT;
	if (cnt > 1)
		pointing->shared[culprit][doing] += instant->passed_ns * UNITS / cnt;
	else
		pointing->blame->doing_ns[culprit][doing] += instant->passed_ns;
}

/* Returns how many there are. */
static size_t culprits_of(struct pointing *pointing, const struct sim_instant *instant, size_t slot,
			  size_t culprits[HOLDERS_MAX])
{
	const struct sim_piece *piece = instant->threads[slot];

	if (piece->state == SIM_WAIT_GIL)
		return holders_of(pointing, instant, slot, culprits);
	culprits[0] = piece->state == SIM_WAIT_LOCK && piece->owner ? piece->owner->slot :
								      waker_of(pointing, instant, slot);
	return 1;
}

static void tally_add(const struct pointing *pointing, struct tally *tallies, size_t slot, const size_t *culprits,
		      size_t cnt, uint64_t ns)
{
	struct tally *tally = &tallies[slot * HOLDERS_MAX + cnt - 1];

	if (!tally->ns)
		tally->ns = zalloc(pointing->blame->culprits_cnt, sizeof(*tally->ns));
	tally->whole_ns += ns;
	for (size_t i = 0; i < cnt; i++)
		tally->ns[culprits[i]] += ns;
}

static uint64_t wait_end(const struct sim_instant *instant, size_t slot)
{
	const struct sim_track *track = &instant->story->tracks[slot];
	size_t next = (size_t)(instant->threads[slot] - track->pieces) + 1;

	return next < track->pieces_cnt ? track->pieces[next].from_ns : track->death_ns;
}

/* By a GIL only from the first on, and while there are no doubts as to who holds it. */
static bool is_handed_on(const struct pointing *pointing, const struct sim_instant *instant, size_t from,
			 size_t to, bool *by_gil)
{
	const struct sim_piece *piece = instant->threads[from];
	size_t holders = 0;

	if (to >= instant->story->tracks_cnt || !instant->threads[to] || !is_wait(instant->threads[to]->state))
		return false;
	if (piece->state != SIM_WAIT_GIL)
		return wait_end(instant, to) < wait_end(instant, from);
	for (size_t i = 0; i < pointing->holders_cnt; i++)
		holders += pointing->held[pointing->holders[i]] == piece->gil;
	if (holders != 1 || *by_gil)
		return false;
	*by_gil = true;
	return true;
}

static void waiter_point(struct pointing *pointing, const struct sim_instant *instant, size_t slot)
{
	size_t culprits[HOLDERS_MAX], cnt = culprits_of(pointing, instant, slot, culprits);
	bool by_gil = false;

	tally_add(pointing, pointing->tallies, slot, culprits, cnt, instant->passed_ns);
	for (size_t i = 0; i < cnt; i++)
		culprit_note(pointing, instant, culprits[i], cnt);
	while (cnt == 1 && is_handed_on(pointing, instant, slot, culprits[0], &by_gil)) {
		slot = culprits[0];
		cnt = culprits_of(pointing, instant, slot, culprits);
	}
	tally_add(pointing, pointing->handed, slot, culprits, cnt, instant->passed_ns);
}

static void instant_point(const struct sim_instant *instant, void *ctx)
{
	struct pointing *pointing = ctx;

	pointing->holders_cnt = 0;
	memset(pointing->unknown, 0, instant->story->tracks_cnt + 1);
	for (size_t i = 0; i < instant->story->tracks_cnt; i++) {
		if (instant->threads[i] && instant->threads[i]->state == SIM_UNKNOWN)
			pointing->unknown[instant->story->tracks[i].process] = true;
		pointing->held[i] = gil_held(pointing, instant, i);
		if (pointing->held[i])
			pointing->holders[pointing->holders_cnt++] = i;
	}
	for (size_t i = 0; i < instant->story->tracks_cnt; i++)
		if (instant->threads[i] && is_wait(instant->threads[i]->state))
			waiter_point(ctx, instant, i);
}

/* Of what several caused together, each culprit's part by what it was doing. */
static void doing_share(struct pointing *pointing, const uint64_t *together_ns)
{
	uint64_t parts[SIM_STATE_CNT + 1];

	for (size_t i = 0; i < pointing->blame->threads_cnt; i++) {
		share_out(together_ns[i], pointing->shared[i], SIM_STATE_CNT + 1, parts);
		for (size_t j = 0; j <= SIM_STATE_CNT; j++)
			pointing->blame->doing_ns[i][j] += parts[j];
	}
}

/* Whole nanoseconds; what had several culprits at once is added to *together_ns by culprit. */
static uint64_t *tallies_split(const struct sim_blame *blame, struct tally *tallies, uint64_t *together_ns)
{
	uint64_t *shares_ns = zalloc(blame->threads_cnt * blame->culprits_cnt, sizeof(*shares_ns));
	uint64_t *parts = zalloc(blame->culprits_cnt, sizeof(*parts));

	for (size_t i = 0; i < blame->threads_cnt * HOLDERS_MAX; i++) {
		struct tally *tally = &tallies[i];

		if (!tally->ns)
			continue;
		share_out(tally->whole_ns, tally->ns, blame->culprits_cnt, parts);
		for (size_t j = 0; j < blame->culprits_cnt; j++) {
			shares_ns[i / HOLDERS_MAX * blame->culprits_cnt + j] += parts[j];
			together_ns[j] += i % HOLDERS_MAX ? parts[j] : 0;
		}
		free(tally->ns);
	}
	free(parts);
	free(tallies);
	return shares_ns;
}

void sim_blame_make(struct sim_blame *blame, const struct sim_story *story)
{
	struct pointing pointing = { .blame = blame };
	uint64_t *together_ns, *handed_together_ns;

	*blame = (struct sim_blame){
		.threads_cnt = story->tracks_cnt, .culprits_cnt = story->tracks_cnt + SIM_BLAME_NOBODY_CNT,
	};
	pointing.tallies = zalloc(blame->threads_cnt * HOLDERS_MAX, sizeof(*pointing.tallies));
	pointing.handed = zalloc(blame->threads_cnt * HOLDERS_MAX, sizeof(*pointing.handed));
	pointing.shared = zalloc(blame->threads_cnt, sizeof(*pointing.shared));
	blame->doing_ns = zalloc(blame->threads_cnt, sizeof(*blame->doing_ns));
	together_ns = zalloc(blame->culprits_cnt, sizeof(*together_ns));
	handed_together_ns = zalloc(blame->culprits_cnt, sizeof(*together_ns));
	pointing.edge_at = zalloc(story->tracks_cnt, sizeof(*pointing.edge_at));
	pointing.hold_at = zalloc(story->tracks_cnt, sizeof(*pointing.hold_at));
	pointing.held = zalloc(story->tracks_cnt, sizeof(*pointing.held));
	pointing.holders = zalloc(story->tracks_cnt, sizeof(*pointing.holders));
	pointing.unknown = zalloc(story->tracks_cnt + 1, sizeof(*pointing.unknown));
	gil_uses_make(&pointing.uses, story);
	instants_each(story, instant_point, &pointing);
	gil_uses_free(&pointing.uses);
	free(pointing.unknown);
	free(pointing.edge_at);
	free(pointing.hold_at);
	free(pointing.held);
	free(pointing.holders);
	blame->shares_ns = tallies_split(blame, pointing.tallies, together_ns);
	blame->handed_ns = tallies_split(blame, pointing.handed, handed_together_ns);
	doing_share(&pointing, together_ns);
	free(pointing.shared);
	free(together_ns);
	free(handed_together_ns);
}

void sim_blame_clear(struct sim_blame *blame)
{
	free(blame->shares_ns);
	free(blame->handed_ns);
	free(blame->doing_ns);
	*blame = (struct sim_blame){ 0 };
}

uint64_t blame_of(const struct sim_blame *blame, size_t waiter, size_t culprit)
{
	return blame->shares_ns[waiter * blame->culprits_cnt + culprit];
}
