/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cuts away, one thing after the other, and keeps each cut after which the script still fails:
 * trouble, cores, plans, steps, times. The world's dice fall differently for every change, so each
 * smaller script is tried with several.
 */
#include "tests/sim/shrink.h"

#include <stdlib.h>

#define TRIES_MAX 6000
#define SEEDS 12

struct shrink {
	struct sim_script *script;
	bool (*fails)(const struct sim_script *script, void *ctx);
	void *ctx;
	int tries;
};

/* Takes the candidate in the script's place if it fails too. Owns the candidate. */
static bool shrink_take(struct shrink *shrink, struct sim_script *candidate)
{
	uint64_t seed = candidate->seed;

	for (uint64_t i = 0; i < SEEDS && shrink->tries < TRIES_MAX; i++) {
		shrink->tries++;
		candidate->seed = seed + i;
		if (!shrink->fails(candidate, shrink->ctx))
			continue;
		script_clear(shrink->script);
		*shrink->script = *candidate;
		return true;
	}
	script_clear(candidate);
	return false;
}

static bool cut_plan(struct shrink *shrink, size_t plan)
{
	struct sim_script candidate;

	if (!shrink->script->plans[plan].cnt)
		return false;
	script_copy(&candidate, shrink->script);
	candidate.plans[plan].cnt = 0;
	return shrink_take(shrink, &candidate);
}

static bool cut_step(struct shrink *shrink, size_t plan, size_t step)
{
	struct sim_script candidate;
	struct sim_plan *cut;

	script_copy(&candidate, shrink->script);
	cut = &candidate.plans[plan];
	cut->cnt--;
	for (size_t i = step; i < cut->cnt; i++)
		cut->steps[i] = cut->steps[i + 1];
	return shrink_take(shrink, &candidate);
}

static bool cut_number(struct shrink *shrink, size_t number)
{
	struct sim_script candidate;
	struct sim_setup *setup;
	bool cut = true;

	script_copy(&candidate, shrink->script);
	setup = &candidate.setup;
	switch (number) {
	case 0: cut = setup->loss_ns; setup->loss_ns = 0; break;
	case 1: cut = setup->program_ns; setup->program_ns = 0; break;
	case 2: cut = setup->mute; setup->mute = 0; break;
	case 3: cut = setup->end_ns; setup->end_ns = 0; break;
	case 4: cut = setup->hidden; setup->hidden = 0; break;
	case 5: cut = setup->unseen_cores; setup->unseen_cores = 0; break;
	case 6: cut = setup->gil; setup->gil = SIM_GIL_NONE; break;
	case 7: cut = setup->early; setup->early = 0; break;
	case 8: cut = setup->preempt; setup->preempt = 0; break;
	case 9: cut = setup->move; setup->move = 0; break;
	case 10: cut = setup->tick_ns; setup->tick_ns = 0; break;
	case 11: cut = setup->hands_over; setup->hands_over = false; break;
	case 12: cut = setup->exact; setup->exact = false; break;
	case 13: cut = setup->old_gil; setup->old_gil = false; break;
	case 14: cut = setup->cores > 1; setup->cores = 1; break;
	case 15: cut = setup->cores > 2; setup->cores = 2; break;
	default: cut = setup->cores > 1; setup->cores--; break;
	}
	if (cut)
		return shrink_take(shrink, &candidate);
	script_clear(&candidate);
	return false;
}

#define NUMBERS 17

static bool shrink_once(struct shrink *shrink)
{
	bool cut = false;

	for (size_t i = 0; i < NUMBERS; i++)
		cut |= cut_number(shrink, i);
	for (size_t i = shrink->script->plans_cnt; i--;)
		cut |= cut_plan(shrink, i);
	for (size_t i = shrink->script->plans_cnt; i--;)
		for (size_t j = shrink->script->plans[i].cnt; j--;)
			cut |= cut_step(shrink, i, j);
	return cut;
}

void script_shrink(struct sim_script *script, bool (*fails)(const struct sim_script *script, void *ctx),
		   void *ctx)
{
	struct shrink shrink = { .script = script, .fails = fails, .ctx = ctx };

	while (shrink.tries < TRIES_MAX && shrink_once(&shrink))
		;
}
