/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills the buckets, and adds up phases between the cuts that segment.c finds.
 */
#include "analyzer/analyses/phases.h"

#include <inttypes.h>
#include <string.h>

#include "analyzer/analyses/segment.h"
#include "analyzer/run.h"

/* Of the first buckets; a power of two, so that all widths are. */
#define WIDTH_FIRST_NS 1024

_Static_assert(PHASES_BUCKETS <= SEGMENT_VALUES_MAX, "buckets are what is cut");

static void sums_add(struct phase_sums *sums, const struct phase_sums *more)
{
	for (int i = 0; i < CURVE_CNT; i++)
		sums->integral_ns[i] += more->integral_ns[i];
	sums->unknown_ns += more->unknown_ns;
}

/* Two buckets become one. */
static void buckets_fold(struct phases *phases)
{
	struct phase_sums *buckets = phases->buckets;

	for (size_t i = 0; i < PHASES_BUCKETS / 2; i++) {
		struct phase_sums both = buckets[2 * i];

		sums_add(&both, &buckets[2 * i + 1]);
		buckets[i] = both;
	}
	memset(buckets + PHASES_BUCKETS / 2, 0, PHASES_BUCKETS / 2 * sizeof(*buckets));
	phases->width_ns *= 2;
}

static void phases_advance(struct phases *phases, uint64_t now_ns)
{
	while (now_ns - phases->start_ns > PHASES_BUCKETS * phases->width_ns)
		buckets_fold(phases);
	while (phases->last_ns < now_ns) {
		size_t at = (phases->last_ns - phases->start_ns) / phases->width_ns;
		uint64_t end_ns = phases->start_ns + (at + 1) * phases->width_ns;
		uint64_t passed_ns = (end_ns < now_ns ? end_ns : now_ns) - phases->last_ns;
		struct phase_sums *bucket = &phases->buckets[at];

		for (int i = 0; i < CURVE_CNT; i++)
			bucket->integral_ns[i] += phases->counts[i] * passed_ns;
		bucket->unknown_ns += phases->unknown_cnt * passed_ns;
		phases->last_ns += passed_ns;
	}
}

static void phases_count(struct phases *phases, enum thread_state state, uint64_t add)
{
	if (state == STATE_CNT)
		return;
	phases->counts[CURVE_ALIVE] += add;
	for (int i = CURVE_ALIVE + 1; i < CURVE_CNT; i++)
		phases->counts[i] += add & -(uint64_t)!!(state_infos[state].counts & curve_counts[i]);
	if (state == STATE_UNKNOWN)
		phases->unknown_cnt += add;
}

static int phases_begin(void *ctx, const struct run *run)
{
	struct phases *phases = ctx;

	phases->start_ns = run->start_ns;
	phases->last_ns = run->start_ns;
	phases->width_ns = WIDTH_FIRST_NS;
	return 0;
}

static int phases_change(void *ctx, const struct change *change)
{
	struct phases *phases = ctx;

	phases_advance(phases, change->at_ns);
	phases_count(phases, change->from, (uint64_t)-1);
	phases_count(phases, change->to, 1);
	return 0;
}

/* Of true parallelism, the averages, and their weights: the last bucket may be shorter. */
static void phases_cut(struct phases *phases, uint64_t end_ns)
{
	double values[PHASES_BUCKETS], weights[PHASES_BUCKETS];
	size_t cuts[PHASES_MAX], cnt = phases->buckets_cnt;

	for (size_t i = 0; i < cnt; i++) {
		uint64_t from_ns = phases->start_ns + i * phases->width_ns;
		uint64_t rest_ns = end_ns - from_ns;
		uint64_t long_ns = rest_ns < phases->width_ns ? rest_ns : phases->width_ns;

		values[i] = (double)phases->buckets[i].integral_ns[CURVE_TRUE] / (double)long_ns;
		weights[i] = (double)long_ns / (double)phases->width_ns;
	}
	phases->phases_cnt = segment_find(values, weights, cnt, PHASES_MAX, cuts);
	for (size_t i = 0; i < phases->phases_cnt; i++) {
		struct phase *phase = &phases->phases[i];
		size_t last = i + 1 < phases->phases_cnt ? cuts[i + 1] : cnt;

		phase->start_ns = phases->start_ns + cuts[i] * phases->width_ns;
		phase->end_ns = last < cnt ? phases->start_ns + last * phases->width_ns : end_ns;
		for (size_t j = cuts[i]; j < last; j++)
			sums_add(&phase->sums, &phases->buckets[j]);
	}
}

static int phases_check(struct phases *phases, uint64_t wall_ns)
{
	const struct scope *tree = &phases->curves->tree;
	struct phase_sums whole = { 0 };
	uint64_t sum_ns = 0;
	int err;

	for (size_t i = 0; i < phases->phases_cnt; i++) {
		sum_ns += phases->phases[i].end_ns - phases->phases[i].start_ns;
		sums_add(&whole, &phases->phases[i].sums);
	}
	err = identity_check(phases->identity, sum_ns == wall_ns,
			     "the phases sum to %" PRIu64 " ns, the wall time is %" PRIu64 " ns",
			     sum_ns, wall_ns);
	for (int i = 0; !err && i < CURVE_CNT; i++)
		err = identity_check(phases->identity, whole.integral_ns[i] == tree->integral_ns[i],
				     "%s over the phases is %" PRIu64 " ns, over the run %" PRIu64
				     " ns", curve_names[i], whole.integral_ns[i],
				     tree->integral_ns[i]);
	return err;
}

static int phases_end(void *ctx, const struct run *run)
{
	uint64_t wall_ns = run->end_ns - run->start_ns;
	struct phases *phases = ctx;

	phases_advance(phases, run->end_ns);
	phases->buckets_cnt = (wall_ns + phases->width_ns - 1) / phases->width_ns;
	phases_cut(phases, run->end_ns);
	return phases_check(phases, wall_ns);
}

const struct sink phases_sink = {
	.name = "phases",
	.begin = phases_begin,
	.change = phases_change,
	.end = phases_end,
};
