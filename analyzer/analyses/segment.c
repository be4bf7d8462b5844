/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Optimal partitioning: the best cuts of the first n values are those of the first m, for some m,
 * and one more segment from there.
 */
#include "analyzer/analyses/segment.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* The shortest segment is the whole divided by this. */
#define PARTS_MAX 50
/* What a segment of the shortest must differ by: in threads, and of the average. */
#define DIFFERENCE_MIN 0.2
#define DIFFERENCE_PART 2
/* The median of the square of a standard normal variable. */
#define MEDIAN_OF_SQUARES 0.4549

/* Sums over the first values. */
struct sums {
	size_t cnt;
	double weight[SEGMENT_VALUES_MAX + 1];
	double value[SEGMENT_VALUES_MAX + 1];
	double square[SEGMENT_VALUES_MAX + 1];
};

static void sums_make(struct sums *sums, const double *values, const double *weights, size_t cnt)
{
	sums->cnt = cnt;
	sums->weight[0] = sums->value[0] = sums->square[0] = 0;
	for (size_t i = 0; i < cnt; i++) {
		double value = weights[i] * values[i];

		sums->weight[i + 1] = sums->weight[i] + weights[i];
		sums->value[i + 1] = sums->value[i] + value;
		sums->square[i + 1] = sums->square[i] + value * values[i];
	}
}

static double average(const struct sums *sums, size_t from, size_t to)
{
	return (sums->value[to] - sums->value[from]) / (sums->weight[to] - sums->weight[from]);
}

/* Squared distances to the average. */
static double cost(const struct sums *sums, size_t from, size_t to)
{
	double value = sums->value[to] - sums->value[from];

	return sums->square[to] - sums->square[from] - value * average(sums, from, to);
}

static int double_compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/*
 * The variance of one value, from the averages of neighbouring stretches: values next to each other
 * are more alike than chance would have it, stretches less, and longer ones still less.
 */
static double noise(const struct sums *sums, size_t stretch)
{
	double squares[SEGMENT_VALUES_MAX];
	size_t cnt = 0;

	for (size_t at = 0; at + 2 * stretch <= sums->cnt; at++) {
		double step = average(sums, at, at + stretch) -
			      average(sums, at + stretch, at + 2 * stretch);

		squares[cnt++] = step * step;
	}
	if (!cnt)
		return 0;
	qsort(squares, cnt, sizeof(*squares), double_compare);
	return (double)stretch * squares[cnt / 2] / (2 * MEDIAN_OF_SQUARES);
}

static double penalty_find(const struct sums *sums, size_t shortest)
{
	double difference = average(sums, 0, sums->cnt) / DIFFERENCE_PART;
	double by_noise = 3 * fmax(noise(sums, shortest), noise(sums, 2 * shortest)) *
			  log((double)sums->cnt);
	double by_size;

	if (difference < DIFFERENCE_MIN)
		difference = DIFFERENCE_MIN;
	by_size = (double)shortest * difference * difference;
	return by_noise > by_size ? by_noise : by_size;
}

/* Fills ret_cuts from behind if there are no more than max; returns how many there are. */
static size_t cuts_find(const struct sums *sums, size_t shortest, double penalty, size_t max,
			size_t *ret_cuts)
{
	double best[SEGMENT_VALUES_MAX + 1];
	size_t from[SEGMENT_VALUES_MAX + 1], cnt = 0;

	best[0] = 0;
	for (size_t to = 1; to <= sums->cnt; to++) {
		best[to] = DBL_MAX;
		from[to] = 0;
		for (size_t at = 0; at + shortest <= to; at++) {
			double whole;

			if (at && at < shortest)
				continue;
			whole = best[at] + cost(sums, at, to) + penalty;
			if (whole < best[to]) {
				best[to] = whole;
				from[to] = at;
			}
		}
	}
	for (size_t to = sums->cnt; to; to = from[to])
		cnt++;
	for (size_t to = sums->cnt, i = cnt; cnt <= max && to; to = from[to])
		ret_cuts[--i] = from[to];
	return cnt;
}

size_t segment_find(const double *values, const double *weights, size_t cnt, size_t max,
		    size_t *ret_cuts)
{
	size_t shortest = cnt / PARTS_MAX ? cnt / PARTS_MAX : 1, found;
	struct sums sums;
	double penalty;

	if (!cnt)
		return 0;
	sums_make(&sums, values, weights, cnt);
	penalty = penalty_find(&sums, shortest);
	while ((found = cuts_find(&sums, shortest, penalty, max, ret_cuts)) > max)
		penalty *= 2;
	return found;
}
