/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wait for a core: how long threads were ready, where, and what had that core meanwhile.
 *
 * A ready thread waits at a core, its home (analyzer/home.h); nobody knows where one waits that has not
 * been on a core yet.
 *
 *   latency     one stay in ready.woken (after a wake-up or birth) or ready.preempted (pushed off)
 *   antagonist  what has the core. Each ready thread's time is charged to whatever has its home at each
 *               instant: another thread, another program, nobody (idle: it is about to be switched
 *               in), or not known. Which of several programs has it is recorded where they take
 *               turns with one of ours or with idleness, not among each other: the first bears the
 *               name of all that follow it
 *   room        some core is idle while a thread is ready
 *   wasted      as many of the threads that stand behind somebody as there are idle cores to spare: at
 *               which nobody waits, without as many as there are ready threads of which it is not
 *               known where. A scheduler that conserves work has next to none (Lozi et al., The Linux
 *               Scheduler: a Decade of Wasted Cores, EuroSys 2016); which cores a thread may use is
 *               not known here
 *   stranded    the same for one thread: it stands behind somebody while a core is to spare
 *   move        the scheduler takes a thread to another core; within a ready wait if it is ready from
 *               that instant on
 *
 * Checked: the ready time by what had the core, with the time in which it is not known where, is the
 * sum of all latencies, for each thread and for all; what is caused, counted at the cores, is what is
 * suffered, counted at the threads; and so it is for stranded time and for room.
 */
#ifndef ANALYZER_ANALYSES_RUNQUEUE_H
#define ANALYZER_ANALYSES_RUNQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/groups.h"
#include "analyzer/cores.h"
#include "analyzer/home.h"
#include "analyzer/identity.h"
#include "analyzer/idmap.h"
#include "analyzer/run.h"
#include "analyzer/sink.h"
#include "analyzer/spread.h"

struct rq_program {
	uint64_t program;
	uint64_t caused_ns;
};

struct rq_core {
	enum core_use use;
	uint32_t thread_slot;		/* CORE_OURS */
	struct rq_program *program;	/* CORE_OTHER */
	uint64_t waiting_cnt;		/* threads that wait at it */
	uint64_t last_ns, last_spare_ns;
	uint64_t clock_ns[CORE_USE_CNT];	/* how long it was used so */
	uint64_t stranding_ns;		/* somebody had it while another was to spare */
};

/* What the clocks said when a thread began to wait at its home. */
struct rq_reading {
	uint64_t home;			/* 1 + core, 0 = not known */
	uint64_t at_ns, room_ns;
	uint64_t clock_ns[CORE_USE_CNT], stranding_ns;
};

struct rq_thread {
	const struct thread *thread;	/* NULL: not seen yet */
	struct home home;
	uint64_t last_core;		/* that it came to: 1 + core, 0 = none yet */
	uint64_t entered_ns;		/* its state */
	bool ready;
	struct rq_reading since;	/* while it is */
	uint64_t moving_cnt, moving_ns;	/* moves at the last instant that had any; not yet told apart */
	/* Its ready time by what had its home, and where nobody knows which core that was: */
	uint64_t use_ns[CORE_USE_CNT], nowhere_ns;
	uint64_t ready_ns, worst_ns;	/* all, and its longest latency */
	uint64_t room_ns, stranded_ns;	/* of ready_ns */
	uint64_t caused_ns;		/* ready time of others at its core while it had it */
	uint64_t moves_cnt, ready_moves_cnt;	/* taken to another core; of these, while ready */
	uint64_t elsewhere_cnt;		/* came to another core than the last time */
};

/* What had the cores while threads waited for them. */
struct rq_antagonist {
	const struct thread_group *group;	/* NULL: programs of one name that are not traced */
	const char *name;		/* as it was given from outside; "" where it has none */
	uint64_t program;		/* the one that had them longest */
	size_t programs_cnt;
	uint64_t caused_ns;
};

/* Time in which something holds, and how long at a stretch. */
struct rq_stretches {
	uint64_t now_ns;		/* so far */
	struct spread spread;
};

struct runqueue {
	struct identity *identity;
	const struct groups *groups;	/* before this sink */
	const struct run *run;		/* for names, that are known at the end */
	struct rq_core *cores;
	size_t cores_cnt;
	struct rq_thread *threads;	/* by thread slot */
	size_t threads_cap, threads_cnt;
	struct idmap program_ids;
	struct rq_program **programs;
	size_t programs_cap, programs_cnt;
	struct spread woken, preempted;
	uint64_t cut_cnt;		/* latencies whose end was lost or lies after the run's */
	/* Now: */
	uint64_t begin_ns, last_ns;
	uint64_t ready_cnt, nowhere_cnt;	/* nowhere: of ready_cnt, at no core that is known */
	uint64_t idle_cnt, free_cnt;	/* free: of idle_cnt, with nobody waiting */
	uint64_t behind_cnt;		/* ready threads whose core somebody has */
	uint64_t room_clock_ns, spare_clock_ns;	/* time with an idle core, with one to spare */
	/* Room for any thread, a core wasted on any: */
	struct rq_stretches room, waste;
	uint64_t wasted_ns;		/* cores times time */
	/* The same for each thread, summed: */
	uint64_t room_threads_ns, stranded_ns;
	uint64_t comings_cnt;
	/* At the end, all threads together: */
	uint64_t ready_ns;
	uint64_t use_ns[CORE_USE_CNT], nowhere_ns;
	uint64_t elsewhere_cnt, moves_cnt, ready_moves_cnt;
	struct rq_antagonist *antagonists;	/* the worst first */
	size_t antagonists_cnt;
	const struct rq_thread **ranking;	/* the longest ready first */
	size_t ranking_cnt;
};

/* ctx: a struct runqueue, zeroed but for `identity`, `groups` and `run`. */
extern const struct sink runqueue_sink;
void runqueue_clear(struct runqueue *rq);

/* The first of those that are not traced; NULL: none. */
const struct rq_antagonist *rq_worst_program(const struct runqueue *rq);

/* runqueue_sum.c: sums, rankings and checks, when all is over. */
int runqueue_sum(struct runqueue *rq);

#endif
