/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps threads and cores together.
 */
#include "analyzer/place.h"

#include "analyzer/life.h"

void place_core_set(struct timeline *timeline, const struct core_change *change)
{
	struct core_now *core = &timeline->cores[change->core];

	/* While its events are being lost, a core stays unknown. */
	if (change->use != CORE_UNKNOWN && timeline->now_ns < core->gap_until_ns)
		return;
	if (core->use == change->use && core->thread == change->thread &&
	    core->program == change->program)
		return;
	if (core->lost && change->use != CORE_UNKNOWN) {
		core->lost = false;
		timeline->lost_cnt--;
	}
	core->use = change->use;
	core->thread = change->thread;
	core->program = change->program;
	if (timeline->run->started)
		queue_core(&timeline->queue, change);
}

/* The thread is not where it was taken to be, and nobody knows since when. */
static void contradict(struct timeline *timeline, struct thread *thread)
{
	timeline->contradictions++;
	if (thread->place == PLACE_CORE)
		place_core_set(timeline, &(struct core_change){
			.at_ns = timeline->now_ns, .core = thread->core, .use = CORE_UNKNOWN,
		});
	life_lose(timeline, thread);
}

void place_was(struct timeline *timeline, uint32_t core, struct thread *thread)
{
	struct thread *was = timeline->cores[core].thread;

	if (was && was != thread)
		contradict(timeline, was);
	if (thread && thread->place == PLACE_CORE && thread->core != core)
		contradict(timeline, thread);
}

void place_seen(struct timeline *timeline, uint32_t core, struct thread *thread)
{
	place_was(timeline, core, thread);
	if (thread->place != PLACE_CORE && thread->place != PLACE_LOST)
		contradict(timeline, thread);
	if (thread->place != PLACE_LOST)
		return;
	life_seen(timeline, thread, core);
	place_core_set(timeline, &(struct core_change){
		.at_ns = timeline->now_ns, .core = core, .use = CORE_OURS, .thread = thread,
	});
}

void place_nowhere(struct timeline *timeline, struct thread *thread)
{
	if (thread->place == PLACE_CORE)
		contradict(timeline, thread);
}

static void gap_begin(struct timeline *timeline, const struct gap *gap)
{
	struct core_now *core;

	if (gap->core >= timeline->run->cores_cnt)
		return;
	core = &timeline->cores[gap->core];
	for (size_t i = 0; i < timeline->alive_cnt; i++) {
		struct thread *thread = timeline->alive[i];

		if (thread->place != PLACE_CORE || thread->core == gap->core)
			life_lose(timeline, thread);
	}
	place_core_set(timeline, &(struct core_change){
		.at_ns = timeline->now_ns, .core = gap->core, .use = CORE_UNKNOWN,
	});
	timeline->lost_cnt += !core->lost;
	core->lost = true;
	if (gap->last_ns > core->gap_until_ns)
		core->gap_until_ns = gap->last_ns;
	if (gap->last_ns > timeline->gap_until_ns)
		timeline->gap_until_ns = gap->last_ns;
}

void place_gaps_begin(struct timeline *timeline, uint64_t until_ns)
{
	const struct prescan *prescan = timeline->prescan;

	while (timeline->gap_next < prescan->gaps_cnt &&
	       prescan->gaps[timeline->gap_next].first_ns <= until_ns) {
		const struct gap *gap = &prescan->gaps[timeline->gap_next++];

		if (gap->first_ns > timeline->now_ns)
			timeline->now_ns = gap->first_ns;
		/* The run lasted at least until something was lost of it. */
		timeline->last_ns = timeline->now_ns;
		gap_begin(timeline, gap);
	}
}
