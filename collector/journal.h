/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recorder's own stream of the trace: what no probe sees. The kernel's per-core time counters once
 * a second, GILs that were located late, and at the end the books. Used by the main thread only.
 */
#ifndef COLLECTOR_JOURNAL_H
#define COLLECTOR_JOURNAL_H

#include <stdint.h>

#include "collector/output.h"
#include "collector/session.h"
#include "trace/records.h"

struct journal;

int journal_new(struct output *output, struct journal **ret_journal);
void journal_free(struct journal *journal);

/* Nanoseconds of the trace's clock. */
uint64_t journal_now_ns(void);

/* Writes a record; its time must not be before that of the record before. Its stream is ignored. */
int journal_add(struct journal *journal, const struct trace_record *record);

/* A sample of /proc/stat, if there is one: a record for each core. */
int journal_sample_cores(struct journal *journal);

/* Nothing comes after this: what is left goes to the output. */
int journal_close(struct journal *journal);

#endif
