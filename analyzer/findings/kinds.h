/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of findings that there are, and what their looks have in common.
 */
#ifndef ANALYZER_FINDINGS_KINDS_H
#define ANALYZER_FINDINGS_KINDS_H

#include "analyzer/analyses/predict.h"
#include "analyzer/analyses/room.h"
#include "analyzer/findings.h"
#include "analyzer/report.h"

/* Names in findings, escaped. */
#define FINDING_NAME 20

extern const struct finding_kind gil_kind, convoy_kind, gil_off_core_kind;
extern const struct finding_kind lock_kind, lock_off_core_kind, spin_kind;
extern const struct finding_kind serial_kind, serial_phase_kind, oversubscribed_kind, wake_up_kind;
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
 * The cost is a part of what idle cores are lost to: as large as `part_ns` is of all `whole_ns` of the waits
 * for it, of which `open` is not known.
 */
void cost_part(const struct report *report, struct finding *finding, enum room_part part, uint64_t part_ns,
	       uint64_t whole_ns, struct range open);
/* The cost is all of it. */
void cost_whole(const struct report *report, struct finding *finding, enum room_part part);
/* The cost is that of idle cores while threads were ready, on cores that they used. */
void ready_cost(const struct report *report, struct finding *finding);
/* Whether a run that is parallel elsewhere has one. */
bool has_serial_phase(const struct report *report);
/* What is unknown leaves this open on top. */
void cost_open(struct finding *finding, struct range open);
/* So do cores that its threads did not use. */
void cost_away(struct finding *finding, struct range open);
/*
 * Cores that its threads did not use were theirs to use, unless threads were ready while those did nothing for
 * it: who never needs a second core is not therefore bound to one.
 */
void cost_unbound(const struct report *report, struct finding *finding);
/* Why the cost, when all of its bounds are known, is not certain. */
void doubt_tell(const struct report *report, struct finding *finding);

#endif
