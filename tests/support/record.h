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

struct recording {
	json_t *truth;		/* what the workload says (--truth) */
	json_t *report;		/* what trace-report says */
};

/* `args`: the workload and its options, without --truth, NULL-terminated. */
void record_workload(struct recording *recording, const char *const args[]);
void record_free(struct recording *recording);

/* The report's thread with this tid; fails the test when there is none. */
json_t *report_thread(const json_t *report, unsigned long long tid);

/* What must hold for every recording, whatever the machine does: fails the test on the spot. */
void assert_identities(const json_t *report);

/* A figure that must not exceed a bar. Says so and gives false when it does. */
bool within(const char *what, double figure, double bar);

/* Repeats the check until it is true, ten times at most; then fails the test. */
void attempts(bool (*check)(void));

#endif
