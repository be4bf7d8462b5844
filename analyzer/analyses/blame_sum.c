/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Splits what several caused together, and adds up the shares by culprit and by group. Checks that
 * nothing of any wait is missing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/analyses/blame_walk.h"
#include "analyzer/array.h"
#include "analyzer/share.h"
#include "analyzer/thread.h"

/* A pair that has a part of a wait: k culprits had `ns` each, of which each gets a k-th. */
struct part {
	struct share *pair;
	uint64_t rest, culprit_id;
};

static int waiter_compare(const void *left, const void *right)
{
	const struct share *a = left, *b = right;

	return (a->from > b->from) - (a->from < b->from);
}

static int part_compare(const void *left, const void *right)
{
	const struct part *a = left, *b = right;

	if (a->rest != b->rest)
		return a->rest > b->rest ? -1 : 1;
	return (a->culprit_id > b->culprit_id) - (a->culprit_id < b->culprit_id);
}

/* What one waiter waited for k at once: from here on each pair has its own part. */
static void parts_split(const struct blame *blame, struct share *pairs, size_t cnt, uint64_t culprits,
			struct part *parts)
{
	uint64_t whole_ns = 0;

	for (size_t i = 0; i < cnt; i++) {
		uint64_t *ns = &pairs[i].ns[SHARE_CONTENTION];

		parts[i] = (struct part){
			.pair = &pairs[i],
			.rest = *ns % culprits,
			.culprit_id = blame->threads[pairs[i].to].thread->id,
		};
		whole_ns += parts[i].rest;
		*ns /= culprits;
	}
	whole_ns /= culprits;
	qsort(parts, cnt, sizeof(*parts), part_compare);
	for (size_t i = 0; i < whole_ns; i++)
		parts[i].pair->ns[SHARE_CONTENTION]++;
}

/* The culprit's part of shared waits, by what it was doing; the largest remainders first. */
static int doing_split(struct blame_thread *culprit, const uint64_t weights[STATE_CNT], uint64_t whole_ns)
{
	uint64_t parts_ns[STATE_CNT];
	int err = share_split(whole_ns, weights, STATE_CNT, parts_ns);

	for (int i = 0; !err && i < STATE_CNT; i++)
		culprit->doing_ns[SHARE_CONTENTION][i] += parts_ns[i];
	return err;
}

/* Waits for so many culprits at once become shares of one each; adds them to their sums. */
static int shared_split(const struct blame *blame, struct walk_book *book, uint64_t culprits, uint64_t *sums_ns)
{
	struct shares *shared = &book->shared[culprits];
	struct part *parts = calloc(shared->cnt + 1, sizeof(*parts));
	int err = parts ? 0 : -ENOMEM;

	if (!err)
		shares_sort(shared, waiter_compare);
	for (size_t i = 0, next; !err && i < shared->cnt; i = next) {
		for (next = i + 1; next < shared->cnt && shared->shares[next].from == shared->shares[i].from;)
			next++;
		parts_split(blame, &shared->shares[i], next - i, culprits, parts);
	}
	for (size_t i = 0; !err && i < shared->cnt; i++) {
		const struct share *pair = &shared->shares[i];

		sums_ns[pair->to] += pair->ns[SHARE_CONTENTION];
		err = shares_add(&book->shared[1], BLAME_SHARES_MAX, pair->from, pair->to, SHARE_CONTENTION,
				pair->ns[SHARE_CONTENTION]);
	}
	free(parts);
	return err;
}

/* The book's shares; of several culprits at once, how much each caused. */
static int book_split(const struct blame *blame, struct walk_book *book, uint64_t *sums_ns,
		      struct shares *ret_shares)
{
	int err = 0;

	for (uint64_t culprits = 2; !err && culprits <= BLAME_HOLDERS_MAX; culprits++)
		err = shared_split(blame, book, culprits, sums_ns);
	*ret_shares = book->shared[1];
	book->shared[1] = (struct shares){ 0 };
	return err;
}

static int all_split(struct blame_walk *walk)
{
	struct blame *blame = walk->blame;
	uint64_t *sums_ns = calloc(blame->threads_cnt + 1, sizeof(*sums_ns));
	int err = sums_ns ? 0 : -ENOMEM;

	if (!err)
		err = book_split(blame, &walk->waits, sums_ns, &blame->shares);
	for (size_t i = 0; !err && i < blame->threads_cnt; i++)
		err = doing_split(&blame->threads[i], walk->threads[i].shared_doing, sums_ns[i]);
	if (!err)
		err = book_split(blame, &walk->handed, sums_ns, &blame->handed);
	free(sums_ns);
	return err;
}

/* A group in place of each thread. */
static uint32_t group_of(const struct blame *blame, uint32_t party)
{
	if (party == SEVERAL)
		return SEVERAL;
	if (party >= blame->threads_cnt)
		return (uint32_t)(blame->groups->groups_cnt + party - blame->threads_cnt);
	/* Whoever is not looked at is in no group. */
	if (!blame->threads[party].born)
		return (uint32_t)(blame->groups->groups_cnt + BLAME_UNCLEAR);
	return (uint32_t)blame->groups->of_thread[party];
}

static int pair_count(struct blame *blame, const struct share *pair, uint64_t *shares_ns)
{
	int err = 0;

	for (int part = 0; !err && part < SHARE_PART_CNT; part++) {
		uint64_t ns = pair->ns[part];

		if (!ns)
			continue;
		if (pair->to < blame->threads_cnt)
			blame->threads[pair->to].caused_ns[part] += ns;
		else
			blame->nobody_ns[pair->to - blame->threads_cnt][part] += ns;
		if (pair->from == SEVERAL)
			blame->together_ns += ns;
		else
			shares_ns[pair->from] += ns;
		err = shares_add(&blame->of_groups, SIZE_MAX, group_of(blame, pair->from),
				group_of(blame, pair->to), part, ns);
	}
	return err;
}

/*
 * Identity 7: the shares sum to the waits, of each waiter and of all; and what each culprit was doing
 * to what it caused.
 */
static int shares_check(const struct blame *blame, const uint64_t *shares_ns)
{
	uint64_t waits_ns = 0, all_ns = blame->together_ns;
	int err = 0;

	for (size_t i = 0; !err && i < blame->threads_cnt; i++) {
		const struct blame_thread *own = &blame->threads[i];
		uint64_t own_ns = own->waits_ns[SHARE_CONTENTION] + own->waits_ns[SHARE_REST];
		uint64_t left_ns = own->caused_ns[SHARE_CONTENTION] + own->caused_ns[SHARE_REST];

		waits_ns += own_ns;
		all_ns += shares_ns[i];
		for (int state = 0; state <= STATE_CNT; state++)
			left_ns -= own->doing_ns[SHARE_CONTENTION][state] + own->doing_ns[SHARE_REST][state];
		err = identity_check(blame->identity,
				     shares_ns[i] <= own_ns && own_ns - shares_ns[i] <= blame->together_ns &&
				     !left_ns,
				     "identity 7: thread %" PRIu64 " waits for %" PRIu64 " ns, the shares are %"
				     PRIu64 " ns, doing: %" PRId64, own->thread->id, own_ns,
				     shares_ns[i], (int64_t)left_ns);
	}
	return err ? err : identity_check(blame->identity, waits_ns == all_ns,
					  "identity 7: all wait for %" PRIu64 " ns, all shares are %" PRIu64
					  " ns", waits_ns, all_ns);
}

/* Handing on takes nothing away and adds nothing. */
static int handed_check(struct blame *blame)
{
	uint64_t waits_ns = 0, handed_ns = 0;

	for (size_t i = 0; i < blame->shares.cnt; i++)
		waits_ns += share_sum(&blame->shares.shares[i]);
	for (size_t i = 0; i < blame->handed.cnt; i++) {
		const struct share *pair = &blame->handed.shares[i];

		handed_ns += share_sum(pair);
		if (pair->from == SEVERAL)
			blame->handed_together_ns += share_sum(pair);
	}
	return identity_check(blame->identity, handed_ns == waits_ns,
			      "identity 7: waits of %" PRIu64 " ns are %" PRIu64 " ns once they are handed on",
			      waits_ns, handed_ns);
}

int walk_sum_up(struct blame_walk *walk)
{
	struct blame *blame = walk->blame;
	uint64_t *shares_ns = calloc(blame->threads_cnt + 1, sizeof(*shares_ns));
	int err = shares_ns ? all_split(walk) : -ENOMEM;

	for (size_t i = 0; !err && i < blame->shares.cnt; i++)
		err = pair_count(blame, &blame->shares.shares[i], shares_ns);
	if (!err)
		err = shares_check(blame, shares_ns);
	if (!err)
		err = handed_check(blame);
	free(shares_ns);
	shares_sort(&blame->shares, shares_by_to);
	shares_sort(&blame->handed, shares_by_to);
	shares_sort(&blame->of_groups, shares_by_to);
	return err;
}
