/* SPDX-License-Identifier: BSD-2-Clause */
/* One small function for each kind of event, and the table of them. */
#include <errno.h>
#include <string.h>

#include "collector/decode.h"
#include "probes/events.h"

#define SAME(event_value, trace_value) \
	_Static_assert((int)(event_value) == (int)(trace_value), #event_value)
SAME(EVENT_HOW_NONE, TRACE_HOW_NONE);
SAME(EVENT_HOW_PREEMPTED, TRACE_HOW_PREEMPTED);
SAME(EVENT_HOW_BLOCKED, TRACE_HOW_BLOCKED);
SAME(EVENT_HOW_BLOCKED_D, TRACE_HOW_BLOCKED_D);
SAME(EVENT_HOW_STOPPED, TRACE_HOW_STOPPED);
SAME(EVENT_HOW_DEAD, TRACE_HOW_DEAD);
SAME(EVENT_OWNER_MUTEX, TRACE_OWNER_MUTEX);
SAME(EVENT_OWNER_RWLOCK_R, TRACE_OWNER_RWLOCK_R);
SAME(EVENT_OWNER_RWLOCK_W, TRACE_OWNER_RWLOCK_W);
SAME(EVENT_OWNER_PI, TRACE_OWNER_PI);
SAME(EVENT_CONTEXT_TASK, TRACE_CONTEXT_TASK);
SAME(EVENT_CONTEXT_INTERRUPT, TRACE_CONTEXT_INTERRUPT);
SAME(EVENT_GIL_LOCKED, TRACE_GIL_LOCKED);
SAME(EVENT_GIL_CREATED, TRACE_GIL_CREATED);
SAME(EVENT_GIL_PART_COND, TRACE_GIL_PART_COND);
SAME(EVENT_GIL_PART_MUTEX, TRACE_GIL_PART_MUTEX);
SAME(EVENT_GIL_PART_SWITCH_COND, TRACE_GIL_PART_SWITCH_COND);
SAME(EVENT_GIL_PART_SWITCH_MUTEX, TRACE_GIL_PART_SWITCH_MUTEX);
SAME(EVENT_GIL_OP_WAIT, TRACE_GIL_OP_WAIT);
SAME(EVENT_GIL_OP_TAKE, TRACE_GIL_OP_TAKE);
SAME(EVENT_GIL_OP_DROP, TRACE_GIL_OP_DROP);
SAME(EVENT_GIL_OP_RESUME, TRACE_GIL_OP_RESUME);
SAME(EVENT_GIL_OP_REQUEST, TRACE_GIL_OP_REQUEST);
SAME(EVENT_LOCK_OP_WAIT, TRACE_LOCK_OP_WAIT);
SAME(EVENT_LOCK_OP_ACQUIRED, TRACE_LOCK_OP_ACQUIRED);
SAME(EVENT_LOCK_OP_TIMEOUT, TRACE_LOCK_OP_TIMEOUT);
SAME(EVENT_LOCK_OP_RELEASE, TRACE_LOCK_OP_RELEASE);
SAME(EVENT_GIL_ABSENT, TRACE_GIL_ABSENT);
SAME(EVENT_GIL_KNOWN, TRACE_GIL_KNOWN);
SAME(EVENT_GIL_PENDING, TRACE_GIL_PENDING);

/* The record being made, and where a program's name goes that must stand before it. */
struct output {
	struct programs *programs;
	struct trace_record *name;	/* kind stays 0 when none is needed */
	struct trace_record *record;
	struct decoded *decoded;
};

static struct trace_bytes comm_bytes(const char comm[EVENT_COMM_LEN])
{
	return (struct trace_bytes){ comm, strnlen(comm, EVENT_COMM_LEN) };
}

static uint64_t decode_program(struct output *out, const struct event_task *task)
{
	bool is_new;
	uint64_t id = programs_id(out->programs, task, &is_new);

	if (is_new)
		*out->name = (struct trace_record){
			.kind = TRACE_PROGRAM,
			.program = { .id = id, .pid = task->pid, .comm = comm_bytes(task->comm) },
		};
	return id;
}

/* The peek's fields have the same names in every record that has them. */
#define DECODE_PEEK(to, peek) do { \
	(to)->gil = (peek)->gil; \
	(to)->gil_flags = (peek)->flags; \
	(to)->gil_part = (peek)->part; \
	(to)->gil_last = (peek)->last; \
	(to)->gil_switches = (peek)->switches; \
} while (0)

/* Likewise those of a system call. */
#define DECODE_CALL(to, call) do { \
	(to)->sysno = (call)->sysno + 1; \
	(to)->arg0 = (call)->arg0; \
	(to)->arg1 = (call)->arg1; \
} while (0)

static void decode_switch(struct output *out, const void *event)
{
	const struct event_switch *e = event;
	struct trace_sched_switch *r = &out->record->sched_switch;

	r->prev = e->head.thread;
	r->next = e->next;
	r->other = e->head.thread && e->next ? 0 : decode_program(out, &e->other);
	r->how = e->how;
	r->iowait = e->iowait;
	r->inferred = e->inferred;
	r->word = e->word;
	r->owner = e->owner;
	r->owner_at = e->owner_at;
	DECODE_CALL(r, &e->call);
	DECODE_PEEK(r, &e->peek);
}

static void decode_waking(struct output *out, const void *event)
{
	const struct event_waking *e = event;
	struct trace_waking *r = &out->record->waking;

	r->wakee = e->head.thread;
	r->waker = e->waker;
	r->other = e->waker ? 0 : decode_program(out, &e->other);
	r->context = e->context;
	DECODE_CALL(r, &e->call);
	DECODE_PEEK(r, &e->peek);
}

static void decode_sample(struct output *out, const void *event)
{
	const struct event_sample *e = event;

	out->record->sample.thread = e->head.thread;
	DECODE_PEEK(&out->record->sample, &e->peek);
}

static void decode_thread(struct output *out, const void *event)
{
	const struct event_thread *e = event;

	out->record->thread = (struct trace_thread){
		.id = e->head.thread, .parent = e->parent, .process = e->process,
		.tid = e->tid, .pid = e->pid, .comm = comm_bytes(e->comm),
	};
}

static void decode_exec(struct output *out, const void *event)
{
	const struct event_exec *e = event;
	size_t len = e->path_len < EVENT_PATH_LEN ? e->path_len : EVENT_PATH_LEN - 1;

	out->record->exec = (struct trace_exec){
		.thread = e->head.thread, .tid = e->tid, .gil_state = e->gil_state,
		.comm = comm_bytes(e->comm), .path = { e->path, len },
	};
	out->decoded->unknown_exec = e->gil_state == EVENT_GIL_PENDING;
	out->decoded->exec = (struct decoded_exec){
		.pid = e->tid, .local_pid = e->local_pid, .process = e->process,
		.start_code = e->start_code,
		.program = e->program,
	};
}

static void decode_exit(struct output *out, const void *event)
{
	const struct event_exit *e = event;

	out->record->exit = (struct trace_exit){ .thread = e->head.thread, .code = e->code };
}

static void decode_usage(struct output *out, const void *event)
{
	const struct event_usage *e = event;

	out->record->usage = (struct trace_usage){
		.thread = e->head.thread, .run_ns = e->run_ns, .delay_ns = e->delay_ns,
		.born_run_ns = e->born_run_ns,
	};
}

static void decode_comm(struct output *out, const void *event)
{
	const struct event_comm *e = event;

	out->record->comm = (struct trace_comm){ e->head.thread, comm_bytes(e->comm) };
}

static void decode_migrate(struct output *out, const void *event)
{
	const struct event_migrate *e = event;

	out->record->migrate = (struct trace_migrate){ e->head.thread, e->from, e->to };
}

static void decode_core(struct output *out, const void *event)
{
	const struct event_core *e = event;

	out->record->core.program = decode_program(out, &e->now);
}

static void decode_gil(struct output *out, const void *event)
{
	const struct event_gil *e = event;

	out->record->gil = (struct trace_gil){ e->gil, e->process, e->address, e->exact };
}

static void decode_gilop(struct output *out, const void *event)
{
	const struct event_gilop *e = event;

	out->record->gilop = (struct trace_gilop){
		.thread = e->head.thread, .gil = e->gil, .op = e->op, .holder = e->holder, .ns = e->ns,
	};
}

static void decode_lockop(struct output *out, const void *event)
{
	const struct event_lockop *e = event;

	out->record->lockop = (struct trace_lockop){
		.thread = e->head.thread, .op = e->op, .kind = e->kind, .object = e->object,
		.ns = e->ns,
	};
}

static void decode_gap(struct output *out, const void *event)
{
	const struct event_gap *e = event;

	out->record->gap = (struct trace_gap){ e->first_ns, e->last_ns, e->count };
}

static const struct decoder {
	size_t event_bytes;
	enum trace_kind kind;
	void (*decode)(struct output *out, const void *event);
} decoders[] = {
	[EVENT_SWITCH] = { sizeof(struct event_switch), TRACE_SWITCH, decode_switch },
	[EVENT_WAKING] = { sizeof(struct event_waking), TRACE_WAKING, decode_waking },
	[EVENT_SAMPLE] = { sizeof(struct event_sample), TRACE_SAMPLE, decode_sample },
	[EVENT_THREAD] = { sizeof(struct event_thread), TRACE_THREAD, decode_thread },
	[EVENT_EXEC] = { sizeof(struct event_exec), TRACE_EXEC, decode_exec },
	[EVENT_EXIT] = { sizeof(struct event_exit), TRACE_EXIT, decode_exit },
	[EVENT_USAGE] = { sizeof(struct event_usage), TRACE_USAGE, decode_usage },
	[EVENT_COMM] = { sizeof(struct event_comm), TRACE_COMM, decode_comm },
	[EVENT_MIGRATE] = { sizeof(struct event_migrate), TRACE_MIGRATE, decode_migrate },
	[EVENT_CORE] = { sizeof(struct event_core), TRACE_CORE, decode_core },
	[EVENT_GIL] = { sizeof(struct event_gil), TRACE_GIL, decode_gil },
	[EVENT_GILOP] = { sizeof(struct event_gilop), TRACE_GILOP, decode_gilop },
	[EVENT_LOCKOP] = { sizeof(struct event_lockop), TRACE_LOCKOP, decode_lockop },
	[EVENT_GAP] = { sizeof(struct event_gap), TRACE_GAP, decode_gap },
};

int decode_event(struct programs *programs, const void *event, size_t len,
		 struct decoded *ret_decoded)
{
	struct trace_record *records = ret_decoded->records;
	struct output out = { programs, &records[0], &records[1], ret_decoded };
	const struct event_head *head = event;
	const struct decoder *d;

	if (len < sizeof(*head) || head->kind >= sizeof(decoders) / sizeof(*decoders))
		return -EBADMSG;
	d = &decoders[head->kind];
	if (!d->decode || len < d->event_bytes)
		return -EBADMSG;
	ret_decoded->unknown_exec = false;
	out.name->kind = 0;
	out.record->kind = d->kind;
	out.record->ts_ns = head->ts_ns;
	d->decode(&out, event);
	ret_decoded->records_cnt = 2;
	out.name->ts_ns = head->ts_ns;
	if (!out.name->kind) {
		records[0] = records[1];
		ret_decoded->records_cnt = 1;
	}
	return 0;
}
