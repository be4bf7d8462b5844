/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of system calls that a thread can block in, and the rules that a table cannot hold:
 * futex words, and calls that only sleep when they are given nothing to wait for.
 */
#include "analyzer/waitclass.h"

#include "analyzer/array.h"
#include "analyzer/gilexact.h"

/* A call that is given no descriptors waits for nothing but the time. */
enum only_sleeps { NEVER, IF_ARG0_ZERO, IF_ARG1_ZERO };

struct wait_class {
	const char *name;	/* NULL: no such row, wait.other */
	enum thread_state state;
	enum wait_kind kind;
	enum only_sleeps only_sleeps;
};

#define IO(nr, call) [nr] = { call, STATE_WAIT_IO, WAIT_KIND_IO, NEVER }
#define LISTEN(nr, call) [nr] = { call, STATE_WAIT_LISTEN, WAIT_KIND_IO, NEVER }
#define SELECT(nr, call, nothing) [nr] = { call, STATE_WAIT_IO, WAIT_KIND_IO, nothing }
#define SLEEP(nr, call) [nr] = { call, STATE_WAIT_SLEEP, WAIT_KIND_SLEEP, NEVER }
#define CHILD(nr, call) [nr] = { call, STATE_WAIT_SYNC, WAIT_KIND_CHILD, NEVER }
#define SYNC(nr, call) [nr] = { call, STATE_WAIT_SYNC, WAIT_KIND_ANY, NEVER }
#define OTHER(nr, call) [nr] = { call, STATE_WAIT_OTHER, WAIT_KIND_ANY, NEVER }

static const struct wait_class wait_classes[] = {
	IO(0, "read"), IO(1, "write"), IO(2, "open"), IO(3, "close"), IO(4, "stat"), IO(5, "fstat"),
	IO(6, "lstat"), IO(8, "lseek"), IO(16, "ioctl"), IO(17, "pread64"), IO(18, "pwrite64"),
	IO(19, "readv"), IO(20, "writev"), IO(40, "sendfile"), IO(42, "connect"),
	IO(44, "sendto"), IO(45, "recvfrom"), IO(46, "sendmsg"), IO(47, "recvmsg"),
	IO(48, "shutdown"), IO(74, "fsync"), IO(75, "fdatasync"), IO(76, "truncate"),
	IO(77, "ftruncate"), IO(78, "getdents"), IO(82, "rename"), IO(83, "mkdir"),
	IO(84, "rmdir"), IO(85, "creat"), IO(87, "unlink"), IO(162, "sync"), IO(187, "readahead"),
	IO(208, "io_getevents"), IO(209, "io_submit"), IO(217, "getdents64"), IO(257, "openat"),
	IO(262, "newfstatat"), IO(263, "unlinkat"), IO(264, "renameat"), IO(275, "splice"),
	IO(276, "tee"), IO(277, "sync_file_range"), IO(278, "vmsplice"), IO(285, "fallocate"),
	IO(295, "preadv"), IO(296, "pwritev"), IO(299, "recvmmsg"), IO(306, "syncfs"),
	IO(307, "sendmmsg"), IO(316, "renameat2"), IO(326, "copy_file_range"), IO(327, "preadv2"),
	IO(328, "pwritev2"), IO(332, "statx"), IO(333, "io_pgetevents"), IO(426, "io_uring_enter"),
	IO(437, "openat2"), IO(232, "epoll_wait"), IO(281, "epoll_pwait"),
	IO(441, "epoll_pwait2"),
	SELECT(7, "poll", IF_ARG1_ZERO), SELECT(271, "ppoll", IF_ARG1_ZERO),
	SELECT(23, "select", IF_ARG0_ZERO), SELECT(270, "pselect6", IF_ARG0_ZERO),
	LISTEN(43, "accept"), LISTEN(288, "accept4"),
	SLEEP(35, "nanosleep"), SLEEP(230, "clock_nanosleep"),
	CHILD(61, "wait4"), CHILD(247, "waitid"), CHILD(58, "vfork"), CHILD(56, "clone"),
	CHILD(435, "clone3"),
	SYNC(65, "semop"), SYNC(220, "semtimedop"), SYNC(69, "msgsnd"), SYNC(70, "msgrcv"),
	SYNC(242, "mq_timedsend"), SYNC(243, "mq_timedreceive"),
	/* Named so that reports are readable; what they wait for is not known. */
	OTHER(9, "mmap"), OTHER(10, "mprotect"), OTHER(11, "munmap"), OTHER(12, "brk"),
	OTHER(24, "sched_yield"), OTHER(25, "mremap"), OTHER(28, "madvise"), OTHER(34, "pause"),
	OTHER(57, "fork"), OTHER(59, "execve"), OTHER(60, "exit"), OTHER(72, "fcntl"),
	OTHER(73, "flock"), OTHER(101, "ptrace"), OTHER(128, "rt_sigtimedwait"),
	OTHER(130, "rt_sigsuspend"), OTHER(202, "futex"),
	OTHER(203, "sched_setaffinity"), OTHER(219, "restart_syscall"), OTHER(231, "exit_group"),
	OTHER(322, "execveat"), OTHER(324, "membarrier"), OTHER(449, "futex_waitv"),
	OTHER(455, "futex_wait"),
};

static const struct wait_class *wait_class_find(uint64_t sysno)
{
	static const struct wait_class none = { .state = STATE_WAIT_OTHER };

	if (!sysno || sysno > ARRAY_SIZE(wait_classes) || !wait_classes[sysno - 1].name)
		return &none;
	return &wait_classes[sysno - 1];
}

const char *syscall_name(uint64_t sysno)
{
	return wait_class_find(sysno)->name;
}

static bool sysno_is_futex(uint64_t sysno)
{
	return sysno == SYSNO_FUTEX || sysno == SYSNO_FUTEX_WAITV || sysno == SYSNO_FUTEX_WAIT;
}

/*
 * The owner that was read, 0 = none. glibc sets the lowest bit of an rwlock's words before a writer's id and
 * clears it after that. Where it is not set the id is another lock's: both words of a condition variable that
 * threads wait on lie just before the mutex that most programs put behind it.
 */
static uint64_t owner_shown(const struct trace_sched_switch *record)
{
	bool rwlock = record->owner_at == TRACE_OWNER_RWLOCK_R ||
		      record->owner_at == TRACE_OWNER_RWLOCK_W;

	return rwlock && !(record->word & 1) ? 0 : record->owner;
}

bool wait_shows_lock(const struct trace_sched_switch *record)
{
	uint64_t op = record->arg1 & FUTEX_OP_MASK;

	if (!sysno_is_futex(record->sysno) || record->gil_part != TRACE_GIL_PART_NONE)
		return false;
	return owner_shown(record) ||
	       (record->sysno == SYSNO_FUTEX &&
		(op == FUTEX_OP_LOCK_PI || op == FUTEX_OP_TRYLOCK_PI || op == FUTEX_OP_LOCK_PI2));
}

static bool only_sleeps(const struct wait_class *class, const struct trace_sched_switch *record)
{
	return (class->only_sleeps == IF_ARG0_ZERO && !record->arg0) ||
	       (class->only_sleeps == IF_ARG1_ZERO && !record->arg1);
}

void wait_classify(const struct trace_sched_switch *record, const struct wait *before,
		   struct wait *ret_wait)
{
	const struct wait_class *class = wait_class_find(record->sysno);
	struct wait wait = { .state = class->state, .kind = class->kind, .sysno = record->sysno };

	if (record->how == TRACE_HOW_STOPPED) {
		wait.state = STATE_WAIT_OTHER;
		wait.kind = WAIT_KIND_ANY;
	} else if (record->sysno == SYSNO_RESTART && before->sysno) {
		wait = *before;
	} else if (sysno_is_futex(record->sysno)) {
		wait.state = STATE_WAIT_SYNC;
		wait.kind = WAIT_KIND_FUTEX;
		wait.word = record->arg0;
		wait.owner = owner_shown(record);
		wait.shared = record->sysno == SYSNO_FUTEX && !(record->arg1 & FUTEX_OP_PRIVATE);
	} else if (only_sleeps(class, record)) {
		wait.state = STATE_WAIT_SLEEP;
		wait.kind = WAIT_KIND_SLEEP;
	} else if (record->iowait) {
		wait.state = STATE_WAIT_IO;
		wait.kind = WAIT_KIND_IO;
	}
	*ret_wait = wait;
}

void wait_refine(const struct thread *thread, const struct trace_sched_switch *record,
		 struct wait *wait)
{
	const struct process *process = thread->process;
	enum thread_state told = exact_wait(thread);

	if (wait->kind != WAIT_KIND_FUTEX || record->sysno == SYSNO_RESTART)
		return;
	if (told != STATE_CNT)
		wait->state = told;
	else if (process->gil == GIL_PENDING)
		wait->state = STATE_UNKNOWN;
	else if (record->gil && record->gil_part != TRACE_GIL_PART_NONE)
		wait->state = STATE_WAIT_GIL;
	else if (wait_shows_lock(record) ||
		 (process->locks && idmap_get(process->locks, wait->word)))
		wait->state = STATE_WAIT_LOCK;
}
