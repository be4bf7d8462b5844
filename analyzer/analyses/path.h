/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The critical path: the chain of threads, each waiting for the next, that the wall time is made of.
 *
 * Found by walking back (Giraldeau & Dagenais, "Wait analysis of distributed systems using kernel
 * tracing", TPDS 2016): from the end of the run along the thread that ended it, on a core until then;
 * where that thread had waited for another one, on along the other from the instant of the waking;
 * where it was born, along its parent. What another thread did not end (time, a device, nobody knows) is
 * part of the path itself, and so is what comes between a waking and a core. The walk is bounded: no
 * step leads to a later time, so each instant is passed once.
 *
 * Where several live until the end, as in a part of a run or a file that is cut, the path ends with the
 * one of them that was the last on a core (of several, the lowest id). What it does since is part of it.
 *
 * Its segments tile the run, so their lengths sum to the wall time (identity 6).
 *
 * A *hop* is where the path passes from one thread to the next. While the path was with the one, and
 * the other was waiting for it already, that wait was in the way of the run: this is the hop's wait.
 * No two hops' waits overlap, so they can be summed by lock, by GIL or by kind, and held against the
 * wall time. They say where the path goes through; what the run would be like without that lock is a
 * matter of other paths, too.
 */
#ifndef ANALYZER_ANALYSES_PATH_H
#define ANALYZER_ANALYSES_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/identity.h"
#include "analyzer/idmap.h"
#include "analyzer/sink.h"

struct history;
struct people;
struct run;

struct path_segment {
	uint64_t from_ns, to_ns;
	const struct thread *thread;	/* NULL: it is not known who, before a birth that was lost */
	enum thread_state state;
	uint64_t object;		/* see history.h: the GIL of run.gil, what a wait is for */
};

/* In time: from the waker, that the path was with, to the wakee. */
struct path_hop {
	uint64_t at_ns;
	const struct thread *waker, *wakee;
	enum thread_state ended;	/* the wakee's wait; STATE_CNT: its birth */
	uint64_t object;		/* that it waited for */
	uint64_t wait_ns;		/* of the wait: while the path was with the waker */
};

/* Either may be NULL. A negative return stops the walk. */
struct path_visitor {
	int (*segment)(void *ctx, const struct path_segment *segment);
	int (*hop)(void *ctx, const struct path_hop *hop);
	void *ctx;
};

/* All segments and hops, the last first; one segment for each stretch in one state for one object. */
int path_walk(const struct history *history, const struct run *run, const struct people *people,
	      const struct path_visitor *visitor);

struct path_hops {
	uint64_t cnt, wait_ns;
};

struct path_thread {
	const struct thread *thread;
	uint64_t ns;			/* its share */
	uint64_t state_ns[STATE_CNT];
	uint64_t segments_cnt;
};

/* A futex word or a GIL that the path met. */
struct path_object {
	bool gil;
	uint64_t id;		/* the GIL's, or the word's slot */
	uint64_t run_ns;	/* a GIL: on the path, running under it */
	uint64_t wait_ns;	/* on the path: waits for it that no thread ended */
	struct path_hops hops;
};

#define PATH_LONGEST 32

struct path {
	struct identity *identity;
	uint64_t length_ns;
	uint64_t state_ns[STATE_CNT];
	uint64_t nobody_ns;			/* of STATE_UNKNOWN: it is not known who */
	uint64_t segments_cnt;
	struct path_hops hops[STATE_CNT + 1];	/* by the wait that they ended; the last: births */
	struct path_thread *threads;		/* by slot */
	size_t threads_cnt;
	struct path_thread **ranking;		/* those on the path, the largest share first */
	size_t ranking_cnt;
	struct path_segment longest[PATH_LONGEST];	/* of equal ones the later first */
	size_t longest_cnt;
	struct idmap word_ids, gil_ids;
	struct path_object **objects;		/* the longest waits first */
	size_t objects_cap, objects_cnt;
};

/* Once the sinks have ended; path: zeroed but for `identity`. */
int path_find(struct path *path, const struct history *history, const struct run *run,
	      const struct people *people);
/* NULL: the path did not meet it. */
const struct path_object *path_word(const struct path *path, uint32_t slot);
const struct path_object *path_gil(const struct path *path, uint64_t id);
void path_clear(struct path *path);

#endif
