/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Outputs. They render the report, compute nothing that another output could compute otherwise, and
 * end without a word; the caller looks at the stream.
 */
#ifndef ANALYZER_RENDER_H
#define ANALYZER_RENDER_H

#include <stdio.h>

#include "analyzer/report.h"
#include "analyzer/table.h"

/* 80 columns; `file` is the trace's name for the title. 0 or -ENOMEM. */
int render_text(const struct report *report, const char *file, struct style style, FILE *out);
/* docs/report.schema.json. 0 or -ENOMEM. */
int render_json(const struct report *report, const char *file, FILE *out);

#endif
