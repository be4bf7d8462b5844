/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recording a bundled workload and holding the report against what the workload measured of itself.
 *
 * The machine may be shared: other programs and the hypervisor take cores at will, and the kernel tells
 * stolen time only in steps of 10 ms. A check of figures is therefore an attempt that may be repeated
 * (attempts()); its bars are the same every time, and what every attempt measured is shown on failure.
 */
#ifndef TESTS_SUPPORT_RECORD_H
#define TESTS_SUPPORT_RECORD_H

#include <jansson.h>
#include <stdbool.h>

#include "tests/support/run.h"

struct recording {
	json_t *truth;		/* what the workload says (--truth) */
	json_t *report;		/* what trace-report says */
};

/* `args`: the workload and its options, without --truth, NULL-terminated. */
void record_workload(struct recording *recording, const char *const args[]);
/* The same for any built program, its path from the build directory, and with an option of trace-run. */
void record_program(struct recording *recording, const char *option, const char *const args[]);
void record_free(struct recording *recording);

/* The report's thread with this tid; fails the test when there is none. */
json_t *report_thread(const json_t *report, unsigned long long tid);

/* What must hold for every recording, whatever the machine does: fails the test on the spot. */
void assert_identities(const json_t *report);

/*
 * Each thread's waits for the GIL, and in locks and what is made of them, against what the runtime
 * measured: within 2 %, and 10 us for each wait.
 */
bool gil_wait_is_the_runtimes(const struct recording *recording);
bool lock_wait_is_the_runtimes(const struct recording *recording);
/* The same for holding the GIL, where the report knows that. */
bool gil_hold_is_the_runtimes(const struct recording *recording);

/* The integral of a curve, "true" or "scheduled", is what the kernel says all threads had of the cores. */
bool on_core_is_schedstats(const struct recording *recording, const char *curve, double share);

/* Time at two or more threads making progress, as a share of the run. */
double share_above_one(const json_t *report);

/* Threads in a state such as "wait.sync", on average over the run. */
double threads_in(const struct recording *recording, const char *state);

/* Nobody waited for a lock or a GIL, but at the run's start and end, and nobody is told so. */
bool no_lock_is_blamed(const struct recording *recording);

/* The sum of a number that the truth has for each thread, such as "lock_wait_ns". */
double truth_sum(const struct recording *recording, const char *name);

/* A figure that must not exceed a bar. Says so and gives false when it does. */
bool within(const char *what, double figure, double bar);

/* The same for a figure that must reach a bar, or must not exceed it on one side. */
bool at_least(const char *what, double figure, double bar);
bool at_most(const char *what, double figure, double bar);

/* Repeats the check until it is true, ten times at most; then fails the test. */
void attempts(bool (*check)(void));

/* A row of the table in workloads/README.md: a workload, and what the report must say of it. */
struct row {
	const char *args[16];	/* as of record_workload() */
	unsigned int cores;	/* skipped on a machine with fewer */
	bool (*says)(const struct recording *recording);	/* besides what all rows must */
	bool exact_waits;	/* looks see too little of the GIL to tell its waits */
};

/*
 * The test of a row, its state: identities, waits as the runtime's, and what the row says; then, with
 * --gil=exact, waits and holds as the runtime's.
 */
void row_test(void **state);
#define ROW(row)	{ #row, row_test, NULL, NULL, &(row) }

/* The race detector makes every access a call: the figures are not those of the program. */
#ifdef __SANITIZE_THREAD__
#define INSTRUMENTED 1
#else
#define INSTRUMENTED 0
#endif

/* At the start of each test that records and holds figures against each other. */
#define NEED_FIGURES() \
	do { \
		NEED_BPF(); \
		if (INSTRUMENTED) { \
			print_message("SKIP: %s: the workload is slowed down by ThreadSanitizer\n", __func__); \
			skip(); \
		} \
	} while (0)

#endif
