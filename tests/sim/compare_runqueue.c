/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits for a core, and what had it meanwhile.
 */
#include "tests/sim/sides.h"

#include "tests/sim/ready.h"

static bool delays_same(struct sides *sides, const char *what, const struct spread *spread,
			const struct sim_delays *wanted)
{
	return same(sides, what, 0, "count", spread->cnt, wanted->cnt) &&
	       same(sides, what, 0, "sum", spread->sum_ns, wanted->sum_ns) &&
	       same(sides, what, 0, "longest", spread->max_ns, wanted->max_ns);
}

static bool thread_same(struct sides *sides, uint64_t id, const struct rq_thread *thread,
			const struct sim_ready_thread *wanted)
{
	return same(sides, "thread", id, "ready", thread->ready_ns, wanted->ready_ns) &&
	       same(sides, "thread", id, "longest ready", thread->worst_ns, wanted->worst_ns) &&
	       same(sides, "thread", id, "ready nowhere", thread->nowhere_ns, wanted->nowhere_ns) &&
	       same(sides, "thread", id, "behind ours", thread->use_ns[CORE_OURS],
		    wanted->use_ns[SIM_USE_OURS]) &&
	       same(sides, "thread", id, "behind others", thread->use_ns[CORE_OTHER],
		    wanted->use_ns[SIM_USE_OTHER]) &&
	       same(sides, "thread", id, "ready at an idle core", thread->use_ns[CORE_IDLE],
		    wanted->use_ns[SIM_USE_IDLE]) &&
	       same(sides, "thread", id, "ready at an unknown core", thread->use_ns[CORE_UNKNOWN],
		    wanted->use_ns[SIM_USE_UNKNOWN]) &&
	       same(sides, "thread", id, "room", thread->room_ns, wanted->room_ns) &&
	       same(sides, "thread", id, "stranded", thread->stranded_ns, wanted->stranded_ns) &&
	       same(sides, "thread", id, "caused", thread->caused_ns, wanted->caused_ns) &&
	       same(sides, "thread", id, "moves", thread->moves_cnt, wanted->moves_cnt) &&
	       same(sides, "thread", id, "moves while ready", thread->ready_moves_cnt,
		    wanted->ready_moves_cnt) &&
	       same(sides, "thread", id, "comings elsewhere", thread->elsewhere_cnt, wanted->elsewhere_cnt);
}

static bool programs_same(struct sides *sides, const struct sim_ready *ready)
{
	const struct runqueue *rq = &sides->analysis->runqueue;
	uint64_t left_ns = 0;

	for (size_t i = 0; i <= SIM_PROGRAM_NAMELESS; i++)
		left_ns += ready->program_ns[i];
	for (size_t i = 0; i < rq->programs_cnt; i++) {
		const struct rq_program *program = rq->programs[i];

		if (program->program > SIM_PROGRAM_NAMELESS)
			return differ(sides, "a program is made up");
		if (!same(sides, "program", program->program, "caused", program->caused_ns,
			  ready->program_ns[program->program]))
			return false;
		left_ns -= program->caused_ns;
	}
	return same(sides, "programs that are missing", 0, "caused", 0, left_ns);
}

static bool all_same(struct sides *sides, const struct sim_ready *ready)
{
	const struct runqueue *rq = &sides->analysis->runqueue;
	size_t seen = 0;

	for (size_t i = 0; i < rq->threads_cnt; i++) {
		const struct thread *thread = rq->threads[i].thread;

		seen += thread != NULL;
		if (thread && !thread_same(sides, thread->id, &rq->threads[i],
					   &ready->threads[slot_of(sides, thread)]))
			return false;
	}
	for (size_t i = 0; i < sides->story->tracks_cnt; i++)
		seen -= sides->story->tracks[i].begun;
	return same(sides, "threads", 0, "too many", seen, 0) &&
	       delays_same(sides, "ready after wake-ups", &rq->woken, &ready->woken) &&
	       delays_same(sides, "ready after being pushed off", &rq->preempted, &ready->preempted) &&
	       delays_same(sides, "room", &rq->room.spread, &ready->room) &&
	       delays_same(sides, "waste", &rq->waste.spread, &ready->waste) &&
	       same(sides, "waits for a core", 0, "cut", rq->cut_cnt, ready->cut_cnt) &&
	       same(sides, "cores", 0, "wasted", rq->wasted_ns, ready->wasted_ns) &&
	       same(sides, "comings", 0, "count", rq->comings_cnt, ready->comings_cnt) &&
	       programs_same(sides, ready);
}

bool runqueue_same(struct sides *sides)
{
	struct sim_ready ready;
	bool equal;

	ready_measure(&ready, sides->story);
	equal = all_same(sides, &ready);
	ready_free(&ready);
	return equal;
}
