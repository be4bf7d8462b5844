/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timeline's records about GILs and locks: timeline.c hands them on.
 */
#ifndef ANALYZER_GILRECORDS_H
#define ANALYZER_GILRECORDS_H

#include <stdbool.h>

#include "analyzer/timeline.h"

/* It is known now whether the process has one. */
void gil_locate(struct timeline *timeline, struct process *process, bool present);
/* A look from a running thread: whoever sees a GIL in a process knows that it has one. */
int gil_peek_take(struct timeline *timeline, struct thread *thread, const struct gil_peek *peek);

/* Records of these kinds. */
int gil_take(struct timeline *timeline, const struct trace_record *record);
int gilop_take(struct timeline *timeline, const struct trace_record *record);
int lockop_take(struct timeline *timeline, const struct trace_record *record);

#endif
