/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The true answer: the state of every thread and core at every instant, as far as the facts tell it,
 * by the definitions alone (the words of the design and of the analyzer's headers). Where the world
 * knows better than any probe could (what ended a wait, who was innocent), the world is asked.
 *
 *   oracle_facts.c  who is named where, and what several threads need
 *   oracle.c        each thread's life, from the facts that name it
 *   oracle_gil.c    its time on a core, from the looks at the GIL
 *   oracle_exact.c  the same, where its own steps are recorded
 *   oracle_wait.c   what a wait was for, what ended it, and who
 *   oracle_cores.c  what each core did
 *   instants.c      the story cut at every instant; on that go integrate.c (all that adds up), bottle.c,
 *                   blame.c, words.c, ready.c; and path.c goes back along it
 */
#ifndef TESTS_SIM_STORY_H
#define TESTS_SIM_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/recorder.h"

/* STATE(NAME, name, apparent, scheduled, true, overlap) */
#define SIM_STATES(STATE) \
	STATE(RUN_GIL, "run.gil", 1, 1, 1, 1) \
	STATE(RUN_FREE, "run.free", 1, 1, 1, 1) \
	STATE(RUN_SPIN, "run.spin", 1, 1, 0, 0) \
	STATE(READY_WOKEN, "ready.woken", 1, 0, 0, 0) \
	STATE(READY_PREEMPTED, "ready.preempted", 1, 0, 0, 0) \
	STATE(WAIT_GIL, "wait.gil", 1, 0, 0, 0) \
	STATE(WAIT_LOCK, "wait.lock", 1, 0, 0, 0) \
	STATE(WAIT_SYNC, "wait.sync", 0, 0, 0, 0) \
	STATE(WAIT_IO, "wait.io", 0, 0, 0, 1) \
	STATE(WAIT_LISTEN, "wait.io.listen", 0, 0, 0, 0) \
	STATE(WAIT_SLEEP, "wait.sleep", 0, 0, 0, 0) \
	STATE(WAIT_OTHER, "wait.other", 0, 0, 0, 0) \
	STATE(UNKNOWN, "unknown", 0, 0, 0, 0)

#define SIM_STATE_ENUM(NAME, name, apparent, scheduled, progress, overlap) SIM_##NAME,
enum sim_state { SIM_STATES(SIM_STATE_ENUM) SIM_STATE_CNT };
#undef SIM_STATE_ENUM

/* alive is counted by everything. */
enum sim_curve { SIM_ALIVE, SIM_APPARENT, SIM_SCHEDULED, SIM_TRUE, SIM_OVERLAP, SIM_CURVE_CNT };

extern const char *const sim_state_names[SIM_STATE_CNT];
extern const bool sim_state_counts[SIM_STATE_CNT][SIM_CURVE_CNT];

enum sim_cause { SIM_BY_THREAD, SIM_BY_TIMER, SIM_BY_INTERRUPT, SIM_BY_PROGRAM, SIM_BY_UNCLEAR, SIM_CAUSE_CNT };

/* From here on, until the next piece: one state. */
struct sim_piece {
	uint64_t from_ns;
	enum sim_state state;
	bool sampled;
	uint64_t sysno;		/* of a wait */
	/* Of a wait for a futex word: its address, in this program of the process; 0 = none. */
	uint64_t word;
	uint32_t space;
	const struct sim_thread *owner;	/* that could be read there when the wait began */
	uint64_t gil;		/* that it runs under or waits for; 0 = none */
};

/* From this fact on: whether all steps of the thread are known, and what they say. */
struct sim_exact {
	size_t place;
	bool known, holds, waits;
};

/* It holds a GIL though it is on no core. */
struct sim_hold {
	uint64_t from_ns, to_ns, gil;
	bool was_lost;		/* out of sight until it left its core */
};

struct sim_track {
	const struct sim_thread *thread;
	uint64_t process;	/* its id, 0 = its birth was lost */
	bool begun, birth_lost, left_alive, gone;
	uint64_t seen_ns;	/* the first fact that makes it known */
	uint64_t birth_ns, death_ns;
	uint64_t tid;
	const char *comm;
	bool has_exit;
	struct sim_piece *pieces;
	size_t pieces_cap, pieces_cnt;
	struct sim_hold *holds;
	size_t holds_cap, holds_cnt;
	uint64_t on_core_ns, unsure_ns;
	uint64_t gil;		/* at which it was last seen to look; while the story is told */
	uint64_t gil_waits, gil_wait_ns, gil_held_off_ns;
	uint64_t gil_holds, gil_hold_ns;	/* by steps */
	struct sim_exact *exacts;
	size_t exacts_cap, exacts_cnt;
	uint64_t lock_waits, lock_wait_ns;	/* on other futex words, until it is on a core again */
};

enum sim_use { SIM_USE_UNKNOWN, SIM_USE_IDLE, SIM_USE_OTHER, SIM_USE_OURS };

struct sim_core_piece {
	uint64_t from_ns;
	enum sim_use use;
	const struct sim_thread *thread;
	uint64_t program;
};

struct sim_core_track {
	struct sim_core_piece *pieces;
	size_t cap, cnt;
};

/* Who made whom runnable, and what wait that ended; a birth ends none. */
struct sim_edge {
	uint64_t at_ns, since_ns;
	const struct sim_thread *wakee, *waker;	/* waker NULL: none of ours is believed */
	enum sim_state ended;			/* SIM_STATE_CNT at a birth */
	enum sim_cause cause;
};

/* A thread that was known was taken to another core. */
struct sim_move {
	uint64_t at_ns;
	size_t track;
	uint32_t to;
};

/* What was recorded of steps at a GIL. */
struct sim_steps {
	uint64_t takes, changes, requests;
	const struct sim_thread *taker;
};

struct sim_story {
	uint64_t start_ns, end_ns;
	struct sim_track *tracks;	/* by thread slot */
	size_t tracks_cnt;
	struct sim_core_track *cores;
	size_t cores_cnt;
	struct sim_edge *edges;		/* by time */
	size_t edges_cap, edges_cnt;
	struct sim_move *moves;		/* by time */
	size_t moves_cap, moves_cnt;
	uint64_t gils_cnt;		/* their ids are below */
	struct sim_steps *steps;	/* by GIL */
	uint64_t *gil_process;		/* likewise: the id of that which has it, 0 = it was never found */
	uint64_t looks, switches_seen, switches_missed;
	uint64_t pending_ns;		/* of all processes: a GIL was being looked for */
};

void story_tell(struct sim_story *story, const struct sim_recorder *recorder, const struct sim_world *world);
void story_clear(struct sim_story *story);

/* How a piece begins: for certain; its state is inferred; its very instant is. */
enum sim_paint { PAINT_SURE, PAINT_INFERRED, PAINT_MIDDLE };
void track_paint(struct sim_track *track, uint64_t at_ns, enum sim_state state, enum sim_paint paint);
void edge_add(struct sim_story *story, const struct sim_edge *edge);

/* oracle_cores.c */
void cores_tell(struct sim_story *story, const struct sim_recorder *recorder);
bool any_core_is_lost(const struct sim_story *story, uint64_t at_ns);

#endif
