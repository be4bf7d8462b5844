/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Divides by largest remainder.
 */
#include "analyzer/share.h"

#include <errno.h>
#include <stdlib.h>

struct remainder {
	unsigned __int128 rest;
	size_t index;
};

static int remainder_compare(const void *left, const void *right)
{
	const struct remainder *a = left, *b = right;

	if (a->rest != b->rest)
		return a->rest > b->rest ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

int share_rests(uint64_t left, const unsigned __int128 *rests, size_t cnt, uint64_t *parts)
{
	struct remainder *remainders = calloc(cnt + 1, sizeof(*remainders));

	if (!remainders)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		remainders[i] = (struct remainder){ rests[i], i };
	qsort(remainders, cnt, sizeof(*remainders), remainder_compare);
	for (size_t i = 0; i < left && i < cnt; i++)
		parts[remainders[i].index]++;
	free(remainders);
	return 0;
}

int share_split(uint64_t whole, const uint64_t *weights, size_t cnt, uint64_t *ret_parts)
{
	unsigned __int128 *rests = calloc(cnt + 1, sizeof(*rests)), sum = 0;
	uint64_t left = whole;
	int err;

	if (!rests)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		sum += weights[i];
	for (size_t i = 0; i < cnt; i++) {
		unsigned __int128 product = (unsigned __int128)whole * weights[i];

		ret_parts[i] = sum ? (uint64_t)(product / sum) : 0;
		rests[i] = sum ? product % sum : 0;
		left -= ret_parts[i];
	}
	err = sum ? share_rests(left, rests, cnt, ret_parts) : 0;
	free(rests);
	return err;
}
