/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last section of the text report: what was recorded, what not, what recording cost.
 */
#ifndef ANALYZER_RENDER_TRACE_H
#define ANALYZER_RENDER_TRACE_H

#include <stdio.h>

#include "analyzer/report.h"
#include "analyzer/table.h"

void trace_print(const struct report *report, struct style style, FILE *out);

#endif
