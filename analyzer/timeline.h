/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From records to states: the state machine of every thread, and what every core does.
 *
 * timeline.c takes the records one by one, in the order of time; place.c keeps the cores and the
 * gaps; life.c moves threads from state to state; gilwatch.c says which running state it is;
 * queue.c puts the decisions in order for the sinks.
 *
 * The gap rule, exactly. Events of core C were lost between first and last:
 *  - from `first` on, C is unknown, until its next record that is not older than `last` and says who
 *    has it;
 *  - a thread that is on another core at `first` stays known for as long as it stays there: all
 *    that could move it would stand in that core's records, which are whole;
 *  - every other thread is unknown from `first` on. So is, from then on, whoever leaves its core or
 *    is born while the gap is open (before `last`): C may have got it, and nobody would know;
 *  - a wait that was in doubt at `first` is unknown from its beginning;
 *  - in a file that was cut, each core whose stream ends before the others' counts as losing events
 *    from then on, but not from longer than PRESCAN_TAIL_NS before the last record; the run ends
 *    with the last core's last record;
 *  - unknown ends with the thread's next own event: seen on a core without an open gap (a switch,
 *    a clock tick, a waking that it caused, a fork), or switched out at `last` or later; or woken, once no core is
 *    unknown because of a gap: until then it may be on one of them, and the waking an early one.
 */
#ifndef ANALYZER_TIMELINE_H
#define ANALYZER_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/gilwatch.h"
#include "analyzer/prescan.h"
#include "analyzer/queue.h"
#include "analyzer/run.h"
#include "analyzer/sink.h"
#include "analyzer/thread.h"
#include "analyzer/words.h"
#include "trace/records.h"

struct core_now {
	enum core_use use;
	struct thread *thread;
	uint64_t program;
	uint64_t gap_until_ns;	/* 0 = none yet */
	bool lost;		/* unknown because of a gap */
};

struct timeline {
	struct run *run;
	struct people *people;
	const struct prescan *prescan;
	struct queue queue;
	struct gils gils;
	struct words words;
	struct core_now *cores;	/* run->cores_cnt */
	size_t gap_next;
	uint64_t gap_until_ns;	/* the last loss so far, on any core */
	uint32_t lost_cnt;	/* cores that are `lost` */
	uint64_t now_ns;	/* the record at hand */
	uint64_t last_ns;	/* last record that says something of the run itself */
	struct thread **alive;	/* those that live, in no order */
	size_t alive_cap, alive_cnt;
	uint64_t contradictions;	/* records that do not fit what came before */
};

/* All that is passed must outlive the timeline; sinks get `begin` when the run begins. */
int timeline_init(struct timeline *timeline, struct run *run, struct people *people,
		  const struct prescan *prescan, const struct sink_use *sinks, size_t sinks_cnt);
int timeline_record(struct timeline *timeline, const struct trace_record *record);
/* No more records: decides the rest, ends the run, calls the sinks' `end`. */
int timeline_finish(struct timeline *timeline);
void timeline_clear(struct timeline *timeline);

/* For life.c: the first sight of a traced thread begins the run. */
int timeline_begin(struct timeline *timeline, uint64_t now_ns);

#endif
