/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An open hash table of places in an array.
 */
#include "analyzer/analyses/shares.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/array.h"

#define INDEX_MIN 64

static size_t share_hash(uint32_t from, uint32_t to)
{
	uint64_t hash = ((uint64_t)from << 32 | to) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(hash >> 32);
}

/* Where the pair's place stands in the index, or would. */
static uint32_t *share_place(const struct shares *shares, uint32_t from, uint32_t to)
{
	size_t at = share_hash(from, to) & (shares->index_cap - 1);

	while (shares->index[at]) {
		const struct share *share = &shares->shares[shares->index[at] - 1];

		if (share->from == from && share->to == to)
			break;
		at = (at + 1) & (shares->index_cap - 1);
	}
	return &shares->index[at];
}

/* At least half of the index stays free. */
static int index_grow(struct shares *shares)
{
	size_t cap = shares->index_cap ? shares->index_cap * 2 : INDEX_MIN;

	if (shares->cnt * 2 < shares->index_cap)
		return 0;
	free(shares->index);
	shares->index = calloc(cap, sizeof(*shares->index));
	shares->index_cap = shares->index ? cap : 0;
	if (!shares->index)
		return -ENOMEM;
	for (size_t i = 0; i < shares->cnt; i++)
		*share_place(shares, shares->shares[i].from, shares->shares[i].to) = (uint32_t)i + 1;
	return 0;
}

bool shares_has(const struct shares *shares, uint32_t from, uint32_t to)
{
	return shares->index_cap && *share_place(shares, from, to);
}

int shares_add(struct shares *shares, size_t limit, uint32_t from, uint32_t to, enum share_part part,
	      uint64_t ns)
{
	uint32_t *place;
	int err = index_grow(shares);

	if (!err)
		err = array_reserve(&shares->shares, &shares->cap, shares->cnt + 1, sizeof(*shares->shares));
	if (err)
		return err;
	place = share_place(shares, from, to);
	if (!*place && shares->cnt >= limit) {
		from = SEVERAL;
		place = share_place(shares, from, to);
	}
	if (!*place) {
		shares->shares[shares->cnt++] = (struct share){ .from = from, .to = to };
		*place = (uint32_t)shares->cnt;
	}
	shares->shares[*place - 1].ns[part] += ns;
	shares->shares[*place - 1].cnt[part]++;
	return 0;
}

void shares_sort(struct shares *shares, int (*compare)(const void *left, const void *right))
{
	free(shares->index);
	shares->index = NULL;
	shares->index_cap = 0;
	if (shares->cnt)
		qsort(shares->shares, shares->cnt, sizeof(*shares->shares), compare);
}

int shares_by_to(const void *left, const void *right)
{
	const struct share *a = left, *b = right;
	uint64_t a_ns = share_sum(a), b_ns = share_sum(b);

	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	if (a_ns != b_ns)
		return a_ns > b_ns ? -1 : 1;
	return (a->from > b->from) - (a->from < b->from);
}

/* The place of the first whose `to` is not less. */
static size_t place_from(const struct shares *shares, uint64_t to)
{
	size_t low = 0, high = shares->cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (shares->shares[middle].to < to)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct share *shares_of(const struct shares *shares, uint32_t to, size_t *ret_cnt)
{
	size_t from = place_from(shares, to);

	*ret_cnt = place_from(shares, (uint64_t)to + 1) - from;
	return shares->shares + from;
}

void shares_clear(struct shares *shares)
{
	free(shares->shares);
	free(shares->index);
	*shares = (struct shares){ 0 };
}
