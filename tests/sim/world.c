/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock: a heap of events, played in order.
 */
#include "tests/sim/world.h"

#include <stdlib.h>

#include "tests/sim/memory.h"
#include "tests/sim/recorder.h"
#include "tests/sim/stream.h"

#define SITUATION_NAME(NAME, what) [SITUATION_##NAME] = what,
const char *const sim_situation_names[SITUATION_CNT] = { SIM_SITUATIONS(SITUATION_NAME) };

/* A script whose threads wake each other for ever is stopped. */
#define EVENTS_MAX 600000

static bool event_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void world_at(struct sim_world *world, uint64_t at_ns, enum sim_event_kind kind, uint64_t id,
	      void *subject)
{
	struct sim_event event = { at_ns, world->orders++, kind, id, subject };
	size_t at;

	grow(&world->events, &world->events_cap, world->events_cnt + 1, sizeof(event));
	for (at = world->events_cnt++; at; at = (at - 1) / 2) {
		if (!event_before(&event, &world->events[(at - 1) / 2]))
			break;
		world->events[at] = world->events[(at - 1) / 2];
	}
	world->events[at] = event;
}

static struct sim_event event_next(struct sim_world *world)
{
	struct sim_event first = world->events[0];
	struct sim_event last = world->events[--world->events_cnt];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < world->events_cnt) {
		if (child + 1 < world->events_cnt &&
		    event_before(&world->events[child + 1], &world->events[child]))
			child++;
		if (!event_before(&world->events[child], &last))
			break;
		world->events[at] = world->events[child];
		at = child;
	}
	world->events[at] = last;
	return first;
}

static void event_play(struct sim_world *world, const struct sim_event *event)
{
	struct sim_thread *thread = event->subject;
	struct sim_core *core = event->subject;

	switch (event->kind) {
	case EVENT_RUN:
		if (thread->spot != SPOT_CORE || thread->wake_id != event->id)
			return;
		thread->run_ns = 0;
		if (thread->napping)
			nap_left(world, thread);
		else
			thread_go(world, thread);
		return;
	case EVENT_LOOK:
		core_look(world, core);
		return;
	case EVENT_SLICE:
		if (core->turn == event->id)
			core_slice_end(world, core);
		return;
	case EVENT_TIME_OUT:
		if (thread->napping && thread->nap_id == event->id && !thread->woken)
			nap_time_out(world, thread);
		return;
	case EVENT_PROGRAM:
		trouble_program(world, core);
		return;
	case EVENT_PROGRAM_END:
		if (core->turn == event->id)
			core_switch(world, core, TRACE_HOW_NONE);
		return;
	case EVENT_TICK:
		trouble_tick(world, core);
		return;
	case EVENT_FOUND:
		gil_found(world, event->subject);
		return;
	case EVENT_STOP:
		world->over = true;
	}
}

static void world_begin(struct sim_world *world)
{
	const struct sim_setup *setup = &world->script->setup;

	world->cores = zalloc(setup->cores, sizeof(*world->cores));
	for (uint32_t i = 0; i < setup->cores; i++)
		world->cores[i].index = i;
	world->by_plan = zalloc(world->script->plans_cnt, sizeof(*world->by_plan));
	trouble_begin(world);
	world->start_ns = world->now_ns;
	if (setup->end_ns)
		world_at(world, world->start_ns + setup->end_ns, EVENT_STOP, 0, NULL);
	command_begin(world);
}

static bool has_enough(const struct sim_world *world, size_t played)
{
	uint64_t records = world->script->setup.records;

	return records ? stream_records(world->recorder->stream) >= records : played >= EVENTS_MAX;
}

void world_run(struct sim_world *world, const struct sim_script *script, struct sim_recorder *recorder)
{
	size_t played = 0;

	*world = (struct sim_world){
		.script = script,
		.random = script->seed ^ UINT64_C(0x5151515151515151),
		.loss_random = script->seed ^ UINT64_C(0x2727272727272727),
		.now_ns = UINT64_C(1000000000),
		.recorder = recorder,
	};
	world_begin(world);
	while (!world->over && world->events_cnt && world->alive_cnt && !has_enough(world, played++)) {
		struct sim_event event = event_next(world);

		world->now_ns = event.at_ns > world->now_ns ? event.at_ns : world->now_ns + 1;
		event_play(world, &event);
	}
	world->now_ns += 1 + dice(&world->random, 100000);
	recorder_end(recorder, world);
}

void world_clear(struct sim_world *world)
{
	for (size_t i = 0; i < world->threads_cnt; i++) {
		free(world->threads[i]->loops);
		free(world->threads[i]);
	}
	for (size_t i = 0; i < world->processes_cnt; i++)
		free(world->processes[i]);
	free(world->threads);
	free(world->processes);
	free(world->by_plan);
	free(world->events);
	free(world->cores);
	free(world->tids);
	*world = (struct sim_world){ 0 };
}
