/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Predictions: what the run would take without a GIL, without a lock's contention, on other numbers of
 * cores, or with half of the work of some threads. Each is a replay (replay.h, where the model and its
 * sources stand) of all that was recorded, or of its first PREDICT_ENTRIES changes and wakings.
 *
 * A prediction is a factor: the time of the replay with nothing changed over that of the replay with the
 * change, so that what the model leaves out of both does not count. How far the first is from the time
 * that was recorded says how well the model fits this run: its error. In a replay there are no other
 * programs. So their share (own.h) is taken out of the recorded time as well, but no more than leaves the
 * time that the run takes at least by its span.
 */
#ifndef ANALYZER_ANALYSES_PREDICT_H
#define ANALYZER_ANALYSES_PREDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/groups.h"
#include "analyzer/analyses/own.h"
#include "analyzer/cores.h"
#include "analyzer/history.h"
#include "analyzer/replay.h"
#include "analyzer/run.h"
#include "analyzer/sink.h"
#include "analyzer/thread.h"

struct span;	/* analyzer/analyses/span.h */

#define PREDICT_ENTRIES UINT64_C(4000000)
#define PREDICT_CORES_MAX 256
/* Of each kind; what took less than a hundredth of the time is not worth a line. */
#define PREDICT_MOST 3

enum prediction_kind {
	PREDICTION_GIL,
	PREDICTION_LOCK,
	PREDICTION_CORES,
	PREDICTION_HALF,
};

struct prediction {
	enum prediction_kind kind;
	const struct process *process;	/* PREDICTION_GIL: only this one's; NULL = all */
	const struct futex_word *word;	/* PREDICTION_LOCK; NULL = all locks */
	uint32_t cores;			/* PREDICTION_CORES */
	const struct thread_group *group;	/* PREDICTION_HALF */
	struct replay_result result;
};

/*
 * A group that gains more than the run does: the run may last as long as before because of somebody who
 * computes, or sleeps, beside those whom the GIL kept waiting.
 */
struct predict_sooner {
	const struct thread_group *group;
	uint64_t base_ns, without_ns;	/* when the last of it is done: with the GILs, without */
};

struct predict_lock {
	const struct futex_word *word;
	uint64_t wait_ns;
};

struct predict {
	uint64_t *work_ns;		/* by thread slot: in run.gil and run.free */
	size_t work_cap;
	uint64_t *gil_ns;		/* by process slot: in wait.gil, and run.spin where there is a GIL */
	size_t gil_cap;
	struct predict_lock *locks;	/* by word slot; words that are no lock's have no word here */
	size_t locks_cap;
	uint64_t unknown_ns, life_ns;
	struct own own;
	uint64_t *group_ns;		/* by group: the work of its threads */
	uint64_t *done_ns, *gil_done_ns;	/* by thread slot: replay.h; nothing changed, without GILs */
	uint32_t gil_cost_permille;	/* as replay.h has it */
	/* The results: */
	bool whole;			/* all of the history was replayed */
	uint32_t cores;			/* that the run could use */
	uint64_t least_ns;		/* that it takes on them: span.h */
	struct replay_result base;	/* nothing changed */
	struct prediction *predictions;	/* by kind, within it the largest first, or fewest cores */
	size_t predictions_cap, predictions_cnt;
	struct predict_sooner sooner[PREDICT_MOST];	/* without any GIL; who gains most first */
	size_t sooner_cnt;
};

/* ctx: a struct predict, zeroed. It adds up what the replays are about. */
extern const struct sink predict_sink;
/* After all sinks' end. */
int predict_make(struct predict *predict, const struct history *history, const struct people *people,
		 const struct groups *groups, const struct cores *cores, const struct span *span,
		 const struct run *run);
void predict_clear(struct predict *predict);

/* The recorded time without what other programs took. */
uint64_t predict_own_ns(const struct predict *predict);
/* How far the replay with nothing changed is from that. */
uint64_t predict_error_ns(const struct predict *predict);

#endif
