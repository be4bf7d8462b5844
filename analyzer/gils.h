/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GILs of a run: how often each changed hands, and for how long its holders ran.
 *
 * Two threads cannot run under one GIL at once. Where the states say that they did, the evidence was
 * wrong for so long; under different GILs, also of one process, it is what they are for. So this is
 * kept for each GIL.
 */
#ifndef ANALYZER_GILS_H
#define ANALYZER_GILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/idmap.h"
#include "analyzer/sink.h"
#include "trace/records.h"

struct gil_peek {
	uint64_t gil;		/* 0 = there was no peek; then the rest is 0 */
	uint64_t flags, part, last, switches;
};

/* The peek in a record's member that has the fields of TRACE_FIELDS_PEEK. */
#define GIL_PEEK(member) ((struct gil_peek){ (member).gil, (member).gil_flags, \
	(member).gil_part, (member).gil_last, (member).gil_switches })

struct gil_count {
	uint64_t id;
	uint64_t process, address;	/* 0 = not recorded */
	/* Changes of holder that the peeks saw, and that the switch number says they missed. */
	uint64_t peeks, seen, missed;
	bool peeked;
	uint64_t last, switches;	/* at the last peek */
	/* By the steps of threads: */
	uint64_t takes, changes, requests;	/* changes: by another thread than before */
	uint64_t taker;			/* the last, 0 = none yet */
	uint64_t running_cnt, since_ns;	/* threads in run.gil under it, since */
	uint64_t run_ns;		/* at least one */
	uint64_t doubled_ns;		/* more than one */
	uint64_t off_core_cnt;		/* threads that hold it and are on no core, since since_ns */
	uint64_t off_core_ns;		/* thread-nanoseconds of that */
};

struct gils {
	struct idmap ids;
	struct gil_count **counts;	/* in the order of first sight */
	size_t counts_cap, counts_cnt;
};

/* The one with this id, made if there is none yet. */
int gils_find(struct gils *gils, uint64_t id, struct gil_count **ret_count);
/* counts: it is of the window; what it tells of the GIL is kept in any case. */
int gils_peek(struct gils *gils, const struct gil_peek *peek, bool counts);
int gils_op(struct gils *gils, const struct trace_gilop *op, bool counts);
void gils_clear(struct gils *gils);

/* ctx: a struct gils. */
extern const struct sink gils_sink;

#endif
