/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What the probes put into a core's ring buffer, and what the recorder tells the probes.
 *
 * These structs live for milliseconds in memory that probes and collector share; they are not the
 * file's records (trace/records.h). collector/decode.c is the only place that knows both.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC (bpf_ktime_get_ns). Ids start at 1; 0 means none.
 */
#ifndef PROBES_EVENTS_H
#define PROBES_EVENTS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define EVENT_COMM_LEN 16
#define EVENT_PATH_LEN 256
#define EVENT_CORES_MAX 512
#define EVENT_GILS_MAX 16	/* of a process */
#define EVENT_GIL_BYTES 208	/* size of a GIL object */

enum event_kind {
	EVENT_SWITCH = 1,
	EVENT_WAKING,
	EVENT_SAMPLE,
	EVENT_THREAD,
	EVENT_EXEC,
	EVENT_EXIT,
	EVENT_USAGE,
	EVENT_COMM,
	EVENT_MIGRATE,
	EVENT_CORE,
	EVENT_GIL,
	EVENT_GILOP,
	EVENT_LOCKOP,
	EVENT_GAP,	/* not counted: it stands for those that were lost */
};

struct event_head {
	__u64 ts_ns;
	__u32 kind;
	__u32 thread;	/* whom it is about */
};

/* An untraced task that has or had the core; pid 0 is the idle task. */
struct event_task {
	__u32 pid;
	char comm[EVENT_COMM_LEN];
};

/* The system call that a task is in, from its saved registers. */
struct event_call {
	__s32 sysno;	/* -1: none */
	__u32 reserved;
	__u64 arg0, arg1;
};

enum { EVENT_GIL_LOCKED = 1, EVENT_GIL_CREATED = 2 };
enum {
	EVENT_GIL_PART_NONE,
	EVENT_GIL_PART_COND,
	EVENT_GIL_PART_MUTEX,
	EVENT_GIL_PART_SWITCH_COND,
	EVENT_GIL_PART_SWITCH_MUTEX,
};

/* A look at the GIL object in the memory of the process that is on the core. */
struct event_peek {
	__u32 gil;	/* 0: not looked */
	__u32 last;	/* thread that holds it, or held it last; 0: not known */
	__u64 switches;
	__u32 flags;
	__u32 part;	/* of the object that the futex word lies in */
};

enum {
	EVENT_HOW_NONE,
	EVENT_HOW_PREEMPTED,
	EVENT_HOW_BLOCKED,
	EVENT_HOW_BLOCKED_D,
	EVENT_HOW_STOPPED,
	EVENT_HOW_DEAD,
};

enum {
	EVENT_OWNER_NONE,
	EVENT_OWNER_MUTEX,
	EVENT_OWNER_RWLOCK_R,
	EVENT_OWNER_RWLOCK_W,
	EVENT_OWNER_PI,
};

struct event_switch {
	struct event_head head;		/* thread: who left, 0 = not traced */
	__u32 next;			/* who came, 0 = not traced */
	__u8 how;
	__u8 iowait;
	__u8 owner_at;
	__u8 inferred;			/* the kernel did not show the switch */
	__u32 word;
	__u32 owner;
	struct event_task other;	/* the side that is not traced */
	__u32 reserved2;
	struct event_call call;
	struct event_peek peek;
};

enum {
	EVENT_CONTEXT_TASK,
	EVENT_CONTEXT_INTERRUPT,
};

struct event_waking {
	struct event_head head;		/* thread: the wakee */
	__u32 waker;			/* traced thread on the core, 0 = none */
	__u32 context;
	struct event_task other;	/* task on the core if waker is 0 */
	__u32 reserved;
	struct event_call call;		/* of the waker */
	struct event_peek peek;		/* in the waker's process, if that is the wakee's */
};

struct event_sample {
	struct event_head head;
	struct event_peek peek;
};

struct event_thread {
	struct event_head head;		/* thread: the new one */
	__u32 parent;
	__u32 process;
	__u32 tid, pid;
	char comm[EVENT_COMM_LEN];
};

/* Identity of an executable file. */
struct program_key {
	__u64 ino;
	__u64 dev;	/* as the kernel has it: major << 20 | minor */
	__u64 size;	/* so that a file that inherits the number is most likely told apart */
};

enum { EVENT_GIL_ABSENT, EVENT_GIL_KNOWN, EVENT_GIL_PENDING };

struct event_exec {
	struct event_head head;
	__u32 tid;
	__u32 local_pid;		/* its pid in the recorder's pid namespace, 0 = not known */
	__u32 process;
	__u32 gil_state;
	__u32 path_len;			/* without NUL */
	__u32 reserved;
	__u64 start_code;		/* lowest address of the program's code segments */
	struct program_key program;	/* which file it is */
	char comm[EVENT_COMM_LEN];
	char path[EVENT_PATH_LEN];
};

struct event_exit {
	struct event_head head;
	__u32 code;
	__u32 reserved;
};

struct event_usage {
	struct event_head head;
	__u64 run_ns, delay_ns, born_run_ns;
};

struct event_comm {
	struct event_head head;
	char comm[EVENT_COMM_LEN];
};

struct event_migrate {
	struct event_head head;
	__u32 from, to;
};

struct event_core {
	struct event_head head;
	struct event_task now;
	__u32 reserved;
};

struct event_gil {
	struct event_head head;
	__u32 gil;
	__u32 process;
	__u64 address;
	__u32 exact;			/* each step at it is told of, from here on */
	__u32 reserved;
};

enum {
	EVENT_GIL_OP_NONE,
	EVENT_GIL_OP_WAIT,
	EVENT_GIL_OP_TAKE,
	EVENT_GIL_OP_DROP,
	EVENT_GIL_OP_RESUME,
	EVENT_GIL_OP_REQUEST,
};

struct event_gilop {
	struct event_head head;
	__u32 gil;			/* 0: not known */
	__u32 op;
	__u32 holder;			/* request: who is asked, 0 = not known */
	__u32 reserved;
	__u64 ns;			/* waited or held, as the program measured it */
};

enum {
	EVENT_LOCK_OP_NONE,
	EVENT_LOCK_OP_WAIT,
	EVENT_LOCK_OP_ACQUIRED,
	EVENT_LOCK_OP_TIMEOUT,
	EVENT_LOCK_OP_RELEASE,
};

struct event_lockop {
	struct event_head head;
	__u32 op;
	__u32 kind;			/* of the object, as the program has it */
	__u64 object;
	__u64 ns;			/* waited or held, as the program measured it */
};

struct event_gap {
	struct event_head head;
	__u64 first_ns, last_ns, count;
};

/* ---- what the recorder tells the probes ---- */

/* Where a program keeps its GILs, one behind the other; all 0 when it has none. */
struct program_gil {
	__u64 offset;		/* of the first from the start of the code segment, modulo 2^64 */
	__u32 thread_id_offset;	/* of the field of a thread state that equals fsbase */
	__u32 cnt;		/* places; in most of them there is never a GIL */
	__u32 exact;		/* the program's own probes tell of each step at it */
	__u32 reserved;
};

/* A process's GILs, the main interpreter's first; key: pid as the kernel has it. */
struct process_gils {
	__u64 address[EVENT_GILS_MAX];
	__u64 low, high;	/* all of them lie between */
	__u32 gil[EVENT_GILS_MAX];	/* ids; 0: nobody has been seen to use it */
	__u32 cnt;
	__u32 thread_id_offset;
	__u32 exist;		/* bits: those that were found to be created */
	__u32 exact;
};

/* What is kept with each traced task. */
struct thread_slot {
	__u32 id;		/* 0: waits for its exec, records nothing */
	__u32 process;
	__u32 tid;		/* as its own pid namespace has it */
	__u32 pid;		/* as the kernel has it */
	__u32 exec_untold;	/* there was no room to tell of its exec */
	__u32 gil_at;		/* 1 + place of its GIL among its process's, 0: not known */
	__u64 fsbase;
	__u64 born_run_ns;
	__u64 lock;		/* the last that it had to wait for and has not released, 0: none */
};

/* Counters of one core. */
struct core_counts {
	__u64 counted;
	__u64 lost;
	__u64 gap_count, gap_first_ns, gap_last_ns;	/* lost, and not yet told in a gap event */
	__u64 untracked;
	__u64 unread;
	__u64 use;		/* what was last recorded of the core: enum core_use in probes/core.h */
	__u64 thread;		/* traced thread on the core, 0 = none, as far as switches were shown */
	__u64 pid, since_ns;	/* task that came by the last switch that was shown, and when */
	__u64 clock_offset_ns;	/* from the scheduler's clock to ours; 0: not known yet */
	__u64 unseen;		/* arrivals that were inferred */
	__u64 hits;		/* of traced threads at probes in their programs */
};

#endif
