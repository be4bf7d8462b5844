/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the curves went over time, and where true parallelism changed for good: a serial phase in a
 * parallel run shows.
 *
 * The run is kept in at most PHASES_BUCKETS buckets of equal width; when they are full, two become
 * one. Each holds the exact integrals of the curves. At the end the buckets are cut into phases so
 * that the squared distances of their true parallelism to their phase's average, plus a penalty for
 * each phase, are least (optimal partitioning: Jackson et al., IEEE Signal Processing Letters 12,
 * 2005). The penalty is that of the modified Bayes information criterion (Zhang, Siegmund,
 * Biometrics 63, 2007), 3 s^2 ln n, where s^2 is the noise: how much the averages of neighbouring
 * stretches differ, in the median, which a few changes do not move. Three rules keep the phases few:
 *  - none is shorter than a fiftieth of the run;
 *  - one as short as that must differ by a fifth of a thread, and by half of the average; one that
 *    is longer by less, as the square of that counts as often as it is longer;
 *  - if there are more than PHASES_MAX, the penalty is doubled until there are not.
 * Checked: the phases tile the run, and their integrals sum to those of the curves.
 */
#ifndef ANALYZER_ANALYSES_PHASES_H
#define ANALYZER_ANALYSES_PHASES_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/curves.h"
#include "analyzer/identity.h"
#include "analyzer/sink.h"

#define PHASES_BUCKETS 512
#define PHASES_MAX 12

/* Thread-nanoseconds. */
struct phase_sums {
	uint64_t integral_ns[CURVE_CNT];
	uint64_t unknown_ns;
};

struct phase {
	uint64_t start_ns, end_ns;
	struct phase_sums sums;
};

struct phases {
	const struct curves *curves;
	struct identity *identity;
	uint64_t start_ns, last_ns, width_ns;
	uint64_t counts[CURVE_CNT], unknown_cnt;	/* threads, now */
	struct phase_sums buckets[PHASES_BUCKETS];
	size_t buckets_cnt;		/* at the end; the last may be cut short by the run's end */
	struct phase phases[PHASES_MAX];
	size_t phases_cnt;		/* 0: the run took no time */
};

/* ctx: a struct phases, zeroed but for `curves` and `identity`. Ends after the curves. */
extern const struct sink phases_sink;

#endif
