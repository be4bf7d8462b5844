/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cascaded redistribution. Each wait carries a weight, 1 for itself and what was handed on to it. While
 * the thread that it waits for does not wait itself, the time that passes counts for the pair of them,
 * times the weight; while that one does, the weight is part of its wait's weight.
 *
 * No wait is touched when the thread that it waits for begins to wait or ends: how long that one waited
 * in all, passed_ns, tells later how much of the time was handed on.
 */
#include "analyzer/analyses/blame_walk.h"

/* What `from` waits for is handed on while `to` is in the wait that it is in. */
static bool hands_on(const struct walk_thread *from, const struct walk_thread *to)
{
	return to->waits && to->until_ns < from->until_ns;
}

static const struct walk_thread *culprit_of(const struct blame_walk *walk, const struct walk_thread *own)
{
	bool thread = !is_of_gil(own) && own->culprit < walk->blame->threads_cnt;

	return thread ? &walk->threads[own->culprit] : NULL;
}

/*
 * Goes down as fast as time while the wait counts for its own pair, and stands still while it is handed
 * on.
 */
static uint64_t clock_of(const struct blame_walk *walk, const struct walk_thread *own, uint64_t now_ns)
{
	const struct walk_thread *culprit = culprit_of(walk, own);

	if (!culprit)
		return now_ns;
	if (hands_on(own, culprit))
		return culprit->passed_ns + culprit->since_ns;
	return culprit->passed_ns + now_ns;
}

static void weights_add(uint64_t sum[WAY_CNT], const uint64_t weights[WAY_CNT])
{
	for (int way = 0; way < WAY_CNT; way++)
		sum[way] += weights[way];
}

static void weights_subtract(uint64_t sum[WAY_CNT], const uint64_t weights[WAY_CNT])
{
	for (int way = 0; way < WAY_CNT; way++)
		sum[way] -= weights[way];
}

static void own_settle(const struct blame_walk *walk, struct walk_thread *own, uint64_t now_ns)
{
	uint64_t clock_ns = clock_of(walk, own, now_ns);

	own->handed_ns += (own->weights[WAY_DIRECT] + own->weights[WAY_GIL]) * (own->mark_ns - clock_ns);
	own->mark_ns = clock_ns;
}

/* Waits for it that ended at the instant at which its own did: they were over before that was. */
static void fresh_take(struct blame_walk *walk, struct walk_thread *own)
{
	for (uint32_t at = own->fresh; at; at = walk->threads[at - 1].fresh_next) {
		struct walk_thread *waiter = &walk->threads[at - 1];

		weights_subtract(own->in, waiter->weights);
		weights_add(own->late, waiter->weights);
		waiter->mark_ns += own->until_ns - own->since_ns;
	}
	own->fresh = 0;
}

void cascade_enter(struct blame_walk *walk, uint32_t slot)
{
	struct walk_thread *own = &walk->threads[slot];

	own->waits = own->since_ns < own->until_ns;
	own->weights[WAY_DIRECT] = own->weights[WAY_GIL] = 0;
	own->handed_ns = 0;
	own->mark_ns = own->until_ns;
	if (!own->waits)
		return;
	if (own->fresh_ns == own->until_ns)
		fresh_take(walk, own);
	own->passed_ns += own->until_ns - own->since_ns;
	weights_add(own->weights, own->in);
	own->weights[WAY_DIRECT]++;
}

void cascade_blame(struct blame_walk *walk, uint32_t slot)
{
	struct walk_thread *own = &walk->threads[slot], *culprit = &walk->threads[own->culprit];

	if (!own->waits)
		return;
	own->mark_ns = clock_of(walk, own, own->until_ns);
	weights_add(culprit->waits ? culprit->late : culprit->in, own->weights);
	if (culprit->fresh_ns != own->until_ns)
		culprit->fresh = 0;
	culprit->fresh_ns = own->until_ns;
	own->fresh_next = culprit->fresh;
	culprit->fresh = slot + 1;
}

/*
 * Goes on to whom it is handed on. That ends: of waits that are handed on directly, each was over before
 * the one that it is handed on from; and by a GIL nothing is handed on twice.
 */
int cascade_change(struct blame_walk *walk, uint32_t slot, uint64_t now_ns, const uint64_t change[WAY_CNT])
{
	uint64_t left[WAY_CNT] = { change[WAY_DIRECT], change[WAY_GIL] };

	while (left[WAY_DIRECT] || left[WAY_GIL]) {
		struct walk_thread *own = &walk->threads[slot], *culprit;
		int more;

		if (is_of_gil(own)) {
			more = walk_weigh(walk, slot, now_ns, left, &slot);
			if (more <= 0)
				return more;
			continue;
		}
		own_settle(walk, own, now_ns);
		weights_add(own->weights, left);
		if (own->culprit >= walk->blame->threads_cnt)
			return 0;
		slot = own->culprit;
		culprit = &walk->threads[slot];
		if (culprit->waits && !hands_on(own, culprit)) {
			weights_add(culprit->late, left);
			return 0;
		}
		weights_add(culprit->in, left);
		if (!culprit->waits)
			return 0;
	}
	return 0;
}

static int own_leave(struct blame_walk *walk, uint32_t slot, uint64_t now_ns, enum share_part part)
{
	struct walk_thread *own = &walk->threads[slot];
	const uint64_t less[WAY_CNT] = { -own->weights[WAY_DIRECT], -own->weights[WAY_GIL] };
	struct walk_thread *culprit;
	int err = 0;

	own_settle(walk, own, now_ns);
	if (own->culprit < walk->blame->threads_cnt) {
		culprit = &walk->threads[own->culprit];
		if (culprit->waits && !hands_on(own, culprit)) {
			weights_add(culprit->late, less);
		} else {
			weights_add(culprit->in, less);
			if (culprit->waits)
				err = cascade_change(walk, own->culprit, now_ns, less);
		}
	}
	if (err || !own->handed_ns)
		return err;
	return shares_add(&walk->handed.shared[1], BLAME_SHARES_MAX, slot, own->culprit, part, own->handed_ns);
}

int cascade_leave(struct blame_walk *walk, uint32_t slot, uint64_t now_ns, enum share_part part)
{
	struct walk_thread *own = &walk->threads[slot];
	int err = 0;

	if (own->waits && !is_of_gil(own))
		err = own_leave(walk, slot, now_ns, part);
	own->waits = false;
	weights_add(own->in, own->late);
	own->late[WAY_DIRECT] = own->late[WAY_GIL] = 0;
	return err;
}
