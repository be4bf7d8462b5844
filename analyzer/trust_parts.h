/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What doubts leave open of the speed-up stack (analyses/stack.h).
 */
#ifndef ANALYZER_TRUST_PARTS_H
#define ANALYZER_TRUST_PARTS_H

#include <stdint.h>

struct trust;

/* any: threads that may be in any state. */
void trust_parts_advance(struct trust *trust, uint64_t any, uint64_t passed_ns);
/* In whole nanoseconds, rounded up. */
uint64_t trust_sum_ns(unsigned __int128 sum);
/* At the end. */
void trust_parts_settle(struct trust *trust);

#endif
