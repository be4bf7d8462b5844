/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes the records one by one: tells life.c what happens to whom, and place.c where.
 */
#include "analyzer/timeline.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/believe.h"
#include "analyzer/gilexact.h"
#include "analyzer/gilrecords.h"
#include "analyzer/life.h"
#include "analyzer/place.h"

int timeline_init(struct timeline *timeline, struct run *run, struct people *people,
		  const struct prescan *prescan, const struct sink_use *sinks, size_t sinks_cnt)
{
	*timeline = (struct timeline){ .run = run, .people = people, .prescan = prescan };
	timeline->cores = calloc(run->cores_cnt ? run->cores_cnt : 1, sizeof(*timeline->cores));
	if (!timeline->cores)
		return -ENOMEM;
	for (uint32_t i = 0; i < run->cores_cnt; i++)
		timeline->cores[i].use = CORE_UNKNOWN;
	people->window = STRETCH_ALL;
	queue_init(&timeline->queue, sinks, sinks_cnt);
	return 0;
}

void timeline_clear(struct timeline *timeline)
{
	queue_clear(&timeline->queue);
	gils_clear(&timeline->gils);
	words_clear(&timeline->words);
	free(timeline->cores);
	free(timeline->alive);
	*timeline = (struct timeline){ 0 };
}

int timeline_begin(struct timeline *timeline, uint64_t now_ns)
{
	struct queue *queue = &timeline->queue;

	timeline->run->started = true;
	timeline->run->start_ns = now_ns;
	timeline->run->end_ns = now_ns;
	for (size_t i = 0; i < queue->sinks_cnt; i++) {
		const struct sink_use *use = &queue->sinks[i];
		int err = use->sink->begin ? use->sink->begin(use->ctx, timeline->run) : 0;

		if (err < 0)
			return err;
	}
	for (uint32_t i = 0; i < timeline->run->cores_cnt; i++)
		if (timeline->cores[i].use != CORE_UNKNOWN)
			queue_core(queue, &(struct core_change){
				.at_ns = now_ns,
				.core = i,
				.use = timeline->cores[i].use,
				.program = timeline->cores[i].program,
			});
	return 0;
}

static int switch_take(struct timeline *timeline, const struct trace_record *record)
{
	const struct trace_sched_switch *sw = &record->sched_switch;
	struct core_change change = { .at_ns = timeline->now_ns, .core = record->stream };
	struct gil_peek peek = GIL_PEEK(*sw);
	struct thread *prev = NULL, *next = NULL;
	int err = 0;

	if (sw->prev)
		err = life_sight(timeline, sw->prev, &prev);
	if (!err)
		place_was(timeline, record->stream, prev);
	if (!err && prev)
		err = gil_peek_take(timeline, prev, &peek);
	if (!err && prev) {
		life_leave(timeline, prev, sw);
		prev->pushed_off = sw->how == TRACE_HOW_PREEMPTED;
	}
	if (!err && sw->next)
		err = life_sight(timeline, sw->next, &next);
	if (err)
		return err;
	if (next) {
		place_nowhere(timeline, next);
		life_come(timeline, next, record->stream);
		if (stretch_has(next->window, timeline->now_ns)) {
			next->idle_switch_ins += !sw->prev && !sw->other;
			next->woken_switch_ins += !next->pushed_off;
		}
		change.use = CORE_OURS;
		change.thread = next;
	} else if (sw->next) {
		/* A dead one, for all that is known. */
		change.use = CORE_UNKNOWN;
	} else {
		change.use = sw->other ? CORE_OTHER : CORE_IDLE;
		change.program = sw->other;
	}
	place_core_set(timeline, &change);
	return 0;
}

static int waker_take(struct timeline *timeline, struct thread *waker,
		      const struct trace_record *record)
{
	struct gil_peek peek = GIL_PEEK(record->waking);
	int err;

	place_seen(timeline, record->stream, waker);
	err = gil_peek_take(timeline, waker, &peek);
	if (err || !peek.gil || waker->place != PLACE_CORE || waker->exact.known)
		return err;
	if (peek.part != TRACE_GIL_PART_NONE && waking_is_futex_wake(&record->waking))
		gil_wake(&timeline->queue, waker, &peek, timeline->now_ns);
	else
		gil_look(&timeline->queue, waker, &peek, timeline->now_ns);
	return 0;
}

static int waking_take(struct timeline *timeline, const struct trace_record *record)
{
	const struct trace_waking *wk = &record->waking;
	struct thread *waker = NULL, *wakee = NULL;
	int err = 0;

	if (wk->waker)
		err = life_sight(timeline, wk->waker, &waker);
	if (!err && waker)
		err = waker_take(timeline, waker, record);
	if (!err && wk->wakee)
		err = life_sight(timeline, wk->wakee, &wakee);
	if (err || !wakee)
		return err;
	life_wake(timeline, wakee, &(struct waking){
		.at_ns = timeline->now_ns,
		.waker = waker,
		.waker_id = waker ? waker->id : 0,
		.process = waker ? waker->process->id : 0,
		.other = wk->other,
		.context = wk->context,
		.sysno = wk->sysno,
		.arg0 = wk->arg0,
		.arg1 = wk->arg1,
	});
	return 0;
}

static int sample_take(struct timeline *timeline, const struct trace_record *record)
{
	struct gil_peek peek = GIL_PEEK(record->sample);
	struct thread *thread;
	int err;

	if (!record->sample.thread)
		return 0;
	err = life_sight(timeline, record->sample.thread, &thread);
	if (err || !thread)
		return err;
	place_seen(timeline, record->stream, thread);
	err = gil_peek_take(timeline, thread, &peek);
	if (!err && peek.gil && thread->place == PLACE_CORE && !thread->exact.known)
		gil_look(&timeline->queue, thread, &peek, timeline->now_ns);
	return err;
}

static int exec_take(struct timeline *timeline, const struct trace_record *record)
{
	const struct trace_exec *exec = &record->exec;
	struct process *process;
	struct thread *thread;
	int err;

	if (!exec->thread)
		return 0;
	err = life_sight(timeline, exec->thread, &thread);
	if (err || !thread)
		return err;
	place_seen(timeline, record->stream, thread);
	thread->tid = exec->tid;
	name_copy(thread->comm, &exec->comm);
	process = thread->process;
	process->leader = thread;
	/* A new address space: no word and no GIL of the old one means anything in it. */
	if (process->id)
		process->locks = prescan_locks(timeline->prescan, process->id, ++process->execs);
	gil_locate(timeline, process, exec->gil_state == TRACE_GIL_KNOWN);
	process->gil_exact = false;
	exact_end(thread, timeline->now_ns);
	if (exec->gil_state == TRACE_GIL_PENDING) {
		process->gil = GIL_PENDING;
		process->gil_pending = true;
		process->gil_pending_since_ns = timeline->now_ns;
	}
	if (thread->place == PLACE_CORE)
		gil_exec(&timeline->queue, thread, timeline->now_ns);
	return 0;
}

static int core_take(struct timeline *timeline, const struct trace_record *record)
{
	place_was(timeline, record->stream, NULL);
	place_core_set(timeline, &(struct core_change){
		.at_ns = timeline->now_ns,
		.core = record->stream,
		.use = record->core.program ? CORE_OTHER : CORE_IDLE,
		.program = record->core.program,
	});
	return 0;
}

/* Facts of a thread that change no state; of one that nobody ever saw they are worth nothing. */
static struct thread *thread_known(struct timeline *timeline, uint64_t id)
{
	return idmap_get(&timeline->people->thread_ids, id);
}

static int birth_take(struct timeline *timeline, const struct trace_record *record)
{
	struct thread *parent = thread_known(timeline, record->thread.parent);

	if (!record->thread.id)
		return 0;
	/* Whoever forks is running; for one that was lost from sight that is news. */
	if (parent && parent->born && parent->place == PLACE_LOST)
		place_seen(timeline, record->stream, parent);
	return life_birth(timeline, record);
}

static int usage_take(struct timeline *timeline, const struct trace_record *record)
{
	const struct trace_usage *usage = &record->usage;
	struct thread *thread = thread_known(timeline, usage->thread);

	if (thread) {
		thread->has_usage = true;
		thread->kernel_run_ns = usage->run_ns > usage->born_run_ns ?
						usage->run_ns - usage->born_run_ns : 0;
		thread->kernel_delay_ns = usage->delay_ns;
	}
	return 0;
}

static int comm_take(struct timeline *timeline, const struct trace_record *record)
{
	struct thread *thread = thread_known(timeline, record->comm.thread);

	if (thread)
		name_copy(thread->comm, &record->comm.comm);
	return 0;
}

static int exit_take(struct timeline *timeline, const struct trace_record *record)
{
	struct thread *thread = thread_known(timeline, record->exit.thread);

	if (thread && thread->born && thread->place != PLACE_GONE)
		place_seen(timeline, record->stream, thread);
	if (thread) {
		thread->has_exit = true;
		thread->exit_code = record->exit.code;
	}
	return 0;
}

static int migrate_take(struct timeline *timeline, const struct trace_record *record)
{
	struct thread *thread = thread_known(timeline, record->migrate.thread);

	if (!thread)
		return 0;
	thread->migrations += stretch_has(thread->window, timeline->now_ns);
	/* In the instant in which it is first seen it is not taken from anywhere. */
	if (thread->born && thread->first_ns < timeline->now_ns && thread->place != PLACE_GONE &&
	    record->migrate.to < timeline->run->cores_cnt)
		queue_move(&timeline->queue, &(struct move){
			.at_ns = timeline->now_ns, .thread = thread, .to = (uint32_t)record->migrate.to,
		});
	return 0;
}

static int program_take(struct timeline *timeline, const struct trace_record *record)
{
	return run_program_add(timeline->run, &record->program);
}

static int end_take(struct timeline *timeline, const struct trace_record *record)
{
	timeline->run->ended = true;
	timeline->run->end_reason = record->end.reason;
	timeline->run->end_status = record->end.status;
	return 0;
}

/* What to do with a kind of record; kinds without a row say nothing of threads or cores. */
static const struct record_rule {
	int (*take)(struct timeline *timeline, const struct trace_record *record);
	bool of_core;		/* its stream must be a core */
	bool of_run;		/* the run lasted until then, if nothing else ends it */
} record_rules[TRACE_KIND_MAX] = {
	[TRACE_SWITCH] = { switch_take, true, true },
	[TRACE_WAKING] = { waking_take, true, true },
	[TRACE_SAMPLE] = { sample_take, true, true },
	[TRACE_THREAD] = { birth_take, true, true },
	[TRACE_EXEC] = { exec_take, true, true },
	[TRACE_EXIT] = { exit_take, true, true },
	[TRACE_USAGE] = { usage_take, false, true },
	[TRACE_COMM] = { comm_take, false, true },
	[TRACE_MIGRATE] = { migrate_take, false, true },
	[TRACE_CORE] = { core_take, true, true },
	[TRACE_PROGRAM] = { program_take, false, false },
	[TRACE_GIL] = { gil_take, false, true },
	[TRACE_GILOP] = { gilop_take, true, true },
	[TRACE_LOCKOP] = { lockop_take, true, true },
	[TRACE_CORESTAT] = { NULL, false, true },
	[TRACE_END] = { end_take, false, true },
};

int timeline_record(struct timeline *timeline, const struct trace_record *record)
{
	const struct record_rule *rule;
	int err;

	if (record->kind >= TRACE_KIND_MAX)
		return 0;
	rule = &record_rules[record->kind];
	place_gaps_begin(timeline, record->ts_ns);
	if (record->ts_ns > timeline->now_ns)
		timeline->now_ns = record->ts_ns;
	if (rule->of_run)
		timeline->last_ns = timeline->now_ns;
	if (rule->of_core && record->stream >= timeline->run->cores_cnt) {
		timeline->contradictions++;
		return 0;
	}
	if (rule->take) {
		err = rule->take(timeline, record);
		if (err)
			return err;
	}
	life_tire(timeline);
	return queue_flush(&timeline->queue, timeline->now_ns);
}

/* When the run ends in which threads were left alive. */
static uint64_t end_find(const struct timeline *timeline)
{
	const struct prescan *prescan = timeline->prescan;

	/* The recorder's own records go on where those of all cores are missing. */
	if (prescan->end_ns && prescan->end_ns < timeline->last_ns)
		return prescan->end_ns;
	return timeline->last_ns;
}

int timeline_finish(struct timeline *timeline)
{
	struct people *people = timeline->people;
	struct queue *queue = &timeline->queue;
	struct run *run = timeline->run;
	int err = 0;

	if (!run->started)
		err = timeline_begin(timeline, timeline->last_ns);
	if (err)
		return err;
	if (timeline->alive_cnt)
		run->end_ns = end_find(timeline);
	for (size_t i = 0; i < people->threads_cnt; i++)
		life_outlast(timeline, people->threads[i], run->end_ns);
	for (size_t i = 0; i < people->processes_cnt; i++)
		process_pending_end(people->processes[i], run->end_ns);
	queue->limit_ns = run->end_ns;
	err = queue_flush(queue, run->end_ns);
	for (size_t i = 0; !err && i < queue->sinks_cnt; i++) {
		const struct sink_use *use = &queue->sinks[i];

		err = use->sink->end ? use->sink->end(use->ctx, run) : 0;
	}
	return err < 0 ? err : 0;
}
