/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each core did: from one fact that tells it to the next, and nothing while its facts are lost.
 */
#include "tests/sim/oracle.h"

#include "tests/sim/memory.h"

static void core_paint(struct sim_core_track *track, const struct sim_core_piece *piece)
{
	grow(&track->pieces, &track->cap, track->cnt + 1, sizeof(*track->pieces));
	track->pieces[track->cnt++] = *piece;
}

static bool was_seen_by(const struct sim_story *story, const struct sim_thread *thread, uint64_t at_ns)
{
	const struct sim_track *track = &story->tracks[thread->slot];

	return track->seen_ns && track->seen_ns <= at_ns;
}

/* Whether the fact tells who has the core, and who that is. */
static bool core_told(const struct sim_story *story, const struct sim_fact *fact,
		      struct sim_core_piece *ret_piece)
{
	const struct sim_thread *thread = NULL;

	switch (fact->kind) {
	case FACT_SWITCH:
		thread = fact->other;
		break;
	case FACT_CORE:
		break;
	case FACT_BIRTH:
		thread = fact->other ? fact->other : fact->thread;
		break;
	case FACT_WAKING: case FACT_TICK: case FACT_EXEC: case FACT_EXIT: case FACT_STEP:
		thread = fact->thread;
		if (!thread || !was_seen_by(story, thread, fact->at_ns))
			return false;
		break;
	default:
		return false;
	}
	*ret_piece = (struct sim_core_piece){
		.from_ns = fact->at_ns, .thread = thread, .program = thread ? 0 : fact->program,
		.use = thread ? SIM_USE_OURS : fact->program ? SIM_USE_OTHER : SIM_USE_IDLE,
	};
	return true;
}

static bool core_is_lost(const struct sim_recorder *recorder, uint32_t core, uint64_t at_ns)
{
	for (size_t i = 0; i < recorder->gaps_cnt; i++)
		if (recorder->gaps[i].core == core && recorder->gaps[i].first_ns <= at_ns &&
		    at_ns < recorder->gaps[i].last_ns)
			return true;
	return false;
}

void cores_tell(struct sim_story *story, const struct sim_recorder *recorder)
{
	size_t gap_next = 0;

	story->cores_cnt = recorder->cores_cnt;
	story->cores = zalloc(story->cores_cnt, sizeof(*story->cores));
	for (size_t i = 0; i < story->cores_cnt; i++)
		core_paint(&story->cores[i], &(struct sim_core_piece){ .use = SIM_USE_UNKNOWN });
	for (size_t i = 0; i <= recorder->facts_cnt; i++) {
		const struct sim_fact *fact = i < recorder->facts_cnt ? &recorder->facts[i] : NULL;
		uint64_t at_ns = fact ? fact->at_ns : UINT64_MAX;
		struct sim_core_piece piece;

		for (; gap_next < recorder->gaps_cnt && recorder->gaps[gap_next].first_ns <= at_ns; gap_next++)
			core_paint(&story->cores[recorder->gaps[gap_next].core], &(struct sim_core_piece){
				.from_ns = recorder->gaps[gap_next].first_ns, .use = SIM_USE_UNKNOWN,
			});
		if (fact && fact_is_seen(fact) && fact->core < story->cores_cnt &&
		    !core_is_lost(recorder, fact->core, at_ns) && core_told(story, fact, &piece))
			core_paint(&story->cores[fact->core], &piece);
	}
}

/* Whether any core may have a thread that nobody knows of: what was lost there has not been made up for. */
bool any_core_is_lost(const struct sim_story *story, uint64_t at_ns)
{
	for (size_t i = 0; i < story->cores_cnt; i++) {
		const struct sim_core_track *track = &story->cores[i];
		size_t at = 0, end = track->cnt;

		while (at < end) {
			size_t middle = at + (end - at) / 2;

			if (track->pieces[middle].from_ns > at_ns)
				end = middle;
			else
				at = middle + 1;
		}
		/* The first piece is what is unknown from the beginning. */
		if (at > 1 && track->pieces[at - 1].use == SIM_USE_UNKNOWN)
			return true;
	}
	return false;
}
