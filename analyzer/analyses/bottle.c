/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adds up shares of time. Each crowd keeps what a thread would have that was active from the beginning;
 * the difference between two instants is what one had that was active in between. So a change costs the
 * same however many threads there are.
 */
#include "analyzer/analyses/bottle.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/array.h"

#define SHARE_BITS 64	/* of a nanosecond's fraction, while it is summed up */
#define REST_BITS 24	/* and while it is split */

static int bottle_begin(void *ctx, const struct run *run)
{
	struct bottles *bottles = ctx;
	struct bottle_crowd *on_core = &bottles->crowds[BOTTLE_CMETRIC];

	(void)run;
	for (int state = 0; state < STATE_CNT; state++) {
		unsigned int counts = state_infos[state].counts, bit = 1u << state;

		bottles->crowds[BOTTLE_TRUE].members |= counts & COUNTS_TRUE ? bit : 0;
		bottles->crowds[BOTTLE_APPARENT].members |= counts & COUNTS_APPARENT ? bit : 0;
		on_core->sharers |= counts & COUNTS_SCHEDULED ? bit : 0;
	}
	bottles->crowds[BOTTLE_TRUE].sharers = bottles->crowds[BOTTLE_TRUE].members;
	bottles->crowds[BOTTLE_APPARENT].sharers = bottles->crowds[BOTTLE_APPARENT].members;
	on_core->members = on_core->sharers | 1u << STATE_READY_WOKEN | 1u << STATE_READY_PREEMPTED;
	return 0;
}

static void crowd_advance(struct bottle_crowd *crowd, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - crowd->since_ns;

	crowd->since_ns = now_ns;
	if (!passed_ns || !crowd->active_cnt)
		return;
	crowd->share += ((unsigned __int128)passed_ns << SHARE_BITS) / crowd->active_cnt;
	crowd->any_ns += passed_ns;
}

static void kind_change(struct bottles *bottles, struct thread_bottles *own, enum bottle_kind kind,
			const struct change *change)
{
	struct bottle_crowd *crowd = &bottles->crowds[kind];
	bool was_in = crowd->members >> change->from & 1, is_in = crowd->members >> change->to & 1;
	bool had = crowd->sharers >> change->from & 1, has = crowd->sharers >> change->to & 1;

	if (was_in == is_in && had == has)
		return;
	crowd_advance(crowd, change->at_ns);
	crowd->active_cnt += (uint64_t)is_in - (uint64_t)was_in;
	if (has && !had) {
		own->share[kind] -= crowd->share;
		own->bottles[kind].active_ns -= change->at_ns;
	} else if (had && !has) {
		own->share[kind] += crowd->share;
		own->bottles[kind].active_ns += change->at_ns;
	}
}

static int bottle_change(void *ctx, const struct change *change)
{
	struct bottles *bottles = ctx;
	uint32_t slot = change->thread->slot;
	int err = array_reserve(&bottles->threads, &bottles->threads_cap, slot + 1,
				sizeof(*bottles->threads));

	if (err)
		return err;
	if (bottles->threads_cnt <= slot)
		bottles->threads_cnt = slot + 1;
	bottles->threads[slot].thread = change->thread;
	for (int i = 0; i < BOTTLE_KIND_CNT; i++)
		kind_change(bottles, &bottles->threads[slot], i, change);
	return 0;
}

struct bottle_rest {
	uint32_t rest;
	struct thread_bottles *own;
};

static int rest_compare(const void *left, const void *right)
{
	const struct bottle_rest *a = left, *b = right;

	if (a->rest != b->rest)
		return a->rest > b->rest ? -1 : 1;
	return (a->own->thread->id > b->own->thread->id) - (a->own->thread->id < b->own->thread->id);
}

/* A share in whole nanoseconds; returns what is left over. */
static uint32_t share_floor(unsigned __int128 share, uint64_t *ret_whole_ns)
{
	const unsigned int shift = SHARE_BITS - REST_BITS;
	unsigned __int128 units = (share >> shift) + (share >> (shift - 1) & 1);

	*ret_whole_ns = (uint64_t)(units >> REST_BITS);
	return (uint32_t)units & ((1u << REST_BITS) - 1);
}

/* Identity 4: all of the time in which anybody was active is some thread's. */
static int heights_split(struct bottles *bottles, enum bottle_kind kind, struct bottle_rest *rests)
{
	uint64_t any_ns = bottles->crowds[kind].any_ns, floors_ns = 0;
	size_t cnt = bottles->threads_cnt;
	int err;

	for (size_t i = 0; i < cnt; i++) {
		struct thread_bottles *own = &bottles->threads[i];
		uint64_t *height_ns = &own->bottles[kind].height_ns;

		rests[i].rest = share_floor(own->share[kind], height_ns);
		rests[i].own = own;
		floors_ns += *height_ns;
	}
	err = identity_check(bottles->identity, floors_ns <= any_ns && any_ns - floors_ns <= cnt,
			     "identity 4: bottles of kind %d are %" PRIu64 " ns high, somebody was active for %"
			     PRIu64 " ns", kind, floors_ns, any_ns);
	if (err)
		return err;
	qsort(rests, cnt, sizeof(*rests), rest_compare);
	for (size_t i = 0; i < any_ns - floors_ns; i++)
		rests[i].own->bottles[kind].height_ns++;
	return 0;
}

static void cmetrics_round(struct bottles *bottles)
{
	for (size_t i = 0; i < bottles->threads_cnt; i++) {
		struct thread_bottles *own = &bottles->threads[i];
		uint64_t *height_ns = &own->bottles[BOTTLE_CMETRIC].height_ns;
		uint32_t rest = share_floor(own->share[BOTTLE_CMETRIC], height_ns);

		*height_ns += rest >> (REST_BITS - 1);
	}
}

static int group_compare(const void *left, const void *right)
{
	const struct group_bottles *a = left, *b = right;
	uint64_t a_ns = a->bottles[BOTTLE_APPARENT].height_ns, b_ns = b->bottles[BOTTLE_APPARENT].height_ns;

	if (a_ns != b_ns)
		return a_ns > b_ns ? -1 : 1;
	return (a->group > b->group) - (a->group < b->group);
}

static int groups_sum(struct bottles *bottles)
{
	size_t groups_cnt = bottles->groups->groups_cnt;

	bottles->of_groups = calloc(groups_cnt + 1, sizeof(*bottles->of_groups));
	if (!bottles->of_groups)
		return -ENOMEM;
	for (size_t i = 0; i < groups_cnt; i++)
		bottles->of_groups[i].group = &bottles->groups->groups[i];
	for (size_t i = 0; i < bottles->threads_cnt; i++) {
		const struct thread_bottles *own = &bottles->threads[i];

		for (int kind = 0; kind < BOTTLE_KIND_CNT; kind++) {
			size_t group = bottles->groups->of_thread[own->thread->slot];
			struct bottle *sum = &bottles->of_groups[group].bottles[kind];

			sum->height_ns += own->bottles[kind].height_ns;
			sum->active_ns += own->bottles[kind].active_ns;
		}
	}
	qsort(bottles->of_groups, groups_cnt, sizeof(*bottles->of_groups), group_compare);
	return 0;
}

/* A part of the run does not have all threads, and some are only ever named. */
static void born_keep(struct bottles *bottles)
{
	size_t cnt = 0;

	for (size_t i = 0; i < bottles->threads_cnt; i++)
		if (bottles->threads[i].thread)
			bottles->threads[cnt++] = bottles->threads[i];
	bottles->threads_cnt = cnt;
}

static int bottle_end(void *ctx, const struct run *run)
{
	struct bottles *bottles = ctx;
	struct bottle_rest *rests = calloc(bottles->threads_cnt + 1, sizeof(*rests));
	int err = rests ? 0 : -ENOMEM;

	(void)run;
	born_keep(bottles);
	if (!err)
		err = heights_split(bottles, BOTTLE_TRUE, rests);
	if (!err)
		err = heights_split(bottles, BOTTLE_APPARENT, rests);
	free(rests);
	if (err)
		return err;
	cmetrics_round(bottles);
	return groups_sum(bottles);
}

void bottle_clear(struct bottles *bottles)
{
	free(bottles->threads);
	free(bottles->of_groups);
	*bottles = (struct bottles){ 0 };
}

const struct sink bottle_sink = {
	.name = "bottle",
	.begin = bottle_begin,
	.change = bottle_change,
	.end = bottle_end,
};
