/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer in plain words: where the parallelism went that is not there.
 */
#ifndef ANALYZER_ANSWER_H
#define ANALYZER_ANSWER_H

#include "analyzer/report.h"

struct answer {
	char text[400];
};

/* One to three sentences that name the largest losses and what the cores did meanwhile. */
struct answer answer_make(const struct report *report);

/* "wait for the GIL": what threads in this state do. */
const char *state_phrase(enum thread_state state);

#endif
