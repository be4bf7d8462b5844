/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who ended a wait. The thread that runs where a waking happens is often innocent: an interrupt
 * came upon it. It is believed only when its own system call can end the wait in question.
 */
#ifndef ANALYZER_BELIEVE_H
#define ANALYZER_BELIEVE_H

#include <stdbool.h>

#include "analyzer/sink.h"
#include "analyzer/thread.h"

/* The cause of a waking that ended `wait` of `wakee`. */
enum wake_cause wake_judge(const struct waking *waking, const struct wait *wait,
			   const struct thread *wakee);

/* Whether the running thread itself is waking a futex in this record. */
bool waking_is_futex_wake(const struct trace_waking *record);

#endif
