/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is to blame for whose waits, and what the culprits were doing meanwhile.
 */
#include <inttypes.h>

#include "tests/sim/blame.h"
#include "tests/sim/memory.h"
#include "tests/sim/sides.h"

static const int nobodies[BLAME_NOBODY_CNT] = {
	[BLAME_HAND_OVER] = SIM_BLAME_HAND_OVER, [BLAME_TIMER] = SIM_BLAME_TIMER,
	[BLAME_INTERRUPT] = SIM_BLAME_INTERRUPT, [BLAME_PROGRAM] = SIM_BLAME_PROGRAM,
	[BLAME_UNCLEAR] = SIM_BLAME_UNCLEAR, [BLAME_OPEN] = SIM_BLAME_LASTS,
};

static size_t culprit_of(const struct sides *sides, const struct blame *blame, uint32_t culprit)
{
	if (culprit >= blame->threads_cnt)
		return sides->story->tracks_cnt + (size_t)nobodies[culprit - blame->threads_cnt];
	return slot_of(sides, blame->threads[culprit].thread);
}

/* Pair by pair; takes off what is told, so that in the end nothing may be left. */
static bool shares_same(struct sides *sides, const struct blame *blame, const char *what,
			const struct shares *shares, bool together, const struct sim_blame *wanted,
			uint64_t *wanted_ns)
{
	for (size_t i = 0; i < shares->cnt; i++) {
		const struct share *pair = &shares->shares[i];
		size_t culprit = culprit_of(sides, blame, pair->to), waiter;
		uint64_t *share_ns;

		if (pair->from == UINT32_MAX)
			continue;
		waiter = slot_of(sides, blame->threads[pair->from].thread);
		share_ns = &wanted_ns[waiter * wanted->culprits_cnt + culprit];
		if (together ? share_sum(pair) > *share_ns + BLAME_HOLDERS_MAX :
		    share_sum(pair) != *share_ns)
			return differ(sides, "%s of %zu: of %zu is %" PRIu64 ", should be %" PRIu64, what,
				      waiter, culprit, share_sum(pair), *share_ns);
		*share_ns -= share_sum(pair);
	}
	for (size_t i = 0; i < wanted->threads_cnt * wanted->culprits_cnt && !together; i++)
		if (wanted_ns[i])
			return differ(sides, "%s: a pair is missing", what);
	return true;
}

/*
 * Where too many pairs had several culprits at once, those are not split by waiter: each waiter's part may
 * be rounded the other way, once for each number of culprits.
 */
static bool nearly_same(struct sides *sides, const struct blame *blame, const char *what, uint64_t of,
			const char *figure, uint64_t got, uint64_t wanted)
{
	uint64_t apart = got > wanted ? got - wanted : wanted - got;

	if (blame->together_ns && apart <= blame->threads_cnt * BLAME_HOLDERS_MAX)
		return true;
	return same(sides, what, of, figure, got, wanted);
}

static uint64_t caused(const struct sim_blame *wanted, size_t culprit)
{
	uint64_t sum_ns = 0;

	for (size_t i = 0; i < wanted->threads_cnt; i++)
		sum_ns += blame_of(wanted, i, culprit);
	return sum_ns;
}

static bool doing_same(struct sides *sides, const struct blame *blame, const struct blame_thread *own,
		       const struct sim_blame *wanted, size_t slot)
{
	for (int i = 0; i < STATE_CNT; i++)
		if (!nearly_same(sides, blame, "blame, doing of", own->thread->id, state_infos[i].name,
			  own->doing_ns[SHARE_CONTENTION][i] + own->doing_ns[SHARE_REST][i],
			  of_state(sides, wanted->doing_ns[slot], i)))
			return false;
	return same(sides, "blame, doing of", own->thread->id, "not born", own->doing_ns[SHARE_REST][STATE_CNT] +
		    own->doing_ns[SHARE_CONTENTION][STATE_CNT], wanted->doing_ns[slot][SIM_STATE_CNT]);
}

static bool culprits_same(struct sides *sides, const struct blame *blame, const struct sim_blame *wanted)
{
	for (size_t i = 0; i < blame->threads_cnt; i++) {
		const struct blame_thread *own = &blame->threads[i];
		size_t slot;

		if (!own->born)
			continue;
		slot = slot_of(sides, own->thread);
		if (!nearly_same(sides, blame, "blame", own->thread->id, "caused",
			  own->caused_ns[SHARE_CONTENTION] + own->caused_ns[SHARE_REST], caused(wanted, slot)) ||
		    !doing_same(sides, blame, own, wanted, slot))
			return false;
	}
	for (int i = 0; i < BLAME_NOBODY_CNT; i++)
		if (!same(sides, "blame of nobody", (uint64_t)i, "caused",
			  blame->nobody_ns[i][SHARE_CONTENTION] + blame->nobody_ns[i][SHARE_REST],
			  caused(wanted, sides->story->tracks_cnt + (size_t)nobodies[i])))
			return false;
	return true;
}

/*
 * Where there is no GIL, nothing but locks is contended for: the holders that the locks name and those
 * that are blamed are the same, for as long.
 */
static bool holders_agree(struct sides *sides, const struct blame *blame)
{
	const struct shares *holders = &sides->analysis->locks.blames;
	bool equal = true;
	uint64_t *left_ns;

	if (sides->analysis->timeline.gils.counts_cnt || blame->together_ns)
		return true;
	left_ns = zalloc(blame->threads_cnt, sizeof(*left_ns));
	for (size_t i = 0; i < blame->threads_cnt; i++)
		left_ns[i] = blame->threads[i].caused_ns[SHARE_CONTENTION];
	for (size_t i = 0; i < holders->cnt; i++)
		left_ns[holders->shares[i].from] -= share_sum(&holders->shares[i]);
	for (size_t i = 0; equal && i < blame->threads_cnt; i++)
		equal = same(sides, "blame", blame->threads[i].thread->id, "blamed, but not as a lock's holder",
			     left_ns[i], 0);
	free(left_ns);
	return equal;
}

bool blame_same(struct sides *sides)
{
	const struct blame *blame = &sides->analysis->blame;
	struct sim_blame wanted;
	bool equal;

	sim_blame_make(&wanted, sides->story);
	/* Pairs that are compared are taken off. */
	equal = waitgraph_same(sides, &wanted) && culprits_same(sides, blame, &wanted) &&
		shares_same(sides, blame, "blame", &blame->shares, blame->together_ns, &wanted,
			    wanted.shares_ns) &&
		shares_same(sides, blame, "handed on blame", &blame->handed, blame->handed_together_ns,
			    &wanted, wanted.handed_ns) &&
		holders_agree(sides, blame);
	sim_blame_clear(&wanted);
	return equal;
}
