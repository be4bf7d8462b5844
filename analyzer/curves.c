/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integrates the curves from one change to the next.
 */
#include "analyzer/curves.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/run.h"
#include "analyzer/thread.h"

const char *const curve_names[CURVE_CNT] = {
	[CURVE_ALIVE] = "alive",
	[CURVE_APPARENT] = "apparent",
	[CURVE_SCHEDULED] = "scheduled",
	[CURVE_TRUE] = "true",
	[CURVE_OVERLAP] = "overlap",
};

const unsigned int curve_counts[CURVE_CNT] = {
	[CURVE_APPARENT] = COUNTS_APPARENT,
	[CURVE_SCHEDULED] = COUNTS_SCHEDULED,
	[CURVE_TRUE] = COUNTS_TRUE,
	[CURVE_OVERLAP] = COUNTS_OVERLAP,
};

static void scope_begin(struct scope *scope, uint64_t now_ns)
{
	scope->begun = true;
	scope->start_ns = now_ns;
	scope->last_ns = now_ns;
}

static int scope_advance(struct scope *scope, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - scope->last_ns;
	const uint64_t *counts = scope->counts;
	size_t level = counts[CURVE_TRUE];
	bool active;
	int err;

	if (!passed_ns)
		return 0;
	if (level >= scope->levels_cnt) {
		err = array_reserve(&scope->level_ns, &scope->levels_cap, level + 1,
				    sizeof(*scope->level_ns));
		if (err)
			return err;
		scope->levels_cnt = level + 1;
	}
	scope->level_ns[level] += passed_ns;
	active = counts[CURVE_APPARENT] || counts[CURVE_OVERLAP];
	for (int i = 0; i < CURVE_CNT; i++) {
		scope->integral_ns[i] += counts[i] * passed_ns;
		if (active)
			scope->active_integral_ns[i] += counts[i] * passed_ns;
	}
	if (active)
		scope->active_ns += passed_ns;
	if (counts[CURVE_SCHEDULED])
		scope->any_on_core_ns += passed_ns;
	scope->last_ns = now_ns;
	return 0;
}

static void scope_count(struct scope *scope, enum thread_state state, uint64_t add)
{
	unsigned int counts;

	if (state == STATE_CNT)
		return;
	counts = state_infos[state].counts;
	scope->counts[CURVE_ALIVE] += add;
	/* Without a branch: which states alternate is not to be foretold. */
	for (int i = CURVE_ALIVE + 1; i < CURVE_CNT; i++)
		scope->counts[i] += add & -(uint64_t)!!(counts & curve_counts[i]);
}

static uint64_t apparent_parts(const struct scope *scope)
{
	const uint64_t *n = scope->in_state;

	return n[STATE_RUN_GIL] + n[STATE_RUN_FREE] + n[STATE_RUN_SPIN] + n[STATE_READY_WOKEN] +
	       n[STATE_READY_PREEMPTED] + n[STATE_WAIT_GIL] + n[STATE_WAIT_LOCK] +
	       n[STATE_WAIT_KLOCK];
}

/* A life is over: what birth, death and the switches in between say of it. */
static void scope_bury(struct scope *scope, const struct thread *thread)
{
	if (!scope->death_ns || thread->birth_ns < scope->birth_ns)
		scope->birth_ns = thread->birth_ns;
	if (thread->death_ns > scope->death_ns)
		scope->death_ns = thread->death_ns;
	scope->on_core_ns += thread->on_core_ns - thread->unsure_ns;
}

/* `from` is the state that the thread is remembered to be in, 1 + the state, 0 = none. */
static int scope_change(struct curves *curves, struct scope *scope, const struct change *change,
			unsigned int from)
{
	int err = identity_check(curves->identity, change->at_ns >= scope->last_ns,
				 "identity 3: time runs backwards, from %" PRIu64 " to %" PRIu64
				 " ns", scope->last_ns, change->at_ns);

	if (!err)
		err = scope_advance(scope, change->at_ns);
	if (err)
		return err;
	scope_count(scope, change->from, (uint64_t)-1);
	scope_count(scope, change->to, 1);
	if (from)
		scope->in_state[from - 1]--;
	if (change->to != STATE_CNT)
		scope->in_state[change->to]++;
	else
		scope_bury(scope, change->thread);
	return identity_check(curves->identity,
			      scope->counts[CURVE_APPARENT] == apparent_parts(scope),
			      "identity 2: apparent is %" PRIu64 ", its parts are %" PRIu64
			      " at %" PRIu64 " ns",
			      scope->counts[CURVE_APPARENT], apparent_parts(scope), change->at_ns);
}

static int curves_begin(void *ctx, const struct run *run)
{
	struct curves *curves = ctx;

	scope_begin(&curves->tree, run->start_ns);
	return 0;
}

static int curves_change(void *ctx, const struct change *change)
{
	const struct process *process = change->thread->process;
	uint32_t slot = change->thread->slot;
	struct curves *curves = ctx;
	struct scope *scope;
	unsigned int from;
	int err;

	err = array_reserve(&curves->states, &curves->states_cap, slot + 1,
			    sizeof(*curves->states));
	if (err)
		return err;
	from = curves->states[slot];
	curves->states[slot] = change->to == STATE_CNT ? 0 : 1 + (unsigned char)change->to;
	err = array_reserve(&curves->processes, &curves->processes_cap, process->slot + 1,
			    sizeof(*curves->processes));
	if (err)
		return err;
	scope = &curves->processes[process->slot];
	while (curves->processes_cnt <= process->slot)
		curves->processes_cnt++;
	/* A process begins with its first thread. */
	if (!scope->begun)
		scope_begin(scope, change->at_ns);
	err = scope_change(curves, &curves->tree, change, from);
	return err ? err : scope_change(curves, scope, change, from);
}

static int levels_check(struct curves *curves, const struct scope *scope, uint64_t wall_ns,
			const char *whose)
{
	uint64_t sum_ns = 0, area_ns = 0;
	int err;

	for (size_t i = 0; i < scope->levels_cnt; i++) {
		sum_ns += scope->level_ns[i];
		area_ns += scope->level_ns[i] * i;
	}
	err = identity_check(curves->identity, sum_ns == wall_ns,
			     "identity 3: the levels of true parallelism of %s sum to %" PRIu64
			     " ns, its wall time is %" PRIu64 " ns", whose, sum_ns, wall_ns);
	if (err)
		return err;
	return identity_check(curves->identity, area_ns == scope->integral_ns[CURVE_TRUE],
			      "identity 3: the levels of %s enclose %" PRIu64
			      " ns, its true parallelism %" PRIu64 " ns",
			      whose, area_ns, scope->integral_ns[CURVE_TRUE]);
}

static int scope_end(struct curves *curves, struct scope *scope, uint64_t end_ns, const char *whose)
{
	int err = scope_advance(scope, end_ns);

	if (!err)
		err = levels_check(curves, scope, scope->death_ns - scope->birth_ns, whose);
	if (err)
		return err;
	return identity_check(curves->identity,
			      scope->integral_ns[CURVE_SCHEDULED] == scope->on_core_ns,
			      "identity 2: scheduled is %" PRIu64 " ns for %s, by its switches "
			      "%" PRIu64 " ns",
			      scope->integral_ns[CURVE_SCHEDULED], whose, scope->on_core_ns);
}

static int curves_end(void *ctx, const struct run *run)
{
	struct curves *curves = ctx;
	int err = scope_end(curves, &curves->tree, run->end_ns, "the run");

	/* A process that came back from the dead, its births lost, lasted until its last death. */
	for (size_t i = 0; !err && i < curves->processes_cnt; i++)
		if (curves->processes[i].begun)
			err = scope_end(curves, &curves->processes[i],
					curves->processes[i].last_ns, "a process");
	return err;
}

void curves_clear(struct curves *curves)
{
	free(curves->tree.level_ns);
	for (size_t i = 0; i < curves->processes_cnt; i++)
		free(curves->processes[i].level_ns);
	free(curves->processes);
	free(curves->states);
	*curves = (struct curves){ 0 };
}

const struct sink curves_sink = {
	.name = "curves",
	.begin = curves_begin,
	.change = curves_change,
	.end = curves_end,
};
