/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the oracle tell each other while they go through a thread's life. */
#ifndef TESTS_SIM_ORACLE_H
#define TESTS_SIM_ORACLE_H

#include "tests/sim/story.h"

/* What is known of a process's GIL. */
enum sim_known { KNOWN_NONE, KNOWN_SOUGHT, KNOWN_FOUND };

struct sim_known_since {
	size_t place;			/* from this fact on, itself included */
	uint64_t at_ns;
	enum sim_known known;
	bool exact;			/* and all steps at it are recorded */
};

/* What a process is, by the facts alone. */
struct sim_profile {
	struct sim_known_since *known;
	size_t known_cap, known_cnt;
	uint32_t spaces;
	uint64_t *locks;		/* word << 8 | space, as far as an owner was seen there */
	size_t locks_cap, locks_cnt;
};

/* What a fact is for a thread that it names. */
enum sim_role { ROLE_BORN, ROLE_CAME, ROLE_LEFT, ROLE_ACTED, ROLE_WOKEN, ROLE_GIL };

struct sim_part {
	size_t place;
	enum sim_role role;
};

struct sim_parts {
	struct sim_part *parts;
	size_t cap, cnt;
};

struct sim_oracle {
	struct sim_story *story;
	const struct sim_recorder *recorder;
	const struct sim_world *world;
	struct sim_profile *profiles;	/* by thread id of the process's first, 0 = not known */
	uint32_t *spaces;		/* of the process, at each fact */
	struct sim_parts *parts;	/* by thread slot */
};

/* A look, or what else says something of a running thread and its GIL. */
enum sim_clue_kind { CLUE_LOOK, CLUE_WAKE, CLUE_LEAVE, CLUE_LOSE, CLUE_EXEC, CLUE_STEP, CLUE_END };

struct sim_clue {
	uint64_t at_ns;
	enum sim_clue_kind kind;
	enum trace_how how;
	const struct sim_look *look;	/* NULL: there was none */
};

enum sim_where { WHERE_LOST, WHERE_CORE, WHERE_READY, WHERE_WAIT, WHERE_GONE };

struct sim_walk {
	struct sim_oracle *oracle;
	struct sim_track *track;
	enum sim_where where;
	uint32_t core;
	uint64_t in_ns, out_ns;
	size_t gap_next;

	/* On a core: */
	bool found;			/* the process's GIL was known when it came */
	bool fresh;			/* all clues are of this stay and this program */
	uint64_t stint_ns;		/* since it came, or since its last exec */
	struct sim_clue *clues;
	size_t clues_cap, clues_cnt;
	size_t *wakings;		/* of itself, while it was there: facts */
	size_t wakings_cap, wakings_cnt;

	/* What it took along from its last leaving: */
	bool held, was_lost;
	enum trace_gil_part part;
	uint64_t switches;
	bool in_episode;
	uint64_t episode_ns;

	/* All its steps are known: */
	struct sim_exact exact;
	bool exact_over;		/* they were, or something of it was lost */
	bool exact_missed;		/* something was lost: only its next step says more */
	uint64_t comes;
	uint64_t hold_ns;
	size_t place;			/* the fact at hand */

	/* Waiting: */
	const struct sim_fact *left;
	enum sim_state wait;
	const struct sim_fact *early;	/* a waking before that may have ended it */
	bool in_lock_wait;		/* also while it is ready again */
};

/* oracle.c */
void thread_walk(struct sim_oracle *oracle, size_t slot);

/* oracle_gil.c: the stay on a core, up to the last clue, and what is taken along from there. */
void stint_paint(struct sim_walk *walk);

void clue_add(struct sim_walk *walk, uint64_t at_ns, enum sim_clue_kind kind, enum trace_how how,
	      const struct sim_look *look);
void hold_over(struct sim_walk *walk, uint64_t at_ns);
void episode_open(struct sim_walk *walk, uint64_t at_ns);
void episode_over(struct sim_walk *walk, uint64_t at_ns);

/* oracle_exact.c */
void steps_begin(struct sim_walk *walk, uint64_t at_ns);
void steps_end(struct sim_walk *walk, uint64_t at_ns);
bool steps_come(struct sim_walk *walk, uint64_t at_ns);
void steps_take_one(struct sim_walk *walk, const struct sim_fact *fact);
void steps_gil(struct sim_walk *walk, const struct sim_fact *fact);

/* oracle_wait.c */
enum sim_state wait_state(const struct sim_walk *walk, size_t place);
const struct sim_fact *wait_early(const struct sim_walk *walk, const struct sim_fact *left);
enum sim_cause wait_cause(const struct sim_walk *walk, const struct sim_fact *waking,
			  const struct sim_fact *left);
enum sim_known known_at(const struct sim_profile *profile, size_t place);
bool exact_at(const struct sim_profile *profile, size_t place);

/* oracle_facts.c */
void oracle_prepare(struct sim_oracle *oracle);
void oracle_clear(struct sim_oracle *oracle);
bool fact_is_seen(const struct sim_fact *fact);
/* A thread's process, as its birth tells it; 0 where that is lost. */
uint64_t process_of(const struct sim_oracle *oracle, const struct sim_thread *thread);
bool is_futex_wake(const struct sim_fact *fact);

/* Whether events are being lost, on any core or on this one. */
bool gap_is_open(const struct sim_oracle *oracle, uint64_t at_ns);
bool gap_is_open_on(const struct sim_oracle *oracle, uint64_t at_ns, uint32_t core);

#endif
