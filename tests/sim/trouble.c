/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes from outside: other programs that take cores, the clock's ticks, and losses.
 */
#include "tests/sim/world.h"

#include "tests/sim/recorder.h"

static void program_soon(struct sim_world *world, struct sim_core *core)
{
	uint64_t mean_ns = world->script->setup.program_ns;

	if (mean_ns)
		world_at(world, world->now_ns + 1 + dice(&world->random, 2 * mean_ns), EVENT_PROGRAM, 0, core);
}

static void loss_maybe(struct sim_world *world, struct sim_core *core)
{
	uint64_t mean_ns = world->script->setup.loss_ns, step_ns = 500000;
	struct sim_probe *probe = &world->recorder->probes[core->index];

	if (!mean_ns || world->now_ns < probe->loses_until_ns || !chance(&world->loss_random,
	    (uint32_t)(1000 * step_ns / (mean_ns > step_ns ? mean_ns : step_ns))))
		return;
	probe->loses_until_ns = world->now_ns + dice_ns(&world->loss_random, 1000, 2000000);
}

static uint64_t program_any(struct sim_world *world)
{
	if (chance(&world->random, world->script->setup.hidden))
		return SIM_PROGRAM_HIDDEN;
	return 1 + dice(&world->random, SIM_PROGRAMS - 1);
}

void trouble_begin(struct sim_world *world)
{
	const struct sim_setup *setup = &world->script->setup;

	for (uint32_t i = 0; i < setup->cores; i++) {
		struct sim_core *core = &world->cores[i];

		if (!chance(&world->random, setup->unseen_cores))
			record_core(world->recorder, world, core);
		program_soon(world, core);
		world_at(world, world->now_ns + 1 + dice(&world->random, setup->tick_ns ? setup->tick_ns : 500000),
			 EVENT_TICK, 0, core);
	}
	world->now_ns += 1 + dice(&world->random, 50000);
}

void trouble_program(struct sim_world *world, struct sim_core *core)
{
	program_soon(world, core);
	if (core->program_next)
		return;
	core->program_next = program_any(world);
	core->program_next_ns = dice_ns(&world->random, 1000, 2000000);
	if (!core->program)
		core_look_soon(world, core);
}

/* Where there are no samples, the clock only decides when losses begin. */
void trouble_tick(struct sim_world *world, struct sim_core *core)
{
	uint64_t tick_ns = world->script->setup.tick_ns;

	if (tick_ns)
		record_tick(world->recorder, world, core);
	loss_maybe(world, core);
	world_at(world, world->now_ns + (tick_ns ? tick_ns : 500000), EVENT_TICK, 0, core);
}
