/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the replay know of each other:
 *
 *   replay_feed.c   the history, cut into each thread's steps
 *   replay_gil.c    who holds a GIL, and who waits in line for it
 *   replay_cores.c  who has a core
 *   replay.c        threads that take one step after the other, and the clock
 */
#ifndef ANALYZER_REPLAY_PARTS_H
#define ANALYZER_REPLAY_PARTS_H

#include "analyzer/heap.h"
#include "analyzer/idmap.h"
#include "analyzer/replay.h"

enum step_kind {
	STEP_WORK,	/* ns on a core, under `gil` */
	STEP_WAKE,	/* the thread `other` */
	STEP_AWAIT,	/* until `other` has woken somebody `turn` times; then ns to get to a core */
	STEP_DELAY,	/* ns off the cores */
};

struct step {
	uint64_t ns;
	uint32_t other, turn;
	uint32_t gil;		/* 1 + index, 0 = none */
	enum step_kind kind;
};

#define CHUNK_STEPS 32

struct chunk {
	struct chunk *next;
	struct step steps[CHUNK_STEPS];
};

/* What has been read of a thread and not been replayed yet. */
struct steps {
	struct chunk *first, *last;
	uint32_t at, end;	/* in the first; in the last */
};

/* Where the reading of its history stands. */
struct feed_thread {
	unsigned char state;	/* enum thread_state; STATE_CNT: not alive */
	unsigned char slept;	/* the wait that its sleep began with; STATE_CNT = none */
	bool born, begun;	/* begun: its first step is known */
	bool has_waker;		/* of this sleep */
	bool fed;		/* its input came from other threads, at least once */
	bool core_was_free;	/* when it was woken */
	uint32_t waker, turn;
	uint32_t wakes;		/* that it has been seen to do */
	uint32_t gil;		/* 1 + index of the one it runs under, or did last */
	uint32_t lock;		/* 1 + slot of the word of the lock that it waited for last */
	uint64_t since_ns;	/* not turned into steps yet */
	uint64_t birth_ns;
	uint64_t off_ns;	/* of this sleep, that no waker explains */
	uint64_t latency_ns;
	struct steps steps;
};

struct latency {
	uint64_t ns, cnt;
};

struct feed {
	struct history_reader reader;
	uint64_t entries_cnt, last_ns;
	uint64_t steps_cnt;
	uint64_t running_cnt;	/* threads on cores */
	bool ended;
	struct chunk *spare;
	struct latency latency, gil_latency;	/* after waits; after waits for GILs */
};

enum place {
	AT_NOTHING,	/* not begun */
	AT_CORE, AT_READY,
	AT_TIMER,	/* until its time has come */
	AT_WAKER,	/* until another has woken it */
	AT_GIL,
	AT_HISTORY,	/* far ahead of the others */
	AT_END,
};

struct replay_thread {
	struct feed_thread feed;
	enum place place;
	uint32_t wakes;		/* so often it woke somebody */
	uint32_t waker, turn;	/* AT_WAKER */
	uint64_t latency_ns;
	uint64_t left_ns;	/* of the work at hand */
	uint32_t gil;		/* that this work needs: 1 + index */
	uint32_t held;		/* that it has */
	uint64_t since_ns;	/* on its core, and not accounted for yet */
	uint64_t slice_ns;	/* its slice's end */
	int64_t had_ns;		/* of cores, for fairness */
	uint64_t ready_ns;	/* since when it waits for one */
	uint32_t core;		/* 1 + the one that it had last */
	uint32_t line_next;	/* 1 + slot: behind it in the GIL's line */
};

struct replay_gil {
	const struct process *process;
	uint64_t id;
	uint32_t holder, kept_for;	/* 1 + slot; kept for nobody else after a forced switch */
	uint32_t first, last;		/* in line */
	bool asked;			/* the holder has to drop it as soon as it runs */
};

struct replay_core {
	uint32_t runner;	/* 1 + slot */
	uint32_t free_at;	/* its place among those that are free */
};

struct replay {
	const struct replay_setup *setup;
	struct feed feed;
	struct replay_thread *threads;	/* by slot */
	size_t threads_cnt;
	struct idmap gil_ids;		/* values: 1 + index, as pointers */
	struct replay_gil *gils;
	size_t gils_cap, gils_cnt;
	uint64_t slice_ns, wake_ns;
	uint64_t now_ns;
	struct heap timers;		/* when something is over for a thread */
	struct heap ready;		/* by had_ns */
	struct heap running;		/* by -had_ns at the start of time: the furthest ahead first */
	int64_t floor_ns;		/* had_ns of those who get cores now */
	struct replay_core *cores;
	uint32_t *free_cores;		/* the last one was used last */
	uint32_t free_cnt;
	uint64_t steps_max;
	uint32_t ahead;			/* 1 + slot of the first AT_HISTORY, linked by line_next */
	struct replay_result result;
};

/* replay_feed.c */
int feed_open(struct replay *replay);
void feed_close(struct replay *replay);
/* Reads one entry, or the end. */
int feed_read(struct replay *replay);
/* The thread's next step, taken out; false: none is known yet. */
bool feed_next(struct replay *replay, struct replay_thread *thread, struct step *ret_step);

/* replay_gil.c: whether the thread, which is on a core, has it now; else it stands in line. */
bool played_gil_take(struct replay *replay, uint32_t slot);
void played_gil_drop(struct replay *replay, uint32_t slot);
/* Of the thread, the first in line: the holder has to go. */
void played_gil_patience_over(struct replay *replay, uint32_t slot);
/* Whether the running thread is asked to drop the GIL that it holds: it did, and stands in line. */
bool played_gil_obey(struct replay *replay, uint32_t slot);

/* replay_cores.c */
int played_cores_init(struct replay *replay);
void played_cores_clear(struct replay *replay);
void core_queue(struct replay *replay, uint32_t slot);
void core_leave(struct replay *replay, uint32_t slot);
/* Adds up what it did up to now. */
void core_account(struct replay *replay, uint32_t slot);
void core_timer_set(struct replay *replay, uint32_t slot);
/* Free cores, and those of threads that are too far ahead, to who is ready; returns a slot, or -1. */
int64_t core_give(struct replay *replay);
/* The slice is over: whether it had to leave. */
bool core_slice_over(struct replay *replay, uint32_t slot);

/* replay.c: after so long it is ready, or takes its next step off the cores. */
void replay_timer(struct replay *replay, uint32_t slot, uint64_t ns);

#endif
