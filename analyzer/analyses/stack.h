/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The speed-up stack (Eyerman, Du Bois, Eeckhout, ISPASS 2012): cores x wall time, and where each
 * nanosecond of it went. On top of what cores.h adds up; the last part of identity 5 is checked
 * here: the parts sum to cores x wall time.
 *
 * What was lost to other programs while ready threads found no idle core is divided among the
 * programs in proportion to the time that each had cores meanwhile.
 */
#ifndef ANALYZER_ANALYSES_STACK_H
#define ANALYZER_ANALYSES_STACK_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/cores.h"
#include "analyzer/identity.h"
#include "analyzer/sink.h"

/* STACK_IDLE_GIL and the next are in the order of the states. */
enum stack_part {
	STACK_TRUE,
	STACK_SPIN,
	STACK_OTHERS_READY,	/* other programs, while threads of ours were ready */
	STACK_IDLE_READY,
	STACK_IDLE_GIL,
	STACK_IDLE_LOCK,
	STACK_IDLE_KLOCK,
	STACK_IDLE_SYNC,
	STACK_IDLE_IO,
	STACK_IDLE_LISTEN,
	STACK_IDLE_SLEEP,
	STACK_IDLE_OTHER,
	STACK_IDLE_NOBODY,
	STACK_OTHERS,		/* other programs, while none of ours could have run there: no loss */
	STACK_UNKNOWN,		/* what the core did, or whether our thread made progress on it */
	STACK_PART_CNT
};

struct stack_program {
	uint64_t program;
	uint64_t ns;		/* on cores */
	uint64_t ready_ns;	/* of it, its share of STACK_OTHERS_READY */
};

struct stack {
	const struct cores *cores;
	struct identity *identity;
	uint64_t whole_ns;		/* cores x wall time */
	uint64_t part_ns[STACK_PART_CNT];
	struct stack_program *programs;	/* the most lost to them first, then the longest */
	size_t programs_cap, programs_cnt;
};

/* ctx: a struct stack, zeroed but for `cores` and `identity`. Ends after the cores. */
extern const struct sink stack_sink;
void stack_clear(struct stack *stack);

#endif
