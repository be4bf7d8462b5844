/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clips what the timeline decided.
 */
#include "analyzer/window.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/array.h"

static int change_pass(struct window *window, const struct change *change)
{
	int err = 0;

	for (size_t i = 0; err >= 0 && i < window->sinks_cnt; i++)
		if (window->sinks[i].sink->change)
			err = window->sinks[i].sink->change(window->sinks[i].ctx, change);
	return err;
}

static int core_pass(struct window *window, const struct core_change *change)
{
	int err = 0;

	for (size_t i = 0; err >= 0 && i < window->sinks_cnt; i++)
		if (window->sinks[i].sink->core)
			err = window->sinks[i].sink->core(window->sinks[i].ctx, change);
	return err;
}

static int move_pass(struct window *window, const struct move *move)
{
	int err = 0;

	for (size_t i = 0; err >= 0 && i < window->sinks_cnt; i++)
		if (window->sinks[i].sink->move)
			err = window->sinks[i].sink->move(window->sinks[i].ctx, move);
	return err;
}

static uint64_t span_end(uint64_t start_ns, uint64_t wanted_ns)
{
	uint64_t end_ns;

	return __builtin_add_overflow(start_ns, wanted_ns, &end_ns) ? UINT64_MAX : end_ns;
}

static int window_begin(void *ctx, const struct run *run)
{
	struct window *window = ctx;
	struct stretch *span = &window->people->window;
	int err = 0;

	span->from_ns = span_end(run->start_ns, window->wanted.from_ns);
	span->until_ns = span_end(run->start_ns, window->wanted.until_ns);
	window->run = *run;
	window->run.start_ns = span->from_ns;
	window->run.end_ns = span->from_ns;
	window->cores_cnt = run->cores_cnt;
	window->cores = calloc(run->cores_cnt + 1, sizeof(*window->cores));
	if (!window->cores)
		return -ENOMEM;
	for (size_t i = 0; i < window->cores_cnt; i++)
		window->cores[i].use = CORE_UNKNOWN;
	for (size_t i = 0; err >= 0 && i < window->sinks_cnt; i++)
		if (window->sinks[i].sink->begin)
			err = window->sinks[i].sink->begin(window->sinks[i].ctx, &window->run);
	return err;
}

/* Where those are who live. */
static int homes_pass(struct window *window)
{
	int err = 0;

	for (size_t i = 0; err >= 0 && i < window->threads_cnt; i++) {
		const struct window_thread *thread = &window->threads[i];
		uint64_t home = home_core(&thread->home);

		if (thread->alive && home)
			err = move_pass(window, &(struct move){
				.at_ns = window->people->window.from_ns,
				.thread = thread->last.thread,
				.to = (uint32_t)(home - 1),
				.found = true,
			});
	}
	return err;
}

/* Births of those who live, and what the cores do. */
static int window_open(struct window *window)
{
	uint64_t from_ns = window->people->window.from_ns;
	int err = 0;

	window->open = true;
	for (size_t i = 0; err >= 0 && i < window->threads_cnt; i++) {
		struct change *last = &window->threads[i].last;

		if (!window->threads[i].alive)
			continue;
		window->threads[i].seen = true;
		window->threads[i].older = true;
		err = change_pass(window, &(struct change){
			.at_ns = from_ns,
			.thread = last->thread,
			.from = STATE_CNT,
			.to = last->to,
			.cut = true,
			.to_wait = last->to_wait,
			.to_gil = last->to_gil,
			.to_held = last->to_held,
		});
	}
	for (size_t i = 0; err >= 0 && i < window->cores_cnt; i++) {
		struct core_change *core = &window->cores[i];

		core->at_ns = from_ns;
		if (core->use != CORE_UNKNOWN)
			err = core_pass(window, core);
	}
	return err < 0 ? err : homes_pass(window);
}

/* Whether this is of the window; opens it if it is the first that is. */
static bool window_has(struct window *window, uint64_t at_ns, int *ret_err)
{
	const struct stretch *span = &window->people->window;

	*ret_err = !window->open && at_ns >= span->from_ns ? window_open(window) : 0;
	return *ret_err >= 0 && stretch_has(span, at_ns);
}

static int thread_find(struct window *window, uint32_t slot, struct window_thread **ret_thread)
{
	int err = array_reserve(&window->threads, &window->threads_cap, slot + 1,
				sizeof(*window->threads));

	if (err)
		return err;
	if (window->threads_cnt <= slot)
		window->threads_cnt = slot + 1;
	*ret_thread = &window->threads[slot];
	return 0;
}

static int window_change(void *ctx, const struct change *change)
{
	struct window *window = ctx;
	struct window_thread *thread;
	struct change clipped = *change;
	int err = thread_find(window, change->thread->slot, &thread);
	bool inside;

	if (err)
		return err;
	inside = window_has(window, change->at_ns, &err);
	if (err < 0)
		return err;
	if (change->at_ns > window->people->window.until_ns) {
		/* Now it is known whether its last state in the window rests on samples. */
		if (thread->alive && !thread->beyond) {
			thread->last.sampled = change->sampled;
			thread->goes_on = change->to != STATE_UNKNOWN && change->to != STATE_CNT;
		}
		thread->beyond = true;
		return 0;
	}
	thread->alive = change->to != STATE_CNT;
	thread->last = *change;
	if (!inside) {
		home_state(&thread->home, change->to, change->at_ns);
		return 0;
	}
	thread->seen = true;
	if (change->from != STATE_CNT)
		clipped.since_ns = stretch_clip(&window->people->window, change->since_ns);
	return change_pass(window, &clipped);
}

static int thread_place(struct window *window, const struct thread *thread, uint32_t core, uint64_t at_ns)
{
	struct window_thread *placed;
	int err = thread_find(window, thread->slot, &placed);

	if (!err)
		home_place(&placed->home, core, at_ns);
	return err;
}

static int window_core(void *ctx, const struct core_change *change)
{
	struct window *window = ctx;
	int err;

	if (window_has(window, change->at_ns, &err))
		return core_pass(window, change);
	if (window->open || err < 0)
		return err;
	window->cores[change->core] = *change;
	return change->thread ? thread_place(window, change->thread, change->core, change->at_ns) : 0;
}

static int window_move(void *ctx, const struct move *move)
{
	struct window *window = ctx;
	int err;

	if (window_has(window, move->at_ns, &err))
		return move_pass(window, move);
	return window->open || err < 0 ? err : thread_place(window, move->thread, move->to, move->at_ns);
}

static int window_edge(void *ctx, const struct edge *edge)
{
	struct window *window = ctx;
	struct edge clipped = *edge;
	int err;

	if (!window_has(window, edge->at_ns, &err))
		return err;
	clipped.since_ns = stretch_clip(&window->people->window, edge->since_ns);
	for (size_t i = 0; err >= 0 && i < window->sinks_cnt; i++)
		if (window->sinks[i].sink->edge)
			err = window->sinks[i].sink->edge(window->sinks[i].ctx, &clipped);
	return err;
}

/* Deaths of those who still live. */
static int window_close(struct window *window)
{
	int err = 0;

	for (size_t i = 0; err >= 0 && i < window->threads_cnt; i++) {
		const struct change *last = &window->threads[i].last;

		if (!window->threads[i].alive)
			continue;
		err = change_pass(window, &(struct change){
			.at_ns = window->run.end_ns,
			.thread = last->thread,
			.from = last->to,
			.to = STATE_CNT,
			.cut = true,
			.goes_on = window->threads[i].goes_on,
			.since_ns = stretch_clip(&window->people->window, last->at_ns),
			.sampled = window->threads[i].beyond && last->sampled,
			.from_wait = last->to_wait,
			.from_gil = last->to_gil,
			.from_held = last->to_held,
		});
	}
	return err;
}

/* Nobody else was there, for all that the report shall say. */
static void people_settle(struct window *window)
{
	struct people *people = window->people;

	for (size_t i = 0; i < people->processes_cnt; i++)
		people->processes[i]->born = false;
	for (size_t i = 0; i < people->threads_cnt; i++) {
		struct thread *thread = people->threads[i];
		struct process *process = thread->process;

		thread->born = i < window->threads_cnt && window->threads[i].seen;
		if (!thread->born)
			continue;
		/* The kernel's figures are of its whole life. */
		thread->has_usage &= !window->threads[i].older && !window->threads[i].alive;
		thread->has_exit &= !window->threads[i].alive;
		if (!process->born || thread->birth_ns < process->birth_ns)
			process->birth_ns = thread->birth_ns;
		if (!process->born || thread->death_ns > process->death_ns)
			process->death_ns = thread->death_ns;
		process->born = true;
	}
}

static int window_end(void *ctx, const struct run *run)
{
	struct window *window = ctx;
	struct stretch *span = &window->people->window;
	int err = 0;

	window->run.end_ns = run->end_ns;
	if (run->end_ns < span->from_ns)
		return -ERANGE;
	if (span->until_ns < run->end_ns)
		window->run.end_ns = span->until_ns;
	if (!window->open)
		err = window_open(window);
	if (err >= 0)
		err = window_close(window);
	people_settle(window);
	for (size_t i = 0; err >= 0 && i < window->sinks_cnt; i++)
		if (window->sinks[i].sink->end)
			err = window->sinks[i].sink->end(window->sinks[i].ctx, &window->run);
	return err;
}

void window_clear(struct window *window)
{
	free(window->threads);
	free(window->cores);
	*window = (struct window){ 0 };
}

const struct sink window_sink = {
	.name = "window",
	.begin = window_begin,
	.change = window_change,
	.core = window_core,
	.edge = window_edge,
	.move = window_move,
	.end = window_end,
};
