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
#include "analyzer/analyses/gil.h"
#include "analyzer/array.h"
#include "analyzer/thread.h"

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
	gil->process = gil_use_of(walk->blame->gil_uses, id)->process->slot;
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

static void doing_add(struct blame_walk *walk, uint32_t culprit, size_t culprits, uint64_t ns)
{
	enum thread_state doing = walk->threads[culprit].state;

	if (culprits > 1)
		walk->threads[culprit].shared_doing[doing] += ns * SHARED_UNITS / culprits;
	else
		walk->blame->threads[culprit].doing_ns[SHARE_CONTENTION][doing] += ns;
}

/*
 * What several caused together is split by waiter, so either all of its pairs are told apart or none.
 */
static bool pairs_fit(const struct shares *shared, uint32_t waiter, const uint32_t *culprits, size_t cnt)
{
	if (cnt < 2 || shared->cnt + cnt <= BLAME_SHARES_MAX)
		return true;
	for (size_t i = 0; i < cnt; i++)
		if (!shares_has(shared, waiter, culprits[i]))
			return false;
	return true;
}

static int book_add(struct walk_book *book, uint32_t waiter, const uint32_t *culprits, size_t cnt, uint64_t ns)
{
	struct shares *shared = &book->shared[cnt];
	int err = 0;

	if (!pairs_fit(shared, waiter, culprits, cnt))
		waiter = SEVERAL;
	for (size_t i = 0; !err && ns && i < cnt; i++)
		err = shares_add(shared, BLAME_SHARES_MAX, waiter, culprits[i], SHARE_CONTENTION, ns);
	return err;
}

/* Nobody is known to hold it. */
static uint32_t nobody_of(const struct blame_walk *walk, const struct walk_gil *gil)
{
	enum blame_nobody code = walk->unknown_cnts[gil->process] ? BLAME_UNCLEAR : BLAME_HAND_OVER;

	return (uint32_t)walk->blame->threads_cnt + code;
}

/*
 * So much waiting while the present holders hold it, and so much of what was handed on; `waiter` itself is
 * not to blame.
 */
static int wait_settle(struct blame_walk *walk, const struct walk_gil *gil, uint32_t waiter, uint64_t ns,
		       uint64_t handed_ns)
{
	uint32_t culprits[BLAME_HOLDERS_MAX];
	size_t cnt = 0;
	int err;

	if (!ns)
		return 0;
	for (size_t i = 0; i < gil->holders_cnt && cnt < BLAME_HOLDERS_MAX; i++)
		if (gil->holders[i] != waiter)
			culprits[cnt++] = gil->holders[i];
	for (size_t i = 0; i < cnt; i++)
		doing_add(walk, culprits[i], cnt, ns);
	if (!cnt)
		culprits[cnt++] = nobody_of(walk, gil);
	err = book_add(&walk->waits, waiter, culprits, cnt, ns);
	return err ? err : book_add(&walk->handed, waiter, culprits, cnt, handed_ns);
}

/* Its only holder waits: what comes to its waiters directly is handed on to that wait. */
static bool gil_hands_on(const struct blame_walk *walk, const struct walk_gil *gil)
{
	return gil->holders_cnt == 1 && walk->threads[gil->holders[0]].waits;
}

static uint64_t unsettled_until(const struct blame_walk *walk, const struct walk_gil *gil, uint32_t slot)
{
	uint64_t until_ns = walk->threads[slot].mark_ns;

	return until_ns < gil->until_ns ? until_ns : gil->until_ns;
}

/* All that one waiter has waited from now_ns on, since it was settled last. */
static int waiter_settle(struct blame_walk *walk, struct walk_gil *gil, uint32_t slot, uint64_t now_ns)
{
	struct walk_thread *own = &walk->threads[slot];
	uint64_t until_ns = unsettled_until(walk, gil, slot), ns = until_ns - now_ns;
	bool hands_on = gil_hands_on(walk, gil) && slot != gil->holders[0];

	own->mark_ns = now_ns;
	gil->untils_ns -= ns;
	for (int way = 0; way < WAY_CNT; way++)
		gil->weighted_ns[way] -= own->weights[way] * ns;
	return wait_settle(walk, gil, slot, ns,
			   (own->weights[WAY_GIL] + (hands_on ? 0 : own->weights[WAY_DIRECT])) * ns);
}

static bool waits_for(const struct blame_walk *walk, const struct walk_gil *gil, uint32_t slot)
{
	size_t at = walk->threads[slot].waits_at;

	return at < gil->waiters_cnt && gil->waiters[at] == slot;
}

/* Not told apart, but for holders who wait themselves: those do not wait for themselves. */
static int several_settle(struct blame_walk *walk, struct walk_gil *gil, uint64_t now_ns)
{
	uint64_t handed_ns;
	int err = 0;

	for (size_t i = 0; !err && i < gil->holders_cnt; i++)
		if (waits_for(walk, gil, gil->holders[i]))
			err = waiter_settle(walk, gil, gil->holders[i], now_ns);
	handed_ns = gil->weighted_ns[WAY_GIL] - gil->weights[WAY_GIL] * now_ns;
	if (!gil_hands_on(walk, gil))
		handed_ns += gil->weighted_ns[WAY_DIRECT] - gil->weights[WAY_DIRECT] * now_ns;
	return err ? err : wait_settle(walk, gil, SEVERAL, gil->untils_ns - gil->waiters_cnt * now_ns, handed_ns);
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
			err = waiter_settle(walk, gil, gil->waiters[i], now_ns);
	gil->until_ns = now_ns;
	gil->untils_ns = gil->waiters_cnt * now_ns;
	for (int way = 0; way < WAY_CNT; way++)
		gil->weighted_ns[way] = gil->weights[way] * now_ns;
	return err;
}

/* What is handed on to the only holder's wait is more by `times` of all that it can be. */
static int gil_hand_on(struct blame_walk *walk, const struct walk_gil *gil, uint64_t times, uint64_t now_ns)
{
	uint64_t sum = gil->weights[WAY_DIRECT];

	if (!gil_hands_on(walk, gil))
		return 0;
	if (waits_for(walk, gil, gil->holders[0]))
		sum -= walk->threads[gil->holders[0]].weights[WAY_DIRECT];
	return cascade_change(walk, gil->holders[0], now_ns, (const uint64_t[WAY_CNT]){ 0, times * sum });
}

int walk_hold(struct blame_walk *walk, uint32_t slot, uint64_t now_ns)
{
	struct walk_gil *gil;
	size_t at;
	int err = gil_find(walk, walk->threads[slot].gil, &gil);

	if (!err)
		err = gil_settle(walk, gil, now_ns);
	if (!err)
		err = gil_hand_on(walk, gil, UINT64_MAX, now_ns);
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
	return gil_hand_on(walk, gil, 1, now_ns);
}

int walk_unhold(struct blame_walk *walk, uint32_t slot, uint64_t now_ns)
{
	struct walk_gil *gil;
	size_t at = 0;
	int err = gil_find(walk, walk->threads[slot].gil, &gil);

	if (!err)
		err = gil_settle(walk, gil, now_ns);
	if (!err)
		err = gil_hand_on(walk, gil, UINT64_MAX, now_ns);
	if (err)
		return err;
	while (gil->holders[at] != slot)
		at++;
	memmove(&gil->holders[at], &gil->holders[at + 1], (--gil->holders_cnt - at) * sizeof(uint32_t));
	return gil_hand_on(walk, gil, 1, now_ns);
}

int walk_lose(struct blame_walk *walk, uint32_t slot, uint64_t now_ns, size_t sign)
{
	uint32_t process = walk->blame->threads[slot].thread->process->slot;
	size_t before = walk->unknown_cnts[process], after = before + sign;
	int err = 0;

	/* Whether any is decides whose the waits for its GILs are while nobody is seen to hold them. */
	for (size_t i = 0; !err && !before != !after && i < walk->gils_cnt; i++)
		if (walk->gils[i]->process == process)
			err = gil_settle(walk, walk->gils[i], now_ns);
	walk->unknown_cnts[process] = after;
	return err;
}

/* The weights of a waiter that is settled. */
static int weights_add(struct blame_walk *walk, struct walk_gil *gil, uint64_t now_ns, uint32_t slot,
		       uint64_t change[WAY_CNT], uint32_t *ret_holder)
{
	for (int way = 0; way < WAY_CNT; way++) {
		gil->weights[way] += change[way];
		gil->weighted_ns[way] += change[way] * now_ns;
	}
	if (!gil_hands_on(walk, gil) || slot == gil->holders[0])
		return 0;
	change[WAY_GIL] = change[WAY_DIRECT];
	change[WAY_DIRECT] = 0;
	*ret_holder = gil->holders[0];
	return 1;
}

int walk_weigh(struct blame_walk *walk, uint32_t slot, uint64_t now_ns, uint64_t change[WAY_CNT],
	       uint32_t *ret_holder)
{
	struct walk_thread *own = &walk->threads[slot];
	struct walk_gil *gil;
	int err = gil_find(walk, own->gil, &gil);

	if (!err)
		err = waiter_settle(walk, gil, slot, now_ns);
	if (err)
		return err;
	for (int way = 0; way < WAY_CNT; way++)
		own->weights[way] += change[way];
	return weights_add(walk, gil, now_ns, slot, change, ret_holder);
}

/* All of its weights, `times`. */
static int waiter_weigh(struct blame_walk *walk, struct walk_gil *gil, uint32_t slot, uint64_t now_ns,
			uint64_t times)
{
	const struct walk_thread *own = &walk->threads[slot];
	uint64_t change[WAY_CNT] = { own->weights[WAY_DIRECT] * times, own->weights[WAY_GIL] * times };
	uint32_t holder;
	int more = weights_add(walk, gil, now_ns, slot, change, &holder);

	return more > 0 ? cascade_change(walk, holder, now_ns, change) : more;
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
	return waiter_weigh(walk, gil, slot, now_ns, 1);
}

int walk_unwait(struct blame_walk *walk, uint32_t slot, uint64_t now_ns)
{
	struct walk_gil *gil;
	uint32_t last;
	int err = gil_find(walk, walk->threads[slot].gil, &gil);

	if (!err)
		err = waiter_settle(walk, gil, slot, now_ns);
	if (!err)
		err = waiter_weigh(walk, gil, slot, now_ns, UINT64_MAX);
	if (err)
		return err;
	gil->untils_ns -= now_ns;
	last = gil->waiters[--gil->waiters_cnt];
	gil->waiters[walk->threads[slot].waits_at] = last;
	walk->threads[last].waits_at = walk->threads[slot].waits_at;
	return 0;
}
