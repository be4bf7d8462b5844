/* SPDX-License-Identifier: BSD-2-Clause */
/* Every record of a trace as one line of text. */
#ifndef ANALYZER_DUMP_H
#define ANALYZER_DUMP_H

#include <stdio.h>

#include "trace/reader.h"

/*
 * From where the reader stands to the end. A line is: seconds since the trace's first record,
 * stream (core, or "rec" for the recorder), kind, then field=value for all fields that are not 0 or
 * empty. Bytes fields are quoted and escaped. 0, what the reader says, or -EIO with ferror() set
 * when `out` does not take it.
 */
int dump_records(struct trace_reader *reader, FILE *out);

#endif
