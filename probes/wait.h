/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Why a thread sleeps, from its saved registers: the system call, and for a futex the word, its value
 * and whom it names as the owner. No system call probe is needed: nothing is paid until somebody blocks.
 */
#ifndef PROBES_WAIT_H
#define PROBES_WAIT_H

#include "probes/tree.h"

/* Operations on PI futexes, without the private and clock bits (include/uapi/linux/futex.h). */
enum { OP_MASK = 0x7f, OP_LOCK_PI = 6, OP_LOCK_PI2 = 13, PI_TID_MASK = 0x3fffffff };

static __always_inline void call_of(struct task_struct *task, struct event_call *ret_call)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	long nr = (int)regs->orig_ax;

	*ret_call = (struct event_call){ .sysno = -1 };
	/* An interrupt from user mode leaves -1; 32-bit programs have other numbers. */
	if (nr < 0 || regs->cs != USER_CS_64)
		return;
	ret_call->sysno = nr;
	ret_call->arg0 = regs->di;
	ret_call->arg1 = regs->si;
}

static __always_inline bool owner_try(struct event_switch *e, u32 pid, u32 tid, u8 at)
{
	e->owner = thread_by_tid(pid, tid);
	if (!e->owner || e->owner == e->head.thread) {
		e->owner = 0;
		return false;
	}
	e->owner_at = at;
	return true;
}

/*
 * glibc keeps a mutex's owner 8 bytes after the word, an rwlock's writer 16 bytes after the word that
 * readers wait on and 12 after the one for writers. The value is believed only if it is a living
 * thread of the same process, and not the waiter.
 */
static __always_inline void owner_find(struct spot *spot, struct event_switch *e, u32 pid)
{
	u32 op = e->call.arg1 & OP_MASK;
	u32 words[5] = {};

	if (bpf_probe_read_user(words, sizeof(words), (void *)e->call.arg0) &&
	    bpf_probe_read_user(words, sizeof(words[0]), (void *)e->call.arg0)) {
		__sync_fetch_and_add(&spot->counts->unread, 1);
		return;
	}
	e->word = words[0];
	if (op == OP_LOCK_PI || op == OP_LOCK_PI2) {
		owner_try(e, pid, words[0] & PI_TID_MASK, EVENT_OWNER_PI);
		return;
	}
	if (owner_try(e, pid, words[2], EVENT_OWNER_MUTEX) ||
	    owner_try(e, pid, words[4], EVENT_OWNER_RWLOCK_R))
		return;
	owner_try(e, pid, words[3], EVENT_OWNER_RWLOCK_W);
}

#endif
