/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run as a whole: what the header says, when it began and ended, which programs were near.
 *
 * Begins with COMMAND's exec; ends with the last death in its tree, or, where threads were left
 * alive, with the last record. Strings point into the reader, which must outlive the run.
 */
#ifndef ANALYZER_RUN_H
#define ANALYZER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/idmap.h"
#include "analyzer/thread.h"
#include "trace/reader.h"
#include "trace/records.h"

/* A program that is not traced but had a core or woke one of ours. */
struct program {
	uint64_t id, pid;
	char comm[NAME_BYTES];
};

struct run {
	/* The header's facts; "" where there is none. */
	const char *machine, *kernel, *hostname, *tool;
	const char *command;		/* its arguments follow, each behind a NUL */
	size_t command_len;
	uint64_t start_realtime_ns;
	const char *gil_watch;		/* "cheap", "exact", "off" */
	uint64_t probe_hit_ns;		/* cost of a hit at a program's own probe, 0 = not measured */
	uint32_t cores_cnt;		/* the machine's, and any other that has records */

	bool started;
	uint64_t start_ns, end_ns;
	bool windowed;			/* start and end are those of a part of the run; window.h */
	uint64_t whole_start_ns, whole_end_ns;	/* where windowed: of all of it */
	const struct trace_fault *cut;	/* NULL: the file is whole */
	bool ended;			/* there is an END record */
	uint64_t end_reason, end_status;

	struct idmap program_ids;
	struct program **programs;
	size_t programs_cap, programs_cnt;
};

/* cores_min: cores that the records need, should the header know fewer. */
void run_init(struct run *run, const struct trace_reader *reader, uint32_t cores_min);
int run_program_add(struct run *run, const struct trace_program *record);
/* NULL when it was never named. */
const struct program *run_program(const struct run *run, uint64_t id);
/* What is known of the whole recording alone: a part of the run is taken to have its share by time. */
uint64_t run_share_ns(const struct run *run, uint64_t ns);
void run_clear(struct run *run);

#endif
