/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The probes: one program for each thing that happens to a thread. Each takes the time first, finds
 * out whether a traced thread is concerned, and puts one event into the ring of its core.
 *
 * Unless exactness is asked for, all but the sampler are tp_btf programs: typed arguments, no system
 * call tracepoints (those cost every call of every process), no uprobes.
 */
#include "probes/kernel.h"
#include "probes/events.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "probes/ring.h"
#include "probes/tree.h"
#include "probes/core.h"
#include "probes/gil.h"
#include "probes/wait.h"
#include "probes/exact.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set before load: the recorder's pid namespace. */
const volatile u64 pidns_dev, pidns_ino;
const volatile bool pidns_is_initial = true;
/* Likewise: whether GILs are looked for. */
const volatile bool watch_gils = true;

/* ---- programs and their GILs ---- */

/* A process has room for GILs from now on; the first is told of at once. */
static __always_inline void gils_appeared(struct spot *spot, struct thread_slot *slot,
					  struct process_gils *gils)
{
	gils->gil[0] = __sync_fetch_and_add(&gils_cnt, 1) + 1;
	if (bpf_map_update_elem(&gils_by_pid, &slot->pid, gils, BPF_ANY)) {
		__sync_fetch_and_add(&spot->counts->untracked, 1);
		return;
	}
	gil_tell(spot, slot, gils, 0);
}

/* As its file has them. */
static __always_inline void gils_of_file(struct program_gil *program, u64 start_code,
					 struct process_gils *ret_gils)
{
	ret_gils->low = start_code + program->offset;
	for (u32 at = 0; at < EVENT_GILS_MAX; at++)
		ret_gils->address[at] = ret_gils->low + at * EVENT_GIL_BYTES;
	ret_gils->high = ret_gils->low + program->cnt * EVENT_GIL_BYTES;
	ret_gils->cnt = program->cnt;
	ret_gils->thread_id_offset = program->thread_id_offset;
	ret_gils->exact = program->exact;
}

/* Whether the program that was executed has a GIL, and if so, from now on the process has one. */
static __always_inline u32 gil_of_program(struct spot *spot, struct thread_slot *slot,
					  struct program_key *key, u64 start_code)
{
	struct program_gil *program = bpf_map_lookup_elem(&programs, key);
	struct process_gils gils = {};

	if (!watch_gils)
		return EVENT_GIL_ABSENT;
	if (!program)
		return EVENT_GIL_PENDING;
	if (!program->cnt)
		return EVENT_GIL_ABSENT;
	gils_of_file(program, start_code, &gils);
	gils_appeared(spot, slot, &gils);
	return EVENT_GIL_KNOWN;
}

/* The pid by which the recorder can find the running task in its /proc. */
static __always_inline u32 local_pid(struct thread_slot *slot)
{
	struct bpf_pidns_info info = {};

	if (!bpf_get_ns_current_pid_tgid(pidns_dev, pidns_ino, &info, sizeof(info)))
		return info.tgid;
	return pidns_is_initial ? slot->pid : 0;
}

/*
 * The running task has replaced its program. Where there is no room to say so it is said at its next
 * switch, without the path: whoever looks for the GIL must hear of every program.
 */
static __always_inline void exec_tell(struct spot *spot, struct task_struct *task,
				      struct thread_slot *slot, const char *path)
{
	struct program_key key = {};
	struct event_exec *e;
	struct inode *inode;
	u64 start_code;
	u32 state;
	long len;

	inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
	key.ino = BPF_CORE_READ(inode, i_ino);
	key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	key.size = BPF_CORE_READ(inode, i_size);
	start_code = BPF_CORE_READ(task, mm, start_code);
	slot->exec_untold = 1;
	if (!ring_reserve(spot, e, EVENT_EXEC, slot->id))
		return;
	slot->exec_untold = 0;
	e->tid = task->pid;
	e->local_pid = local_pid(slot);
	e->process = slot->process;
	e->start_code = start_code;
	e->program = key;
	e->reserved = 0;
	bpf_probe_read_kernel(e->comm, sizeof(e->comm), task->comm);
	len = path ? bpf_probe_read_kernel_str(e->path, sizeof(e->path), path) : 0;
	e->path_len = len > 0 ? len - 1 : 0;
	state = gil_of_program(spot, slot, &key, start_code);
	e->gil_state = state;
	/* The recorder must look for the GIL, or sample it, before the program has threads. */
	ring_submit(spot, e, state != EVENT_GIL_ABSENT);
}

/* ---- a core changes hands ---- */

static __always_inline u8 how_left(struct task_struct *prev, bool preempt, u32 state)
{
	if (state & TASK_DEAD)
		return EVENT_HOW_DEAD;
	/*
	 * The state is the tracepoint's: the task's own may already be that of its waker. Only where it
	 * is running again and still on its queue did a pending signal keep it from blocking (the lock
	 * of the queue is held here, so nobody else can have made it so).
	 */
	if (preempt || !state || !prev->__state)
		return EVENT_HOW_PREEMPTED;
	if (state & TASK_STOPPED_OR_TRACED)
		return EVENT_HOW_STOPPED;
	return state & TASK_UNINTERRUPTIBLE ? EVENT_HOW_BLOCKED_D : EVENT_HOW_BLOCKED;
}

/* A last switch: the kernel's own clocks of the thread, complete here. */
static __always_inline void thread_died(struct spot *spot, struct task_struct *task,
					struct thread_slot *slot)
{
	struct event_usage *e;

	slot_forget(slot);
	__sync_fetch_and_sub(&live_cnt, 1);
	if (slot->process == 1)
		__sync_fetch_and_sub(&command_cnt, 1);
	if (!ring_reserve(spot, e, EVENT_USAGE, slot->id))
		return;
	e->run_ns = task->se.sum_exec_runtime;
	e->delay_ns = task->sched_info.run_delay;
	e->born_run_ns = slot->born_run_ns;
	ring_submit(spot, e, false);
}

static __always_inline void switch_out(struct spot *spot, struct event_switch *e,
				       struct task_struct *prev, struct thread_slot *slot)
{
	e->iowait = BPF_CORE_READ_BITFIELD(prev, in_iowait);
	call_of(prev, &e->call);
	gil_peek(spot, prev, slot, &e->call, &e->peek);
	/* Beside a word of the GIL lie its other parts, and an owner seen there is not the GIL's. */
	if (e->call.sysno == SYS_FUTEX && !e->peek.part &&
	    (e->how == EVENT_HOW_BLOCKED || e->how == EVENT_HOW_BLOCKED_D))
		owner_find(spot, e, slot->pid);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int state)
{
	struct thread_slot *out = prev->pid ? slot_of(prev) : NULL;
	struct thread_slot *in = next->pid ? slot_of(next) : NULL;
	struct event_switch *e;
	struct spot spot;
	bool last = false;
	u8 how = EVENT_HOW_NONE;

	if (!spot_find(&spot))
		return 0;
	core_learn(&spot, prev);
	/* clang would merge the two tests into a pointer OR, which the verifier refuses. */
	barrier_var(in);
	if (!out) {
		barrier_var(out);
		if (!in) {
			core_arrive(&spot, next, NULL);
			core_note(&spot, next);
			return 0;
		}
	}
	if (out) {
		core_check(&spot, prev, out);
		how = how_left(prev, preempt, state);
		if (how == EVENT_HOW_DEAD)
			thread_died(&spot, prev, out);
		else
			slot_learn_fsbase(out, prev);
		if (out->exec_untold && how != EVENT_HOW_DEAD)
			exec_tell(&spot, prev, out, NULL);
	}
	last = how == EVENT_HOW_DEAD && !live_cnt;
	spot.counts->use = in ? CORE_USE_OURS : next->pid ? CORE_USE_OTHER : CORE_USE_IDLE;
	core_arrive(&spot, next, in);
	if (!ring_reserve(&spot, e, EVENT_SWITCH, out ? out->id : 0))
		return 0;
	__builtin_memset((char *)e + sizeof(e->head), 0, sizeof(*e) - sizeof(e->head));
	e->next = in ? in->id : 0;
	e->how = how;
	e->call.sysno = -1;
	if (!in)
		task_name(&e->other, next);
	else if (!out)
		task_name(&e->other, prev);
	if (out && how != EVENT_HOW_DEAD)
		switch_out(&spot, e, prev, out);
	ring_submit(&spot, e, last);
	return 0;
}

/* ---- a thread is made runnable ---- */

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct thread_slot *wakee = slot_of(task);
	struct thread_slot *waker;
	struct event_waking *e;
	struct spot spot;

	if (!wakee || !spot_find(&spot))
		return 0;
	waker = current->pid ? slot_of(current) : NULL;
	if (waker)
		core_check(&spot, current, waker);
	if (!ring_reserve(&spot, e, EVENT_WAKING, wakee->id))
		return 0;
	__builtin_memset((char *)e + sizeof(e->head), 0, sizeof(*e) - sizeof(e->head));
	e->call.sysno = -1;
	e->context = core_context(ctx, current);
	if (waker) {
		e->waker = waker->id;
		call_of(current, &e->call);
		if (waker->pid == wakee->pid)
			gil_peek(&spot, current, waker, &e->call, &e->peek);
	} else {
		task_name(&e->other, current);
	}
	ring_submit(&spot, e, false);
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_migrate, struct task_struct *task, int to)
{
	struct thread_slot *slot = slot_of(task);
	struct event_migrate *e;
	struct spot spot;

	if (!slot || !spot_find(&spot) || !ring_reserve(&spot, e, EVENT_MIGRATE, slot->id))
		return 0;
	e->from = task->thread_info.cpu;
	e->to = to;
	ring_submit(&spot, e, false);
	return 0;
}

/* ---- birth, change, end ---- */

static __always_inline void thread_born(struct spot *spot, struct task_struct *task,
					struct thread_slot *slot, u32 parent)
{
	struct event_thread *e;

	slot_learn_tid(slot, task);
	slot_learn_fsbase(slot, task);
	__sync_fetch_and_add(&live_cnt, 1);
	if (slot->process == 1)
		__sync_fetch_and_add(&command_cnt, 1);
	if (!ring_reserve(spot, e, EVENT_THREAD, slot->id))
		return;
	e->parent = parent;
	e->process = slot->process;
	e->tid = task->pid;
	e->pid = task->tgid;
	bpf_probe_read_kernel(e->comm, sizeof(e->comm), task->comm);
	ring_submit(spot, e, false);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct thread_slot *from = slot_of(parent);
	struct process_gils *gils;
	struct thread_slot *slot;
	struct spot spot;

	if (!from || !spot_find(&spot))
		return 0;
	core_check(&spot, parent, from);
	/* The main thread's pointer is set after exec: learn it before anybody can meet it. */
	slot_learn_fsbase(from, parent);
	slot = bpf_task_storage_get(&slots, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!slot) {
		__sync_fetch_and_add(&spot.counts->untracked, 1);
		return 0;
	}
	slot->id = __sync_fetch_and_add(&threads_cnt, 1) + 1;
	slot->process = child->tgid == parent->tgid ? from->process : slot->id;
	slot->fsbase = 0;
	slot->born_run_ns = child->se.sum_exec_runtime;
	thread_born(&spot, child, slot, from->id);
	if (slot->process == from->process || !gils_cnt)
		return 0;
	/*
	 * A copy of the process, GILs included, unless it only borrows the memory until its exec; the
	 * pid may have belonged to a process with others.
	 */
	gils = bpf_map_lookup_elem(&gils_by_pid, &from->pid);
	if (gils && gils->cnt && child->mm != parent->mm) {
		struct process_gils copy = *gils;

		__builtin_memset(copy.gil, 0, sizeof(copy.gil));
		slot->gil_at = from->gil_at;
		gils_appeared(&spot, slot, &copy);
	} else {
		bpf_map_delete_elem(&gils_by_pid, &slot->pid);
	}
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct thread_slot *slot = bpf_task_storage_get(&slots, task, 0, 0);
	struct spot spot;

	if (!slot || !spot_find(&spot))
		return 0;
	if (!slot->id) {
		/* The command itself: its life begins here, on this core. */
		slot->id = __sync_fetch_and_add(&threads_cnt, 1) + 1;
		slot->process = slot->id;
		slot->born_run_ns = core_run_ns(&spot, task);
		spot.counts->use = CORE_USE_OURS;
		spot.counts->thread = slot->id;
		thread_born(&spot, task, slot, 0);
	} else {
		core_check(&spot, task, slot);
		slot_forget(slot);
		slot_learn_tid(slot, task);
	}
	slot->fsbase = 0;
	slot->gil_at = 0;
	slot->lock = 0;
	bpf_map_delete_elem(&gils_by_pid, &slot->pid);
	exec_tell(&spot, task, slot, bprm->filename);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct thread_slot *slot = slot_of(task);
	struct event_exit *e;
	struct spot spot;

	if (!slot || !spot_find(&spot))
		return 0;
	core_check(&spot, task, slot);
	if (!BPF_CORE_READ(task, signal, live.counter))
		bpf_map_delete_elem(&gils_by_pid, &slot->pid);
	if (!ring_reserve(&spot, e, EVENT_EXIT, slot->id))
		return 0;
	e->code = task->exit_code;
	e->reserved = 0;
	ring_submit(&spot, e, false);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *task, const char *comm)
{
	struct thread_slot *slot = slot_of(task);
	struct event_comm *e;
	struct spot spot;

	if (!slot || !spot_find(&spot) || !ring_reserve(&spot, e, EVENT_COMM, slot->id))
		return 0;
	__builtin_memset(e->comm, 0, sizeof(e->comm));
	bpf_probe_read_kernel_str(e->comm, sizeof(e->comm), comm);
	ring_submit(&spot, e, false);
	return 0;
}

/* ---- the clock ---- */

/*
 * cpu-clock, a timer of the kernel, never a hardware event: those come as NMIs, in the middle of a
 * ring's own lock. Says what a core is where nothing has happened on it yet, and whether a running
 * thread holds its GIL where nobody contends.
 */
SEC("perf_event")
int on_tick(void *ctx)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct thread_slot *slot = current->pid ? slot_of(current) : NULL;
	struct event_peek peek;
	struct event_sample *e;
	struct spot spot;

	if (!spot_find(&spot))
		return 0;
	if (!slot) {
		core_note(&spot, current);
		return 0;
	}
	core_check(&spot, current, slot);
	slot_learn_fsbase(slot, current);
	gil_peek(&spot, current, slot, NULL, &peek);
	if (!(peek.flags & EVENT_GIL_CREATED) || !ring_reserve(&spot, e, EVENT_SAMPLE, slot->id))
		return 0;
	e->peek = peek;
	ring_submit(&spot, e, false);
	return 0;
}

/* ---- probes in the program, for those who pay for them ---- */

/* The cookie says which step it is. */
SEC("uprobe")
int on_gil_op(struct pt_regs *ctx)
{
	exact_gil_op(ctx, bpf_get_attach_cookie(ctx));
	return 0;
}

SEC("uprobe")
int on_lock_op(struct pt_regs *ctx)
{
	exact_lock_op(ctx, bpf_get_attach_cookie(ctx));
	return 0;
}
