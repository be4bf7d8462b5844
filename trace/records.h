/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record kinds of a trace: one table that writer, reader, dump, FORMAT.md and tests share.
 *
 * A kind is one row of TRACE_KINDS and one field list TRACE_FIELDS_<KIND>. Everything else (the C
 * structs, the codec's descriptors, the dump, the schema in the file's header) is generated from
 * these lines, so a kind or field that is added in one place exists everywhere or does not compile.
 *
 * Rules for whoever extends it:
 *  - ids are never reused; fields are only appended. A reader finds fields by name through the
 *    schema that every file carries, so older files read with the missing fields as 0.
 *  - all numbers are unsigned 64-bit, all times nanoseconds of CLOCK_MONOTONIC.
 *  - ids of threads, processes, programs and GILs are given by the recorder, start at 1 and are never
 *    used twice in a trace; 0 means "none" or "not known", as the field says. A thread's id is not
 *    its tid.
 *  - a definition (thread, program, gil) may stand in another stream than its first use and so be
 *    read after it; ids are only names until the end of the trace.
 */
#ifndef TRACE_RECORDS_H
#define TRACE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

/* KIND(id, NAME, name, what it says) */
#define TRACE_KINDS(KIND) \
	KIND(1, SWITCH, sched_switch, "a core changed hands, a traced thread left it or came to it") \
	KIND(2, WAKING, waking, "somebody made a traced thread runnable") \
	KIND(3, SAMPLE, sample, "clock tick on a running traced thread of a process with a GIL") \
	KIND(4, THREAD, thread, "a traced thread was born") \
	KIND(5, EXEC, exec, "a traced process replaced its program") \
	KIND(6, EXIT, exit, "a traced thread began to exit (its death is its last switch)") \
	KIND(7, USAGE, usage, "the kernel's own clocks of a thread, at its last switch") \
	KIND(8, COMM, comm, "a traced thread changed its name") \
	KIND(9, MIGRATE, migrate, "a traced thread was moved to another core's run queue") \
	KIND(10, CORE, core, "a core changed between idle and another program, none of ours") \
	KIND(11, PROGRAM, program, "name of a program that is not traced but had a core or woke us") \
	KIND(12, GIL, gil, "a process's GIL was located, or it was found to have none") \
	KIND(13, GAP, gap, "events of this core were lost") \
	KIND(14, CORESTAT, corestat, "the kernel's per-core time counters, sampled") \
	KIND(15, TALLY, tally, "what a core's probes counted, at the end") \
	KIND(16, COST, cost, "what the tracing cost, at the end") \
	KIND(17, END, end, "recording ended in order") \
	KIND(18, GILOP, gilop, "a thread's step at a GIL, told by a probe in its program") \
	KIND(19, LOCKOP, lockop, "a thread's step at a lock that it waits or waited for, likewise") \
	KIND(20, PROBED, probed, "a program's own probes were attached to, or it has none")

/*
 * Fields: NUM(name, coding, doc) or BYTES(name, doc).
 * Coding: DELTA, difference to the same field of the previous record of this kind in the block (good
 * for counters and addresses); PLAIN, the value itself.
 */

/* What a peek at a GIL object saw; all 0 when there was no peek. */
#define TRACE_FIELDS_PEEK(NUM) \
	NUM(gil, PLAIN, "id of the GIL that was looked at, 0 = no peek") \
	NUM(gil_flags, PLAIN, "bits: enum trace_gil_flags") \
	NUM(gil_part, PLAIN, "part of it that the futex word lies in: enum trace_gil_part") \
	NUM(gil_last, PLAIN, "thread that holds it or held it last, 0 = not known") \
	NUM(gil_switches, DELTA, "its switch_number")

#define TRACE_FIELDS_SWITCH(NUM, BYTES) \
	NUM(prev, PLAIN, "thread that left, 0 = not traced") \
	NUM(next, PLAIN, "thread that came, 0 = not traced") \
	NUM(other, PLAIN, "program that left or came where the thread is 0; 0 = idle") \
	NUM(how, PLAIN, "how prev left: enum trace_how") \
	NUM(iowait, PLAIN, "1: the kernel counts this wait as I/O") \
	NUM(sysno, PLAIN, "1 + number of the system call that prev is in, 0 = none") \
	NUM(arg0, DELTA, "its first argument (futex: the word's address)") \
	NUM(arg1, DELTA, "its second argument (futex: the operation)") \
	NUM(word, DELTA, "futex: the word's value") \
	NUM(owner, PLAIN, "futex: thread found as the lock's owner, 0 = none") \
	NUM(owner_at, PLAIN, "futex: where it was found: enum trace_owner_at") \
	TRACE_FIELDS_PEEK(NUM) \
	NUM(inferred, PLAIN, "1: the kernel did not show it; the time is from its scheduler's clock")

#define TRACE_FIELDS_WAKING(NUM, BYTES) \
	NUM(wakee, PLAIN, "thread that was woken") \
	NUM(waker, PLAIN, "traced thread on the core, 0 = not traced") \
	NUM(other, PLAIN, "program on the core where waker is 0; 0 = idle") \
	NUM(context, PLAIN, "what the core was doing: enum trace_context") \
	NUM(sysno, PLAIN, "1 + number of the system call that the waker is in, 0 = none") \
	NUM(arg0, DELTA, "its first argument") \
	NUM(arg1, DELTA, "its second argument") \
	TRACE_FIELDS_PEEK(NUM)

#define TRACE_FIELDS_SAMPLE(NUM, BYTES) \
	NUM(thread, PLAIN, "thread on the core") \
	TRACE_FIELDS_PEEK(NUM)

#define TRACE_FIELDS_THREAD(NUM, BYTES) \
	NUM(id, DELTA, "the new thread's id") \
	NUM(parent, PLAIN, "thread that made it, 0 = the recorder (the command itself)") \
	NUM(process, PLAIN, "process that it belongs to: the id of that process's first thread") \
	NUM(tid, DELTA, "its tid") \
	NUM(pid, DELTA, "its process's pid") \
	BYTES(comm, "its name")

#define TRACE_FIELDS_EXEC(NUM, BYTES) \
	NUM(thread, PLAIN, "thread that goes on") \
	NUM(tid, DELTA, "its tid from now on (an exec makes it the leader)") \
	NUM(gil_state, PLAIN, "what is known of a GIL in the new program: enum trace_gil_state") \
	BYTES(comm, "its name from now on") \
	BYTES(path, "file that was executed, as given to the kernel")

#define TRACE_FIELDS_EXIT(NUM, BYTES) \
	NUM(thread, PLAIN, "thread") \
	NUM(code, PLAIN, "exit code as wait(2) has it")

#define TRACE_FIELDS_USAGE(NUM, BYTES) \
	NUM(thread, PLAIN, "thread") \
	NUM(run_ns, DELTA, "se.sum_exec_runtime, ns, from its birth") \
	NUM(delay_ns, DELTA, "sched_info.run_delay, ns, from its birth") \
	NUM(born_run_ns, PLAIN, "se.sum_exec_runtime when its record began, ns")

#define TRACE_FIELDS_COMM(NUM, BYTES) \
	NUM(thread, PLAIN, "thread") \
	BYTES(comm, "its new name")

#define TRACE_FIELDS_MIGRATE(NUM, BYTES) \
	NUM(thread, PLAIN, "thread") \
	NUM(from, PLAIN, "core") \
	NUM(to, PLAIN, "core")

#define TRACE_FIELDS_CORE(NUM, BYTES) \
	NUM(program, PLAIN, "program that has the core from now on, 0 = idle")

#define TRACE_FIELDS_PROGRAM(NUM, BYTES) \
	NUM(id, DELTA, "the program's id in this trace") \
	NUM(pid, DELTA, "its pid") \
	BYTES(comm, "its name")

#define TRACE_FIELDS_GIL(NUM, BYTES) \
	NUM(id, PLAIN, "the GIL's id, 0 = the process has none") \
	NUM(process, PLAIN, "process") \
	NUM(address, DELTA, "address of the GIL object in it") \
	NUM(exact, PLAIN, "1: every step at it is recorded (gilop), from this record on")

#define TRACE_FIELDS_GAP(NUM, BYTES) \
	NUM(first, DELTA, "time of the first lost event, ns") \
	NUM(last, DELTA, "time of the last lost event, ns") \
	NUM(count, PLAIN, "events lost")

#define TRACE_FIELDS_CORESTAT(NUM, BYTES) \
	NUM(core, PLAIN, "core") \
	NUM(busy_ns, DELTA, "time not idle and not stolen since boot, ns") \
	NUM(idle_ns, DELTA, "time idle since boot, ns") \
	NUM(steal_ns, DELTA, "time that the hypervisor gave to others since boot, ns")

#define TRACE_FIELDS_TALLY(NUM, BYTES) \
	NUM(core, PLAIN, "core") \
	NUM(counted, PLAIN, "events that its probes wanted to record") \
	NUM(lost, PLAIN, "of these, lost; the others are in the trace") \
	NUM(untracked, PLAIN, "threads that could not be followed for want of memory") \
	NUM(unread, PLAIN, "peeks at user memory that failed") \
	NUM(unseen, PLAIN, "arrivals of threads that the kernel did not show, and that were inferred")

#define TRACE_FIELDS_COST(NUM, BYTES) \
	NUM(probe_ns, PLAIN, "run time of the probes, ns; 0 = the kernel did not count it") \
	NUM(probe_runs, PLAIN, "runs of the probes; 0 = the kernel did not count them") \
	NUM(collector_ns, PLAIN, "CPU time of the recorder between exec and end, ns") \
	NUM(missed, PLAIN, "runs of the probes that the kernel skipped because they were running") \
	NUM(hits, PLAIN, "hits of traced threads at probes in their programs") \
	NUM(hits_ns, PLAIN, "part of probe_ns that was spent at those, ns")

#define TRACE_FIELDS_END(NUM, BYTES) \
	NUM(reason, PLAIN, "why: enum trace_end_reason") \
	NUM(status, PLAIN, "the command's status as wait(2) has it")

#define TRACE_FIELDS_GILOP(NUM, BYTES) \
	NUM(thread, PLAIN, "thread") \
	NUM(gil, PLAIN, "the GIL's id, 0 = not known") \
	NUM(op, PLAIN, "what it does: enum trace_gil_op") \
	NUM(holder, PLAIN, "request: thread that is asked to let go, 0 = not known") \
	NUM(ns, PLAIN, "take, resume: waited; drop: held; as the program measured it, ns")

#define TRACE_FIELDS_LOCKOP(NUM, BYTES) \
	NUM(thread, PLAIN, "thread") \
	NUM(op, PLAIN, "what it does: enum trace_lock_op") \
	NUM(kind, PLAIN, "of lock: enum trace_lock_kind") \
	NUM(object, DELTA, "the lock's address") \
	NUM(ns, PLAIN, "acquired, timeout: waited; release: held; as the program measured it, ns")

#define TRACE_FIELDS_PROBED(NUM, BYTES) \
	NUM(process, PLAIN, "process that executed it, 0 = it is COMMAND's file, before its exec") \
	NUM(sites, PLAIN, "places attached to, 0 = it has no probes that are known") \
	NUM(failed, PLAIN, "places that could not be attached to")

enum trace_how {
	TRACE_HOW_NONE,		/* prev is not traced */
	TRACE_HOW_PREEMPTED,	/* still runnable */
	TRACE_HOW_BLOCKED,	/* interruptible sleep */
	TRACE_HOW_BLOCKED_D,	/* uninterruptible sleep */
	TRACE_HOW_STOPPED,	/* stopped or traced */
	TRACE_HOW_DEAD,		/* its last switch */
};

enum trace_owner_at {
	TRACE_OWNER_NONE,
	TRACE_OWNER_MUTEX,	/* word + 8: glibc mutex */
	TRACE_OWNER_RWLOCK_R,	/* word + 16: glibc rwlock, waiting reader */
	TRACE_OWNER_RWLOCK_W,	/* word + 12: glibc rwlock, waiting writer */
	TRACE_OWNER_PI,		/* low 30 bits of the word itself, PI operations only */
};

enum trace_gil_flags {
	TRACE_GIL_LOCKED = 1,	/* somebody holds it: gil_last */
	TRACE_GIL_CREATED = 2,	/* locked is 0 or 1; not set: -1, not created, or no GIL in use */
};

enum trace_gil_part {
	TRACE_GIL_PART_NONE,	/* not a futex wait or wake, or a word outside */
	TRACE_GIL_PART_COND,	/* "GIL was freed" */
	TRACE_GIL_PART_MUTEX,
	TRACE_GIL_PART_SWITCH_COND,	/* "somebody else took it": forced switch */
	TRACE_GIL_PART_SWITCH_MUTEX,
};

enum trace_context {
	TRACE_CONTEXT_TASK,	/* the thread itself, in its system call or fault */
	/*
	 * Timer, device or network receive: the thread on the core is innocent, unless its own system
	 * call sends through the network (loopback delivers in the sender's soft interrupt).
	 */
	TRACE_CONTEXT_INTERRUPT,
};

enum trace_gil_state {
	TRACE_GIL_ABSENT,	/* looked up: this file has none */
	TRACE_GIL_KNOWN,	/* a GIL record stands right beside */
	TRACE_GIL_PENDING,	/* being looked up: a GIL record says when it is known */
};

enum trace_gil_op {
	TRACE_GIL_OP_NONE,
	TRACE_GIL_OP_WAIT,	/* is about to block for it, or in a forced switch */
	TRACE_GIL_OP_TAKE,	/* has it */
	TRACE_GIL_OP_DROP,	/* lets it go */
	TRACE_GIL_OP_RESUME,	/* goes on without it, after a forced switch */
	TRACE_GIL_OP_REQUEST,	/* has asked the holder to let go */
};

/*
 * Waits are recorded with their ends; of what is had at once nothing is. A release follows the
 * acquisition before it if that had to wait, unless the thread had to wait for another meanwhile.
 */
enum trace_lock_op {
	TRACE_LOCK_OP_NONE,
	TRACE_LOCK_OP_WAIT,	/* is about to block */
	TRACE_LOCK_OP_ACQUIRED,	/* has it, after a wait; a GIL that it needs as well it has, too */
	TRACE_LOCK_OP_TIMEOUT,	/* has given up */
	TRACE_LOCK_OP_RELEASE,
};

enum trace_lock_kind {
	TRACE_LOCK_KIND_NONE,
	TRACE_LOCK_KIND_LOCK,
	TRACE_LOCK_KIND_RLOCK,
	TRACE_LOCK_KIND_CONDITION,
	TRACE_LOCK_KIND_EVENT,
	TRACE_LOCK_KIND_SEMAPHORE,
	TRACE_LOCK_KIND_BARRIER,
	TRACE_LOCK_KIND_TIMER,
	TRACE_LOCK_KIND_QUEUE,
	TRACE_LOCK_KIND_SIMPLE_QUEUE,
	TRACE_LOCK_KIND_THREAD,	/* its start or end */
	TRACE_LOCK_KIND_MUTEX,	/* of an object */
};

enum trace_end_reason {
	TRACE_END_TREE,		/* the last traced thread died */
	TRACE_END_COMMAND,	/* the command ended, others were left (--until=command) */
	TRACE_END_SIGNAL,	/* told to stop waiting for what the command left behind */
};

/* The C structs, one for each kind. */
struct trace_bytes {
	const char *data;	/* not NUL-terminated */
	size_t len;
};

#define TRACE_NUM_MEMBER(name, coding, doc) uint64_t name;
#define TRACE_BYTES_MEMBER(name, doc) struct trace_bytes name;
#define TRACE_STRUCT(id, NAME, name, doc) \
	struct trace_##name { TRACE_FIELDS_##NAME(TRACE_NUM_MEMBER, TRACE_BYTES_MEMBER) };
TRACE_KINDS(TRACE_STRUCT)
#undef TRACE_STRUCT

#define TRACE_ENUM(id, NAME, name, doc) TRACE_##NAME = id,
enum trace_kind { TRACE_KINDS(TRACE_ENUM) };
#undef TRACE_ENUM

/*
 * One record. Bytes fields point into memory of whoever made the record: from the reader they are
 * valid until the next record is read.
 */
struct trace_record {
	uint64_t ts_ns;
	uint32_t stream;	/* the core that saw it, or TRACE_STREAM_COLLECTOR */
	uint32_t kind;		/* enum trace_kind */
	union {
#define TRACE_UNION(id, NAME, name, doc) struct trace_##name name;
		TRACE_KINDS(TRACE_UNION)
#undef TRACE_UNION
	};
};

/* Stream of the records that no core's probe made (corestat, late gil, probed, tally, cost, end). */
#define TRACE_STREAM_COLLECTOR 0xffffu

/* Run-time description of the table, for code that treats all kinds alike (codec, dump, docs). */
enum trace_coding { TRACE_CODING_DELTA, TRACE_CODING_PLAIN, TRACE_CODING_BYTES };

struct trace_field {
	const char *name;
	const char *doc;
	enum trace_coding coding;
	size_t offset;		/* in struct trace_record */
};

struct trace_kind_info {
	uint32_t id;
	const char *name;
	const char *doc;
	const struct trace_field *fields;
	size_t fields_cnt;
};

/* NULL when there is no such kind. */
const struct trace_kind_info *trace_kind_info(uint32_t kind);

/* Largest kind id + 1. */
#define TRACE_KIND_MAX 21
/* Most fields that a kind has. */
#define TRACE_FIELD_MAX 24

#endif
