/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dividing a whole number of nanoseconds so that the parts sum to it exactly.
 */
#ifndef ANALYZER_SHARE_H
#define ANALYZER_SHARE_H

#include <stddef.h>
#include <stdint.h>

/*
 * In proportion to the weights: rounded down, then one more for the largest remainders, of equal
 * ones for the lower index. Where all weights are 0, nobody gets anything. 0 or -ENOMEM.
 */
int share_split(uint64_t whole, const uint64_t *weights, size_t cnt, uint64_t *ret_parts);

/*
 * The second half of it, for parts that were rounded down in another way: `left` is what that has left,
 * fewer than there are remainders above 0. Adds to the parts. 0 or -ENOMEM.
 */
int share_rests(uint64_t left, const unsigned __int128 *rests, size_t cnt, uint64_t *parts);

#endif
