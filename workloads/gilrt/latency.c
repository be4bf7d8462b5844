// SPDX-License-Identifier: BSD-2-Clause
/*
 * Buckets that grow with what they count: below 2^LATENCY_SUB_BITS one for each value, above as
 * many for every power of two.
 */

#include <math.h>

#include "workloads/gilrt/latency.h"

#define SUB_CNT	(UINT64_C(1) << LATENCY_SUB_BITS)

/* How many low bits a bucket leaves out. */
static unsigned int value_shift(uint64_t ns)
{
	return ns < SUB_CNT ? 0 : 63 - LATENCY_SUB_BITS - (unsigned int)__builtin_clzll(ns);
}

static uint64_t bucket_of(uint64_t ns)
{
	const unsigned int shift = value_shift(ns);

	return ((uint64_t)shift << LATENCY_SUB_BITS) + (ns >> shift);
}

static uint64_t bucket_middle(uint64_t bucket)
{
	const uint64_t shift = bucket < 2 * SUB_CNT ? 0 : (bucket >> LATENCY_SUB_BITS) - 1;

	return ((bucket - (shift << LATENCY_SUB_BITS)) << shift) + ((UINT64_C(1) << shift) >> 1);
}

void latency_add(struct latency *latency, uint64_t ns)
{
	latency->cnt++;
	if (ns > latency->max_ns)
		latency->max_ns = ns;
	latency->bucket_cnt[bucket_of(ns)]++;
}

uint64_t latency_quantile(const struct latency *latency, double q)
{
	const uint64_t wanted = (uint64_t)ceil(q * (double)latency->cnt);
	uint64_t bucket, seen = 0;

	if (!latency->cnt)
		return 0;
	for (bucket = 0; bucket < LATENCY_BUCKET_CNT - 1; bucket++) {
		seen += latency->bucket_cnt[bucket];
		if (seen >= wanted)
			break;
	}
	return bucket_middle(bucket);
}
