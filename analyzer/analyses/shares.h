/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums by pairs of things that have numbers, as many pairs as occur, up to a limit.
 */
#ifndef ANALYZER_ANALYSES_SHARES_H
#define ANALYZER_ANALYSES_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sums of a pair are kept in two parts; which these are is the user's. Of waits: those with work in hand
 * (for a GIL or a lock), and all others.
 */
enum share_part { SHARE_CONTENTION, SHARE_REST, SHARE_PART_CNT };

/* In place of `from`: those for whose own pairs there was no room. */
#define SEVERAL UINT32_MAX

struct share {
	uint32_t from, to;
	uint64_t ns[SHARE_PART_CNT];
	uint64_t cnt[SHARE_PART_CNT];	/* how often something was added */
};

struct shares {
	struct share *shares;	/* in the order of first sight, until they are sorted */
	size_t cap, cnt;
	uint32_t *index;	/* 1 + place, by hash; 0 = free */
	size_t index_cap;
};

bool shares_has(const struct shares *shares, uint32_t from, uint32_t to);
/*
 * Adds to the pair's sum. Where that would be one pair more than the limit, it goes to that of SEVERAL and
 * `to`, for which there always is room.
 */
int shares_add(struct shares *shares, size_t limit, uint32_t from, uint32_t to, enum share_part part,
	      uint64_t ns);
/* No more adding afterwards. */
void shares_sort(struct shares *shares, int (*compare)(const void *left, const void *right));
/* An order: by `to`, then the longest first, then by `from`. */
int shares_by_to(const void *left, const void *right);
/* Those with this `to`, once they are in that order. */
const struct share *shares_of(const struct shares *shares, uint32_t to, size_t *ret_cnt);
void shares_clear(struct shares *shares);

static inline uint64_t share_sum(const struct share *share)
{
	return share->ns[SHARE_CONTENTION] + share->ns[SHARE_REST];
}

#endif
