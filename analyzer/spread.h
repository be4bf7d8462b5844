/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How times are spread: a distribution that is filled one by one and asked at any moment.
 *
 * Log-linear buckets, SPREAD_STEPS to each power of two, as in Tene's HdrHistogram: whatever is asked of
 * them is off by no more than half a bucket, 1 / (2 * SPREAD_STEPS) = 1.6 % of the value; below
 * 2 * SPREAD_STEPS ns it is exact. Count, sum, smallest and largest are exact at any size. There are
 * buckets only for the powers of two from the smallest to the largest value: 256 bytes each, 3 KB from
 * 1 µs to 4 ms, nothing for a spread that is empty or where all values are one.
 */
#ifndef ANALYZER_SPREAD_H
#define ANALYZER_SPREAD_H

#include <stddef.h>
#include <stdint.h>

#define SPREAD_STEPS 32

/* Zeroed it is empty. */
struct spread {
	uint64_t cnt, sum_ns;
	uint64_t min_ns, max_ns;	/* 0 where there is none */
	uint64_t (*octaves)[SPREAD_STEPS];
	unsigned int first, octaves_cnt;	/* which they are */
};

/* 0 or -ENOMEM; the spread is unchanged then. */
int spread_add(struct spread *spread, uint64_t ns);
void spread_clear(struct spread *spread);

/*
 * The smallest value that so many percent (0-100) are not above; 0 where there is none. 0 and 100 give
 * the smallest and the largest, exactly.
 */
uint64_t spread_percentile(const struct spread *spread, unsigned int percent);

#endif
