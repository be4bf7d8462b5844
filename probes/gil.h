/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * A look at a process's GIL from outside: no probe in the process, only its memory.
 *
 * The object has one layout in CPython 3.8 to 3.14 and in gilrt: {interval, last_holder, locked,
 * switch_number, cond, mutex, switch_cond, switch_mutex}. Only the memory of the process on the core
 * can be read, so a peek is of the current task's process.
 */
#ifndef PROBES_GIL_H
#define PROBES_GIL_H

#include "probes/tree.h"

enum {
	GIL_COND = 32,
	GIL_MUTEX = 80,
	GIL_SWITCH_COND = 120,
	GIL_SWITCH_MUTEX = 168,
	GIL_END = 208,
};

/* The object's first words, as they lie in memory. */
struct gil_words {
	u64 interval_us;
	u64 last_holder;
	__s32 locked;
	u32 reserved;
	u64 switch_number;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct program_key);
	__type(value, struct program_gil);
} programs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, struct process_gil);
} gils SEC(".maps");

u64 gils_cnt;	/* ids given so far; while 0 nobody looks for one */

static __always_inline u32 gil_part_of(u64 address, u64 word)
{
	u64 off = word - address;

	if (off < GIL_COND || off >= GIL_END)
		return EVENT_GIL_PART_NONE;
	if (off < GIL_MUTEX)
		return EVENT_GIL_PART_COND;
	if (off < GIL_SWITCH_COND)
		return EVENT_GIL_PART_MUTEX;
	return off < GIL_SWITCH_MUTEX ? EVENT_GIL_PART_SWITCH_COND : EVENT_GIL_PART_SWITCH_MUTEX;
}

/*
 * `task` is on the core, `call` is its system call, NULL when none of its arguments matter. A task that
 * has given up its memory runs on somebody else's.
 */
static __always_inline void gil_peek(struct spot *spot, struct task_struct *task,
				     const struct event_call *call, struct event_peek *ret_peek)
{
	u32 pid = task->tgid;
	struct gil_words words = {};
	struct fsbase_key key = { .pid = pid };
	struct process_gil *gil;
	u32 *holder;

	*ret_peek = (struct event_peek){};
	if (!gils_cnt || !task->mm)
		return;
	gil = bpf_map_lookup_elem(&gils, &pid);
	if (!gil || !gil->gil)
		return;
	if (bpf_probe_read_user(&words, sizeof(words), (void *)gil->address)) {
		__sync_fetch_and_add(&spot->counts->unread, 1);
		return;
	}
	ret_peek->gil = gil->gil;
	ret_peek->switches = words.switch_number;
	if (words.locked == 0 || words.locked == 1)
		ret_peek->flags = EVENT_GIL_CREATED | (words.locked ? EVENT_GIL_LOCKED : 0);
	if (call && call->sysno == SYS_FUTEX)
		ret_peek->part = gil_part_of(gil->address, call->arg0);
	/* A state that was freed reads as garbage, which no living thread's pointer equals. */
	if (!words.last_holder ||
	    bpf_probe_read_user(&key.fsbase, sizeof(key.fsbase),
				(void *)words.last_holder + gil->thread_id_offset))
		return;
	holder = bpf_map_lookup_elem(&by_fsbase, &key);
	if (holder)
		ret_peek->last = *holder;
}

#endif
