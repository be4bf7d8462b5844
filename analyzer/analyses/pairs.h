/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums for pairs of things that are numbered, such as a lock and a thread. Only pairs that occur take
 * room, and no more than PAIRS_MAX of them: a run may have many of either.
 */
#ifndef ANALYZER_ANALYSES_PAIRS_H
#define ANALYZER_ANALYSES_PAIRS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/idmap.h"

#define PAIRS_MAX 65536
#define PAIR_SUMS 2

struct pair {
	uint32_t first, second;
	uint64_t cnt[PAIR_SUMS], ns[PAIR_SUMS];
};

struct pairs {
	struct idmap ids;
	struct pair **pairs;		/* in the order of first sight; sorted by pairs_sort() */
	size_t pairs_cap, pairs_cnt;
};

/* The pair, made if there is none yet and room for it; else NULL. */
int pairs_find(struct pairs *pairs, uint32_t first, uint32_t second, struct pair **ret_pair);
/* By `first`, then the longest first, then by `second`. */
void pairs_sort(struct pairs *pairs);
/* After that: those with this `first`. */
struct pair *const *pairs_of(const struct pairs *pairs, uint32_t first, size_t *ret_cnt);
void pairs_clear(struct pairs *pairs);

uint64_t pair_ns(const struct pair *pair);

#endif
