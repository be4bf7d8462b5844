/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who ended a wait. The thread that runs where a waking happens is often innocent: an interrupt
 * came upon it. It is believed only when its own system call can end the wait in question.
 */
#ifndef ANALYZER_BELIEVE_H
#define ANALYZER_BELIEVE_H

#include <stdbool.h>

#include "analyzer/sink.h"
#include "analyzer/wait.h"
#include "trace/records.h"

/*
 * A waking before the switch-out ends a wait only while the thread is going to sleep. Where no
 * thread vouches for it, with a call that can end that very wait, it must have come within this
 * time.
 */
#define EARLY_NS UINT64_C(100000)

/* The cause of a waking that ended `wait` of a thread of this process. */
enum wake_cause wake_judge(const struct waking *waking, const struct wait *wait, uint64_t process);

void early_add(struct early_wakings *early, const struct waking *waking);
/* Those from before this time. */
void early_forget(struct early_wakings *early, uint64_t before_ns);
/*
 * The waking that ended the wait, should none come later: the last believed one; or the last that
 * fits the wait's kind (a timer a sleep, a device or a program outside an input) and came just
 * before out_ns. NULL when there is none.
 */
const struct waking *early_find(const struct early_wakings *early, const struct wait *wait,
				uint64_t process, uint64_t out_ns);

/* Whether the running thread itself is waking a futex in this record. */
bool waking_is_futex_wake(const struct trace_waking *record);

#endif
