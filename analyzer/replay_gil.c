/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIL of CPython since 3.2, as far as the replay needs it: one holder, a line, and patience.
 */
#include "analyzer/replay_parts.h"

static struct replay_thread *thread_of(struct replay *replay, uint32_t link)
{
	return &replay->threads[link - 1];
}

/* The first in line has patience for so long, from now on. */
static void patience_start(struct replay *replay, const struct replay_gil *gil)
{
	if (gil->first && gil->holder)
		heap_put(&replay->timers, gil->first - 1,
			 (int64_t)(replay->now_ns + REPLAY_INTERVAL_NS));
}

static void line_join(struct replay *replay, uint32_t link, uint32_t slot)
{
	struct replay_gil *gil = &replay->gils[link - 1];

	core_leave(replay, slot);
	replay->threads[slot].place = AT_GIL;
	replay->threads[slot].line_next = 0;
	if (gil->last)
		thread_of(replay, gil->last)->line_next = slot + 1;
	else
		gil->first = slot + 1;
	gil->last = slot + 1;
	if (gil->first == gil->last)
		patience_start(replay, gil);
}

bool played_gil_take(struct replay *replay, uint32_t slot)
{
	struct replay_thread *thread = &replay->threads[slot];
	struct replay_gil *gil = &replay->gils[thread->gil - 1];

	if (gil->holder || (gil->kept_for && gil->kept_for != slot + 1)) {
		line_join(replay, thread->gil, slot);
		return false;
	}
	gil->holder = slot + 1;
	gil->kept_for = 0;
	thread->held = thread->gil;
	patience_start(replay, gil);
	return true;
}

/* The next in line is woken for it. Kept for that one only where the switch was forced. */
static void gil_free(struct replay *replay, uint32_t link, bool forced)
{
	struct replay_gil *gil = &replay->gils[link - 1];
	uint32_t next = gil->first;

	thread_of(replay, gil->holder)->held = 0;
	gil->holder = 0;
	gil->asked = false;
	if (!next)
		return;
	gil->first = thread_of(replay, next)->line_next;
	if (!gil->first)
		gil->last = 0;
	if (forced)
		gil->kept_for = next;
	replay_timer(replay, next - 1, replay->feed.gil_latency.cnt ?
		     replay->feed.gil_latency.ns / replay->feed.gil_latency.cnt : 0);
}

void played_gil_drop(struct replay *replay, uint32_t slot)
{
	if (replay->threads[slot].held)
		gil_free(replay, replay->threads[slot].held, false);
}

bool played_gil_obey(struct replay *replay, uint32_t slot)
{
	uint32_t link = replay->threads[slot].held;

	if (!link || !replay->gils[link - 1].asked)
		return false;
	gil_free(replay, link, true);
	line_join(replay, link, slot);
	return true;
}

void played_gil_patience_over(struct replay *replay, uint32_t slot)
{
	struct replay_gil *gil = &replay->gils[replay->threads[slot].gil - 1];
	uint32_t holder = gil->holder - 1;

	gil->asked = true;
	if (replay->threads[holder].place != AT_CORE)
		return;
	core_account(replay, holder);
	/* Who is done with this work just now goes on to see what comes next. */
	if (replay->threads[holder].left_ns)
		played_gil_obey(replay, holder);
}
