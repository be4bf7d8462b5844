/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One analysis of one trace: first pass, timeline, sinks.
 */
#ifndef ANALYZER_ANALYSIS_H
#define ANALYZER_ANALYSIS_H

#include "analyzer/analyses/locks.h"
#include "analyzer/analyses/blame.h"
#include "analyzer/analyses/bottle.h"
#include "analyzer/analyses/groups.h"
#include "analyzer/analyses/path.h"
#include "analyzer/analyses/phases.h"
#include "analyzer/analyses/stack.h"
#include "analyzer/analyses/predict.h"
#include "analyzer/analyses/room.h"
#include "analyzer/analyses/span.h"
#include "analyzer/analyses/runqueue.h"
#include "analyzer/analyses/gil.h"
#include "analyzer/analyses/waitgraph.h"
#include "analyzer/cores.h"
#include "analyzer/curves.h"
#include "analyzer/history.h"
#include "analyzer/identity.h"
#include "analyzer/prescan.h"
#include "analyzer/quality.h"
#include "analyzer/run.h"
#include "analyzer/tally.h"
#include "analyzer/thread.h"
#include "analyzer/timeline.h"
#include "analyzer/trust.h"
#include "analyzer/window.h"
#include "trace/reader.h"

struct analysis {
	struct prescan prescan;
	struct run run;
	struct people people;
	struct identity identity;
	struct curves curves;
	struct tally tally;
	struct cores cores;
	struct stack stack;
	struct phases phases;
	struct room room;
	struct gil_uses gil;
	struct runqueue runqueue;
	struct history history;
	struct locks locks;
	struct groups groups;
	struct bottles bottles;
	struct path path;
	struct predict predict;
	struct blame blame;
	struct waitgraph waitgraph;
	struct span span;
	struct trust trust;
	struct quality quality;
	struct timeline timeline;
	struct window window;
};

/*
 * Reads the whole trace. The reader must outlive the analysis. -EPROTO: an identity is violated,
 * and analysis->identity says which. -ESTALE: not the trace, but what history.h keeps in a file cannot
 * be read. Call analysis_clear() in any case.
 */
int analysis_run(struct analysis *analysis, struct trace_reader *reader);
/* What may be asked besides. */
struct analysis_setup {
	/* Only this part of the run; counts from its start; NULL = all of it. */
	const struct stretch *window;
	/* Predictions without a GIL: work that was done under it takes so much longer. */
	uint32_t gil_cost_permille;
};

/*
 * -ERANGE: the run is over before the window begins; analysis->run says how long it was (whole_start_ns,
 * whole_end_ns).
 */
int analysis_run_with(struct analysis *analysis, struct trace_reader *reader,
		      const struct analysis_setup *setup);
void analysis_clear(struct analysis *analysis);

#endif
