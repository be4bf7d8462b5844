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
	[2 /* open */] = ENDS_IO,
	[3 /* close */] = ENDS_IO | ENDS_ANY | SENDS,
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
	[59 /* execve */] = ENDS_ALL,	/* it kills the other threads, whatever they wait for */
	[60 /* exit */] = ENDS_BY_EXIT,
	[62 /* kill */] = ENDS_ALL,
	[65 /* semop */] = ENDS_ANY,
	[69 /* msgsnd */] = ENDS_ANY,
	[70 /* msgrcv */] = ENDS_ANY,
	[72 /* fcntl */] = ENDS_ANY | ENDS_IO,
	[73 /* flock */] = ENDS_ANY,
	[129 /* rt_sigqueueinfo */] = ENDS_ALL,
	[200 /* tkill */] = ENDS_ALL,
	[202 /* futex */] = ENDS_FUTEX,
	[220 /* semtimedop */] = ENDS_ANY,
	[231 /* exit_group */] = ENDS_ALL,	/* likewise */
	[233 /* epoll_ctl */] = ENDS_IO,
	[234 /* tgkill */] = ENDS_ALL,
	[242 /* mq_timedsend */] = ENDS_ANY | ENDS_IO,
	[243 /* mq_timedreceive */] = ENDS_ANY | ENDS_IO,
	[257 /* openat */] = ENDS_IO,
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
	[322 /* execveat */] = ENDS_ALL,
	[326 /* copy_file_range */] = ENDS_IO,
	[327 /* preadv2 */] = ENDS_IO,
	[328 /* pwritev2 */] = ENDS_IO,
	[424 /* pidfd_send_signal */] = ENDS_ALL,
	[426 /* io_uring_enter */] = ENDS_IO | SENDS,
	[436 /* close_range */] = ENDS_IO | ENDS_ANY,
	[437 /* openat2 */] = ENDS_IO,
	[454 /* futex_wake */] = ENDS_FUTEX,
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

static unsigned int ends_of(uint64_t sysno)
{
	return sysno && sysno <= ARRAY_SIZE(wait_enders) ? wait_enders[sysno - 1] : 0;
}

/* The kinds of wait that the thread on the core can have ended itself. */
static unsigned int ends_itself(const struct waking *waking)
{
	unsigned int ends = waking->waker_id ? ends_of(waking->sysno) : 0;

	if (waking->context == TRACE_CONTEXT_TASK)
		return ends & ENDS_ALL;
	return ends & SENDS ? ENDS_IO : 0;
}

/*
 * Whether a call that wakes futexes concerns this word. The same address in another process is
 * another word; a word that is shared may have any address there, so two shared operations are
 * believed to mean the same one. Of the newer calls it is not recorded whether they share.
 */
static bool futex_believed(const struct waking *waking, const struct wait *wait, bool same_process)
{
	if (waking->sysno == SYSNO_FUTEX && !futex_op_wakes[waking->arg1 & FUTEX_OP_MASK])
		return false;
	if (same_process)
		return waking->arg0 == wait->word;
	return wait->shared && waking->sysno == SYSNO_FUTEX && !(waking->arg1 & FUTEX_OP_PRIVATE);
}

static bool waker_believed(const struct waking *waking, const struct wait *wait, uint64_t process)
{
	/* Process 0: nobody knows whether it is the same. */
	bool same_process = process && waking->process == process;

	if (!(ends_itself(waking) & 1u << wait->kind))
		return false;
	if (wait->kind != WAIT_KIND_FUTEX)
		return true;
	if (waking->sysno == SYSNO_FUTEX || waking->sysno == SYSNO_FUTEX_WAKE)
		return futex_believed(waking, wait, same_process);
	/* An exit wakes who joins it, or waits for a robust lock that it held; a signal anybody. */
	return same_process || wait->shared || (ends_of(waking->sysno) & ENDS_ALL) == ENDS_ALL;
}

enum wake_cause wake_judge(const struct waking *waking, const struct wait *wait, uint64_t process)
{
	if (waker_believed(waking, wait, process))
		return CAUSE_THREAD;
	if (waking->context != TRACE_CONTEXT_TASK)
		/* No device wakes a futex: what comes out of the blue there is its time-out. */
		return wait->kind == WAIT_KIND_SLEEP || wait->kind == WAIT_KIND_FUTEX ?
			       CAUSE_TIMER : CAUSE_INTERRUPT;
	if (waking->waker_id)
		return CAUSE_UNCLEAR;
	return waking->other ? CAUSE_PROGRAM : CAUSE_INTERRUPT;
}

static void early_keep(struct early_wakings *early, int slot, const struct waking *waking)
{
	early->have |= 1u << slot;
	early->slots[slot] = *waking;
}

void early_add(struct early_wakings *early, const struct waking *waking)
{
	unsigned int ends = ends_itself(waking);

	for (int kind = 0; ends; kind++, ends >>= 1)
		if (ends & 1)
			early_keep(early, kind, waking);
	if (waking->context != TRACE_CONTEXT_TASK)
		early_keep(early, EARLY_INTERRUPT, waking);
	else
		early_keep(early, waking->waker_id ? EARLY_UNCLEAR : EARLY_PROGRAM, waking);
}

void early_forget(struct early_wakings *early, uint64_t before_ns)
{
	for (int slot = 0; slot < EARLY_SLOT_CNT; slot++)
		if (early->slots[slot].at_ns < before_ns)
			early->have &= ~(1u << slot);
}

/*
 * What can end a wait though no thread's call says so: the time-out of a futex, a poll or a
 * semaphore; a device; a program at the other end of a pipe. The locks of the kernel, which are of
 * no kind, are passed on by anybody in any call.
 */
static const unsigned int early_fits[EARLY_SLOT_CNT] = {
	[EARLY_INTERRUPT] = ENDS_ANY | ENDS_FUTEX | ENDS_IO | ENDS_SLEEP,
	[EARLY_PROGRAM] = ENDS_ANY | ENDS_IO,
	[EARLY_UNCLEAR] = ENDS_ANY,
};

const struct waking *early_find(const struct early_wakings *early, const struct wait *wait,
				uint64_t process, uint64_t out_ns)
{
	const struct waking *last = NULL;

	if (!early->have)
		return NULL;
	if (early->have & 1u << wait->kind &&
	    waker_believed(&early->slots[wait->kind], wait, process))
		return &early->slots[wait->kind];
	for (int slot = EARLY_INTERRUPT; slot < EARLY_SLOT_CNT; slot++) {
		const struct waking *waking = &early->slots[slot];

		if (!(early->have & 1u << slot) || !(early_fits[slot] & 1u << wait->kind) ||
		    out_ns - waking->at_ns > EARLY_NS)
			continue;
		if (!last || waking->at_ns > last->at_ns)
			last = waking;
	}
	return last;
}

bool waking_is_futex_wake(const struct trace_waking *record)
{
	return record->sysno == SYSNO_FUTEX && futex_op_wakes[record->arg1 & FUTEX_OP_MASK] &&
	       record->context == TRACE_CONTEXT_TASK;
}
