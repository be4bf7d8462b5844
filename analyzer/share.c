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

int share_split(uint64_t whole, const uint64_t *weights, size_t cnt, uint64_t *ret_parts)
{
	struct remainder *remainders = calloc(cnt + 1, sizeof(*remainders));
	unsigned __int128 sum = 0;
	uint64_t left = whole;

	if (!remainders)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		sum += weights[i];
	for (size_t i = 0; i < cnt; i++) {
		unsigned __int128 product = (unsigned __int128)whole * weights[i];

		ret_parts[i] = sum ? (uint64_t)(product / sum) : 0;
		remainders[i] = (struct remainder){ sum ? product % sum : 0, i };
		left -= ret_parts[i];
	}
	qsort(remainders, cnt, sizeof(*remainders), remainder_compare);
	/* Fewer are left than there are remainders above 0. */
	for (size_t i = 0; sum && i < left; i++)
		ret_parts[remainders[i].index]++;
	free(remainders);
	return 0;
}
