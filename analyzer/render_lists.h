/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists of the text report: system calls, processes, threads, cores. Long lists are cut to the
 * rows that matter most, with a line that says how many were left out.
 */
#ifndef ANALYZER_RENDER_LISTS_H
#define ANALYZER_RENDER_LISTS_H

#include <stdio.h>

#include "analyzer/report.h"
#include "analyzer/table.h"

int calls_print(const struct report *report, struct style style, FILE *out);
int processes_print(const struct report *report, struct style style, FILE *out);
int threads_print(const struct report *report, struct style style, FILE *out);
int cores_print(const struct report *report, struct style style, FILE *out);

#endif
