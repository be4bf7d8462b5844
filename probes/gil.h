/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * A look at a thread's GIL from outside: no probe in the process, only its memory.
 *
 * The object has one layout in CPython 3.8 to 3.14 and in gilrt: {interval, last_holder, locked,
 * switch_number, cond, mutex, switch_cond, switch_mutex}. Only the memory of the process on the core
 * can be read, so a peek is of the current task's process.
 *
 * A process may have several (sub-interpreters). Which one is the thread's: that in which the futex
 * word lies on which it blocks; else the one that it holds; else the one that it was last known by. A
 * thread that is new is looked for in all; where only one exists, that is looked at and no other.
 */
#ifndef PROBES_GIL_H
#define PROBES_GIL_H

#include "probes/ring.h"
#include "probes/tree.h"

enum {
	GIL_COND = 32,
	GIL_MUTEX = 80,
	GIL_SWITCH_COND = 120,
	GIL_SWITCH_MUTEX = 168,
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
	__type(value, struct process_gils);
} gils_by_pid SEC(".maps");

u64 gils_cnt;	/* ids given so far; while 0 nobody looks for one */

static __always_inline u32 gil_part_of(u64 address, u64 word)
{
	u64 off = word - address;

	if (off < GIL_COND || off >= EVENT_GIL_BYTES)
		return EVENT_GIL_PART_NONE;
	if (off < GIL_MUTEX)
		return EVENT_GIL_PART_COND;
	if (off < GIL_SWITCH_COND)
		return EVENT_GIL_PART_MUTEX;
	return off < GIL_SWITCH_MUTEX ? EVENT_GIL_PART_SWITCH_COND : EVENT_GIL_PART_SWITCH_MUTEX;
}

static __always_inline void gil_tell(struct spot *spot, struct thread_slot *slot,
				     const struct process_gils *gils, u32 at)
{
	struct event_gil *e;

	if (!ring_reserve(spot, e, EVENT_GIL, slot->id))
		return;
	e->gil = gils->gil[at];
	e->process = slot->process;
	e->address = gils->address[at];
	e->exact = gils->exact;
	e->reserved = 0;
	ring_submit(spot, e, false);
}

/* The id of the GIL at this place; the first who needs it tells. */
static __always_inline u32 gil_id(struct spot *spot, struct thread_slot *slot,
				  struct process_gils *gils, u32 at)
{
	u32 id = gils->gil[at], before;

	if (id)
		return id;
	id = __sync_fetch_and_add(&gils_cnt, 1) + 1;
	before = __sync_val_compare_and_swap(&gils->gil[at], 0, id);
	if (before)
		return before;
	gil_tell(spot, slot, gils, at);
	return id;
}

static __always_inline bool gil_created(const struct gil_words *words)
{
	return words->locked == 0 || words->locked == 1;
}

/* The thread pointer of whoever holds it or held it last; 0: nobody, or it cannot be read. */
static __always_inline u64 gil_holder(const struct process_gils *gils, const struct gil_words *words)
{
	u64 fsbase = 0;

	/* A state that was freed reads as garbage, which no living thread's pointer equals. */
	if (!words->last_holder ||
	    bpf_probe_read_user(&fsbase, sizeof(fsbase),
				(void *)words->last_holder + gils->thread_id_offset))
		return 0;
	return fsbase;
}

/* Several threads find several of them at once. */
static __always_inline void gil_exists(struct process_gils *gils, u32 at)
{
	__sync_fetch_and_or(&gils->exist, 1u << at);
}

/* `at` is 1 + place. */
static __always_inline int gil_read(struct spot *spot, const struct process_gils *gils, u32 at,
				    struct gil_words *ret_words)
{
	if (!bpf_probe_read_user(ret_words, sizeof(*ret_words),
				 (void *)gils->address[(at - 1) & (EVENT_GILS_MAX - 1)]))
		return 0;
	__sync_fetch_and_add(&spot->counts->unread, 1);
	return -1;
}

/*
 * The two loops are functions that the verifier checks by themselves (so none may be static): inlined,
 * each way through them would multiply the ways through the programs.
 */

/* 1 + place of the GIL that the address is a part of; 0: of none. */
__noinline u32 gil_at_address(struct process_gils *gils, u64 address)
{
	if (!gils || address < gils->low || address >= gils->high)
		return 0;
	for (u32 at = 0; at < EVENT_GILS_MAX; at++)
		if (at < gils->cnt && address - gils->address[at] < EVENT_GIL_BYTES)
			return at + 1;
	return 0;
}

/*
 * 1 + place of the GIL that a thread holds; else of the one it was known by, 0: of none; else of the one
 * that it held last, or of the only one that there is; else 0.
 */
__noinline u32 gil_search(struct process_gils *gils, u64 fsbase, u32 known)
{
	u32 last = 0;

	if (!gils)
		return 0;
	for (u32 at = 0; at < EVENT_GILS_MAX; at++) {
		struct gil_words words = {};

		if (at >= gils->cnt || (known && !(gils->exist & 1u << at)) ||
		    bpf_probe_read_user(&words, sizeof(words), (void *)gils->address[at]) ||
		    !gil_created(&words))
			continue;
		gil_exists(gils, at);
		if (gil_holder(gils, &words) != fsbase)
			continue;
		if (words.locked)
			return at + 1;
		last = at + 1;
	}
	if (known || last)
		return known ? known : last;
	for (u32 at = 0; at < EVENT_GILS_MAX; at++)
		if (gils->exist == 1u << at)
			return at + 1;
	return 0;
}

/*
 * Finds the current thread's GIL, and reads it. Gives 1 + its place, 0: it has none, as far as that
 * can be seen. Before the first GIL is created there is no other.
 */
static __always_inline u32 gil_find(struct spot *spot, struct thread_slot *slot,
				    struct process_gils *gils, const struct event_call *call,
				    struct gil_words *words)
{
	u32 word = call && call->sysno == SYS_FUTEX ? gil_at_address(gils, call->arg0) : 0;
	u32 at = word ? word : slot->gil_at ? slot->gil_at : 1;
	u32 found = at;

	if (gil_read(spot, gils, at, words))
		return 0;
	if (word)
		gil_exists(gils, (word - 1) & (EVENT_GILS_MAX - 1));
	else if (gil_created(words) && (!slot->gil_at || gils->exist & (gils->exist - 1)))
		found = gil_search(gils, slot->fsbase, slot->gil_at);
	if (!found || (found != at && gil_read(spot, gils, found, words)))
		return 0;
	if (gil_created(words))
		slot->gil_at = found;
	return found;
}

/*
 * `task` is on the core, `call` is its system call, NULL when none of its arguments matter. A task that
 * has given up its memory runs on somebody else's.
 */
static __always_inline void gil_peek(struct spot *spot, struct task_struct *task,
				     struct thread_slot *slot, const struct event_call *call,
				     struct event_peek *ret_peek)
{
	u32 pid = task->tgid;
	struct gil_words words = {};
	struct fsbase_key key = { .pid = pid };
	struct process_gils *gils;
	u32 at, *holder;

	*ret_peek = (struct event_peek){};
	if (!gils_cnt || !task->mm)
		return;
	gils = bpf_map_lookup_elem(&gils_by_pid, &pid);
	if (!gils || !gils->cnt)
		return;
	at = gil_find(spot, slot, gils, call, &words);
	if (!at)
		return;
	at = (at - 1) & (EVENT_GILS_MAX - 1);
	ret_peek->gil = gil_id(spot, slot, gils, at);
	ret_peek->switches = words.switch_number;
	if (gil_created(&words))
		ret_peek->flags = EVENT_GIL_CREATED | (words.locked ? EVENT_GIL_LOCKED : 0);
	if (call && call->sysno == SYS_FUTEX)
		ret_peek->part = gil_part_of(gils->address[at], call->arg0);
	key.fsbase = gil_holder(gils, &words);
	holder = key.fsbase ? bpf_map_lookup_elem(&by_fsbase, &key) : NULL;
	if (holder)
		ret_peek->last = *holder;
}

#endif
