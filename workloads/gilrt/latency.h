/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_LATENCY_H
#define GILRT_LATENCY_H

/*
 * How long something took, counted in buckets less than 1 % wide: constant memory and time for any
 * number of samples. All zero is empty. A struct latency belongs to one thread at a time.
 */

#include <stdint.h>

#define LATENCY_SUB_BITS	7	/* 128 buckets for each power of two */
#define LATENCY_BUCKET_CNT	((65 - LATENCY_SUB_BITS) << LATENCY_SUB_BITS)

struct latency {
	uint64_t cnt, max_ns;
	uint64_t bucket_cnt[LATENCY_BUCKET_CNT];
};

void latency_add(struct latency *latency, uint64_t ns);

/* What the share 0 < q <= 1 of all samples does not exceed: the middle of its bucket. 0 if empty. */
uint64_t latency_quantile(const struct latency *latency, double q);

#endif
