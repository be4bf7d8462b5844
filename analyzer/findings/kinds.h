/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of findings that there are, and what their looks have in common.
 */
#ifndef ANALYZER_FINDINGS_KINDS_H
#define ANALYZER_FINDINGS_KINDS_H

#include "analyzer/analyses/predict.h"
#include "analyzer/findings.h"
#include "analyzer/report.h"

/* Names in findings, escaped. */
#define FINDING_NAME 20

extern const struct finding_kind gil_kind, convoy_kind, gil_off_core_kind;
extern const struct finding_kind lock_kind, lock_off_core_kind, kernel_lock_kind, spin_kind;
extern const struct finding_kind serial_kind, oversubscribed_kind, wake_up_kind;
extern const struct finding_kind others_kind, idle_ready_kind, steal_kind, unknown_kind;

void finding_say(char line[FINDING_LINE], const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "worker-1 (tid 18919)" */
struct text thread_place(const struct thread *thread);
/* "app (pid 18914)" */
struct text process_place(const struct report_process *row);
/* The process with the most time in a state, NULL: none has any. */
const struct report_process *process_most(const struct report *report, enum thread_state state);
/* "0.93 of 2.09": threads in a state of those with work in hand, on average. */
struct text threads_share(const struct report *report, enum thread_state state);
/* What the run would gain without any GIL, or without waits for a lock; NULL: not replayed. */
const struct prediction *gain_find(const struct report *report, enum prediction_kind kind,
				   const struct futex_word *word);
/* Time on cores in a fight for a GIL, not for another lock. */
uint64_t gil_spin_ns(const struct report *report);
/*
 * What threads that waited for so long cost at least and at most: on cores where none of the run's ran
 * they may not have been allowed, and cores of other programs they could have had on a quiet machine.
 */
void wait_range(const struct report *report, struct finding *finding, uint64_t wait_ns);

#endif
