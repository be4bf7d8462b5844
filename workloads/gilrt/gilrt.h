/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_GILRT_H
#define GILRT_GILRT_H

/*
 * gilrt: pthreads under a model of CPython's global interpreter lock.
 *
 * A program calls gilrt_init() once, after which the calling ("main") thread holds the GIL, starts
 * threads, joins them, and calls gilrt_stop() and gilrt_fini(). In between, every thread of the
 * runtime follows three rules, which are those of Python's own C code:
 *
 *  - it touches shared data only while it holds the GIL;
 *  - while it computes it passes gilrt_checkpoint() often, where it may lose the GIL for a while;
 *  - around a call that may block it lets go: gilrt_save_thread() ... gilrt_restore_thread().
 *    blocking.h, lock.h and all that is made of locks have done that already.
 *
 * With the GIL off the threads run in parallel, and all that is left of these is what daemons and
 * critical sections (object.h) need.
 *
 * Errors are negative errno values; 0 is success. `ret_` parameters are written only on success.
 * All times are CLOCK_MONOTONIC in nanoseconds unless a name says otherwise.
 */

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct gilrt_interpreter;
struct gilrt_thread;

/*
 * A GIL, as CPython 3.8 to 3.14 lay it out on x86-64 Linux. This object is the contract with
 * whoever watches from outside: all there can be are the elements of the exported array `gilrt_gil`
 * (the first is the main interpreter's), and last_holder points to an object with the holder's
 * pthread_self() at GILRT_THREAD_ID_OFFSET.
 *
 * `locked` is -1 as long as there is no such GIL: before it is created, after gilrt_fini(), and for
 * ever when the GIL is off. last_holder is not cleared by a drop: it means "holds" only while
 * locked is 1. Only gil.c, gil_new.c and gil_old.c write here.
 */
struct gilrt_gil {
	unsigned long interval_us;			/* a waiter's patience */
	struct gilrt_thread *_Atomic last_holder;
	_Atomic int locked;				/* -1 no GIL, 0 free, 1 held */
	unsigned long switch_number;			/* grows when another thread takes it */
	union {
		pthread_cond_t cond;			/* "the GIL was dropped" */
		sem_t old;				/* GILRT_OLD: the lock itself */
	};
	pthread_mutex_t mutex;				/* protects all the above */
	pthread_cond_t switch_cond;			/* "another thread has taken it" */
	pthread_mutex_t switch_mutex;			/* for last_holder at a forced switch */
};

_Static_assert(offsetof(struct gilrt_gil, interval_us) == 0, "CPython's layout");
_Static_assert(offsetof(struct gilrt_gil, last_holder) == 8, "CPython's layout");
_Static_assert(offsetof(struct gilrt_gil, locked) == 16, "CPython's layout");
_Static_assert(offsetof(struct gilrt_gil, switch_number) == 24, "CPython's layout");
_Static_assert(offsetof(struct gilrt_gil, cond) == 32, "CPython's layout");
_Static_assert(offsetof(struct gilrt_gil, mutex) == 80, "CPython's layout");
_Static_assert(offsetof(struct gilrt_gil, switch_cond) == 120, "CPython's layout");
_Static_assert(offsetof(struct gilrt_gil, switch_mutex) == 168, "CPython's layout");
_Static_assert(sizeof(struct gilrt_gil) == 208, "CPython's layout");

#define GILRT_GIL_MAX	16

extern struct gilrt_gil gilrt_gil[GILRT_GIL_MAX];

/* Where thread_id is in CPython 3.11 and 3.13. The object stays readable until gilrt_fini(). */
#define GILRT_THREAD_ID_OFFSET	0x98

/* Where a running thread looks whether it should let go of the GIL. */
enum gilrt_checkpoints {
	GILRT_BACKEDGE_AND_CALL,	/* as 3.10 and later */
	GILRT_EVERY_OP,			/* as 3.9 and before */
};

enum gilrt_mode {
	GILRT_NEW,		/* as 3.2 and later: a waiter asks, and the holder hands over */
	GILRT_OLD,		/* as before 3.2: the holder lets go every check_interval ticks */
	GILRT_PER_INTERPRETER,	/* as 3.12's isolated sub-interpreters: the new GIL, one for each */
	GILRT_OFF,		/* as the free-threaded build: threads run in parallel */
};

struct gilrt_config {
	enum gilrt_mode mode;
	unsigned long switch_interval_us; /* CPython's default is 5000; 0 counts as 1 */
	unsigned int check_interval;	/* GILRT_OLD: instructions; CPython's is 100; 0 counts as 1 */
	enum gilrt_checkpoints checkpoints; /* GILRT_OLD counts instructions: always every one */
};

/*
 * What a thread has measured of itself. Times in `gil_*` tile the thread's life exactly:
 * gil_hold_ns + gil_wait_ns + gil_released_ns = end_ns - start_ns.
 *
 * A wait begins where the thread is about to block on one of the GIL's four futexes for the first
 * time, and ends when it has the GIL, or when it goes on without it (a forced switch on the way
 * into a blocking call). A forced switch and the taking that follows it at a checkpoint are one
 * wait. A taking that never had to block is no wait.
 *
 * A lock wait is in the semaphore of a Lock, and so in any primitive that is made of one, or in a
 * lock of native code (native_lock.h): from where the thread is about to block, the GIL let go, until
 * it runs again or has given up. The GIL that it needs then is not in it.
 *
 * sched_*: the kernel's view, which the thread has read of itself at end_ns (schedstat.h).
 */
struct gilrt_stats {
	const char *name;		/* borrowed from the thread */
	pid_t tid;
	bool ended;			/* false: a daemon that the end of the runtime has left behind */
	uint64_t start_ns, end_ns;
	uint64_t cpu_ns;		/* CLOCK_THREAD_CPUTIME_ID at end_ns */
	uint64_t sched_run_ns, sched_delay_ns;
	uint64_t gil_wait_ns, gil_hold_ns, gil_released_ns;
	uint64_t gil_waits, gil_holds;	/* how many of each */
	uint64_t lock_wait_ns, lock_waits;
	uint64_t drops;			/* of these, forced_switches had to wait for a taker */
	uint64_t forced_switches;
	uint64_t units;			/* of work, see work.h */
	uint32_t checksum;
};

/* The caller becomes the main thread and holds the GIL. -EALREADY when there is a runtime. */
int gilrt_init(const struct gilrt_config *config);

/*
 * The main thread waits until all threads but the daemons have ended, and lets go of the GIL for
 * good. A daemon that wants the GIL after this ends then and there, wherever it is in its program;
 * what it uses must not be freed. After this statistics are complete, and nothing but them may be
 * used. -errno: the kernel's figures could not be read; the runtime has stopped anyhow.
 */
int gilrt_stop(void);

/* Frees the objects of all that have ended. Needs gilrt_stop(). Does nothing without a runtime. */
void gilrt_fini(void);

enum gilrt_checkpoints gilrt_checkpoint_policy(void);

/*
 * Runs fn(arg) in a new thread called `name` (cut to 15 characters), holding the GIL. As in Python
 * this returns when the new thread has got the GIL once. The runtime owns the thread object.
 */
int gilrt_thread_start(void (*fn)(void *arg), void *arg, const char *name,
		       struct gilrt_thread **ret_thread);

/*
 * The same for a thread that gilrt_stop() does not wait for. -EPERM, as in Python, from a thread of
 * a sub-interpreter with a GIL of its own.
 */
int gilrt_thread_start_daemon(void (*fn)(void *arg), void *arg, const char *name,
			      struct gilrt_thread **ret_thread);

/*
 * A sub-interpreter. With GILRT_PER_INTERPRETER it has a GIL of its own: its threads share nothing
 * with those of others but what needs no GIL (locks, queues, atomics, pipes). In the other modes it
 * shares the main interpreter's GIL, or lack of one. The runtime owns it until gilrt_fini().
 * -ENOSPC: there are GILRT_GIL_MAX already.
 */
int gilrt_interpreter_create(struct gilrt_interpreter **ret_interpreter);

/* Runs a thread in a sub-interpreter. Else as gilrt_thread_start(), which uses the caller's. */
int gilrt_thread_start_in(struct gilrt_interpreter *interpreter, void (*fn)(void *arg), void *arg,
			  const char *name, struct gilrt_thread **ret_thread);

/* Waits, without the GIL, until fn has returned. More than one may join. -EDEADLK for oneself. */
int gilrt_thread_join(struct gilrt_thread *thread);

/* The calling thread, NULL if it is none of the runtime's. */
struct gilrt_thread *gilrt_thread_current(void);

/* Walks all threads, main first, then in the order of their start. Ends with NULL. */
struct gilrt_thread *gilrt_thread_next(const struct gilrt_thread *previous);

/*
 * Of the calling thread up to its last change of state, of any other only after gilrt_stop(). Of
 * one that has not `ended` then only name and tid.
 */
void gilrt_thread_stats(const struct gilrt_thread *thread, struct gilrt_stats *ret_stats);

/* Adds work that the calling thread has done to its statistics. */
void gilrt_thread_add_work(uint64_t units, uint32_t checksum);

/* If another thread has asked for the GIL, hand it over and queue up again. A load if not. */
void gilrt_checkpoint(void);

/* Between two instructions of straight code: a checkpoint under GILRT_EVERY_OP, nothing else. */
void gilrt_checkpoint_op(void);

/* How often GILs have gone to another thread than before, all of them together. */
unsigned long gilrt_switches(void);

/*
 * What a tracer can attach to: USDT probes of provider "gilrt", at every change of state of a GIL
 * and around the primitives. All arguments are 64 bits wide, in %rdi, %rsi and %rdx; times are
 * nanoseconds of CLOCK_MONOTONIC. How they are made, and where to attach: usdt.h.
 *
 *   gil_wait      gil, 0            is about to block for the GIL, or in a forced switch
 *   gil_take      gil, wait         has taken it; wait is 0 if at once
 *   gil_drop      gil, hold         has let it go, or does so within a microsecond
 *   gil_resume    gil, wait         after a forced switch goes on without it, into its system call
 *   gil_request   gil, holder       has asked the holder (its struct gilrt_thread) to let go
 *   lock_wait     object, kind      is about to block in a primitive, the GIL let go
 *   lock_acquired object, kind, wait  has it; wait is 0 if at once
 *   lock_timeout  object, kind, wait  has given up; a lock_wait was before
 *   lock_release  object, kind, hold  gives it back; hold is 0 if nobody listened when it was acquired
 *
 * From one gil_wait to the next gil_take or gil_resume of the thread is one wait of struct
 * gilrt_stats. The object of a lock probe is the primitive that the program uses, its kind an enum
 * gilrt_kind; what it waits for there may be a lock inside of it. The lock_* probes have a
 * semaphore: without a listener an acquire that need not wait costs a load more, and no clock.
 */
enum gilrt_kind {
	GILRT_LOCK = 1,
	GILRT_RLOCK,
	GILRT_CONDITION,
	GILRT_EVENT,
	GILRT_SEMAPHORE,
	GILRT_BARRIER,
	GILRT_TIMER,
	GILRT_QUEUE,
	GILRT_SIMPLE_QUEUE,
	GILRT_THREAD,		/* start and join */
	GILRT_MUTEX,		/* of an object (object.h); of native code (native_lock.h) the waits only */
};

/* Let go of the GIL and take it again. In pairs, around a call that may block. */
void gilrt_save_thread(void);
void gilrt_restore_thread(void);

#endif
