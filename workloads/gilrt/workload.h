/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_WORKLOAD_H
#define GILRT_WORKLOAD_H

/*
 * The frame that all workloads share, in the order of its use: read the command line, start the
 * runtime and the clock, start and join workers, stop the clock and the runtime, report.
 *
 * Most are a struct program and a main() that calls workload_main(); one that needs another order
 * calls the steps itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/options.h"
#include "workloads/gilrt/truth.h"

struct workload;

/* What makes a workload. All functions but `run` may be NULL; they return 0 or -errno. */
struct program {
	const char *name, *doc;
	const char *task;	/* "cannot <task>: ..." is what a failed run says */
	size_t worker_size;	/* of what `run` gets; starts zeroed, one for each of --threads */
	/* How many threads make sense; 0: any number does. */
	unsigned int threads_min, threads_max, threads_multiple;

	const struct workload_option *options;	/* its own, besides the common ones; may be NULL */

	/* What the common options are if the command line does not say. */
	void (*set_defaults)(struct workload_options *options);
	/* Before the runtime starts. What it creates is in `workers` and workload->shared. */
	int (*prepare)(struct workload *workload, void *workers);
	/* A worker's life: a thread of its own, with the GIL. */
	void (*run)(void *worker);
	/* What the main thread does meanwhile. */
	void (*meanwhile)(void *shared, unsigned int worker_cnt);
	/* After the runtime has stopped well: checks what was done, sets counter values. */
	int (*finish)(struct workload *workload, void *workers);
	/* After the report and in any case, also if `prepare` failed half-way. */
	void (*clean_up)(struct workload *workload, void *workers);

	/* Instead of "worker-<number>"; up to 15 characters. */
	void (*set_name)(const struct workload *workload, unsigned int number, char *name,
			 size_t size);
	/* Instead of gilrt_thread_start(). */
	int (*start)(struct workload *workload, void (*fn)(void *arg), void *worker,
		     const char *name, struct gilrt_thread **ret_thread);

	struct truth_counter *counters;	/* reported besides; the program's own, static */
	size_t counter_cnt;
};

struct workload {
	const char *name;
	const struct program *program;	/* NULL for one that calls the steps itself */
	void *shared;			/* the program's own */
	const struct gilrt_pool_stats *processes;	/* to be reported as well; until clean_up */
	size_t process_cnt;
	struct workload_options options;
	uint64_t start_ns, end_ns;
	_Atomic uint64_t deadline_ns;	/* UINT64_MAX: none; 0: over, because something failed */
};

/* All of the below in its order. For main() to return. */
int workload_main(const struct program *program, int argc, char **argv);

/*
 * Reads the command line and pins the process. Exits for --help and, with 2 and one line on
 * stderr, for wrong usage.
 */
void workload_setup(struct workload *workload, const char *name, const char *doc, int argc,
		    char **argv);

/* The same with the defaults and the options of a program. */
void workload_setup_program(struct workload *workload, const struct program *program, int argc,
			    char **argv);

/*
 * Zeroed room for options.thread_cnt workers, to be freed; NULL if there is none. It begins where a line of
 * the cache does, so that workers that are aligned to lines share none.
 */
void *workload_workers(const struct workload *workload, size_t worker_size);

/* The caller becomes the main thread, with the GIL. */
int workload_start(struct workload *workload);

/*
 * Runs fn in options.thread_cnt threads "worker-0" ..., each with its element of workers[], and
 * waits for all. If `meanwhile` is not NULL the main thread runs it between start and join, with
 * the number of threads there are: fewer than wanted, and no time left, when one failed to start.
 */
int workload_run(struct workload *workload, void (*fn)(void *worker), void *workers,
		 size_t worker_size, void (*meanwhile)(void *arg, unsigned int thread_cnt),
		 void *arg);

/* Stops the clock and the runtime. Passes on err, or else what went wrong here. */
int workload_stop(struct workload *workload, int err);

/* Has the time come? rounds: how many the caller has done. Reads the clock. */
bool workload_is_over(const struct workload *workload, uint64_t rounds);

/* Prints the truth or a summary, and ends the runtime. */
int workload_report(const struct workload *workload, const struct truth_counter *counters,
		    size_t counter_cnt);

/* For main to end with: one line on stderr and exit status 1 if err is not 0. */
int workload_exit_status(const struct workload *workload, const char *what, int err);

#endif
