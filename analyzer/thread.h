/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads and processes of a run: who they are, and what the timeline has to remember of each.
 *
 * A thread or process lives in memory until the end of the analysis, so that everybody may keep the
 * pointer. `slot` numbers them densely from 0 in the order of first sight: a sink indexes its own
 * arrays with it.
 */
#ifndef ANALYZER_THREAD_H
#define ANALYZER_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/episode.h"
#include "analyzer/idmap.h"
#include "analyzer/sink.h"
#include "analyzer/stretch.h"
#include "analyzer/state.h"
#include "analyzer/wait.h"
#include "trace/records.h"

/* Longer names are cut; the kernel's own end after 15 bytes. */
#define NAME_BYTES 64

struct thread;

/* What is known of a process's GIL. */
enum gil_presence {
	GIL_NONE,
	GIL_PENDING,		/* being looked for: futex waits cannot be told apart yet */
	GIL_LOCATED,		/* running threads are watched for evidence of holding it */
};

struct process {
	uint64_t id;
	uint64_t pid;
	uint32_t slot;
	uint32_t alive_cnt;
	uint64_t birth_ns, death_ns;	/* first birth, last death (or the run's end) */
	bool born;
	struct thread *leader;		/* newest thread whose tid is the pid; NULL = none seen */
	uint32_t execs;			/* its address space is that of the last */
	const struct idmap *locks;	/* futex words of locks in it; prescan.h. NULL = none */
	struct idmap words;		/* those that were waited on; words.h */
	enum gil_presence gil;
	bool gil_exact;		/* each step at its GILs is recorded from its begin on, or from its exec */
	const struct stretch *window;
	bool gil_pending;	/* GIL_PENDING and alive, since: */
	uint64_t gil_pending_since_ns, gil_pending_ns;
};

enum thread_place {
	PLACE_LOST,		/* events were lost: it may be anywhere */
	PLACE_CORE,
	PLACE_READY,
	PLACE_WAIT,		/* blocked, and what follows will say until when */
	PLACE_DOUBT,		/* blocked, or already woken by a waking that came before */
	PLACE_GONE,		/* dead */
};

/* What the evidence says of a running thread and its process's GIL; see gilwatch.h. */
enum gil_mode { GIL_MODE_OFF, GIL_MODE_FREE, GIL_MODE_HELD, GIL_MODE_FIGHT, GIL_MODE_DROPPED };

struct gil_view {
	uint64_t id;		/* the thread's GIL, 0 = not known */
	enum gil_mode mode;
	uint64_t since_ns;	/* the last evidence */
	uint32_t misses;	/* looks in a row that found it without the GIL while it fights */
	uint64_t miss_ns;	/* the first of them */
	/* At its last switch-out: */
	bool held;
	enum trace_gil_part part;	/* of the GIL object, that it blocked in */
	uint64_t switches;
};

/* What its own steps say; see gilexact.h. */
struct exact_view {
	bool known;		/* all of them, for now; else the rest is empty */
	bool ever;
	bool missed;		/* some may have been lost: nothing but its next at a GIL says more */
	bool holds, waits;	/* the GIL; for it */
	uint64_t lock_kind;	/* of the lock that it waits for: enum trace_lock_kind */
};

struct thread {
	uint64_t id;
	uint64_t tid, pid, parent;
	struct process *process;
	uint32_t slot;
	size_t alive_at;	/* while it lives: in timeline->alive */
	char comm[NAME_BYTES];
	const struct stretch *window;	/* what is looked at; times and counts are of that part */
	uint64_t birth_ns, death_ns;
	uint64_t first_ns;	/* birth or first sight, also outside of the window */
	bool born;
	bool birth_lost;	/* seen without a birth */
	bool left_alive;	/* lives on after the run's end, for all the trace says */

	/* Decided: its state from since_ns on. */
	enum thread_state state;
	uint64_t since_ns;
	bool sampled;
	struct wait_for waits_for;	/* where `state` is a wait */
	uint64_t state_gil;	/* that it runs under in run.gil, else 0 */
	uint64_t state_held;	/* that it holds though it is on no core, 0 = none */

	/* Not decided from hold_ns on; a link in the queue's list. */
	bool held;
	uint64_t hold_ns;
	struct thread *hold_prev, *hold_next;

	enum thread_place place;
	uint32_t core;
	uint64_t in_ns, out_ns;	/* last switch-in and switch-out */
	struct wait wait;
	struct thread *wait_owner;	/* wait.owner; NULL: nobody, or not known then */
	struct wait before;	/* its last wait in a call, should that go on */
	struct early_wakings early_wakings;	/* since its switch-in, while it was on its core */
	bool has_early;
	struct waking early;	/* of these, the one that may have ended `wait` */
	size_t verdict_next;	/* see prescan.h */
	struct gil_view gil;
	struct exact_view exact;

	/* Counted from the records themselves, not from the states. */
	uint64_t on_core_ns;
	uint64_t unsure_ns;	/* of it: what it did there was lost, its state is unknown */
	/* Of the switch-ins: onto an idle core; after a wake-up or birth, not after being pushed off. */
	uint64_t switch_ins, idle_switch_ins, woken_switch_ins, switch_outs, migrations;
	uint64_t comings;	/* all switch-ins, also outside of the window */
	bool pushed_off;	/* at its last switch-out */
	struct episodes gil_wait;	/* from the first block to the first proof of holding it */
	struct episodes gil_hold;	/* exact only */
	struct episodes lock_wait;	/* on futex words that are not a GIL's, until it runs again */
	uint64_t gil_held_off_core_ns;
	bool has_usage;
	uint64_t kernel_run_ns, kernel_delay_ns;
	bool has_exit;
	uint64_t exit_code;
};

/* All threads and processes, by id and in the order of first sight. */
struct people {
	struct stretch window;
	struct idmap thread_ids, process_ids;
	struct thread **threads;
	size_t threads_cap, threads_cnt;
	struct process **processes;
	size_t processes_cap, processes_cnt;
};

/* Its GIL is no longer looked for, or nobody waits for it: none of its threads lives. */
void process_pending_end(struct process *process, uint64_t now_ns);

/* The one with this id, made if there is none yet. */
int people_thread(struct people *people, uint64_t id, struct thread **ret_thread);
int people_process(struct people *people, uint64_t id, struct process **ret_process);
void people_clear(struct people *people);

/* Copies a name that need not end in NUL; cuts what does not fit. */
void name_copy(char dst[NAME_BYTES], const struct trace_bytes *src);

#endif
