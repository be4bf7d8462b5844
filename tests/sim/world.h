/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated machine: cores, threads, futex words, GILs, and a clock that jumps from one event to
 * the next. No two events happen at the same nanosecond, so that the order of all that is recorded is
 * the order in which it happened, on whatever cores.
 *
 *   world.c      events and their order
 *   sched.c      who has which core
 *   sleep.c      going to sleep, waking up
 *   steps.c      what threads do, step by step; spawn.c: being born, exec, dying
 *   locks.c      mutexes, conditions, pipes
 *   gil.c        the GIL
 *   recorder.c   what probes would see of it: facts, and records of a trace
 *   trouble.c    other programs, interrupts, losses
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/script.h"
#include "trace/records.h"

struct sim_world;
struct sim_thread;

/* A system call as registers show it; sysno is 1 + nr, 0 = user mode. */
struct sim_call {
	uint64_t sysno, arg0, arg1;
};

enum sim_nr {
	CALL_READ = 1 + 0, CALL_WRITE = 1 + 1, CALL_POLL = 1 + 7, CALL_NANOSLEEP = 1 + 35,
	CALL_ACCEPT = 1 + 43, CALL_CLONE = 1 + 56, CALL_EXECVE = 1 + 59, CALL_EXIT = 1 + 60,
	CALL_WAIT4 = 1 + 61, CALL_FSYNC = 1 + 74, CALL_FUTEX = 1 + 202, CALL_EXIT_GROUP = 1 + 231,
};

/* With their flags: private, and the clock. Only a join's word and some locks may be shared. */
enum sim_futex_op {
	FUTEX_SHARED_WAKE = 1, FUTEX_PLAIN_WAIT = 128, FUTEX_PLAIN_WAKE = 129, FUTEX_TIMED_WAIT = 137,
	FUTEX_SHARED_WAIT = 265,
};

/* What a thread waits for, as it knows itself. */
enum sim_class {
	CLASS_GIL, CLASS_LOCK, CLASS_SYNC, CLASS_CHILD, CLASS_IO, CLASS_LISTEN, CLASS_SLEEP, CLASS_OTHER,
};

/* Who ends a wait whose time has come. */
enum sim_ender { ENDER_TIMER, ENDER_DEVICE, ENDER_PROGRAM };

/* A word that threads wait on; they queue in the order of their coming. */
struct sim_word {
	uint64_t address;
	enum trace_gil_part part;	/* of a GIL */
	bool shared;			/* with other processes */
	struct sim_thread *first, *last;
};

struct sim_lock {
	struct sim_word word;
	struct sim_thread *owner;
};

struct sim_gil {
	uint64_t id, address;
	bool created, visible;		/* visible: the probes know where it is */
	bool locked, request;
	struct sim_thread *last;
	uint64_t switches;
	struct sim_lock mutex;
	struct sim_word cond, switch_cond;
};

struct sim_pipe {
	struct sim_word readers;
	uint64_t bytes;
};

struct sim_process {
	uint64_t id, pid;
	uint32_t spaces;		/* programs that it has run before this one */
	size_t alive_cnt;
	bool has_gil;
	enum sim_gil_kind gil_kind;
	struct sim_gil gil;
	struct sim_lock locks[SIM_OBJECTS];
	struct sim_word conds[SIM_OBJECTS];
	struct sim_word child_exits;	/* where others wait for it */
	struct sim_thread *execs;	/* waits for the others to be gone */
};

/* A wait, from the thread's side. */
struct sim_nap {
	enum sim_class class;
	struct sim_call call;
	struct sim_word *word;		/* NULL: nobody but time ends it */
	const struct sim_lock *lock;	/* the word is this lock's */
	uint64_t ns;			/* 0: no time-out */
	enum sim_ender ender;
	bool iowait, uninterruptible;
};

enum sim_next { NEXT_RUN, NEXT_CALL, NEXT_DONE, NEXT_SLEEP, NEXT_DEAD };

/* A routine is entered again and again, at the place that it has noted, until it is done. */
struct sim_frame {
	enum sim_next (*routine)(struct sim_world *world, struct sim_thread *thread,
				 struct sim_frame *frame);
	int at;
	uint64_t arg, left_ns;
	void *object;
};

#define SIM_FRAMES 8

enum sim_spot { SPOT_READY, SPOT_CORE, SPOT_WAIT, SPOT_DEAD };

struct sim_thread {
	uint64_t id, tid;
	struct sim_process *process;
	const struct sim_thread *parent;
	size_t plan;
	uint32_t slot;
	enum sim_spot spot;
	uint32_t core;			/* the one that it has, had, or is queued at */
	struct sim_thread *queue_next;	/* in its core's queue */

	struct sim_frame frames[SIM_FRAMES];
	int depth;
	uint64_t run_ns;		/* of CPU time until it goes on */
	uint64_t since_ns;		/* on its core */
	uint64_t wake_id;		/* times that it was put on a core, or went to sleep */
	uint64_t cpu_ns;

	struct sim_call call;
	struct sim_nap nap;
	uint64_t nap_id;
	bool napping;			/* on its way to sleep, or asleep */
	bool in_nap;			/* until it goes on behind it */
	bool woken, timed_out, stays;	/* stays: it was woken before it left its core */
	struct sim_thread *word_next;

	bool holds_gil, killed;
	size_t step, steps_done;
	uint32_t *loops;
	struct sim_word exits;		/* where joiners wait */
	bool untold;			/* its birth may be lost */
	bool exiting;
	const char *comm;
	/* Facts, by 1 + their order: its leaving for this nap, and the waking that ends it; 0 = none yet. */
	size_t nap_left_fact, nap_waking_fact;
};

struct sim_core {
	uint32_t index;
	struct sim_thread *thread;	/* who has it; neither: idle */
	uint64_t program;		/* 0: none */
	uint64_t program_next, program_next_ns;	/* wants it */
	struct sim_thread *first, *last;	/* ready */
	size_t queue_cnt;
	bool will_look, push_off;
	uint64_t turn;			/* times that it changed hands */
};

enum sim_event_kind {
	EVENT_RUN, EVENT_LOOK, EVENT_SLICE, EVENT_TIME_OUT, EVENT_PROGRAM, EVENT_PROGRAM_END, EVENT_TICK,
	EVENT_FOUND, EVENT_STOP,
};

struct sim_event {
	uint64_t at_ns, order;
	enum sim_event_kind kind;
	uint64_t id;			/* stale unless it is still the subject's */
	void *subject;
};

/* SITUATION(NAME, what happened): what worlds are there to play, and so must happen often enough. */
#define SIM_SITUATIONS(SITUATION) \
	SITUATION(OWNER_SEEN, "blocked for a lock, its owner seen") \
	SITUATION(OWNER_GONE, "blocked for a lock, its owner gone") \
	SITUATION(BARGED, "woken for a lock that somebody else took") \
	SITUATION(LOCK_THEN_GIL, "won a lock without the GIL") \
	SITUATION(HOLDER_BLOCKED, "blocked for something else with a lock") \
	SITUATION(GIL_FORCED, "let go of a GIL on request") \
	SITUATION(GIL_TAKEN_AGAIN, "woken for a GIL that somebody took before") \
	SITUATION(GIL_PUSHED_OFF, "pushed off its core with a GIL") \
	SITUATION(GIL_BLOCKED, "blocked with a GIL") \
	SITUATION(TIMED_OUT, "gave up waiting for a word") \
	SITUATION(WOKEN_EARLY, "woken on its way to sleep") \
	SITUATION(INNOCENT, "a thread interrupted to wake another") \
	SITUATION(FOREIGN_CORE, "another program had the core that it was ready for") \
	SITUATION(LOCK_OF_OTHERS, "passed on a lock to another process") \
	SITUATION(TID_AGAIN, "born with a tid that another had") \
	SITUATION(EXEC_BY_OTHER, "exec by a thread that does not lead") \
	SITUATION(EXEC_KILLED, "exec that killed others") \
	SITUATION(MANY_PROCESSES, "a process born") \
	SITUATION(SECOND_GIL, "a GIL beside another") \
	SITUATION(GIL_FOUND_LATE, "a GIL found after the start") \
	SITUATION(EVENT_LOST, "an event lost") \
	SITUATION(BIRTH_LOST, "a birth lost") \
	SITUATION(WAKING_UNSEEN, "a waking that no probe saw")

#define SIM_SITUATION_ENUM(NAME, what) SITUATION_##NAME,
enum sim_situation { SIM_SITUATIONS(SIM_SITUATION_ENUM) SITUATION_CNT };
#undef SIM_SITUATION_ENUM

extern const char *const sim_situation_names[SITUATION_CNT];

struct sim_recorder;

struct sim_world {
	const struct sim_script *script;
	uint64_t random;
	uint64_t loss_random;		/* of their own, so that the same happens with losses and without */
	uint64_t now_ns, start_ns;
	bool over;
	struct sim_event *events;	/* a heap */
	size_t events_cap, events_cnt;
	uint64_t orders;

	struct sim_core *cores;
	struct sim_thread **threads;	/* in the order of their ids */
	size_t threads_cap, threads_cnt;
	struct sim_process **processes;
	size_t processes_cap, processes_cnt;
	struct sim_thread **by_plan;
	struct sim_pipe pipes[SIM_OBJECTS];
	struct sim_lock shared_locks[SIM_SHARED_LOCKS];
	size_t alive_cnt;
	bool *tids;
	size_t tids_cap;
	uint64_t gils_cnt, words_cnt;
	uint64_t happened[SITUATION_CNT];	/* times */
	struct sim_recorder *recorder;
};

#define SIM_PROGRAMS 5
#define SIM_PROGRAM_HIDDEN SIM_PROGRAMS	/* its leaving is shown to nobody */
#define SIM_TIDS_FIRST 1000

/* Plays the script to its end. */
void world_run(struct sim_world *world, const struct sim_script *script, struct sim_recorder *recorder);
void world_clear(struct sim_world *world);
void world_at(struct sim_world *world, uint64_t at_ns, enum sim_event_kind kind, uint64_t id,
	      void *subject);

/* sched.c */
void core_look(struct sim_world *world, struct sim_core *core);
void core_slice_end(struct sim_world *world, struct sim_core *core);
void core_switch(struct sim_world *world, struct sim_core *core, enum trace_how how);
void core_look_soon(struct sim_world *world, struct sim_core *core);
void thread_ready(struct sim_world *world, struct sim_thread *thread, const struct sim_core *here, bool is_new);
bool core_is_idle(const struct sim_core *core);

/* sleep.c */
enum sim_next nap(struct sim_world *world, struct sim_thread *thread, const struct sim_nap *nap);
void nap_left(struct sim_world *world, struct sim_thread *thread);
void nap_time_out(struct sim_world *world, struct sim_thread *thread);
struct sim_core *interrupted_core(struct sim_world *world, const struct sim_thread *thread);
/* The thread on the core (or an interrupt there, or a program) makes it runnable. */
void thread_wake(struct sim_world *world, struct sim_thread *thread, struct sim_core *here, bool interrupt);
/* The running thread wakes up to so many of those who wait, in the call that it is in. */
void word_wake(struct sim_world *world, struct sim_thread *waker, struct sim_word *word, uint64_t cnt);
enum sim_next run_for(struct sim_thread *thread, uint64_t ns);
enum sim_next call_routine(struct sim_thread *thread,
			   enum sim_next (*routine)(struct sim_world *, struct sim_thread *, struct sim_frame *),
			   void *object, uint64_t arg);

/* The routines, and what they need of each other. */
enum sim_next routine_plan(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_exit(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_exec(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_spawn(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_join(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_nap(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_wake(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_lock(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_unlock(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_receive(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_send(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
void gil_hold(struct sim_gil *gil, struct sim_thread *thread);
enum sim_next old_gil_take(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next old_gil_drop(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_take(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_drop(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
enum sim_next routine_compute(struct sim_world *world, struct sim_thread *thread, struct sim_frame *frame);
/* What the kernel does for a robust lock whose owner is gone, or runs another program. */
void locks_abandon(struct sim_world *world, struct sim_thread *thread);
/* Of its process, or shared. */
struct sim_lock *lock_of(struct sim_world *world, struct sim_thread *thread, uint32_t number);
void lock_release_now(struct sim_world *world, struct sim_thread *thread, struct sim_lock *lock);

/* spawn.c */
struct sim_thread *command_begin(struct sim_world *world);
void process_objects_make(struct sim_world *world, struct sim_process *process, enum sim_gil_kind kind);
void gil_found(struct sim_world *world, struct sim_process *process);
/* The running thread goes on until it has to wait for time. */
void thread_go(struct sim_world *world, struct sim_thread *thread);

/* trouble.c */
void trouble_begin(struct sim_world *world);
void trouble_program(struct sim_world *world, struct sim_core *core);
void trouble_tick(struct sim_world *world, struct sim_core *core);

#endif
