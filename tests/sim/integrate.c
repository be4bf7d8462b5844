/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From one instant at which anything changes to the next: who is in which state, added up.
 */
#include "tests/sim/answer.h"

#include "tests/sim/instants.h"
#include "tests/sim/memory.h"

struct pass {
	struct sim_answer *answer;
	/* Idle time by how many threads waited, and of these by state: time times threads. */
	uint64_t (*idle)[SIM_STATE_CNT];
	uint64_t *idle_whole_ns;
};

static void scope_count(struct sim_scope *scope, enum sim_state state)
{
	for (int curve = 0; curve < SIM_CURVE_CNT; curve++)
		scope->counts[curve] += sim_state_counts[state][curve];
}

static void scope_pass(struct sim_scope *scope, uint64_t now_ns, uint64_t passed_ns)
{
	bool active = scope->counts[SIM_APPARENT] || scope->counts[SIM_OVERLAP];
	size_t level = scope->counts[SIM_TRUE];

	if (now_ns < scope->start_ns || now_ns >= scope->end_ns)
		return;
	grow(&scope->level_ns, &scope->levels_cap, level + 1, sizeof(*scope->level_ns));
	if (level >= scope->levels_cnt)
		scope->levels_cnt = level + 1;
	scope->level_ns[level] += passed_ns;
	scope->active_ns += active ? passed_ns : 0;
	for (int curve = 0; curve < SIM_CURVE_CNT; curve++) {
		scope->integral_ns[curve] += scope->counts[curve] * passed_ns;
		scope->active_integral_ns[curve] += active ? scope->counts[curve] * passed_ns : 0;
		scope->counts[curve] = 0;
	}
}

static void thread_pass(struct pass *pass, const struct sim_instant *instant, size_t slot)
{
	const struct sim_piece *piece = instant->threads[slot];
	struct sim_answer *answer = pass->answer;

	if (!piece)
		return;
	answer->threads[slot].state_ns[piece->state] += instant->passed_ns;
	answer->threads[slot].sampled_ns += piece->sampled ? instant->passed_ns : 0;
	answer->gils[piece->gil].running_cnt += piece->state == SIM_RUN_GIL;
	scope_count(&answer->tree, piece->state);
	scope_count(&answer->processes[instant->story->tracks[slot].process], piece->state);
}

/* Returns whether it is idle. */
static bool core_pass(struct pass *pass, const struct sim_instant *instant, size_t core)
{
	const struct sim_core_piece *piece = instant->cores[core];
	struct sim_core_sum *sum = &pass->answer->cores[core];
	uint64_t passed_ns = instant->passed_ns;
	const struct sim_piece *thread;

	switch (piece->use) {
	case SIM_USE_UNKNOWN:
		sum->unknown_ns += passed_ns;
		return false;
	case SIM_USE_IDLE:
		sum->idle_ns += passed_ns;
		return true;
	case SIM_USE_OTHER:
		sum->other_ns += passed_ns;
		sum->program_ns[piece->program] += passed_ns;
		return false;
	default:
		break;
	}
	sum->ours_ns += passed_ns;
	thread = instant->threads[piece->thread->slot];
	if (thread && thread->state == SIM_UNKNOWN)
		sum->unsure_ns += passed_ns;
	else if (thread && thread->state == SIM_RUN_SPIN)
		sum->spin_ns += passed_ns;
	else
		sum->true_ns += passed_ns;
	return false;
}

static bool is_wait(int state)
{
	return state >= SIM_WAIT_GIL && state <= SIM_WAIT_OTHER;
}

/* Other programs have cores that so many ready threads lack. */
static void others_pass(struct pass *pass, const struct sim_instant *instant, uint64_t lacking)
{
	for (size_t i = 0; i < pass->answer->cores_cnt; i++) {
		const struct sim_core_piece *piece = instant->cores[i];

		if (piece->use != SIM_USE_OTHER)
			continue;
		pass->answer->cores[i].program_crowded_ns[piece->program] += instant->passed_ns;
		if (lacking) {
			lacking--;
			pass->answer->other_ready_ns += instant->passed_ns;
		}
	}
}

/* What the threads lacked while so many cores stood idle. */
static void idle_pass(struct pass *pass, const struct sim_instant *instant, uint64_t idle)
{
	uint64_t in_state[SIM_STATE_CNT] = { 0 }, ready, waiting = 0, whole;
	uint64_t passed_ns = instant->passed_ns;

	for (size_t i = 0; i < instant->story->tracks_cnt; i++)
		if (instant->threads[i])
			in_state[instant->threads[i]->state]++;
	ready = in_state[SIM_READY_WOKEN] + in_state[SIM_READY_PREEMPTED];
	if (ready > idle)
		others_pass(pass, instant, ready - idle);
	ready = ready < idle ? ready : idle;
	idle -= ready;
	for (int state = 0; state < SIM_STATE_CNT; state++)
		waiting += is_wait(state) ? in_state[state] : 0;
	whole = waiting < idle ? waiting : idle;
	pass->answer->idle_ready_ns += ready * passed_ns;
	pass->answer->idle_nobody_ns += (idle - whole) * passed_ns;
	pass->idle_whole_ns[waiting] += whole * passed_ns;
	for (int state = 0; state < SIM_STATE_CNT; state++)
		pass->idle[waiting][state] += is_wait(state) ? in_state[state] * whole * passed_ns : 0;
}

static void idle_share(struct pass *pass, size_t threads_cnt)
{
	uint64_t parts[SIM_STATE_CNT];

	for (size_t waiting = 1; waiting <= threads_cnt; waiting++) {
		share_out(pass->idle_whole_ns[waiting], pass->idle[waiting], SIM_STATE_CNT, parts);
		for (int state = 0; state < SIM_STATE_CNT; state++)
			pass->answer->idle_wait_ns[state] += parts[state];
	}
}

static void gil_pass(struct sim_gil_sum *gil, uint64_t passed_ns)
{
	if (gil->running_cnt)
		gil->run_ns += passed_ns;
	if (gil->running_cnt > 1)
		gil->doubled_ns += passed_ns;
	gil->running_cnt = 0;
}

static void instant_pass(const struct sim_instant *instant, void *ctx)
{
	struct pass *pass = ctx;
	struct sim_answer *answer = pass->answer;
	uint64_t idle = 0;

	for (size_t i = 0; i < answer->threads_cnt; i++)
		thread_pass(pass, instant, i);
	scope_pass(&answer->tree, instant->now_ns, instant->passed_ns);
	for (size_t i = 0; i < answer->processes_cnt; i++)
		scope_pass(&answer->processes[i], instant->now_ns, instant->passed_ns);
	for (size_t i = 0; i < answer->cores_cnt; i++)
		idle += core_pass(pass, instant, i);
	for (size_t i = 0; i < answer->gils_cnt; i++)
		gil_pass(&answer->gils[i], instant->passed_ns);
	idle_pass(pass, instant, idle);
}

static void call_add(struct sim_answer *answer, const struct sim_piece *piece, uint64_t until_ns)
{
	size_t at = 0;

	while (at < answer->calls_cnt && (answer->calls[at].state != piece->state ||
					  answer->calls[at].sysno != piece->sysno))
		at++;
	grow(&answer->calls, &answer->calls_cap, at + 1, sizeof(*answer->calls));
	if (at == answer->calls_cnt)
		answer->calls[answer->calls_cnt++] = (struct sim_call_sum){
			.state = piece->state, .sysno = piece->sysno,
		};
	answer->calls[at].ns += until_ns - piece->from_ns;
	answer->calls[at].cnt++;
}

/* What needs no instants: waits by call, GILs held off core, wakings by cause. */
static void lists_sum(struct sim_answer *answer, const struct sim_story *story)
{
	for (size_t i = 0; i < story->tracks_cnt; i++) {
		const struct sim_track *track = &story->tracks[i];

		for (size_t j = 0; j < track->pieces_cnt; j++)
			if (is_wait(track->pieces[j].state))
				call_add(answer, &track->pieces[j], j + 1 < track->pieces_cnt ?
					 track->pieces[j + 1].from_ns : track->death_ns);
		for (size_t j = 0; j < track->holds_cnt; j++)
			answer->gils[track->holds[j].gil].off_core_ns +=
				track->holds[j].to_ns - track->holds[j].from_ns;
	}
	for (size_t i = 0; i < story->edges_cnt; i++)
		answer->causes[story->edges[i].cause] += story->edges[i].ended != SIM_STATE_CNT;
}

static void scopes_begin(struct sim_answer *answer, const struct sim_story *story)
{
	answer->tree.start_ns = story->start_ns;
	answer->tree.end_ns = story->end_ns;
	for (size_t i = 0; i < story->tracks_cnt; i++) {
		const struct sim_track *track = &story->tracks[i];
		struct sim_scope *process = &answer->processes[track->process];

		if (!track->begun)
			continue;
		if (!process->end_ns || track->birth_ns < process->start_ns)
			process->start_ns = track->birth_ns;
		if (track->death_ns > process->end_ns)
			process->end_ns = track->death_ns;
	}
}

void sim_answer_make(struct sim_answer *answer, const struct sim_story *story)
{
	struct pass pass = { .answer = answer };

	*answer = (struct sim_answer){
		.processes_cnt = story->tracks_cnt + 1, .threads_cnt = story->tracks_cnt,
		.cores_cnt = story->cores_cnt, .gils_cnt = story->gils_cnt,
	};
	answer->processes = zalloc(answer->processes_cnt, sizeof(*answer->processes));
	answer->threads = zalloc(answer->threads_cnt, sizeof(*answer->threads));
	answer->cores = zalloc(answer->cores_cnt, sizeof(*answer->cores));
	answer->gils = zalloc(answer->gils_cnt, sizeof(*answer->gils));
	pass.idle = zalloc(story->tracks_cnt + 1, sizeof(*pass.idle));
	pass.idle_whole_ns = zalloc(story->tracks_cnt + 1, sizeof(*pass.idle_whole_ns));
	scopes_begin(answer, story);
	instants_each(story, instant_pass, &pass);
	idle_share(&pass, story->tracks_cnt);
	lists_sum(answer, story);
	free(pass.idle);
	free(pass.idle_whole_ns);
}

void sim_answer_clear(struct sim_answer *answer)
{
	free(answer->tree.level_ns);
	for (size_t i = 0; i < answer->processes_cnt; i++)
		free(answer->processes[i].level_ns);
	free(answer->processes);
	free(answer->threads);
	free(answer->cores);
	free(answer->gils);
	free(answer->calls);
	*answer = (struct sim_answer){ 0 };
}
