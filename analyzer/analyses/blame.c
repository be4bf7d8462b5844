/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goes back through the run, and settles each wait with whoever is to blame for it.
 */
#include "analyzer/analyses/blame.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/analyses/blame_walk.h"
#include "analyzer/analyses/holders.h"
#include "analyzer/array.h"
#include "analyzer/thread.h"

static bool state_is_wait(enum thread_state state)
{
	return state >= STATE_WAIT_GIL && state <= STATE_WAIT_OTHER;
}

static enum share_part part_of(enum thread_state state)
{
	return state_infos[state].counts & COUNTS_APPARENT ? SHARE_CONTENTION : SHARE_REST;
}

/* The waits by their states alone: what the shares must sum to. */
static int blame_change(void *ctx, const struct change *change)
{
	uint32_t slot = change->thread->slot;
	struct blame *blame = ctx;
	int err = array_reserve(&blame->threads, &blame->threads_cap, slot + 1, sizeof(*blame->threads));

	if (err)
		return err;
	blame->threads[slot].born = true;
	if (state_is_wait(change->from))
		blame->threads[slot].waits_ns[part_of(change->from)] += change->at_ns - change->since_ns;
	return 0;
}

static uint32_t nobody(const struct blame_walk *walk, enum blame_nobody code)
{
	return (uint32_t)(walk->blame->threads_cnt + code);
}

/* In a state after now_ns, for all that is known there. */
static uint64_t state_after(const struct walk_thread *thread, enum thread_state state, uint64_t now_ns)
{
	uint64_t present_ns = thread->state == state ? thread->until_ns - now_ns : 0;

	return thread->state_ns[state] + present_ns;
}

/* What the culprit was doing from now_ns on, until the thread's wait was over. */
static void doing_add(struct blame_walk *walk, const struct walk_thread *own, uint64_t now_ns)
{
	const struct walk_thread *culprit = &walk->threads[own->culprit];
	uint64_t *doing_ns = walk->blame->threads[own->culprit].doing_ns[part_of(own->state)];
	uint64_t left_ns = own->until_ns - now_ns;

	for (int i = 0; i < STATE_CNT; i++) {
		uint64_t ns = state_after(culprit, i, now_ns) - own->culprit_ns[i];

		doing_ns[i] += ns;
		left_ns -= ns;
	}
	doing_ns[STATE_CNT] += left_ns;
}

/* The begin of a wait for anything but a GIL. */
static int wait_leave(struct blame_walk *walk, uint32_t slot, uint64_t now_ns)
{
	const struct walk_thread *own = &walk->threads[slot];

	if (own->until_ns == now_ns)
		return 0;
	if (own->culprit < walk->blame->threads_cnt)
		doing_add(walk, own, now_ns);
	return shares_add(&walk->waits.shared[1], BLAME_SHARES_MAX, slot, own->culprit, part_of(own->state),
			 own->until_ns - now_ns);
}

/* The begin of the state that the thread is in. */
static int state_leave(struct blame_walk *walk, uint32_t slot, uint64_t now_ns)
{
	struct walk_thread *own = &walk->threads[slot];
	int err = 0;

	if (own->state == STATE_CNT)
		return 0;
	if (own->holds)
		err = walk_unhold(walk, slot, now_ns);
	if (!err && is_of_gil(own))
		err = walk_unwait(walk, slot, now_ns);
	else if (!err && state_is_wait(own->state))
		err = wait_leave(walk, slot, now_ns);
	if (!err && state_is_wait(own->state))
		err = cascade_leave(walk, slot, now_ns, part_of(own->state));
	if (!err && own->state == STATE_UNKNOWN)
		err = walk_lose(walk, slot, now_ns, (size_t)-1);
	own->state_ns[own->state] += own->until_ns - now_ns;
	return err;
}

/* 1 + slot of whoever is to blame for the wait that ends at now_ns. */
static void culprit_set(struct blame_walk *walk, uint32_t slot, uint64_t culprit, uint64_t now_ns)
{
	struct walk_thread *own = &walk->threads[slot];

	own->culprit = (uint32_t)(culprit - 1);
	for (int i = 0; i < STATE_CNT; i++)
		own->culprit_ns[i] = state_after(&walk->threads[own->culprit], i, now_ns);
	cascade_blame(walk, slot);
}

/* The end of the state that it was in before. */
static int state_enter(struct blame_walk *walk, const struct history_entry *entry)
{
	struct walk_thread *own = &walk->threads[entry->thread];
	enum owner_certainty certainty;
	int err = 0;

	own->state = entry->from;
	own->until_ns = entry->at_ns;
	own->since_ns = entry->since_ns;
	own->gil = entry->gil;
	own->holds = entry->held;
	own->culprit = nobody(walk, own->state == STATE_WAIT_GIL ? BLAME_UNCLEAR : BLAME_OPEN);
	if (state_is_wait(own->state))
		cascade_enter(walk, entry->thread);
	if (own->state == STATE_WAIT_LOCK && lock_holder(entry->awaited, 0, &certainty))
		culprit_set(walk, entry->thread, entry->awaited, entry->at_ns);
	if (is_of_gil(own))
		err = walk_wait(walk, entry->thread, entry->at_ns);
	if (!err && own->holds)
		err = walk_hold(walk, entry->thread, entry->at_ns);
	if (!err && own->state == STATE_UNKNOWN)
		err = walk_lose(walk, entry->thread, entry->at_ns, 1);
	return err;
}

/* Who ended the wait that has just been met at its end. */
static void edge_take(struct blame_walk *walk, const struct history_entry *entry)
{
	static const enum blame_nobody codes[CAUSE_CNT] = {
		[CAUSE_TIMER] = BLAME_TIMER, [CAUSE_INTERRUPT] = BLAME_INTERRUPT,
		[CAUSE_PROGRAM] = BLAME_PROGRAM, [CAUSE_UNCLEAR] = BLAME_UNCLEAR,
	};
	struct walk_thread *own = &walk->threads[entry->thread];

	if (own->state != entry->from || !state_is_wait(own->state) ||
	    own->culprit != nobody(walk, BLAME_OPEN))
		return;
	if (entry->object)
		culprit_set(walk, entry->thread, entry->object, entry->at_ns);
	else
		own->culprit = nobody(walk, codes[entry->cause]);
}

static int history_walk(struct blame_walk *walk)
{
	struct history_reader reader;
	struct history_entry entry;
	int got, err = history_open_at_end(&reader, walk->blame->history);

	while (!err && (got = history_previous(&reader, &entry))) {
		err = got < 0 ? got : 0;
		if (!err && entry.kind == HISTORY_EDGE) {
			edge_take(walk, &entry);
		} else if (!err) {
			err = state_leave(walk, entry.thread, entry.at_ns);
			if (!err)
				err = state_enter(walk, &entry);
		}
	}
	history_close(&reader);
	return err;
}

static int threads_list(struct blame *blame)
{
	blame->listed = calloc(blame->threads_cnt + 1, sizeof(*blame->listed));
	if (!blame->listed)
		return -ENOMEM;
	for (size_t i = 0; i < blame->threads_cnt; i++) {
		const struct blame_thread *own = &blame->threads[i];

		if (own->born || own->caused_ns[SHARE_CONTENTION] || own->caused_ns[SHARE_REST])
			blame->listed[blame->listed_cnt++] = (uint32_t)i;
	}
	return 0;
}

static int blame_end(void *ctx, const struct run *run)
{
	struct blame *blame = ctx;
	struct blame_walk walk = { .blame = blame };
	size_t cnt = blame->people->threads_cnt;
	int err = array_reserve(&blame->threads, &blame->threads_cap, cnt, sizeof(*blame->threads));

	(void)run;
	if (err)
		return err;
	/* A lock's owner may be one that is not looked at. */
	blame->threads_cnt = cnt;
	for (size_t i = 0; i < cnt; i++)
		blame->threads[i].thread = blame->people->threads[i];
	walk.threads = calloc(cnt + 1, sizeof(*walk.threads));
	walk.unknown_cnts = calloc(blame->people->processes_cnt + 1, sizeof(*walk.unknown_cnts));
	if (!walk.threads || !walk.unknown_cnts)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < cnt; i++)
		walk.threads[i].state = STATE_CNT;
	if (!err)
		err = history_walk(&walk);
	if (!err)
		err = walk_sum_up(&walk);
	if (!err)
		err = threads_list(blame);
	for (size_t i = 0; i <= BLAME_HOLDERS_MAX; i++) {
		shares_clear(&walk.waits.shared[i]);
		shares_clear(&walk.handed.shared[i]);
	}
	walk_gils_clear(&walk);
	free(walk.threads);
	free(walk.unknown_cnts);
	return err;
}

void blame_clear(struct blame *blame)
{
	free(blame->threads);
	free(blame->listed);
	shares_clear(&blame->shares);
	shares_clear(&blame->handed);
	shares_clear(&blame->of_groups);
	*blame = (struct blame){ 0 };
}

const struct sink blame_sink = {
	.name = "blame",
	.change = blame_change,
	.end = blame_end,
};
