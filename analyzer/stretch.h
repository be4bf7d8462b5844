/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stretch of time, both ends included: the part of the run that is looked at.
 */
#ifndef ANALYZER_STRETCH_H
#define ANALYZER_STRETCH_H

#include <stdbool.h>
#include <stdint.h>

struct stretch {
	uint64_t from_ns, until_ns;
};

#define STRETCH_ALL ((struct stretch){ 0, UINT64_MAX })

static inline bool stretch_has(const struct stretch *span, uint64_t at_ns)
{
	return at_ns >= span->from_ns && at_ns <= span->until_ns;
}

/* The instant of the stretch that is nearest. */
static inline uint64_t stretch_clip(const struct stretch *span, uint64_t at_ns)
{
	if (at_ns < span->from_ns)
		return span->from_ns;
	return at_ns < span->until_ns ? at_ns : span->until_ns;
}

/* How much of the time between the two is inside. */
static inline uint64_t stretch_part(const struct stretch *span, uint64_t from_ns, uint64_t to_ns)
{
	return stretch_clip(span, to_ns) - stretch_clip(span, from_ns);
}

#endif
