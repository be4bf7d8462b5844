/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From facts to records. They are kept for the oracle's side of a comparison, or go to a file as soon as
 * they are whole: each when the next one comes.
 */
#include "tests/sim/records.h"

#include "tests/sim/memory.h"
#include "tests/sim/stream.h"

static const char *const program_names[] = {
	[1] = "kworker/0:1", [2] = "sshd", [3] = "cc1", [4] = "systemd", [SIM_PROGRAM_HIDDEN] = "agent",
	[SIM_PROGRAM_NAMELESS] = "?",
};

static struct trace_bytes bytes_of(const char *text)
{
	return (struct trace_bytes){ text, strlen(text) };
}

void records_pass(struct sim_recorder *recorder)
{
	for (size_t i = 0; i < recorder->records_cnt; i++)
		stream_add(recorder->stream, &recorder->records[i]);
	recorder->records_cnt = 0;
}

struct trace_record *records_add(struct sim_recorder *recorder, uint64_t ts_ns, uint32_t stream,
				 enum trace_kind kind)
{
	struct trace_record *record;

	if (recorder->stream)
		records_pass(recorder);
	grow(&recorder->records, &recorder->records_cap, recorder->records_cnt + 1,
	     sizeof(*recorder->records));
	record = &recorder->records[recorder->records_cnt++];
	*record = (struct trace_record){ .ts_ns = ts_ns, .stream = stream, .kind = kind };
	return record;
}

/* Names a program before its first use. */
static uint64_t program_name(struct sim_recorder *recorder, const struct sim_fact *fact)
{
	uint64_t program = fact->program;
	struct trace_program *named;

	if (!program || recorder->named[program])
		return program;
	recorder->named[program] = true;
	named = &records_add(recorder, fact->at_ns, fact->core, TRACE_PROGRAM)->program;
	named->id = program;
	named->pid = program == SIM_PROGRAM_NAMELESS ? 0 : 100 + program;
	named->comm = bytes_of(program_names[program]);
	return program;
}

static uint64_t id_of(const struct sim_thread *thread)
{
	return thread ? thread->id : 0;
}

#define LOOK_RECORD(to, look) do { \
	(to)->gil = (look)->gil; \
	(to)->gil_flags = ((look)->created ? TRACE_GIL_CREATED : 0) | ((look)->locked ? TRACE_GIL_LOCKED : 0); \
	(to)->gil_part = (look)->part; \
	(to)->gil_last = id_of((look)->last); \
	(to)->gil_switches = (look)->switches; \
} while (0)

#define CALL_RECORD(to, call) do { \
	(to)->sysno = (call)->sysno; \
	(to)->arg0 = (call)->arg0; \
	(to)->arg1 = (call)->arg1; \
} while (0)

static void switch_record(struct trace_sched_switch *to, const struct sim_fact *fact, uint64_t program)
{
	to->prev = id_of(fact->thread);
	to->next = id_of(fact->other);
	to->other = fact->thread && fact->other ? 0 : program;
	to->how = fact->how;
	to->iowait = fact->iowait;
	to->inferred = fact->inferred;
	CALL_RECORD(to, &fact->call);
	LOOK_RECORD(to, &fact->look);
	to->owner = id_of(fact->owner);
	to->owner_at = fact->owner ? TRACE_OWNER_MUTEX : TRACE_OWNER_NONE;
}

static void waking_record(struct trace_waking *to, const struct sim_fact *fact, uint64_t program)
{
	to->wakee = id_of(fact->other);
	to->waker = id_of(fact->thread);
	to->other = program;
	to->context = fact->interrupt ? TRACE_CONTEXT_INTERRUPT : TRACE_CONTEXT_TASK;
	CALL_RECORD(to, &fact->call);
	LOOK_RECORD(to, &fact->look);
}

static void birth_record(struct trace_thread *to, const struct sim_fact *fact)
{
	*to = (struct trace_thread){
		.id = id_of(fact->thread), .parent = id_of(fact->other), .process = fact->process->id,
		.tid = fact->tid, .pid = fact->process->pid, .comm = bytes_of(fact->comm),
	};
}

static void exec_record(struct trace_exec *to, const struct sim_fact *fact)
{
	static const enum trace_gil_state states[SIM_GIL_KIND_CNT] = {
		[SIM_GIL_NONE] = TRACE_GIL_ABSENT, [SIM_GIL_KNOWN] = TRACE_GIL_KNOWN,
		[SIM_GIL_SOUGHT] = TRACE_GIL_PENDING,
	};

	*to = (struct trace_exec){
		.thread = id_of(fact->thread), .tid = fact->tid, .gil_state = states[fact->gil_kind],
		.comm = bytes_of(fact->comm), .path = bytes_of("/bin/played"),
	};
}

static const enum trace_kind kinds[] = {
	[FACT_SWITCH] = TRACE_SWITCH, [FACT_WAKING] = TRACE_WAKING, [FACT_TICK] = TRACE_SAMPLE,
	[FACT_BIRTH] = TRACE_THREAD, [FACT_EXEC] = TRACE_EXEC, [FACT_EXIT] = TRACE_EXIT,
	[FACT_USAGE] = TRACE_USAGE, [FACT_COMM] = TRACE_COMM, [FACT_MIGRATE] = TRACE_MIGRATE,
	[FACT_CORE] = TRACE_CORE, [FACT_GIL] = TRACE_GIL, [FACT_STEP] = TRACE_GILOP,
};

void records_fact(struct sim_recorder *recorder, const struct sim_fact *fact)
{
	uint64_t program = fact->kind == FACT_MIGRATE ? 0 : program_name(recorder, fact);
	struct trace_record *record = records_add(recorder, fact->at_ns, fact->core, kinds[fact->kind]);

	switch (fact->kind) {
	case FACT_SWITCH:
		switch_record(&record->sched_switch, fact, program);
		break;
	case FACT_WAKING:
		waking_record(&record->waking, fact, program);
		break;
	case FACT_TICK:
		record->sample.thread = id_of(fact->thread);
		LOOK_RECORD(&record->sample, &fact->look);
		break;
	case FACT_BIRTH:
		birth_record(&record->thread, fact);
		break;
	case FACT_EXEC:
		exec_record(&record->exec, fact);
		break;
	case FACT_EXIT:
		record->exit.thread = id_of(fact->thread);
		record->exit.code = fact->code;
		break;
	case FACT_USAGE:
		record->usage.thread = id_of(fact->thread);
		record->usage.run_ns = fact->thread->cpu_ns;
		break;
	case FACT_COMM:
		record->comm.thread = id_of(fact->thread);
		record->comm.comm = bytes_of(fact->comm);
		break;
	case FACT_MIGRATE:
		record->migrate.thread = id_of(fact->thread);
		record->migrate.from = fact->program;
		record->migrate.to = fact->moved_to;
		break;
	case FACT_CORE:
		record->core.program = program;
		break;
	case FACT_GIL:
		record->gil.id = fact->gil;
		record->gil.process = fact->process->id;
		record->gil.address = fact->process->gil.address;
		record->gil.exact = fact->exact;
		break;
	case FACT_STEP:
		record->gilop.thread = id_of(fact->thread);
		record->gilop.gil = fact->gil;
		record->gilop.op = fact->step;
		break;
	}
}

void records_end(struct sim_recorder *recorder, const struct sim_world *world)
{
	for (uint32_t i = 0; i < recorder->cores_cnt; i++) {
		const struct sim_probe *probe = &recorder->probes[i];

		records_add(recorder, world->now_ns, TRACE_STREAM_COLLECTOR, TRACE_TALLY)->tally =
			(struct trace_tally){
				.core = i, .counted = probe->counted, .lost = probe->lost,
				.unseen = probe->unseen,
			};
	}
	records_add(recorder, world->now_ns, TRACE_STREAM_COLLECTOR, TRACE_END)->end.reason =
		world->alive_cnt ? TRACE_END_SIGNAL : TRACE_END_TREE;
	if (recorder->stream)
		records_pass(recorder);
}
