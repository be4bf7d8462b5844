/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells the story: each thread's life, what the cores did, and what the processes looked for.
 */
#include "tests/sim/story.h"

#include "tests/sim/memory.h"
#include "tests/sim/oracle.h"

#define STATE_NAME(NAME, name, apparent, scheduled, progress, overlap) [SIM_##NAME] = name,
const char *const sim_state_names[SIM_STATE_CNT] = { SIM_STATES(STATE_NAME) };

#define STATE_COUNTS(NAME, name, apparent, scheduled, progress, overlap) \
	[SIM_##NAME] = { true, apparent, scheduled, progress, overlap },
const bool sim_state_counts[SIM_STATE_CNT][SIM_CURVE_CNT] = { SIM_STATES(STATE_COUNTS) };

void track_paint(struct sim_track *track, uint64_t at_ns, enum sim_state state, enum sim_paint paint)
{
	struct sim_piece *last = track->pieces_cnt ? &track->pieces[track->pieces_cnt - 1] : NULL;

	if (last && last->state == state) {
		last->sampled |= paint != PAINT_SURE;
		return;
	}
	if (last)
		last->sampled |= paint == PAINT_MIDDLE;
	grow(&track->pieces, &track->pieces_cap, track->pieces_cnt + 1, sizeof(*track->pieces));
	track->pieces[track->pieces_cnt++] = (struct sim_piece){
		.from_ns = at_ns, .state = state, .sampled = paint != PAINT_SURE,
		.gil = state == SIM_RUN_GIL || state == SIM_WAIT_GIL ? track->gil : 0,
	};
}

void edge_add(struct sim_story *story, const struct sim_edge *edge)
{
	grow(&story->edges, &story->edges_cap, story->edges_cnt + 1, sizeof(*story->edges));
	story->edges[story->edges_cnt++] = *edge;
}

static int edge_compare(const void *left, const void *right)
{
	const struct sim_edge *a = left, *b = right;

	return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

/* One that no fact has named before is not taken from anywhere. */
static void moves_list(struct sim_story *story, const struct sim_recorder *recorder)
{
	for (size_t i = 0; i < recorder->facts_cnt; i++) {
		const struct sim_fact *fact = &recorder->facts[i];
		const struct sim_track *track;

		if (fact->kind != FACT_MIGRATE || !fact_is_seen(fact))
			continue;
		track = &story->tracks[fact->thread->slot];
		if (!track->begun || fact->at_ns <= track->birth_ns || fact->at_ns > track->death_ns)
			continue;
		grow(&story->moves, &story->moves_cap, story->moves_cnt + 1, sizeof(*story->moves));
		story->moves[story->moves_cnt++] = (struct sim_move){
			.at_ns = fact->at_ns, .track = fact->thread->slot, .to = fact->moved_to,
		};
	}
}

/* For how long GILs were being looked for. */
static void pending_count(struct sim_oracle *oracle)
{
	struct sim_story *story = oracle->story;

	for (size_t i = 1; i <= oracle->world->threads_cnt; i++) {
		const struct sim_profile *profile = &oracle->profiles[i];
		uint64_t end_ns = 0;

		for (size_t j = 0; j < story->tracks_cnt; j++)
			if (story->tracks[j].process == i && story->tracks[j].death_ns > end_ns)
				end_ns = story->tracks[j].death_ns;
		for (size_t j = 0; j < profile->known_cnt; j++) {
			uint64_t from_ns = profile->known[j].at_ns, until_ns = end_ns;

			if (j + 1 < profile->known_cnt && profile->known[j + 1].at_ns < until_ns)
				until_ns = profile->known[j + 1].at_ns;
			if (profile->known[j].known == KNOWN_SOUGHT && until_ns > from_ns)
				story->pending_ns += until_ns - from_ns;
		}
	}
}

void story_tell(struct sim_story *story, const struct sim_recorder *recorder, const struct sim_world *world)
{
	struct sim_oracle oracle = { .story = story, .recorder = recorder, .world = world };
	bool all_gone = true;

	*story = (struct sim_story){ .tracks_cnt = world->threads_cnt, .gils_cnt = world->gils_cnt + 1 };
	story->tracks = zalloc(world->threads_cnt, sizeof(*story->tracks));
	for (size_t i = 0; i < world->threads_cnt; i++)
		story->tracks[i].thread = world->threads[i];
	oracle_prepare(&oracle);
	cores_tell(story, recorder);
	for (size_t i = 0; i < world->threads_cnt; i++) {
		const struct sim_track *track = &story->tracks[i];

		thread_walk(&oracle, i);
		if (!track->begun)
			continue;
		if (!story->start_ns || track->birth_ns < story->start_ns)
			story->start_ns = track->birth_ns;
		if (track->death_ns > story->end_ns)
			story->end_ns = track->death_ns;
		all_gone &= !track->left_alive;
	}
	if (!all_gone)
		story->end_ns = recorder->end_ns;
	moves_list(story, recorder);
	if (story->edges_cnt)
		qsort(story->edges, story->edges_cnt, sizeof(*story->edges), edge_compare);
	pending_count(&oracle);
	oracle_clear(&oracle);
}

void story_clear(struct sim_story *story)
{
	for (size_t i = 0; i < story->tracks_cnt; i++) {
		free(story->tracks[i].pieces);
		free(story->tracks[i].holds);
		free(story->tracks[i].exacts);
	}
	for (size_t i = 0; i < story->cores_cnt; i++)
		free(story->cores[i].pieces);
	free(story->tracks);
	free(story->cores);
	free(story->edges);
	free(story->moves);
	free(story->steps);
	free(story->gil_process);
	*story = (struct sim_story){ 0 };
}
