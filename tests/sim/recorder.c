/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes: what they can see at each kind of event, and what they lose. Keeps of each core what the
 * real ones keep: what it was last known to do, and which thread it has.
 */
#include "tests/sim/recorder.h"

#include "tests/sim/memory.h"
#include "tests/sim/records.h"

void recorder_begin(struct sim_recorder *recorder, uint32_t cores_cnt)
{
	*recorder = (struct sim_recorder){ .cores_cnt = cores_cnt };
	recorder->probes = zalloc(cores_cnt, sizeof(*recorder->probes));
}

void recorder_clear(struct sim_recorder *recorder)
{
	free(recorder->facts);
	free(recorder->places);
	free(recorder->gaps);
	free(recorder->records);
	free(recorder->probes);
	*recorder = (struct sim_recorder){ 0 };
}

static void gap_close(struct sim_recorder *recorder, struct sim_probe *probe, uint64_t now_ns)
{
	struct trace_record *record;

	if (!probe->gap.cnt)
		return;
	grow(&recorder->gaps, &recorder->gaps_cap, recorder->gaps_cnt + 1, sizeof(*recorder->gaps));
	recorder->gaps[recorder->gaps_cnt++] = probe->gap;
	record = records_add(recorder, now_ns, probe->gap.core, TRACE_GAP);
	record->gap.first = probe->gap.first_ns;
	record->gap.last = probe->gap.last_ns;
	record->gap.count = probe->gap.cnt;
	probe->gap.cnt = 0;
}

/* Whether an event finds no room. Programs and births of importance always find it. */
static bool is_lost(struct sim_world *world, struct sim_probe *probe, const struct sim_fact *fact)
{
	if (world->now_ns >= probe->loses_until_ns || fact->kind == FACT_EXEC || fact->kind == FACT_GIL ||
	    (fact->kind == FACT_BIRTH && !fact->thread->untold))
		return false;
	return !chance(&world->loss_random, 150);
}

/* Returns 1 + its order. */
static size_t fact_add(struct sim_recorder *recorder, struct sim_world *world, uint32_t core,
		       const struct sim_fact *from)
{
	struct sim_fact *fact;

	grow(&recorder->facts, &recorder->facts_cap, recorder->facts_cnt + 1, sizeof(*recorder->facts));
	fact = &recorder->facts[recorder->facts_cnt];
	*fact = *from;
	fact->order = recorder->facts_cnt;
	recorder->facts_cnt += !recorder->stream;
	fact->core = core;
	if (!fact->at_ns)
		fact->at_ns = world->now_ns;
	if (core < recorder->cores_cnt && !fact->mute) {
		struct sim_probe *probe = &recorder->probes[core];

		probe->counted++;
		fact->lost = is_lost(world, probe, fact);
		world->happened[SITUATION_EVENT_LOST] += fact->lost;
		world->happened[SITUATION_BIRTH_LOST] += fact->lost && fact->kind == FACT_BIRTH;
		if (fact->lost) {
			if (!probe->gap.cnt++)
				probe->gap.first_ns = world->now_ns;
			probe->gap.last_ns = world->now_ns;
			probe->gap.core = core;
			probe->lost++;
		} else {
			gap_close(recorder, probe, world->now_ns);
		}
	}
	if (!fact->lost && !fact->mute)
		records_fact(recorder, fact);
	return fact->order + 1;
}

static enum trace_gil_part part_of(const struct sim_gil *gil, const struct sim_call *call)
{
	const struct sim_word *const words[] = { &gil->cond, &gil->mutex.word, &gil->switch_cond };

	if (call->sysno == CALL_FUTEX)
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (words[i]->address == call->arg0)
				return words[i]->part;
	return TRACE_GIL_PART_NONE;
}

static struct sim_look look_at(const struct sim_process *process, const struct sim_call *call)
{
	const struct sim_gil *gil = &process->gil;

	if (!process->has_gil || !gil->visible)
		return (struct sim_look){ 0 };
	return (struct sim_look){
		.gil = gil->id, .created = gil->created, .locked = gil->locked,
		.part = part_of(gil, call), .last = gil->last, .switches = gil->switches,
	};
}

/* A thread whose coming nobody showed is told of when it does something. */
static void core_check(struct sim_recorder *recorder, struct sim_world *world, uint32_t core,
		       struct sim_thread *thread)
{
	struct sim_probe *probe = &recorder->probes[core];

	if (probe->thread == thread)
		return;
	probe->thread = thread;
	probe->use = PROBE_OURS;
	probe->unseen++;
	fact_add(recorder, world, core, &(struct sim_fact){
		.kind = FACT_SWITCH, .at_ns = thread->since_ns, .other = thread, .inferred = true,
		.program = SIM_PROGRAM_NAMELESS,
	});
}

static void core_note(struct sim_recorder *recorder, struct sim_world *world, uint32_t core, uint64_t program)
{
	struct sim_probe *probe = &recorder->probes[core];
	int use = program ? PROBE_OTHER : PROBE_IDLE, before = (int)probe->use;
	size_t fact;

	if (before == use)
		return;
	fact = fact_add(recorder, world, core, &(struct sim_fact){ .kind = FACT_CORE, .program = program });
	if (!recorder->facts[fact - 1].lost)
		probe->use = program ? PROBE_OTHER : PROBE_IDLE;
}

void record_core(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *core)
{
	core_note(recorder, world, core->index, core->program);
}

static bool thread_has_lock(struct sim_world *world, struct sim_thread *thread)
{
	for (uint32_t i = 0; i < SIM_LOCKS; i++)
		if (lock_of(world, thread, i)->owner == thread && lock_of(world, thread, i) != thread->nap.lock)
			return true;
	return false;
}

/* An owner is known by its tid in the same process, and nobody waits for a lock of its own. */
static bool owner_is_seen(const struct sim_thread *owner, const struct sim_thread *prev)
{
	return owner && owner != prev && owner->process == prev->process;
}

static void block_describe(struct sim_world *world, struct sim_fact *fact, struct sim_thread *prev)
{
	const struct sim_nap *nap = &prev->nap;

	world->happened[SITUATION_GIL_BLOCKED] += prev->holds_gil;
	world->happened[SITUATION_HOLDER_BLOCKED] += thread_has_lock(world, prev);
	fact->class = nap->class;
	fact->iowait = nap->iowait;
	fact->ended_by = prev->nap_waking_fact;
	if (nap->lock && fact->look.part == TRACE_GIL_PART_NONE && owner_is_seen(nap->lock->owner, prev))
		fact->owner = nap->lock->owner;
	if (nap->class == CLASS_LOCK)
		world->happened[fact->owner ? SITUATION_OWNER_SEEN : SITUATION_OWNER_GONE]++;
}

void record_switch(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *core,
		   const struct sim_handover *handover)
{
	struct sim_probe *probe = &recorder->probes[core->index];
	struct sim_thread *prev = handover->prev, *next = handover->next;
	struct sim_fact fact = {
		.kind = FACT_SWITCH, .thread = prev, .other = next, .how = prev ? handover->how : TRACE_HOW_NONE,
		.program = prev ? handover->next_program : handover->prev_program,
	};
	bool blocks = prev && (handover->how == TRACE_HOW_BLOCKED || handover->how == TRACE_HOW_BLOCKED_D);
	size_t order;

	/* The kernel shows nobody that this one leaves. */
	if (!prev && handover->prev_program == SIM_PROGRAM_HIDDEN)
		return;
	if (!prev && !next) {
		probe->thread = NULL;
		core_note(recorder, world, core->index, handover->next_program);
		return;
	}
	if (prev)
		core_check(recorder, world, core->index, prev);
	if (prev && handover->how == TRACE_HOW_DEAD) {
		fact_add(recorder, world, core->index, &(struct sim_fact){ .kind = FACT_USAGE, .thread = prev });
	} else if (prev) {
		fact.call = prev->call;
		fact.look = look_at(prev->process, &prev->call);
	}
	if (blocks)
		block_describe(world, &fact, prev);
	probe->thread = next;
	probe->use = next ? PROBE_OURS : handover->next_program ? PROBE_OTHER : PROBE_IDLE;
	order = fact_add(recorder, world, core->index, &fact);
	if (blocks)
		prev->nap_left_fact = order;
}

void record_waking(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *here,
		   struct sim_thread *wakee, bool interrupt)
{
	struct sim_thread *on_core = here->thread;
	struct sim_fact fact = {
		.kind = FACT_WAKING, .thread = on_core, .other = wakee, .interrupt = interrupt,
		.program = on_core ? 0 : here->program,
		.mute = chance(&world->random, world->script->setup.mute),
	};
	size_t order;

	world->happened[SITUATION_WAKING_UNSEEN] += fact.mute;
	world->happened[SITUATION_INNOCENT] += interrupt && on_core;
	if (on_core && !fact.mute) {
		core_check(recorder, world, here->index, on_core);
		fact.call = on_core->call;
		if (on_core->process == wakee->process)
			fact.look = look_at(on_core->process, &on_core->call);
	}
	order = fact_add(recorder, world, here->index, &fact);
	wakee->nap_waking_fact = order;
	if (wakee->nap_left_fact)
		recorder->facts[wakee->nap_left_fact - 1].ended_by = order;
}

void record_tick(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *core)
{
	static const struct sim_call none;
	struct sim_thread *thread = core->thread;
	struct sim_look look;

	if (!thread) {
		core_note(recorder, world, core->index, core->program);
		return;
	}
	core_check(recorder, world, core->index, thread);
	look = look_at(thread->process, &none);
	if (look.created)
		fact_add(recorder, world, core->index,
			 &(struct sim_fact){ .kind = FACT_TICK, .thread = thread, .look = look });
}

void record_birth(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *parent,
		  struct sim_thread *thread)
{
	uint32_t core = parent ? parent->core : thread->core;

	if (parent)
		core_check(recorder, world, core, parent);
	else
		recorder->probes[core].use = PROBE_OURS;
	if (!parent)
		recorder->probes[core].thread = thread;
	fact_add(recorder, world, core, &(struct sim_fact){
		.kind = FACT_BIRTH, .thread = thread, .other = parent, .process = thread->process,
		.tid = thread->tid, .comm = thread->comm,
	});
}

void record_exec(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *thread)
{
	core_check(recorder, world, thread->core, thread);
	fact_add(recorder, world, thread->core, &(struct sim_fact){
		.kind = FACT_EXEC, .thread = thread, .process = thread->process, .tid = thread->tid,
		.comm = thread->comm, .gil_kind = thread->process->gil_kind,
	});
}

void record_gil(struct sim_recorder *recorder, struct sim_world *world, struct sim_process *process,
		uint32_t stream)
{
	fact_add(recorder, world, stream, &(struct sim_fact){
		.kind = FACT_GIL, .process = process, .gil = process->gil.id,
		.exact = world->script->setup.exact,
	});
}

void record_step(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *thread,
		 enum trace_gil_op step)
{
	const struct sim_gil *gil = &thread->process->gil;

	if (!world->script->setup.exact || !gil->visible)
		return;
	core_check(recorder, world, thread->core, thread);
	fact_add(recorder, world, thread->core, &(struct sim_fact){
		.kind = FACT_STEP, .thread = thread, .step = step, .gil = gil->id,
	});
}

void record_exit(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *thread)
{
	core_check(recorder, world, thread->core, thread);
	fact_add(recorder, world, thread->core, &(struct sim_fact){
		.kind = FACT_EXIT, .thread = thread, .code = thread->plan << 8,
	});
}

void record_comm(struct sim_recorder *recorder, struct sim_world *world, struct sim_thread *thread)
{
	fact_add(recorder, world, thread->core, &(struct sim_fact){
		.kind = FACT_COMM, .thread = thread, .comm = thread->comm,
	});
}

void record_migrate(struct sim_recorder *recorder, struct sim_world *world, const struct sim_core *here,
		    struct sim_thread *thread, uint32_t from)
{
	fact_add(recorder, world, here->index,
		 &(struct sim_fact){
			 .kind = FACT_MIGRATE, .thread = thread, .program = from, .moved_to = thread->core,
		 });
}

static int fact_compare(const void *left, const void *right)
{
	const struct sim_fact *a = left, *b = right;

	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static int gap_compare(const void *left, const void *right)
{
	const struct sim_gap *a = left, *b = right;

	return (a->first_ns > b->first_ns) - (a->first_ns < b->first_ns);
}

void recorder_end(struct sim_recorder *recorder, struct sim_world *world)
{
	recorder->end_ns = world->now_ns;
	for (uint32_t i = 0; i < recorder->cores_cnt; i++)
		gap_close(recorder, &recorder->probes[i], world->now_ns);
	records_end(recorder, world);
	if (recorder->gaps_cnt)
		qsort(recorder->gaps, recorder->gaps_cnt, sizeof(*recorder->gaps), gap_compare);
	qsort(recorder->facts, recorder->facts_cnt, sizeof(*recorder->facts), fact_compare);
	recorder->places = zalloc(recorder->facts_cnt, sizeof(*recorder->places));
	for (size_t i = 0; i < recorder->facts_cnt; i++)
		recorder->places[recorder->facts[i].order] = i;
}
