/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report: every figure that an output may show, computed once. Outputs (text, JSON) render this
 * struct and nothing else, so that no two of them can disagree.
 *
 * Points into the analysis that it was made from (analysis.h), which must outlive it.
 */
#ifndef ANALYZER_REPORT_H
#define ANALYZER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/curves.h"
#include "analyzer/findings.h"
#include "analyzer/gils.h"
#include "analyzer/run.h"
#include "analyzer/state.h"
#include "analyzer/tally.h"
#include "analyzer/thread.h"

/* What is shown; the figures of the whole run stay what they are. */
struct report_filter {
	uint64_t pid;		/* 0 = all */
	const char *comm;	/* NULL = all */
	const char *thread;	/* its tid, or its name; NULL = all */
	uint64_t sections;	/* bits by their place in the table; 0 = those with something to say */
	uint64_t top;		/* rows of each list in the text, 0 = REPORT_TOP */
};

#define REPORT_TOP 12

/* The curves and states of the whole run or of one process. */
struct report_scope {
	uint64_t wall_ns;
	uint64_t sampled_ns;
	uint64_t state_ns[STATE_CNT];	/* thread-nanoseconds */
	const struct scope *curves;
};

/* Of all threads together. */
struct report_episodes {
	uint64_t total_ns, cnt;
};

struct report_thread {
	const struct thread *thread;
	uint64_t life_ns;
	uint64_t sampled_ns;
	uint64_t state_ns[STATE_CNT];
};

struct report_process {
	const struct process *process;
	const char *comm;		/* its leader's */
	uint64_t threads_cnt;
	uint64_t on_core_ns;
	struct report_scope scope;
};

struct report_guest {
	uint64_t program;
	uint64_t pid;
	const char *comm;		/* NULL: never named */
	uint64_t ns;
};

#define REPORT_GUESTS 3

struct report_core {
	uint32_t core;
	uint64_t ours_ns, true_ns, spin_ns, other_ns, idle_ns, unknown_ns, steal_ns;
	uint64_t crowded_ns;		/* of other_ns, while a ready thread found no idle core */
	bool at_work;			/* ours for a hundredth as long as the busiest, or more */
	struct report_guest guests[REPORT_GUESTS];	/* the longest first; ns 0 = none */
};

/* Cores stood idle: what the threads lacked meanwhile. */
struct report_idle {
	uint64_t idle_ns, ready_ns, waiting_ns, nobody_ns;
	uint64_t wait_ns[STATE_CNT];
	uint64_t away_ns;		/* of idle_ns, on cores that were not at work for us */
	bool away_known;		/* all but a hundredth of those cores' time is known */
};

/* Waits by system call. */
struct report_call {
	enum thread_state state;
	uint64_t sysno;		/* 1 + nr, 0 = none */
	const char *name;	/* NULL: not known */
	uint64_t ns, cnt;
};

/* Our clock against the kernel's, over the threads that have both. */
struct report_clock {
	uint64_t threads_cnt;
	uint64_t run_ns, kernel_run_ns;
	uint64_t worst_ns, excess_ns;	/* of the worst: apart, and beyond what may be */
	const struct thread *worst;
};

enum confidence { CONFIDENCE_HIGH, CONFIDENCE_MEDIUM, CONFIDENCE_LOW };

struct report_quality {
	uint64_t records_cnt, switches_cnt, wakings_cnt, samples_cnt;
	uint64_t lost, gaps_cnt;
	bool balances;
	uint64_t untracked, unread, unseen, contradictions;
	uint64_t steal_ns;
	bool has_cost;
	uint64_t probe_ns, probe_runs, collector_ns, missed;
	uint64_t hits, hits_cost_ns;	/* at programs' own probes, and what they cost the programs */
	uint64_t gil_takes, gil_changes;	/* where steps at it were recorded */
	bool gil_by_looks;		/* there is a GIL of which only looks tell */
	uint64_t gil_switches_seen, gil_switches_missed, gil_peeks;
	uint64_t gil_doubled_ns;	/* two seemed to run under one GIL */
	uint64_t gil_pending_ns;
	uint64_t births_lost, left_alive;
	uint64_t causes[CAUSE_CNT];
	struct report_clock clock;
	enum confidence confidence;
	char doubts[160];	/* what took confidence away, "" = nothing */
};

struct analysis;

struct report {
	const struct analysis *analysis;	/* for the sections of analyses that have one */
	char name[NAME_BYTES];		/* the command's */
	const struct run *run;
	struct report_filter filter;
	size_t top;			/* rows of each list in the text, not 0 */
	/* used: ours at any time; at_work: see report_core. */
	uint64_t cores_cnt, cores_used_cnt, cores_at_work_cnt;
	uint64_t threads_cnt, processes_cnt;
	uint64_t gil_held_off_core_ns;
	struct report_episodes gil_wait, lock_wait;
	bool exact;			/* steps at GILs were recorded, of some threads at least: */
	struct report_episodes gil_hold;
	struct report_scope tree;
	/* Those that the filter lets through; most work in hand first. */
	struct report_process *processes;
	size_t processes_listed;
	struct report_thread *threads;
	size_t threads_listed;
	struct report_core *cores;
	struct report_idle idle;
	struct report_call *calls;	/* the longest first */
	size_t calls_cnt;
	struct gil_count *const *gils;	/* in the order of first sight */
	size_t gils_cnt;
	struct report_quality quality;
	struct findings findings;
};

int report_make(struct report *report, const struct analysis *analysis,
		const struct report_filter *filter);
void report_clear(struct report *report);

extern const char *const confidence_names[];

/* How many of a list's rows the text shows. */
size_t report_rows(const struct report *report, size_t all);
/* The same for one that stands beside another: `few` where the user did not say how many. */
size_t report_rows_beside(const struct report *report, size_t all, size_t few);

/* Whether the filter lets it through: what lists threads leaves the others out. */
bool report_lists_thread(const struct report *report, const struct thread *thread);

/* Thread-nanoseconds of work in hand that made no progress: apparent - true. */
uint64_t report_loss_ns(const struct report_scope *scope);

#endif
