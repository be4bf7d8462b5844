/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a thread sleeps: from the system call in its saved registers to a state.
 *
 * System call numbers are x86-64's, and 1 + nr as in the records, so that 0 means "none".
 */
#ifndef ANALYZER_WAITCLASS_H
#define ANALYZER_WAITCLASS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/thread.h"
#include "analyzer/wait.h"
#include "trace/records.h"

/* The system calls that rules have to name. */
enum sysno {
	SYSNO_FUTEX = 1 + 202,
	SYSNO_RESTART = 1 + 219,
	SYSNO_FUTEX_WAITV = 1 + 449,
	SYSNO_FUTEX_WAKE = 1 + 454,
	SYSNO_FUTEX_WAIT = 1 + 455,
};

/* Futex operations, without the private and clock flags. */
#define FUTEX_OP_MASK 0x7f
/* Not set: the word may be mapped in other processes, at other addresses. */
#define FUTEX_OP_PRIVATE 0x80
enum futex_op {
	FUTEX_OP_WAIT = 0,
	FUTEX_OP_WAKE = 1,
	FUTEX_OP_REQUEUE = 3,
	FUTEX_OP_CMP_REQUEUE = 4,
	FUTEX_OP_WAKE_OP = 5,
	FUTEX_OP_LOCK_PI = 6,
	FUTEX_OP_UNLOCK_PI = 7,
	FUTEX_OP_TRYLOCK_PI = 8,
	FUTEX_OP_WAIT_BITSET = 9,
	FUTEX_OP_WAKE_BITSET = 10,
	FUTEX_OP_WAIT_REQUEUE_PI = 11,
	FUTEX_OP_CMP_REQUEUE_PI = 12,
	FUTEX_OP_LOCK_PI2 = 13,
};

/*
 * What the thread that this switch blocked is waiting for. `before` is its wait before, not
 * counting stops: a call that a signal interrupted goes on under another name.
 */
void wait_classify(const struct trace_sched_switch *record, const struct wait *before,
		   struct wait *ret_wait);
/*
 * The class belongs to the futex word: what the process as a whole says of it, unless the thread itself
 * has told what it is doing.
 */
void wait_refine(const struct thread *thread, const struct trace_sched_switch *record,
		 struct wait *wait);
/* Whether the record shows that the futex word it blocked on belongs to a lock. */
bool wait_shows_lock(const struct trace_sched_switch *record);

/* "read", or NULL when the table does not know it. */
const char *syscall_name(uint64_t sysno);

#endif
