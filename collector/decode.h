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

/* A program that was executed and is not known yet: somebody has to look for its GIL. */
struct decoded_exec {
	uint32_t pid;			/* as the kernel has it */
	uint32_t local_pid;		/* as our /proc has it; 0: not known */
	uint32_t process;
	uint64_t start_code;		/* lowest address of its code segments in memory */
	struct program_key program;
};

/* What an event says. Bytes fields point into the event. */
struct decoded {
	/* Its own record comes last; before it the name of a program that is met for the first time. */
	struct trace_record records[2];
	unsigned int records_cnt;
	bool unknown_exec;
	struct decoded_exec exec;
};

/* -EBADMSG: something that no probe of ours writes. */
int decode_event(struct programs *programs, const void *event, size_t len,
		 struct decoded *ret_decoded);

#endif
