/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Who is traced: a slot in task storage for every thread of the command's tree, and the two maps that
 * find a thread by what user space knows of it (its tid, its thread pointer).
 */
#ifndef PROBES_TREE_H
#define PROBES_TREE_H

#include "probes/kernel.h"
#include "probes/events.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_slot);
} slots SEC(".maps");

/* A process's thread as user space names it: by tid (glibc's lock owners) ... */
struct tid_key {
	u32 pid;
	u32 tid;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__type(key, struct tid_key);
	__type(value, u32);
} by_tid SEC(".maps");

/* ... or by thread pointer (the interpreter's thread states). */
struct fsbase_key {
	u64 fsbase;
	u64 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__type(key, struct fsbase_key);
	__type(value, u32);
} by_fsbase SEC(".maps");

u64 threads_cnt;	/* ids given so far */
u64 live_cnt;		/* traced threads that have not died */
u64 command_cnt;	/* of these, threads of the command's own process, which has id 1 */

/* The slot of a task that records; NULL for others and for one that waits for its exec. */
static __always_inline struct thread_slot *slot_of(struct task_struct *task)
{
	struct thread_slot *slot = bpf_task_storage_get(&slots, task, 0, 0);

	return slot && slot->id ? slot : NULL;
}

static __always_inline u32 task_tid(struct task_struct *task)
{
	/* Read, not followed: the verifier of 6.1 adds nothing unbounded to a pointer it tracks. */
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	u32 level = BPF_CORE_READ(pid, level);
	int nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr), (void *)pid +
			      bpf_core_field_offset(struct pid, numbers) +
			      level * bpf_core_type_size(struct upid) +
			      bpf_core_field_offset(struct upid, nr));
	return nr;
}

static __always_inline void slot_learn_tid(struct thread_slot *slot, struct task_struct *task)
{
	struct tid_key key;

	slot->pid = task->tgid;
	slot->tid = task_tid(task);
	key = (struct tid_key){ .pid = slot->pid, .tid = slot->tid };
	bpf_map_update_elem(&by_tid, &key, &slot->id, BPF_ANY);
}

/* A thread pointer is set before a thread's first instruction, or early by the C library. */
static __always_inline void slot_learn_fsbase(struct thread_slot *slot, struct task_struct *task)
{
	struct fsbase_key key = { .fsbase = task->thread.fsbase, .pid = slot->pid };

	if (key.fsbase == slot->fsbase)
		return;
	/* Remembered only when it went well: a full table is tried again at the next switch. */
	if (!key.fsbase || !bpf_map_update_elem(&by_fsbase, &key, &slot->id, BPF_ANY))
		slot->fsbase = key.fsbase;
}

/* The maps' entries of a thread that is gone, unless somebody else has inherited the key. */
static __always_inline void slot_forget(struct thread_slot *slot)
{
	struct fsbase_key fsbase = { .fsbase = slot->fsbase, .pid = slot->pid };
	struct tid_key tid = { .pid = slot->pid, .tid = slot->tid };
	u32 *id;

	id = bpf_map_lookup_elem(&by_tid, &tid);
	if (id && *id == slot->id)
		bpf_map_delete_elem(&by_tid, &tid);
	id = bpf_map_lookup_elem(&by_fsbase, &fsbase);
	if (id && *id == slot->id)
		bpf_map_delete_elem(&by_fsbase, &fsbase);
}

static __always_inline u32 thread_by_tid(u32 pid, u32 tid)
{
	struct tid_key key = { .pid = pid, .tid = tid };
	u32 *id = tid ? bpf_map_lookup_elem(&by_tid, &key) : NULL;

	return id ? *id : 0;
}

#endif
