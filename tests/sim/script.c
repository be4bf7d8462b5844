/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts as data: growing, copying, printing.
 */
#include "tests/sim/script.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/memory.h"
#include "tests/support/trace_build.h"

#define STEP_NAME(NAME, name) [DO_##NAME] = name,
const char *const sim_do_names[DO_CNT] = { SIM_STEPS(STEP_NAME) };

uint64_t dice(uint64_t *random, uint64_t limit)
{
	return limit ? random_next(random) % limit : 0;
}

bool chance(uint64_t *random, uint32_t rate)
{
	return dice(random, 1000) < rate;
}

uint64_t dice_ns(uint64_t *random, uint64_t low, uint64_t high)
{
	uint64_t span = high > low ? high / low : 1;
	unsigned int doublings = 64 - (unsigned int)__builtin_clzll(span);
	uint64_t top = low << dice(random, doublings);

	top += dice(random, top);
	return top < high ? top : high;
}

struct sim_plan *script_plan_add(struct sim_script *script)
{
	grow(&script->plans, &script->plans_cap, script->plans_cnt + 1, sizeof(*script->plans));
	return &script->plans[script->plans_cnt++];
}

void plan_add(struct sim_plan *plan, enum sim_do what, uint64_t ns, uint32_t arg)
{
	grow(&plan->steps, &plan->cap, plan->cnt + 1, sizeof(*plan->steps));
	plan->steps[plan->cnt++] = (struct sim_step){ .what = what, .ns = ns, .arg = arg };
}

void script_clear(struct sim_script *script)
{
	for (size_t i = 0; i < script->plans_cnt; i++)
		free(script->plans[i].steps);
	free(script->plans);
	*script = (struct sim_script){ 0 };
}

void script_copy(struct sim_script *script, const struct sim_script *from)
{
	*script = (struct sim_script){ .seed = from->seed, .setup = from->setup };
	for (size_t i = 0; i < from->plans_cnt; i++) {
		const struct sim_plan *old = &from->plans[i];
		struct sim_plan *plan = script_plan_add(script);

		plan->forks = old->forks;
		plan->quiet = old->quiet;
		for (size_t j = 0; j < old->cnt; j++) {
			plan_add(plan, old->steps[j].what, old->steps[j].ns, old->steps[j].arg);
			plan->steps[j].times = old->steps[j].times;
		}
	}
}

static void setup_print(const struct sim_setup *setup, FILE *out)
{
	fprintf(out, "%" PRIu32 " cores, gil %d, interval %" PRIu64 " us, check %" PRIu64
		" us, slice %" PRIu64 " us, tick %" PRIu64 " us\n", setup->cores, setup->gil,
		setup->interval_ns / 1000, setup->check_ns / 1000, setup->slice_ns / 1000,
		setup->tick_ns / 1000);
	fprintf(out, "programs every %" PRIu64 " us, losses every %" PRIu64 " us, end at %" PRIu64
		" us, %s\n", setup->program_ns / 1000, setup->loss_ns / 1000, setup->end_ns / 1000,
		setup->hands_over ? "mutexes are handed over" : "mutexes barge");
	if (setup->old_gil)
		fprintf(out, "GILs are old ones\n");
	if (setup->exact)
		fprintf(out, "steps at GILs are recorded\n");
	fprintf(out, "of 1000: early %" PRIu32 ", mute %" PRIu32 ", preempt %" PRIu32 ", move %"
		PRIu32 ", hidden %" PRIu32 ", unseen cores %" PRIu32 "\n", setup->early, setup->mute,
		setup->preempt, setup->move, setup->hidden, setup->unseen_cores);
}

void script_print(const struct sim_script *script, FILE *out)
{
	fprintf(out, "seed %" PRIu64 ", ", script->seed);
	setup_print(&script->setup, out);
	for (size_t i = 0; i < script->plans_cnt; i++) {
		const struct sim_plan *plan = &script->plans[i];

		if (!plan->cnt && i)
			continue;
		fprintf(out, "%s %zu%s:", plan->forks || !i ? "process" : "thread", i,
			plan->quiet ? " (quiet)" : "");
		for (size_t j = 0; j < plan->cnt; j++) {
			const struct sim_step *step = &plan->steps[j];

			fprintf(out, "%s %s", j ? "," : "", sim_do_names[step->what]);
			if (step->ns)
				fprintf(out, " %" PRIu64 " ns", step->ns);
			if (step->arg)
				fprintf(out, " #%" PRIu32, step->arg);
			if (step->times)
				fprintf(out, " x%" PRIu32, step->times);
		}
		fprintf(out, "\n");
	}
}
