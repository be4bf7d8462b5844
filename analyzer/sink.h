/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an analysis gets to see: the timeline's decisions, in strict order of time.
 *
 * A sink is one analysis in its own file. It is pure: it reads nothing but these calls, and keeps
 * its result for the report. The timeline guarantees:
 *  - times never run backwards from one call to the next, over all calls;
 *  - for a thread, birth comes first, then changes where `to` of one is `from` of the next and
 *    `since_ns` is the time of the one before, then death; so the (from, since_ns, at_ns) of its
 *    changes and of its death tile its life;
 *  - threads live on in memory until the end of the run, so that a sink may keep the pointer.
 */
#ifndef ANALYZER_SINK_H
#define ANALYZER_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/state.h"
#include "trace/records.h"

struct futex_word;	/* analyzer/words.h */
struct thread;		/* analyzer/thread.h */
struct run;		/* analyzer/run.h: the header's facts, start, end, cores */

/* What a wait is for, as the switch that began it told. All 0 where the state is no wait. */
struct wait_for {
	uint64_t sysno;			/* 1 + number of the system call, 0 = none */
	struct futex_word *word;	/* wait.lock, wait.sync on a futex; NULL = on none */
	struct thread *owner;		/* of that lock when the wait began; NULL = nobody was seen to */
	uint64_t gil;			/* wait.gil: which, 0 = not known */
};

/* A thread's state changes. At birth from == STATE_CNT, at death to == STATE_CNT. */
struct change {
	uint64_t at_ns;
	struct thread *thread;
	enum thread_state from, to;
	uint64_t since_ns;	/* when `from` began */
	bool sampled;		/* `from` rests on samples */
	bool cut;		/* a birth or death that is none: a part of the run begins or ends there */
	bool goes_on;		/* such a death: the end of `from` was seen, later */
	uint64_t margin_ns;	/* at_ns is the middle between two looks: so far from either */
	bool to_exact;		/* all of the thread's own steps at its GIL are known; gilexact.h */
	struct wait_for from_wait, to_wait;
	uint64_t from_gil, to_gil;	/* run.gil: the GIL that it runs under, 0 = not known */
	/*
	 * On no core (or unknown): the GIL that it took along when it left its core, 0 = none. It goes on
	 * holding it until a change says otherwise, be it one from `unknown` to `unknown`.
	 */
	uint64_t from_held, to_held;
};

/* What a core does from now on. */
enum core_use { CORE_IDLE, CORE_OTHER, CORE_OURS, CORE_UNKNOWN };

struct core_change {
	uint64_t at_ns;
	uint32_t core;
	enum core_use use;
	struct thread *thread;	/* CORE_OURS */
	uint64_t program;	/* CORE_OTHER: program id */
};

/* What ended a wait. */
enum wake_cause {
	CAUSE_THREAD,		/* a traced thread, believed */
	CAUSE_TIMER,
	CAUSE_INTERRUPT,
	CAUSE_PROGRAM,		/* a program that is not traced */
	CAUSE_UNCLEAR,		/* a traced thread was there, but is not believed */
	CAUSE_CNT
};

/* A thread made another runnable (or was born by it), and the wait that this ended. */
struct edge {
	uint64_t at_ns;
	struct thread *wakee;
	struct thread *waker;	/* NULL: not a traced thread, or not believed */
	enum thread_state ended;	/* the wait; STATE_CNT at a birth */
	uint64_t since_ns;	/* when the wait began */
	struct wait_for wait;
	enum wake_cause cause;
};

/* The scheduler took a thread to another core's run queue. */
struct move {
	uint64_t at_ns;
	struct thread *thread;
	uint32_t to;
	bool found;	/* no move: it is there already where a part of the run begins */
};

struct sink {
	const char *name;
	int (*begin)(void *ctx, const struct run *run);
	int (*change)(void *ctx, const struct change *change);
	int (*core)(void *ctx, const struct core_change *change);
	int (*edge)(void *ctx, const struct edge *edge);
	int (*move)(void *ctx, const struct move *move);
	int (*end)(void *ctx, const struct run *run);
};

/* Calls may be NULL. A negative return stops the analysis. */
struct sink_use {
	const struct sink *sink;
	void *ctx;
};

#endif
