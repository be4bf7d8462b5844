/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of system calls that end other threads' waits, by the kind of wait.
 */
#include "analyzer/believe.h"

#include "analyzer/array.h"
#include "analyzer/waitclass.h"

/* Kinds of wait that a call can end. */
enum {
	ENDS_ANY = 1 << WAIT_KIND_ANY,
	ENDS_FUTEX = 1 << WAIT_KIND_FUTEX,
	ENDS_IO = 1 << WAIT_KIND_IO,
	ENDS_CHILD = 1 << WAIT_KIND_CHILD,
	ENDS_SLEEP = 1 << WAIT_KIND_SLEEP,
	/* A signal ends whatever can be interrupted. */
	ENDS_ALL = ENDS_ANY | ENDS_FUTEX | ENDS_IO | ENDS_CHILD | ENDS_SLEEP,
	/* Sends: over a loopback its soft interrupt wakes the receiver in the sender's name. */
	SENDS = 1 << 7,
	/* The end of a thread: join, robust locks, wait4, the last close of its pipes. */
	ENDS_BY_EXIT = ENDS_ANY | ENDS_FUTEX | ENDS_IO | ENDS_CHILD,
};

static const unsigned char wait_enders[] = {
	[0 /* read */] = ENDS_IO,
	[1 /* write */] = ENDS_IO | SENDS,
	[3 /* close */] = ENDS_IO | SENDS,
	[17 /* pread64 */] = ENDS_IO,
	[18 /* pwrite64 */] = ENDS_IO,
	[19 /* readv */] = ENDS_IO,
	[20 /* writev */] = ENDS_IO | SENDS,
	[33 /* dup2 */] = ENDS_IO,
	[40 /* sendfile */] = ENDS_IO | SENDS,
	[42 /* connect */] = ENDS_IO | SENDS,
	[43 /* accept */] = ENDS_IO,
	[44 /* sendto */] = ENDS_IO | SENDS,
	[45 /* recvfrom */] = ENDS_IO,
	[46 /* sendmsg */] = ENDS_IO | SENDS,
	[47 /* recvmsg */] = ENDS_IO,
	[48 /* shutdown */] = ENDS_IO | SENDS,
	[59 /* execve */] = ENDS_CHILD | ENDS_IO,
	[60 /* exit */] = ENDS_BY_EXIT,
	[62 /* kill */] = ENDS_ALL,
	[65 /* semop */] = ENDS_ANY,
	[69 /* msgsnd */] = ENDS_ANY,
	[70 /* msgrcv */] = ENDS_ANY,
	[129 /* rt_sigqueueinfo */] = ENDS_ALL,
	[200 /* tkill */] = ENDS_ALL,
	[202 /* futex */] = ENDS_FUTEX,
	[220 /* semtimedop */] = ENDS_ANY,
	[231 /* exit_group */] = ENDS_BY_EXIT,
	[234 /* tgkill */] = ENDS_ALL,
	[242 /* mq_timedsend */] = ENDS_ANY | ENDS_IO,
	[243 /* mq_timedreceive */] = ENDS_ANY | ENDS_IO,
	[275 /* splice */] = ENDS_IO | SENDS,
	[276 /* tee */] = ENDS_IO,
	[278 /* vmsplice */] = ENDS_IO,
	[288 /* accept4 */] = ENDS_IO,
	[292 /* dup3 */] = ENDS_IO,
	[295 /* preadv */] = ENDS_IO,
	[296 /* pwritev */] = ENDS_IO,
	[297 /* rt_tgsigqueueinfo */] = ENDS_ALL,
	[299 /* recvmmsg */] = ENDS_IO,
	[307 /* sendmmsg */] = ENDS_IO | SENDS,
	[322 /* execveat */] = ENDS_CHILD | ENDS_IO,
	[326 /* copy_file_range */] = ENDS_IO,
	[327 /* preadv2 */] = ENDS_IO,
	[328 /* pwritev2 */] = ENDS_IO,
	[424 /* pidfd_send_signal */] = ENDS_ALL,
	[426 /* io_uring_enter */] = ENDS_IO | SENDS,
	[436 /* close_range */] = ENDS_IO,
};

/* Futex operations that wake; every other one waits, and whoever waits wakes nobody. */
static const bool futex_op_wakes[FUTEX_OP_MASK + 1] = {
	[FUTEX_OP_WAKE] = true,
	[FUTEX_OP_REQUEUE] = true,
	[FUTEX_OP_CMP_REQUEUE] = true,
	[FUTEX_OP_WAKE_OP] = true,
	[FUTEX_OP_UNLOCK_PI] = true,
	[FUTEX_OP_WAKE_BITSET] = true,
	[FUTEX_OP_CMP_REQUEUE_PI] = true,
};

static bool waker_believed(const struct waking *waking, const struct wait *wait,
			   const struct thread *wakee)
{
	uint64_t sysno = waking->sysno;
	unsigned int ends;

	if (!waking->waker || !sysno || sysno > ARRAY_SIZE(wait_enders))
		return false;
	ends = wait_enders[sysno - 1];
	if (!(ends & 1u << wait->kind))
		return false;
	if (waking->context != TRACE_CONTEXT_TASK)
		return ends & SENDS && wait->kind == WAIT_KIND_IO;
	if (sysno != SYSNO_FUTEX)
		return true;
	/* The same address in another process is another word. */
	return futex_op_wakes[waking->arg1 & FUTEX_OP_MASK] && waking->arg0 == wait->word &&
	       waking->waker->process == wakee->process;
}

enum wake_cause wake_judge(const struct waking *waking, const struct wait *wait,
			   const struct thread *wakee)
{
	if (waker_believed(waking, wait, wakee))
		return CAUSE_THREAD;
	if (waking->context != TRACE_CONTEXT_TASK)
		/* No device wakes a futex: what comes out of the blue there is its time-out. */
		return wait->kind == WAIT_KIND_SLEEP || wait->kind == WAIT_KIND_FUTEX ?
			       CAUSE_TIMER : CAUSE_INTERRUPT;
	if (waking->waker)
		return CAUSE_UNCLEAR;
	return waking->other ? CAUSE_PROGRAM : CAUSE_INTERRUPT;
}

bool waking_is_futex_wake(const struct trace_waking *record)
{
	return record->sysno == SYSNO_FUTEX && futex_op_wakes[record->arg1 & FUTEX_OP_MASK] &&
	       record->context == TRACE_CONTEXT_TASK;
}
