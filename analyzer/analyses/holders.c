/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each holder has a list of the locks that are waited for because of it: few, however many wait.
 */
#include "analyzer/analyses/holders.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/array.h"

struct holding {
	uint32_t lock;
	uint64_t waiters_cnt;
	struct holders_sum *sum;
	struct holding *next;
};

const char *const owner_certainty_names[OWNER_CNT] = {
	[OWNER_EXACT] = "exact",
	[OWNER_LIKELY] = "likely",
	[OWNER_UNKNOWN] = "unknown",
};

uint64_t lock_holder(uint64_t owner, uint64_t waker, enum owner_certainty *ret_certainty)
{
	*ret_certainty = owner ? OWNER_EXACT : waker ? OWNER_LIKELY : OWNER_UNKNOWN;
	return owner ? owner : waker;
}

static int holder_find(struct holders *holders, uint32_t slot, struct holder **ret_holder)
{
	int err = array_reserve(&holders->threads, &holders->threads_cap, (size_t)slot + 1,
				sizeof(*holders->threads));

	if (err)
		return err;
	while (holders->threads_cnt <= slot)
		holders->threads[holders->threads_cnt++].state = HOLDER_GONE;
	*ret_holder = &holders->threads[slot];
	return 0;
}

/* Adds what has passed since the last time, whichever way time goes. */
static int holder_settle(struct holders *holders, struct holder *holder, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns > holder->since_ns ? now_ns - holder->since_ns :
							 holder->since_ns - now_ns;
	int err = 0;

	holder->since_ns = now_ns;
	for (struct holding *holding = holder->holdings; holding && !err; holding = holding->next) {
		uint64_t ns = holding->waiters_cnt * passed_ns;

		holding->sum->state_ns[holder->state] += ns;
		if (holder->blocked_on && ns && holders->blocked)
			err = holders->blocked(holders->ctx, holding->lock, holder->blocked_on - 1, ns);
	}
	return err;
}

int holders_change(struct holders *holders, uint32_t slot, uint64_t at_ns, enum thread_state state,
		   uint32_t blocked_on)
{
	struct holder *holder;
	int err = holder_find(holders, slot, &holder);

	if (!err)
		err = holder_settle(holders, holder, at_ns);
	if (err)
		return err;
	holder->state = state;
	holder->blocked_on = blocked_on;
	return 0;
}

static struct holding **holding_find(struct holder *holder, uint32_t lock)
{
	struct holding **at = &holder->holdings;

	while (*at && (*at)->lock != lock)
		at = &(*at)->next;
	return at;
}

int holders_point(struct holders *holders, uint32_t slot, uint64_t at_ns, uint32_t lock,
		  struct holders_sum *sum)
{
	struct holding **at, *holding;
	struct holder *holder;
	int err = holder_find(holders, slot, &holder);

	if (!err)
		err = holder_settle(holders, holder, at_ns);
	if (err)
		return err;
	at = holding_find(holder, lock);
	holding = *at;
	if (!holding) {
		holding = holders->spare;
		if (holding)
			holders->spare = holding->next;
		else
			holding = malloc(sizeof(*holding));
		if (!holding)
			return -ENOMEM;
		*holding = (struct holding){ .lock = lock, .sum = sum };
		*at = holding;
	}
	holding->waiters_cnt++;
	return 0;
}

int holders_unpoint(struct holders *holders, uint32_t slot, uint64_t at_ns, uint32_t lock)
{
	struct holder *holder = &holders->threads[slot];
	int err = holder_settle(holders, holder, at_ns);
	struct holding **at = holding_find(holder, lock);
	struct holding *holding = *at;

	if (--holding->waiters_cnt)
		return err;
	*at = holding->next;
	holding->next = holders->spare;
	holders->spare = holding;
	return err;
}

static void holdings_free(struct holding *holding)
{
	while (holding) {
		struct holding *next = holding->next;

		free(holding);
		holding = next;
	}
}

void holders_clear(struct holders *holders)
{
	for (size_t i = 0; i < holders->threads_cnt; i++)
		holdings_free(holders->threads[i].holdings);
	holdings_free(holders->spare);
	free(holders->threads);
	*holders = (struct holders){ 0 };
}
