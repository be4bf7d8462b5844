/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The large machine: what a report of many million events is measured on. Nothing here is at the edge of
 * what may happen, as in generate.c; it is what a busy server does, for as long as it is wanted.
 */
#include "tests/sim/script.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

#define CORES 256
#define THREADS_EACH 50
#define THREADS 2000

#define PARTS_MAX 8

/* A step takes any time between the two. */
struct part {
	enum sim_do what;
	uint64_t low_ns, high_ns;
};

/* What each thread of a program does, again and again. */
static const struct program {
	enum sim_gil_kind gil;
	struct part parts[PARTS_MAX];
} programs[] = {
	/* A server. */
	{ SIM_GIL_NONE, {
		{ DO_ACCEPT, 100 * US, 20 * MS }, { DO_COMPUTE, 5 * US, 200 * US }, { DO_LOCK, 0, 0 },
		{ DO_COMPUTE, 1 * US, 40 * US }, { DO_UNLOCK, 0, 0 }, { DO_READ, 20 * US, 2 * MS },
		{ DO_SEND, 0, 0 } } },
	/* An interpreter whose threads read and compute. */
	{ SIM_GIL_KNOWN, {
		{ DO_COMPUTE, 20 * US, 1 * MS }, { DO_READ, 20 * US, 2 * MS }, { DO_COMPUTE, 5 * US, 100 * US },
		{ DO_NATIVE, 20 * US, 1 * MS } } },
	/* A hot lock. */
	{ SIM_GIL_NONE, {
		{ DO_COMPUTE, 20 * US, 500 * US }, { DO_LOCK, 0, 0 }, { DO_COMPUTE, 2 * US, 50 * US },
		{ DO_UNLOCK, 0, 0 } } },
	/* Work passed on in pipes. */
	{ SIM_GIL_NONE, {
		{ DO_RECEIVE, 100 * US, 10 * MS }, { DO_COMPUTE, 10 * US, 300 * US }, { DO_SEND, 0, 0 },
		{ DO_COMPUTE, 5 * US, 50 * US } } },
	/* An interpreter found some time after its start, with a queue. */
	{ SIM_GIL_SOUGHT, {
		{ DO_WAIT, 100 * US, 10 * MS }, { DO_COMPUTE, 20 * US, 500 * US }, { DO_LOCK, 0, 0 },
		{ DO_COMPUTE, 2 * US, 50 * US }, { DO_UNLOCK, 0, 0 }, { DO_SIGNAL, 0, 0 } } },
	/* Batches. */
	{ SIM_GIL_NONE, {
		{ DO_NATIVE, 100 * US, 10 * MS }, { DO_FSYNC, 100 * US, 2 * MS }, { DO_FAULT, 5 * US, 200 * US },
		{ DO_SLEEP, 100 * US, 5 * MS } } },
};

#define KINDS (sizeof(programs) / sizeof(*programs))

static void loop_add(struct sim_plan *plan, size_t first)
{
	plan_add(plan, DO_LOOP, 0, (uint32_t)(plan->cnt - first));
	plan->steps[plan->cnt - 1].times = UINT32_MAX - 1;
}

/* One to three rounds of other lengths, with the same lock and the same pipe. */
static void work_add(struct sim_plan *plan, const struct program *program, uint64_t *random)
{
	uint32_t arg = (uint32_t)dice(random, SIM_OBJECTS);
	size_t first = plan->cnt;

	for (uint64_t rounds = 1 + dice(random, 3); rounds; rounds--)
		for (size_t i = 0; i < PARTS_MAX && (!i || program->parts[i].what); i++) {
			const struct part *part = &program->parts[i];

			plan_add(plan, part->what,
				 part->high_ns ? dice_ns(random, part->low_ns, part->high_ns) : 0, arg);
		}
	loop_add(plan, first);
}

void script_make_large(struct sim_script *script, uint64_t seed, uint64_t records)
{
	uint64_t random = seed * 2 + 1;

	*script = (struct sim_script){ .seed = seed };
	script->setup = (struct sim_setup){
		.cores = CORES, .interval_ns = 5 * MS, .check_ns = 50 * US, .slice_ns = 3 * MS,
		.tick_ns = 1003009, .program_ns = 20 * MS, .records = records, .early = 300, .mute = 1,
		.preempt = 200, .move = 500,
	};
	for (size_t i = 0; i < THREADS; i++) {
		struct sim_plan *plan = script_plan_add(script);

		plan->forks = !(i % THREADS_EACH);
		plan->quiet = true;
	}
	for (uint32_t i = THREADS_EACH; i < THREADS; i += THREADS_EACH)
		plan_add(&script->plans[0], DO_SPAWN, 0, i);
	for (uint32_t i = 0; i < THREADS; i++) {
		const struct program *program = &programs[i / THREADS_EACH % KINDS];
		struct sim_plan *plan = &script->plans[i];

		if (plan->forks && i)
			plan_add(plan, DO_EXEC, 0, program->gil);
		for (uint32_t j = 1; plan->forks && j < THREADS_EACH; j++)
			plan_add(plan, DO_SPAWN, 0, i + j);
		work_add(plan, program, &random);
	}
}
