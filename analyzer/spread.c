/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buckets by powers of two: octave 0 has the values below SPREAD_STEPS, octave i > 0 those from
 * SPREAD_STEPS << (i - 1) to twice as much, in SPREAD_STEPS buckets of 1 << (i - 1).
 */
#include "analyzer/spread.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_SHIFT 5

_Static_assert(SPREAD_STEPS == 1 << STEPS_SHIFT, "steps");

static unsigned int octave_of(uint64_t ns)
{
	return ns < SPREAD_STEPS ? 0 : (unsigned int)(63 - __builtin_clzll(ns)) - STEPS_SHIFT + 1;
}

static unsigned int shift_of(unsigned int octave)
{
	return octave ? octave - 1 : 0;
}

static unsigned int step_of(uint64_t ns)
{
	return (unsigned int)(ns >> shift_of(octave_of(ns))) & (SPREAD_STEPS - 1);
}

/* The middle of a bucket, downwards. */
static uint64_t value_of(unsigned int octave, unsigned int step)
{
	uint64_t low = (octave ? SPREAD_STEPS : 0) + step;
	unsigned int shift = shift_of(octave);

	return (low << shift) + ((UINT64_C(1) << shift) - 1) / 2;
}

/* Makes room for the octaves from first to last, and all that there are. */
static int octaves_reserve(struct spread *spread, unsigned int first, unsigned int last)
{
	uint64_t (*octaves)[SPREAD_STEPS];
	unsigned int end = spread->first + spread->octaves_cnt;

	if (spread->octaves_cnt) {
		first = first < spread->first ? first : spread->first;
		last = last >= end ? last : end - 1;
	}
	if (spread->octaves_cnt == last - first + 1)
		return 0;
	octaves = calloc(last - first + 1, sizeof(*octaves));
	if (!octaves)
		return -ENOMEM;
	if (spread->octaves_cnt)
		memcpy(octaves + (spread->first - first), spread->octaves,
		       spread->octaves_cnt * sizeof(*octaves));
	free(spread->octaves);
	spread->octaves = octaves;
	spread->first = first;
	spread->octaves_cnt = last - first + 1;
	return 0;
}

static void bounds_widen(struct spread *spread, uint64_t ns)
{
	if (!spread->cnt || ns < spread->min_ns)
		spread->min_ns = ns;
	if (ns > spread->max_ns)
		spread->max_ns = ns;
}

/* Room for this one; and for the others, where all were of one value. */
static int buckets_make(struct spread *spread, unsigned int octave)
{
	unsigned int lone = octave_of(spread->min_ns);
	bool others = spread->cnt && !spread->octaves;
	int err = octaves_reserve(spread, others && lone < octave ? lone : octave,
				  others && lone > octave ? lone : octave);

	if (!err && others)
		spread->octaves[lone - spread->first][step_of(spread->min_ns)] = spread->cnt;
	return err;
}

int spread_add(struct spread *spread, uint64_t ns)
{
	bool lone = !spread->octaves && (!spread->cnt || ns == spread->min_ns);
	unsigned int octave = octave_of(ns);
	int err = lone ? 0 : buckets_make(spread, octave);

	if (err)
		return err;
	if (!lone)
		spread->octaves[octave - spread->first][step_of(ns)]++;
	bounds_widen(spread, ns);
	spread->cnt++;
	spread->sum_ns += ns;
	return 0;
}

void spread_clear(struct spread *spread)
{
	free(spread->octaves);
	*spread = (struct spread){ 0 };
}

/* What the value with this rank, counted from 1, is about. */
static uint64_t ranked(const struct spread *spread, uint64_t rank)
{
	for (unsigned int i = 0; i < spread->octaves_cnt; i++)
		for (unsigned int j = 0; j < SPREAD_STEPS; j++) {
			if (rank <= spread->octaves[i][j])
				return value_of(spread->first + i, j);
			rank -= spread->octaves[i][j];
		}
	return spread->max_ns;
}

uint64_t spread_percentile(const struct spread *spread, unsigned int percent)
{
	uint64_t rank = (uint64_t)(((unsigned __int128)spread->cnt * percent + 99) / 100);
	uint64_t ns;

	if (rank <= 1)
		return spread->min_ns;
	if (rank >= spread->cnt)
		return spread->max_ns;
	ns = ranked(spread, rank);
	if (ns < spread->min_ns)
		return spread->min_ns;
	return ns > spread->max_ns ? spread->max_ns : ns;
}
