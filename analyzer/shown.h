/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Averages as they are shown, in hundredths, so rounded that what is shown adds up: a reader who
 * subtracts two figures finds the third. Sentences and tables take them from here.
 *
 *   true + spin = scheduled, scheduled + ready + lock waits = apparent,
 *   apparent + all other states = alive, and the parts of the idle cores sum to all of them.
 */
#ifndef ANALYZER_SHOWN_H
#define ANALYZER_SHOWN_H

#include "analyzer/report.h"
#include "analyzer/trust.h"

struct shown {
	uint64_t curves[CURVE_CNT];
	uint64_t states[STATE_CNT];	/* those of true progress are left at 0 */
	uint64_t loss;			/* apparent - true */
	uint64_t rest;			/* alive - apparent - unknown */
	uint64_t idle, idle_ready, idle_waiting, idle_nobody;
	uint64_t idle_wait[STATE_CNT];
};

/*
 * "0.95 .. 1.20": how far the average of so many thread-nanoseconds, shown as so many hundredths, may be off;
 * "" where it shows nothing. What is shown lies within, to whichever side it was rounded.
 */
struct text average_range(const struct report *report, uint64_t ns, struct range range, uint64_t shown);

void shown_make(struct shown *shown, const struct report *report);

/*
 * Hundredths of each part over a time, by largest remainder, so that they sum to `target`; which
 * must be their exact sum, give or take one.
 */
void hundredths_split(const uint64_t *parts_ns, size_t cnt, uint64_t over_ns, uint64_t target,
		      uint64_t *ret_hundredths);

#endif
