/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened, as far as probes could see it: each fact once, with what only the world knows beside
 * it, and as a record of a trace. The oracle goes by the facts, the analyzer by the records.
 */
#ifndef TESTS_SIM_RECORDER_H
#define TESTS_SIM_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/world.h"

/* One look at a GIL. */
struct sim_look {
	uint64_t gil;			/* 0: there was none */
	bool created, locked;
	enum trace_gil_part part;	/* where the call's futex word lies */
	const struct sim_thread *last;
	uint64_t switches;
};

enum sim_fact_kind {
	FACT_SWITCH, FACT_WAKING, FACT_TICK, FACT_BIRTH, FACT_EXEC, FACT_EXIT, FACT_USAGE, FACT_COMM,
	FACT_MIGRATE, FACT_CORE, FACT_GIL, FACT_STEP,
};

struct sim_handover {
	struct sim_thread *prev, *next;
	uint64_t prev_program, next_program;
	enum trace_how how;
};

struct sim_fact {
	uint64_t at_ns;
	size_t order;			/* in which it was told; later facts may be older */
	uint32_t core;
	enum sim_fact_kind kind;
	bool lost;			/* no record of it */
	bool mute;			/* FACT_WAKING: no probe saw it */
	bool inferred;
	/* FACT_SWITCH: prev and next; FACT_WAKING: who is on the core, and the wakee; others: thread */
	struct sim_thread *thread, *other;
	uint64_t program;		/* the core's, where there is no thread; FACT_MIGRATE: from which core */
	uint32_t moved_to;		/* FACT_MIGRATE */
	enum trace_how how;
	bool interrupt;
	struct sim_call call;		/* of `thread` */
	struct sim_look look;
	/* FACT_SWITCH, blocked: what it waits for, and the fact (1 + order) that ends that; 0 = none. */
	enum sim_class class;
	bool iowait;
	const struct sim_thread *owner;	/* of the lock, at this instant */
	size_t ended_by;
	/* FACT_BIRTH, FACT_EXEC, FACT_GIL: */
	struct sim_process *process;
	uint64_t tid;
	enum sim_gil_kind gil_kind;
	const char *comm;
	bool exact;			/* FACT_GIL: steps follow */
	enum trace_gil_op step;		/* FACT_STEP */
	uint64_t gil;			/* FACT_GIL, FACT_STEP: its id */
	uint64_t code;			/* FACT_EXIT */
};

struct sim_gap {
	uint64_t first_ns, last_ns, cnt;
	uint32_t core;
};

struct sim_probe {
	enum { PROBE_UNSEEN, PROBE_IDLE, PROBE_OTHER, PROBE_OURS } use;
	const struct sim_thread *thread;
	uint64_t counted, unseen, lost;
	uint64_t loses_until_ns;
	struct sim_gap gap;		/* cnt 0: none is open */
};

struct sim_stream;	/* tests/sim/stream.h */

struct sim_recorder {
	struct sim_stream *stream;	/* where records go at once, and facts nowhere; NULL: all is kept */
	struct sim_fact *facts;		/* after recorder_end() in the order of time */
	size_t facts_cap, facts_cnt;
	size_t *places;			/* by order: where a fact stands now */
	struct sim_gap *gaps;		/* in the order in which they began */
	size_t gaps_cap, gaps_cnt;
	struct trace_record *records;	/* in the order in which they were made */
	size_t records_cap, records_cnt;
	struct sim_probe *probes;
	uint32_t cores_cnt;
	bool named[SIM_PROGRAMS + 3];
	uint64_t end_ns;
};

void recorder_begin(struct sim_recorder *recorder, uint32_t cores_cnt);
void recorder_end(struct sim_recorder *recorder, struct sim_world *world);
void recorder_clear(struct sim_recorder *recorder);

void record_switch(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *core,
		   const struct sim_handover *handover);
void record_waking(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *here,
		   struct sim_thread *wakee, bool interrupt);
void record_tick(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *core);
void record_birth(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *parent,
		  struct sim_thread *thread);
void record_exec(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *thread);
void record_gil(struct sim_recorder *recorder, struct sim_world *world, struct sim_process *process,
		uint32_t stream);
/* A step at the GIL of the thread's process; told where steps are recorded. */
void record_step(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *thread,
		 enum trace_gil_op step);
void record_exit(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *thread);
void record_comm(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *thread);
void record_migrate(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *here,
		    struct sim_thread *thread, uint32_t from);
/* What is known of a core before anything happens on it. */
void record_core(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *core);

/* A name that is not idle and that nobody knows: who was on a core before an inferred arrival. */
#define SIM_PROGRAM_NAMELESS (SIM_PROGRAMS + 1)

/* The file, in memory; free() it. */
void *recorder_image(const struct sim_recorder *recorder, size_t *ret_len);

#endif
