/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits for GILs. While the same threads hold a GIL, all who wait for it have the same culprits; each
 * time that changes, the waits up to there are settled. Where many wait for one holder, all at once:
 * else every hand-over would cost as much as there are waiters.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/blame_walk.h"
#include "analyzer/array.h"

/* lcm(1 .. BLAME_HOLDERS_MAX): so that a part is a whole number. */
#define SHARED_UNITS 840

static uint64_t thread_id(const struct blame_walk *walk, uint32_t slot)
{
	return walk->blame->threads[slot].thread->id;
}

static int gil_find(struct blame_walk *walk, uint64_t id, struct walk_gil **ret_gil)
{
	struct walk_gil *gil = idmap_get(&walk->gil_ids, id);
	int err;

	*ret_gil = gil;
	if (gil)
		return 0;
	err = array_reserve(&walk->gils, &walk->gils_cap, walk->gils_cnt + 1, sizeof(struct walk_gil *));
	if (err)
		return err;
	gil = calloc(1, sizeof(*gil));
	if (!gil)
		return -ENOMEM;
	err = idmap_put(&walk->gil_ids, id, gil);
	if (err) {
		free(gil);
		return err;
	}
	gil->until_ns = UINT64_MAX;
	walk->gils[walk->gils_cnt++] = gil;
	*ret_gil = gil;
	return 0;
}

void walk_gils_clear(struct blame_walk *walk)
{
	for (size_t i = 0; i < walk->gils_cnt; i++) {
		free(walk->gils[i]->holders);
		free(walk->gils[i]->waiters);
		free(walk->gils[i]);
	}
	free(walk->gils);
	idmap_clear(&walk->gil_ids);
}

static int culprit_add(struct blame_walk *walk, uint32_t waiter, uint32_t culprit, size_t culprits,
		       uint64_t ns)
{
	enum thread_state doing = walk->threads[culprit].state;

	if (culprits > 1)
		walk->threads[culprit].shared_doing[doing] += ns * SHARED_UNITS / culprits;
	else
		walk->blame->threads[culprit].doing_ns[SHARE_CONTENTION][doing] += ns;
	return shares_add(&walk->shared[culprits], BLAME_SHARES_MAX, waiter, culprit, SHARE_CONTENTION, ns);
}

/*
 * What several caused together is split by waiter, so either all of its pairs are told apart or none.
 */
static bool pairs_fit(const struct blame_walk *walk, uint32_t waiter, const uint32_t *culprits, size_t cnt)
{
	const struct shares *shared = &walk->shared[cnt];

	if (shared->cnt + cnt <= BLAME_SHARES_MAX)
		return true;
	for (size_t i = 0; i < cnt; i++)
		if (!shares_has(shared, waiter, culprits[i]))
			return false;
	return true;
}

/* So much waiting while the present holders hold it; `waiter` itself is not to blame. */
static int wait_settle(struct blame_walk *walk, const struct walk_gil *gil, uint32_t waiter, uint64_t ns)
{
	uint32_t culprits[BLAME_HOLDERS_MAX];
	size_t cnt = 0;
	int err = 0;

	if (!ns)
		return 0;
	for (size_t i = 0; i < gil->holders_cnt && cnt < BLAME_HOLDERS_MAX; i++)
		if (gil->holders[i] != waiter)
			culprits[cnt++] = gil->holders[i];
	if (!cnt)
		return shares_add(&walk->shared[1], BLAME_SHARES_MAX, waiter,
				 (uint32_t)walk->blame->threads_cnt + BLAME_HAND_OVER, SHARE_CONTENTION, ns);
	if (cnt > 1 && !pairs_fit(walk, waiter, culprits, cnt))
		waiter = SEVERAL;
	for (size_t i = 0; !err && i < cnt; i++)
		err = culprit_add(walk, waiter, culprits[i], cnt, ns);
	return err;
}

static uint64_t unsettled_until(const struct blame_walk *walk, const struct walk_gil *gil, uint32_t slot)
{
	uint64_t until_ns = walk->threads[slot].until_ns;

	return until_ns < gil->until_ns ? until_ns : gil->until_ns;
}

static bool waits_for(const struct blame_walk *walk, const struct walk_gil *gil, uint32_t slot)
{
	size_t at = walk->threads[slot].waits_at;

	return at < gil->waiters_cnt && gil->waiters[at] == slot;
}

/* Not told apart, but for holders who wait themselves: those do not wait for themselves. */
static int several_settle(struct blame_walk *walk, const struct walk_gil *gil, uint64_t now_ns)
{
	uint64_t sum_ns = gil->untils_ns - gil->waiters_cnt * now_ns;
	int err = 0;

	for (size_t i = 0; !err && i < gil->holders_cnt; i++) {
		uint32_t slot = gil->holders[i];
		uint64_t own_ns;

		if (!waits_for(walk, gil, slot))
			continue;
		own_ns = unsettled_until(walk, gil, slot) - now_ns;
		sum_ns -= own_ns;
		err = wait_settle(walk, gil, slot, own_ns);
	}
	return err ? err : wait_settle(walk, gil, SEVERAL, sum_ns);
}

/* The holders are about to change: all waiting after now_ns is settled. */
static int gil_settle(struct blame_walk *walk, struct walk_gil *gil, uint64_t now_ns)
{
	int err = 0;

	/* Where several seem to hold it, which cannot be for long, the parts are those of each waiter. */
	if (gil->waiters_cnt > BLAME_TOGETHER && gil->holders_cnt < 2)
		err = several_settle(walk, gil, now_ns);
	else
		for (size_t i = 0; !err && i < gil->waiters_cnt; i++)
			err = wait_settle(walk, gil, gil->waiters[i],
					  unsettled_until(walk, gil, gil->waiters[i]) - now_ns);
	gil->until_ns = now_ns;
	gil->untils_ns = gil->waiters_cnt * now_ns;
	return err;
}

int walk_hold(struct blame_walk *walk, uint32_t slot, uint64_t now_ns)
{
	struct walk_gil *gil;
	size_t at;
	int err = gil_find(walk, walk->threads[slot].gil, &gil);

	if (!err)
		err = gil_settle(walk, gil, now_ns);
	if (!err)
		err = array_reserve(&gil->holders, &gil->holders_cap, gil->holders_cnt + 1, sizeof(uint32_t));
	if (err)
		return err;
	for (at = gil->holders_cnt++; at; at--) {
		if (thread_id(walk, gil->holders[at - 1]) < thread_id(walk, slot))
			break;
		gil->holders[at] = gil->holders[at - 1];
	}
	gil->holders[at] = slot;
	return 0;
}

int walk_unhold(struct blame_walk *walk, uint32_t slot, uint64_t now_ns)
{
	struct walk_gil *gil;
	size_t at = 0;
	int err = gil_find(walk, walk->threads[slot].gil, &gil);

	if (!err)
		err = gil_settle(walk, gil, now_ns);
	if (err)
		return err;
	while (gil->holders[at] != slot)
		at++;
	memmove(&gil->holders[at], &gil->holders[at + 1], (--gil->holders_cnt - at) * sizeof(uint32_t));
	return 0;
}

int walk_wait(struct blame_walk *walk, uint32_t slot, uint64_t now_ns)
{
	struct walk_gil *gil;
	int err = gil_find(walk, walk->threads[slot].gil, &gil);

	if (!err)
		err = array_reserve(&gil->waiters, &gil->waiters_cap, gil->waiters_cnt + 1, sizeof(uint32_t));
	if (err)
		return err;
	walk->threads[slot].waits_at = gil->waiters_cnt;
	gil->waiters[gil->waiters_cnt++] = slot;
	gil->untils_ns += now_ns;
	return 0;
}

int walk_unwait(struct blame_walk *walk, uint32_t slot, uint64_t now_ns)
{
	struct walk_gil *gil;
	uint64_t until_ns;
	uint32_t last;
	int err = gil_find(walk, walk->threads[slot].gil, &gil);

	if (err)
		return err;
	until_ns = unsettled_until(walk, gil, slot);
	gil->untils_ns -= until_ns;
	last = gil->waiters[--gil->waiters_cnt];
	gil->waiters[walk->threads[slot].waits_at] = last;
	walk->threads[last].waits_at = walk->threads[slot].waits_at;
	return wait_settle(walk, gil, slot, until_ns - now_ns);
}
