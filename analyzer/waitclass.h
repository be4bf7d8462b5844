/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a thread sleeps: from the system call in its saved registers to a state.
 *
 * System call numbers are x86-64's, and 1 + nr as in the records, so that 0 means "none".
 */
#ifndef ANALYZER_WAITCLASS_H
#define ANALYZER_WAITCLASS_H

#include <stdint.h>

#include "analyzer/thread.h"
#include "trace/records.h"

/* The system calls that rules have to name. */
enum sysno {
	SYSNO_FUTEX = 1 + 202,
	SYSNO_FUTEX_WAITV = 1 + 449,
	SYSNO_FUTEX_WAIT = 1 + 455,
};

/* Futex operations, without the private and clock flags. */
#define FUTEX_OP_MASK 0x7f
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
 * What the thread that this switch blocked is waiting for. The class belongs to the futex word: the
 * process remembers the words that turn out to be locks.
 */
int wait_classify(struct process *process, const struct trace_sched_switch *record,
		  struct wait *ret_wait);

/* "read", or NULL when the table does not know it. */
const char *syscall_name(uint64_t sysno);

#endif
