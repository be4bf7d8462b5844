/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cuts a row of values where their level changes; phases.h says by which rules.
 */
#ifndef ANALYZER_ANALYSES_SEGMENT_H
#define ANALYZER_ANALYSES_SEGMENT_H

#include <stddef.h>

#define SEGMENT_VALUES_MAX 512

/*
 * Returns how many segments there are, at most `max`; each begins at its cut, the first at 0. Weights
 * are at most 1. Time grows with the square of cnt, which is at most SEGMENT_VALUES_MAX.
 */
size_t segment_find(const double *values, const double *weights, size_t cnt, size_t max,
		    size_t *ret_cuts);

#endif
