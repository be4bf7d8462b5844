/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays, tells and analyzes a world, and holds the figures of the report that are there without any
 * analysis of its own against the answer.
 */
#include "tests/sim/compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/array.h"
#include "tests/sim/sides.h"

static const struct report_thread *row_find(const struct report *report, uint64_t id)
{
	for (size_t i = 0; i < report->threads_listed; i++)
		if (report->threads[i].thread->id == id)
			return &report->threads[i];
	return NULL;
}

static bool thread_who(struct sides *sides, const struct sim_track *track, const struct thread *thread)
{
	uint64_t id = thread->id;

	if (strcmp(thread->comm, track->comm ? track->comm : ""))
		return differ(sides, "thread %" PRIu64 " is called %s, should be %s", id, thread->comm,
			      track->comm);
	return same(sides, "thread", id, "tid", thread->tid, track->tid) &&
	       same(sides, "thread", id, "process", thread->process->id, track->process) &&
	       same(sides, "thread", id, "birth lost", thread->birth_lost, track->birth_lost) &&
	       same(sides, "thread", id, "left alive", thread->left_alive, track->left_alive) &&
	       same(sides, "thread", id, "exit", thread->has_exit, track->has_exit);
}

static bool thread_same(struct sides *sides, const struct sim_track *track, const struct sim_sum *sum,
			const struct report_thread *row)
{
	const struct thread *thread = row->thread;
	uint64_t id = thread->id;

	for (int i = 0; i < STATE_CNT; i++)
		if (!same(sides, "thread", id, state_infos[i].name, row->state_ns[i],
			  of_state(sides, sum->state_ns, i)))
			return false;
	return same(sides, "thread", id, "birth", thread->birth_ns, track->birth_ns) &&
	       same(sides, "thread", id, "death", thread->death_ns, track->death_ns) &&
	       same(sides, "thread", id, "life", row->life_ns, track->death_ns - track->birth_ns) &&
	       same(sides, "thread", id, "sampled", row->sampled_ns, sum->sampled_ns) &&
	       same(sides, "thread", id, "on core", thread->on_core_ns, track->on_core_ns) &&
	       same(sides, "thread", id, "unsure", thread->unsure_ns, track->unsure_ns) &&
	       same(sides, "thread", id, "GIL waits", thread->gil_wait.cnt, track->gil_waits) &&
	       same(sides, "thread", id, "GIL episodes", thread->gil_wait.total_ns, track->gil_wait_ns) &&
	       same(sides, "thread", id, "GIL holds", thread->gil_hold.cnt, track->gil_holds) &&
	       same(sides, "thread", id, "GIL held", thread->gil_hold.total_ns, track->gil_hold_ns) &&
	       same(sides, "thread", id, "lock waits", thread->lock_wait.cnt, track->lock_waits) &&
	       same(sides, "thread", id, "lock episodes", thread->lock_wait.total_ns, track->lock_wait_ns) &&
	       same(sides, "thread", id, "GIL held off core", thread->gil_held_off_core_ns,
		    track->gil_held_off_ns) &&
	       thread_who(sides, track, thread);
}

static bool threads_same(struct sides *sides)
{
	uint64_t begun = 0;

	for (size_t i = 0; i < sides->story->tracks_cnt; i++) {
		const struct sim_track *track = &sides->story->tracks[i];
		const struct report_thread *row = row_find(sides->report, track->thread->id);

		begun += track->begun;
		if (!row != !track->begun)
			return differ(sides, "thread %" PRIu64 " is %s", track->thread->id,
				      row ? "made up" : "missing");
		if (row && !thread_same(sides, track, &sides->answer->threads[i], row))
			return false;
	}
	return same(sides, "the report", 0, "threads", sides->report->threads_cnt, begun);
}

static bool scope_same(struct sides *sides, const char *what, uint64_t of, const struct sim_scope *scope,
		       const struct report_scope *row)
{
	static const int curves[CURVE_CNT] = {
		[CURVE_ALIVE] = SIM_ALIVE, [CURVE_APPARENT] = SIM_APPARENT,
		[CURVE_SCHEDULED] = SIM_SCHEDULED, [CURVE_TRUE] = SIM_TRUE, [CURVE_OVERLAP] = SIM_OVERLAP,
	};

	for (int i = 0; i < CURVE_CNT; i++)
		if (!same(sides, what, of, curve_names[i], row->curves->integral_ns[i],
			  scope->integral_ns[curves[i]]) ||
		    !same(sides, what, of, "active", row->curves->active_integral_ns[i],
			  scope->active_integral_ns[curves[i]]))
			return false;
	for (size_t i = 0; i < scope->levels_cnt || i < row->curves->levels_cnt; i++)
		if (!same(sides, what, of, "a level of true parallelism",
			  i < row->curves->levels_cnt ? row->curves->level_ns[i] : 0,
			  i < scope->levels_cnt ? scope->level_ns[i] : 0))
			return false;
	return same(sides, what, of, "wall time", row->wall_ns, scope->end_ns - scope->start_ns) &&
	       same(sides, what, of, "active time", row->curves->active_ns, scope->active_ns);
}

static bool scopes_same(struct sides *sides)
{
	const struct report *report = sides->report;
	uint64_t seen = 0;

	for (size_t i = 0; i < report->processes_listed; i++) {
		const struct report_process *row = &report->processes[i];

		if (!row->process->born)
			continue;
		seen++;
		if (row->process->id >= sides->answer->processes_cnt)
			return differ(sides, "process %" PRIu64 " is made up", row->process->id);
		if (!scope_same(sides, "process", row->process->id,
				&sides->answer->processes[row->process->id], &row->scope))
			return false;
	}
	for (size_t i = 0; i < sides->answer->processes_cnt; i++)
		seen -= sides->answer->processes[i].end_ns != 0;
	return same(sides, "the report", 0, "processes too many", seen, 0) &&
	       scope_same(sides, "the tree", 0, &sides->answer->tree, &report->tree);
}

static bool core_same(struct sides *sides, const struct report_core *row)
{
	const struct sim_core_sum *sum = &sides->answer->cores[row->core];
	const struct core_tally *tally = &sides->analysis->cores.cores[row->core];

	for (size_t i = 0; i < tally->guests_cnt; i++)
		if (tally->guests[i]->program > SIM_PROGRAM_NAMELESS ||
		    !same(sides, "core", row->core, "a program's time", tally->guests[i]->ns,
			  sum->program_ns[tally->guests[i]->program]))
			return false;
	return same(sides, "core", row->core, "ours", row->ours_ns, sum->ours_ns) &&
	       same(sides, "core", row->core, "true", row->true_ns, sum->true_ns) &&
	       same(sides, "core", row->core, "spin", row->spin_ns, sum->spin_ns) &&
	       same(sides, "core", row->core, "unsure", tally->unsure_ns, sum->unsure_ns) &&
	       same(sides, "core", row->core, "others", row->other_ns, sum->other_ns) &&
	       same(sides, "core", row->core, "idle", row->idle_ns, sum->idle_ns) &&
	       same(sides, "core", row->core, "unknown", row->unknown_ns, sum->unknown_ns);
}

static bool cores_same(struct sides *sides)
{
	const struct report_idle *idle = &sides->report->idle;

	if (!same(sides, "the report", 0, "cores", sides->report->cores_cnt, sides->answer->cores_cnt))
		return false;
	for (size_t i = 0; i < sides->report->cores_cnt; i++)
		if (!core_same(sides, &sides->report->cores[i]))
			return false;
	for (int i = 0; i < STATE_CNT; i++)
		if (!same(sides, "idle while threads were in", (uint64_t)i, state_infos[i].name,
			  idle->wait_ns[i], of_state(sides, sides->answer->idle_wait_ns, i)))
			return false;
	return same(sides, "idle", 0, "while ready", idle->ready_ns, sides->answer->idle_ready_ns) &&
	       same(sides, "idle", 0, "for want of threads", idle->nobody_ns,
		    sides->answer->idle_nobody_ns);
}

static bool calls_same(struct sides *sides)
{
	const struct report *report = sides->report;
	const struct sim_answer *answer = sides->answer;

	for (size_t i = 0; i < report->calls_cnt; i++) {
		const struct report_call *row = &report->calls[i];
		const struct sim_call_sum *sum = NULL;

		for (size_t j = 0; j < answer->calls_cnt && !sum; j++)
			if ((int)answer->calls[j].state == sides->states[row->state] &&
			    answer->calls[j].sysno == row->sysno)
				sum = &answer->calls[j];
		if (!sum)
			return differ(sides, "call %" PRIu64 " is made up", row->sysno);
		if (!same(sides, "call", row->sysno, "time", row->ns, sum->ns) ||
		    !same(sides, "call", row->sysno, "count", row->cnt, sum->cnt))
			return false;
	}
	return same(sides, "the report", 0, "calls", report->calls_cnt, answer->calls_cnt);
}

static bool gils_same(struct sides *sides)
{
	for (size_t i = 0; i < sides->report->gils_cnt; i++) {
		const struct gil_count *gil = sides->report->gils[i];
		const struct sim_gil_sum *sum = &sides->answer->gils[gil->id];
		const struct sim_steps *steps = &sides->story->steps[gil->id];

		if (gil->id >= sides->answer->gils_cnt)
			return differ(sides, "GIL %" PRIu64 " is made up", gil->id);
		if (!same(sides, "GIL", gil->id, "run", gil->run_ns, sum->run_ns) ||
		    !same(sides, "GIL", gil->id, "takes", gil->takes, steps->takes) ||
		    !same(sides, "GIL", gil->id, "changes", gil->changes, steps->changes) ||
		    !same(sides, "GIL", gil->id, "requests", gil->requests, steps->requests) ||
		    !same(sides, "GIL", gil->id, "held off core", gil->off_core_ns, sum->off_core_ns) ||
		    !same(sides, "GIL", gil->id, "doubled", gil->doubled_ns, sum->doubled_ns))
			return false;
	}
	return true;
}

static bool quality_same(struct sides *sides)
{
	static const int causes[CAUSE_CNT] = {
		[CAUSE_THREAD] = SIM_BY_THREAD, [CAUSE_TIMER] = SIM_BY_TIMER,
		[CAUSE_INTERRUPT] = SIM_BY_INTERRUPT, [CAUSE_PROGRAM] = SIM_BY_PROGRAM,
		[CAUSE_UNCLEAR] = SIM_BY_UNCLEAR,
	};
	const struct report_quality *quality = &sides->report->quality;
	uint64_t lost = 0;

	for (uint32_t i = 0; i < sides->recorder->cores_cnt; i++)
		lost += sides->recorder->probes[i].lost;
	for (int i = 0; i < CAUSE_CNT; i++)
		if (!same(sides, "wakings by cause", (uint64_t)i, "count", quality->causes[i],
			  sides->answer->causes[causes[i]]))
			return false;
	return same(sides, "trace", 0, "lost", quality->lost, lost) &&
	       same(sides, "trace", 0, "balance", quality->balances, 1) &&
	       same(sides, "trace", 0, "contradictions", quality->contradictions, 0) &&
	       same(sides, "trace", 0, "looks", quality->gil_peeks, sides->story->looks) &&
	       same(sides, "trace", 0, "changes of holder seen", quality->gil_switches_seen,
		    sides->story->switches_seen) &&
	       same(sides, "trace", 0, "changes of holder unseen", quality->gil_switches_missed,
		    sides->story->switches_missed) &&
	       same(sides, "trace", 0, "time in search of a GIL", quality->gil_pending_ns,
		    sides->story->pending_ns);
}

static bool run_same(struct sides *sides)
{
	return same(sides, "run", 0, "start", sides->analysis->run.start_ns, sides->story->start_ns) &&
	       same(sides, "run", 0, "end", sides->analysis->run.end_ns, sides->story->end_ns);
}

/* What is compared, the simplest first: a difference there shows in all that follows. */
static bool sides_same(struct sides *sides)
{
	static bool (*const parts[])(struct sides *) = {
		run_same, threads_same, scopes_same, cores_same, calls_same, gils_same, quality_same,
		path_same, span_same, stack_same, phases_same, bottles_same, blame_same, locks_same,
		gil_uses_same, runqueue_same, predict_same,
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!parts[i](sides))
			return false;
	return true;
}

static bool image_compare(struct sides *sides, const void *image, size_t len)
{
	struct trace_reader *reader = NULL;
	struct analysis analysis = { 0 };
	struct report report = { 0 };
	bool equal = false;
	int err;

	err = trace_reader_open_memory(image, len, &reader, NULL);
	if (!err)
		err = analysis_run(&analysis, reader);
	if (!err)
		err = report_make(&report, &analysis, &(struct report_filter){ 0 });
	sides->analysis = &analysis;
	sides->report = &report;
	if (err)
		differ(sides, "error %d: %s", err, analysis.identity.broken);
	else
		equal = sides_same(sides);
	report_clear(&report);
	analysis_clear(&analysis);
	trace_reader_free(reader);
	return equal;
}

bool script_try(const struct sim_script *script, struct sim_verdict *ret_verdict)
{
	struct sim_recorder recorder;
	struct sim_world world;
	struct sim_story story;
	struct sim_answer answer;
	struct sides sides = {
		.recorder = &recorder, .story = &story, .answer = &answer, .verdict = ret_verdict,
	};
	size_t len;
	void *image;
	bool equal;

	*ret_verdict = (struct sim_verdict){ "", 0, 0 };
	states_match(&sides);
	recorder_begin(&recorder, script->setup.cores);
	world_run(&world, script, &recorder);
	story_tell(&story, &recorder, &world);
	sim_answer_make(&answer, &story);
	image = recorder_image(&recorder, &len);
	ret_verdict->records_cnt = recorder.records_cnt;
	ret_verdict->threads_cnt = world.threads_cnt;
	equal = image_compare(&sides, image, len);
	free(image);
	sim_answer_clear(&answer);
	story_clear(&story);
	world_clear(&world);
	recorder_clear(&recorder);
	return equal;
}
