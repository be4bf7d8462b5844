/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is played: programs of threads, step by step, and the machine they run on.
 *
 * A script is plain data, so that a failing one can be cut down and printed. Every step is safe
 * whatever stands around it: what makes no sense (an unlock of a free lock, a join of nobody) does
 * nothing, and no wait lasts for ever, so that any part of a script is a script.
 */
#ifndef TESTS_SIM_SCRIPT_H
#define TESTS_SIM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* DO(NAME, name): ns = how long, arg = which object, times = of a loop. */
#define SIM_STEPS(DO) \
	DO(COMPUTE, "compute") /* with the GIL, where there is one */ \
	DO(NATIVE, "native") /* without it */ \
	DO(READ, "read") /* a device; the GIL is released, here and below */ \
	DO(POLL, "poll") \
	DO(FSYNC, "fsync") /* uninterruptible, counted as I/O */ \
	DO(ACCEPT, "accept") \
	DO(FAULT, "fault") /* a page fault, with the GIL if it has it */ \
	DO(HOARD, "hoard") /* reads without releasing the GIL */ \
	DO(SLEEP, "sleep") \
	DO(LOCK, "lock") \
	DO(UNLOCK, "unlock") \
	DO(WAIT, "wait") /* for a condition, at most ns */ \
	DO(SIGNAL, "signal") \
	DO(BROADCAST, "broadcast") \
	DO(RECEIVE, "receive") /* from a pipe, at most ns */ \
	DO(SEND, "send") \
	DO(SPAWN, "spawn") /* plan arg: a thread, or a process if the plan says so */ \
	DO(JOIN, "join") \
	DO(EXEC, "exec") /* a new program, with a GIL: enum sim_gil_kind in arg */ \
	DO(RENAME, "rename") \
	DO(LOOP, "loop") /* arg steps back, so many times */

#define SIM_STEP_ENUM(NAME, name) DO_##NAME,
enum sim_do { SIM_STEPS(SIM_STEP_ENUM) DO_CNT };
#undef SIM_STEP_ENUM

enum sim_gil_kind {
	SIM_GIL_NONE,
	SIM_GIL_KNOWN,		/* seen from the exec on */
	SIM_GIL_SOUGHT,		/* found some time after the exec */
	SIM_GIL_KIND_CNT
};

/* Objects of each kind in a process; pipes are common to all. */
#define SIM_OBJECTS 4
/* Locks in memory that all processes share: their numbers follow on those of a process's own. */
#define SIM_SHARED_LOCKS 2
#define SIM_LOCKS (SIM_OBJECTS + SIM_SHARED_LOCKS)

struct sim_step {
	enum sim_do what;
	uint64_t ns;
	uint32_t arg, times;
};

/* Plan 0 is the command's. Nobody runs a plan that is not spawned, and nobody twice. */
struct sim_plan {
	bool forks;		/* a process of its own */
	bool quiet;		/* leads a process, and its end does not end the others */
	struct sim_step *steps;
	size_t cap, cnt;
};

/* The machine and the trouble that it makes; rates are out of 1000. */
struct sim_setup {
	uint32_t cores;
	enum sim_gil_kind gil;		/* of the command */
	uint64_t interval_ns;		/* the GIL's */
	uint64_t check_ns;		/* longest time between two looks at the drop request */
	uint64_t slice_ns;
	uint64_t tick_ns;		/* 0: no samples */
	uint64_t program_ns;		/* mean time between two arrivals of other programs; 0: none */
	uint64_t loss_ns;		/* mean time between two losses; 0: none */
	uint64_t end_ns;		/* the recording stops then; 0: when all are dead */
	uint64_t records;		/* plans loop until so many are made; 0: until they are tired */
	bool old_gil;			/* GILs are as before Python 3.2 */
	bool hands_over;		/* mutexes: no barging */
	bool exact;			/* steps at GILs are recorded, where the GIL is known */
	uint32_t early;			/* wakings that fall into the time of going to sleep */
	uint32_t mute;			/* wakings that no probe sees */
	uint32_t preempt;		/* wake-ups that push off who runs */
	uint32_t move;			/* wake-ups that go to another core */
	uint32_t hidden;		/* programs whose leaving the kernel does not show */
	uint32_t unseen_cores;		/* cores of which nothing is known at first */
};

struct sim_script {
	uint64_t seed;		/* of the world's dice */
	struct sim_setup setup;
	struct sim_plan *plans;
	size_t plans_cap, plans_cnt;
};

enum sim_size { SIM_SMALL, SIM_MIDDLE, SIM_HUGE };

/* The same script for the same seed, on every machine. */
void script_make(struct sim_script *script, uint64_t seed, enum sim_size size);
/*
 * large.c: a machine of 256 cores where 40 programs with 2,000 threads serve, fight for GILs and locks,
 * pass work on, until so many records are made.
 */
void script_make_large(struct sim_script *script, uint64_t seed, uint64_t records);
void script_clear(struct sim_script *script);
void script_copy(struct sim_script *script, const struct sim_script *from);
void script_print(const struct sim_script *script, FILE *out);

struct sim_plan *script_plan_add(struct sim_script *script);
void plan_add(struct sim_plan *plan, enum sim_do what, uint64_t ns, uint32_t arg);

extern const char *const sim_do_names[DO_CNT];

/* A number below the limit, and one that is true so often in a thousand. */
uint64_t dice(uint64_t *random, uint64_t limit);
bool chance(uint64_t *random, uint32_t rate);
/* Between low and high, small ones as often as large ones by their size. */
uint64_t dice_ns(uint64_t *random, uint64_t low, uint64_t high);

#endif
