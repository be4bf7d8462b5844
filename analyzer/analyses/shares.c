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

void shares_clear(struct shares *shares)
{
	free(shares->shares);
	free(shares->index);
	*shares = (struct shares){ 0 };
}
