/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random scripts: each seed mixes kinds of work, and makes some kinds of trouble.
 */
#include "tests/sim/script.h"

#include "tests/support/trace_build.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

/* How likely the steps are, for each taste of program. */
struct taste {
	unsigned char weights[DO_CNT];
};

static const struct taste tastes[] = {
	/* A bit of everything. */
	{ { [DO_COMPUTE] = 6, [DO_NATIVE] = 3, [DO_READ] = 2, [DO_POLL] = 1, [DO_FSYNC] = 1, [DO_ACCEPT] = 1,
	    [DO_FAULT] = 1, [DO_HOARD] = 1, [DO_SLEEP] = 2, [DO_LOCK] = 4, [DO_UNLOCK] = 4, [DO_WAIT] = 2,
	    [DO_SIGNAL] = 2, [DO_BROADCAST] = 1, [DO_RECEIVE] = 2, [DO_SEND] = 2, [DO_JOIN] = 1,
	    [DO_EXEC] = 1, [DO_RENAME] = 1, [DO_LOOP] = 3 } },
	/* Hot locks; see hot_fill(). */
	{ { [DO_COMPUTE] = 4, [DO_LOCK] = 8, [DO_UNLOCK] = 8, [DO_LOOP] = 4 } },
	/* Fights for a GIL. */
	{ { [DO_COMPUTE] = 8, [DO_NATIVE] = 2, [DO_READ] = 3, [DO_SLEEP] = 1, [DO_LOOP] = 2 } },
	/* Queues and conditions. */
	{ { [DO_COMPUTE] = 3, [DO_WAIT] = 4, [DO_SIGNAL] = 4, [DO_BROADCAST] = 1, [DO_RECEIVE] = 3,
	    [DO_SEND] = 3, [DO_LOOP] = 2 } },
	/* Processes that replace each other. */
	{ { [DO_COMPUTE] = 3, [DO_EXEC] = 2, [DO_LOCK] = 2, [DO_UNLOCK] = 2, [DO_SLEEP] = 1, [DO_JOIN] = 1,
	    [DO_RENAME] = 1 } },
};

#define TASTES (sizeof(tastes) / sizeof(*tastes))

static enum sim_do step_choose(const struct taste *taste, uint64_t *random)
{
	uint64_t sum = 0, at;

	for (int i = 0; i < DO_CNT; i++)
		sum += taste->weights[i];
	at = dice(random, sum);
	for (int i = 0; i < DO_CNT; i++) {
		if (at < taste->weights[i])
			return (enum sim_do)i;
		at -= taste->weights[i];
	}
	return DO_COMPUTE;
}

static uint64_t step_ns(enum sim_do what, uint64_t *random)
{
	switch (what) {
	case DO_COMPUTE:
	case DO_NATIVE:
		return dice_ns(random, 500, 2 * MS);
	case DO_WAIT:
	case DO_RECEIVE:
		return dice_ns(random, 10 * US, 4 * MS);
	case DO_READ:
	case DO_POLL:
	case DO_FSYNC:
	case DO_ACCEPT:
	case DO_FAULT:
	case DO_HOARD:
	case DO_SLEEP:
		return dice_ns(random, 200, 3 * MS);
	default:
		return 0;
	}
}

static void critical_add(struct sim_plan *plan, uint32_t lock, uint64_t longest_ns, uint64_t *random)
{
	plan_add(plan, DO_LOCK, 0, lock);
	plan_add(plan, DO_COMPUTE, dice_ns(random, 300, longest_ns), 0);
	plan_add(plan, DO_UNLOCK, 0, lock);
}

/*
 * One lock, over and over, held for hardly longer than it takes to go to sleep for it: some sleep when its
 * owner is gone, some are overtaken.
 */
static void hot_fill(struct sim_plan *plan, uint64_t *random)
{
	uint64_t rounds = 1 + dice(random, 4);
	uint32_t lock = dice(random, 4) ? 0 : SIM_OBJECTS;
	size_t first = plan->cnt;

	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t ns;

		critical_add(plan, lock, 10 * US, random);
		/* Not among the arguments: compilers differ in their order. */
		ns = dice_ns(random, 300, 10 * US);
		plan_add(plan, dice(random, 4) ? DO_COMPUTE : DO_READ, ns, 0);
	}
	plan_add(plan, DO_LOOP, 0, (uint32_t)(plan->cnt - first));
	plan->steps[plan->cnt - 1].times = 1 + (uint32_t)dice(random, 12);
}

static void plan_fill(struct sim_plan *plan, const struct taste *taste, size_t steps, size_t plans,
		      uint64_t *random)
{
	if (taste == &tastes[1] && dice(random, 2))
		hot_fill(plan, random);
	for (size_t i = 0; i < steps; i++) {
		enum sim_do what = step_choose(taste, random);
		uint32_t arg = (uint32_t)dice(random, SIM_OBJECTS);

		if (taste == &tastes[1])
			arg = 0;
		if ((what == DO_LOCK || what == DO_UNLOCK) && !dice(random, 6))
			arg = SIM_OBJECTS + (uint32_t)dice(random, SIM_SHARED_LOCKS);
		if (what == DO_JOIN)
			arg = (uint32_t)dice(random, plans);
		if (what == DO_EXEC)
			arg = (uint32_t)dice(random, SIM_GIL_KIND_CNT);
		if (what == DO_LOOP)
			arg = 1 + (uint32_t)dice(random, 6);
		if (what == DO_LOCK && dice(random, 3)) {
			critical_add(plan, arg, 200 * US, random);
			continue;
		}
		plan_add(plan, what, step_ns(what, random), arg);
		if (what == DO_LOOP)
			plan->steps[plan->cnt - 1].times = 1 + (uint32_t)dice(random, 5);
	}
}

/*
 * Who starts whom; somewhere in the starter's plan, most of them early. In large worlds few start the
 * others, or most plans would wait for somebody who never comes.
 */
static void spawns_add(struct sim_script *script, size_t starters, uint64_t *random)
{
	for (size_t i = 1; i < script->plans_cnt; i++) {
		size_t by = dice(random, 3) ? 0 : dice(random, i < starters ? i : starters);
		struct sim_plan *plan = &script->plans[by];
		size_t at = dice(random, plan->cnt + 1);
		struct sim_step step = { .what = DO_SPAWN, .arg = (uint32_t)i };

		if (dice(random, 3))
			at = dice(random, plan->cnt < 4 ? plan->cnt + 1 : 4);
		plan_add(plan, DO_SPAWN, 0, 0);
		for (size_t j = plan->cnt - 1; j > at; j--)
			plan->steps[j] = plan->steps[j - 1];
		plan->steps[at] = step;
	}
}

/* Most commands wait for their threads. */
static void joins_add(struct sim_script *script, uint64_t *random)
{
	if (!dice(random, 6))
		return;
	for (size_t i = 1; i < script->plans_cnt; i++)
		if (dice(random, 8))
			plan_add(&script->plans[0], DO_JOIN, 0, (uint32_t)i);
}

static void setup_trouble(struct sim_setup *setup, uint64_t *random)
{
	if (dice(random, 2))
		setup->program_ns = dice_ns(random, 100 * US, 10 * MS);
	if (!dice(random, 3))
		setup->loss_ns = dice_ns(random, 500 * US, 20 * MS);
	if (!dice(random, 8))
		setup->end_ns = dice_ns(random, 100 * US, 20 * MS);
	if (dice(random, 4))
		setup->early = (uint32_t)dice(random, 800);
	if (!dice(random, 4))
		setup->mute = (uint32_t)dice(random, 60);
	if (!dice(random, 4))
		setup->hidden = (uint32_t)dice(random, 400);
	if (!dice(random, 4))
		setup->unseen_cores = (uint32_t)dice(random, 600);
	setup->hands_over = !dice(random, 3);
	setup->exact = !dice(random, 3);
	setup->preempt = (uint32_t)dice(random, 600);
	setup->move = (uint32_t)dice(random, 900);
}

static void setup_make(struct sim_setup *setup, enum sim_size size, uint64_t *random)
{
	static const uint64_t cores[] = { 1, 2, 2, 4, 8 };
	static const enum sim_gil_kind gils[] = {
		SIM_GIL_KNOWN, SIM_GIL_KNOWN, SIM_GIL_KNOWN, SIM_GIL_NONE, SIM_GIL_NONE, SIM_GIL_SOUGHT,
	};

	*setup = (struct sim_setup){ .cores = (uint32_t)cores[dice(random, 5)] };
	/* One after the other: compilers differ in the order of initializers. */
	if (size != SIM_SMALL)
		setup->cores = 1 + (uint32_t)dice(random, size == SIM_MIDDLE ? 64 : 256);
	setup->gil = gils[dice(random, 6)];
	setup->interval_ns = dice_ns(random, 50 * US, 5 * MS);
	setup->check_ns = dice_ns(random, 5 * US, 500 * US);
	setup->slice_ns = dice_ns(random, 100 * US, 4 * MS);
	/* 997 Hz. */
	setup->tick_ns = dice(random, 6) ? 1003009 : 0;
	/* All cores of a machine do not always count. */
	if (size == SIM_HUGE && dice(random, 2))
		setup->cores = 256;
	setup_trouble(setup, random);
	if (size == SIM_HUGE)
		setup->end_ns = 0;
}

/* Nobody whose end or exec would end the others. */
static void peace_keep(struct sim_script *script)
{
	script->plans[0].quiet = true;
	for (size_t i = 0; i < script->plans_cnt; i++)
		for (size_t j = 0; j < script->plans[i].cnt; j++)
			if (script->plans[i].steps[j].what == DO_EXEC)
				script->plans[i].steps[j].what = DO_RENAME;
}

void script_make(struct sim_script *script, uint64_t seed, enum sim_size size)
{
	uint64_t random = seed * 2 + 1;
	const struct taste *taste;
	size_t plans, steps;
	bool busy;

	*script = (struct sim_script){ .seed = seed };
	setup_make(&script->setup, size, &random);
	busy = dice(&random, 2);
	plans = 1 + dice(&random, busy ? 16 : 8);
	if (size != SIM_SMALL)
		plans = size == SIM_MIDDLE ? 10 + dice(&random, 150) : 400 + dice(&random, 1200);
	if (size == SIM_HUGE && !dice(&random, 3))
		plans = 2000;
	/* Locks are waited for in few worlds, however hot. */
	taste = &tastes[dice(&random, 4) ? dice(&random, TASTES) : 1];
	for (size_t i = 0; i < plans; i++) {
		struct sim_plan *plan = script_plan_add(script);

		plan->forks = !dice(&random, 8);
		plan->quiet = dice(&random, 3);
		steps = 1 + dice(&random, size == SIM_HUGE ? 8 : busy ? 30 : 12);
		/* The one who starts them all does nothing else. */
		if (size == SIM_HUGE && !i)
			steps = 0;
		plan_fill(plan, dice(&random, 4) ? taste : &tastes[dice(&random, TASTES)], steps, plans,
			  &random);
	}
	if (size == SIM_HUGE)
		peace_keep(script);
	spawns_add(script, size == SIM_HUGE ? 1 : 12, &random);
	joins_add(script, &random);
	script->setup.old_gil = !dice(&random, 6);
}
