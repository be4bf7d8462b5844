/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a ring's event to a trace's record. The only place that knows both families of structs; the
 * numbers of their enums agree, which decode.c checks at compile time.
 */
#ifndef COLLECTOR_DECODE_H
#define COLLECTOR_DECODE_H

#include <stddef.h>

#include "collector/programs.h"
#include "trace/records.h"

#define DECODE_RECORDS_MAX 2

/*
 * Turns an event of `len` bytes into records: its own, after the name of a program where one is met
 * for the first time. Bytes fields point into the event. Gives the number of records, or -EBADMSG for
 * something that no probe of ours writes.
 */
int decode_event(struct programs *programs, const void *event, size_t len,
		 struct trace_record ret_records[static DECODE_RECORDS_MAX]);

#endif
