/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A map by both numbers, and a list that can be sorted.
 */
#include "analyzer/analyses/pairs.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/array.h"

uint64_t pair_ns(const struct pair *pair)
{
	uint64_t ns = 0;

	for (int i = 0; i < PAIR_SUMS; i++)
		ns += pair->ns[i];
	return ns;
}

int pairs_find(struct pairs *pairs, uint32_t first, uint32_t second, struct pair **ret_pair)
{
	uint64_t key = (uint64_t)first << 32 | second;
	struct pair *pair = idmap_get(&pairs->ids, key);
	int err;

	if (pair || pairs->pairs_cnt == PAIRS_MAX) {
		*ret_pair = pair;
		return 0;
	}
	err = array_reserve(&pairs->pairs, &pairs->pairs_cap, pairs->pairs_cnt + 1,
			    sizeof(struct pair *));
	if (err)
		return err;
	pair = calloc(1, sizeof(*pair));
	if (!pair)
		return -ENOMEM;
	err = idmap_put(&pairs->ids, key, pair);
	if (err) {
		free(pair);
		return err;
	}
	pair->first = first;
	pair->second = second;
	pairs->pairs[pairs->pairs_cnt++] = pair;
	*ret_pair = pair;
	return 0;
}

static int pair_compare(const void *left, const void *right)
{
	const struct pair *a = *(struct pair *const *)left, *b = *(struct pair *const *)right;
	uint64_t a_ns = pair_ns(a), b_ns = pair_ns(b);

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a_ns != b_ns)
		return a_ns > b_ns ? -1 : 1;
	return (a->second > b->second) - (a->second < b->second);
}

void pairs_sort(struct pairs *pairs)
{
	if (pairs->pairs_cnt)
		qsort(pairs->pairs, pairs->pairs_cnt, sizeof(struct pair *), pair_compare);
}

/* The place of the first pair whose `first` is not less. */
static size_t pairs_from(const struct pairs *pairs, uint64_t first)
{
	size_t low = 0, high = pairs->pairs_cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pairs->pairs[middle]->first < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct pair *const *pairs_of(const struct pairs *pairs, uint32_t first, size_t *ret_cnt)
{
	size_t from = pairs_from(pairs, first);

	*ret_cnt = pairs_from(pairs, (uint64_t)first + 1) - from;
	return pairs->pairs + from;
}

void pairs_clear(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->pairs_cnt; i++)
		free(pairs->pairs[i]);
	free(pairs->pairs);
	idmap_clear(&pairs->ids);
	*pairs = (struct pairs){ 0 };
}
