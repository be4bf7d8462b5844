/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a report can be trusted, and why not further.
 */
#ifndef ANALYZER_JUDGE_H
#define ANALYZER_JUDGE_H

#include "analyzer/report.h"

struct analysis;

/* Fills report->quality; needs the threads (all of them) and the sums. */
void judge_quality(struct report *report, const struct analysis *analysis);

#endif
