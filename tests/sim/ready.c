/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks at each instant of each thread where it is and what has that core.
 */
#include "tests/sim/ready.h"

#include "tests/sim/instants.h"
#include "tests/sim/memory.h"

struct pass {
	struct sim_ready *ready;
	size_t *core_at;		/* of each core's pieces, the first that has not begun */
	size_t move_at;			/* likewise */
	uint64_t *waiting;		/* by core */
};

static bool is_ready(enum sim_state state)
{
	return state == SIM_READY_WOKEN || state == SIM_READY_PREEMPTED;
}

static void delay_add(struct sim_delays *delays, uint64_t ns)
{
	delays->cnt++;
	delays->sum_ns += ns;
	if (ns > delays->max_ns)
		delays->max_ns = ns;
}

/* Each stay in a ready state. */
static void delays_list(struct sim_ready *ready, const struct sim_track *track)
{
	struct sim_ready_thread *thread = &ready->threads[track->thread->slot];

	for (size_t i = 0; track->begun && i < track->pieces_cnt; i++) {
		bool last = i + 1 == track->pieces_cnt;
		uint64_t to_ns = last ? track->death_ns : track->pieces[i + 1].from_ns;
		uint64_t ns = to_ns - track->pieces[i].from_ns;

		if (!is_ready(track->pieces[i].state))
			continue;
		delay_add(track->pieces[i].state == SIM_READY_WOKEN ? &ready->woken : &ready->preempted, ns);
		ready->cut_cnt += last || track->pieces[i + 1].state == SIM_UNKNOWN;
		if (ns > thread->worst_ns)
			thread->worst_ns = ns;
	}
}

/* Who comes to a core up to this instant; a core may be told again to have whom it has. */
static void comings_take(struct pass *pass, const struct sim_instant *instant, size_t core)
{
	const struct sim_core_track *track = &instant->story->cores[core];

	for (; pass->core_at[core] < track->cnt; pass->core_at[core]++) {
		const struct sim_core_piece *piece = &track->pieces[pass->core_at[core]];
		struct sim_ready_thread *thread;

		if (piece->from_ns > instant->now_ns)
			return;
		if (piece->use != SIM_USE_OURS || (pass->core_at[core] && piece[-1].thread == piece->thread))
			continue;
		thread = &pass->ready->threads[piece->thread->slot];
		pass->ready->comings_cnt += piece->from_ns > instant->story->start_ns;
		thread->elsewhere_cnt += thread->last_core && thread->last_core != core + 1;
		thread->last_core = thread->place = core + 1;
	}
}

static void moves_take(struct pass *pass, const struct sim_instant *instant)
{
	const struct sim_story *story = instant->story;

	for (; pass->move_at < story->moves_cnt; pass->move_at++) {
		const struct sim_move *move = &story->moves[pass->move_at];
		const struct sim_piece *piece = instant->threads[move->track];

		if (move->at_ns > instant->now_ns)
			return;
		pass->ready->threads[move->track].place = move->to + 1;
		pass->ready->threads[move->track].moves_cnt++;
		pass->ready->threads[move->track].ready_moves_cnt += piece && is_ready(piece->state);
	}
}

static void charge(struct pass *pass, const struct sim_instant *instant, const struct sim_core_piece *core)
{
	if (core->use == SIM_USE_OURS)
		pass->ready->threads[core->thread->slot].caused_ns += instant->passed_ns;
	else if (core->use == SIM_USE_OTHER)
		pass->ready->program_ns[core->program] += instant->passed_ns;
}

static bool is_behind(const struct sim_instant *instant, const struct sim_ready_thread *thread)
{
	enum sim_use use = thread->place ? instant->cores[thread->place - 1]->use : SIM_USE_UNKNOWN;

	return use == SIM_USE_OURS || use == SIM_USE_OTHER;
}

static void stretch_pass(struct sim_delays *delays, bool holds, uint64_t passed_ns)
{
	if (!holds && delays->now_ns)
		delay_add(delays, delays->now_ns);
	delays->now_ns = holds ? delays->now_ns + passed_ns : 0;
}

/* Who is ready, and where. */
static void places_find(struct pass *pass, const struct sim_instant *instant)
{
	memset(pass->waiting, 0, instant->story->cores_cnt * sizeof(*pass->waiting));
	for (size_t i = 0; i < instant->story->cores_cnt; i++)
		comings_take(pass, instant, i);
	moves_take(pass, instant);
	for (size_t i = 0; i < instant->story->tracks_cnt; i++) {
		struct sim_ready_thread *thread = &pass->ready->threads[i];
		const struct sim_piece *piece = instant->threads[i];

		if (piece && piece->state == SIM_UNKNOWN)
			thread->place = 0;
		if (!piece || !is_ready(piece->state))
			continue;
		thread->ready_ns += instant->passed_ns;
		if (!thread->place) {
			thread->nowhere_ns += instant->passed_ns;
			continue;
		}
		pass->waiting[thread->place - 1]++;
		thread->use_ns[instant->cores[thread->place - 1]->use] += instant->passed_ns;
		charge(pass, instant, instant->cores[thread->place - 1]);
	}
}

static void instant_pass(const struct sim_instant *instant, void *ctx)
{
	struct pass *pass = ctx;
	struct sim_ready *ready = pass->ready;
	uint64_t idle = 0, spare = 0, nowhere = 0, all = 0, behind = 0;

	places_find(pass, instant);
	for (size_t i = 0; i < instant->story->cores_cnt; i++) {
		idle += instant->cores[i]->use == SIM_USE_IDLE;
		spare += instant->cores[i]->use == SIM_USE_IDLE && !pass->waiting[i];
	}
	for (size_t i = 0; i < instant->story->tracks_cnt; i++) {
		if (!instant->threads[i] || !is_ready(instant->threads[i]->state))
			continue;
		all++;
		nowhere += !ready->threads[i].place;
		behind += is_behind(instant, &ready->threads[i]);
		ready->threads[i].room_ns += idle ? instant->passed_ns : 0;
	}
	spare = spare > nowhere ? spare - nowhere : 0;
	for (size_t i = 0; spare && i < instant->story->tracks_cnt; i++)
		if (instant->threads[i] && is_ready(instant->threads[i]->state) &&
		    is_behind(instant, &ready->threads[i]))
			ready->threads[i].stranded_ns += instant->passed_ns;
	ready->wasted_ns += (spare < behind ? spare : behind) * instant->passed_ns;
	stretch_pass(&ready->room, idle && all, instant->passed_ns);
	stretch_pass(&ready->waste, spare && behind, instant->passed_ns);
}

/* What happens in the very last instant. */
static void end_take(struct pass *pass, const struct sim_story *story)
{
	const struct sim_piece **threads = zalloc(story->tracks_cnt, sizeof(*threads));
	const struct sim_instant end = { .story = story, .now_ns = story->end_ns, .threads = threads };

	for (size_t i = 0; i < story->cores_cnt; i++)
		comings_take(pass, &end, i);
	moves_take(pass, &end);
	stretch_pass(&pass->ready->room, false, 0);
	stretch_pass(&pass->ready->waste, false, 0);
	free(threads);
}

void ready_measure(struct sim_ready *ready, const struct sim_story *story)
{
	struct pass pass = {
		.ready = ready,
		.core_at = zalloc(story->cores_cnt, sizeof(*pass.core_at)),
		.waiting = zalloc(story->cores_cnt, sizeof(*pass.waiting)),
	};

	*ready = (struct sim_ready){
		.threads = zalloc(story->tracks_cnt, sizeof(*ready->threads)),
	};
	for (size_t i = 0; i < story->tracks_cnt; i++)
		delays_list(ready, &story->tracks[i]);
	instants_each(story, instant_pass, &pass);
	end_take(&pass, story);
	free(pass.core_at);
	free(pass.waiting);
}

void ready_free(struct sim_ready *ready)
{
	free(ready->threads);
}
