/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Collects the instants, and goes from one to the next with a finger on every track.
 */
#include "tests/sim/instants.h"

#include "tests/sim/memory.h"

struct fingers {
	uint64_t *instants;
	size_t cap, cnt;
	size_t *thread_at, *core_at;
	const struct sim_piece **threads;
	const struct sim_core_piece **cores;
};

void share_out(uint64_t whole, const uint64_t *weights, size_t cnt, uint64_t *ret_parts)
{
	unsigned __int128 *rests = zalloc(cnt, sizeof(*rests));
	unsigned __int128 sum = 0;
	uint64_t given = 0;

	for (size_t i = 0; i < cnt; i++)
		sum += weights[i];
	for (size_t i = 0; i < cnt; i++) {
		ret_parts[i] = sum ? (uint64_t)((unsigned __int128)whole * weights[i] / sum) : 0;
		rests[i] = sum ? (unsigned __int128)whole * weights[i] % sum : 0;
		given += ret_parts[i];
	}
	for (; sum && given < whole; given++) {
		size_t best = 0;

		for (size_t i = 1; i < cnt; i++)
			if (rests[i] > rests[best])
				best = i;
		rests[best] = 0;
		ret_parts[best]++;
	}
	free(rests);
}

static void instant_add(struct fingers *fingers, const struct sim_story *story, uint64_t at_ns)
{
	if (at_ns < story->start_ns || at_ns > story->end_ns)
		return;
	grow(&fingers->instants, &fingers->cap, fingers->cnt + 1, sizeof(*fingers->instants));
	fingers->instants[fingers->cnt++] = at_ns;
}

static int instant_compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void instants_collect(struct fingers *fingers, const struct sim_story *story)
{
	instant_add(fingers, story, story->start_ns);
	instant_add(fingers, story, story->end_ns);
	for (size_t i = 0; i < story->tracks_cnt; i++) {
		for (size_t j = 0; j < story->tracks[i].pieces_cnt; j++)
			instant_add(fingers, story, story->tracks[i].pieces[j].from_ns);
		for (size_t j = 0; j < story->tracks[i].holds_cnt; j++) {
			instant_add(fingers, story, story->tracks[i].holds[j].from_ns);
			instant_add(fingers, story, story->tracks[i].holds[j].to_ns);
		}
		if (story->tracks[i].begun)
			instant_add(fingers, story, story->tracks[i].death_ns);
	}
	for (size_t i = 0; i < story->moves_cnt; i++)
		instant_add(fingers, story, story->moves[i].at_ns);
	for (size_t i = 0; i < story->cores_cnt; i++)
		for (size_t j = 0; j < story->cores[i].cnt; j++)
			instant_add(fingers, story, story->cores[i].pieces[j].from_ns);
	qsort(fingers->instants, fingers->cnt, sizeof(*fingers->instants), instant_compare);
}

static const struct sim_piece *thread_find(const struct sim_track *track, size_t *at, uint64_t now_ns)
{
	if (!track->begun || now_ns < track->birth_ns || now_ns >= track->death_ns)
		return NULL;
	while (*at + 1 < track->pieces_cnt && track->pieces[*at + 1].from_ns <= now_ns)
		(*at)++;
	return &track->pieces[*at];
}

static const struct sim_core_piece *core_find(const struct sim_core_track *track, size_t *at,
					      uint64_t now_ns)
{
	while (*at + 1 < track->cnt && track->pieces[*at + 1].from_ns <= now_ns)
		(*at)++;
	return &track->pieces[*at];
}

void instants_each(const struct sim_story *story, void (*each)(const struct sim_instant *instant, void *ctx),
		   void *ctx)
{
	struct fingers fingers = { 0 };
	struct sim_instant instant = { .story = story };

	instants_collect(&fingers, story);
	fingers.thread_at = zalloc(story->tracks_cnt, sizeof(*fingers.thread_at));
	fingers.core_at = zalloc(story->cores_cnt, sizeof(*fingers.core_at));
	fingers.threads = zalloc(story->tracks_cnt, sizeof(*fingers.threads));
	fingers.cores = zalloc(story->cores_cnt, sizeof(*fingers.cores));
	instant.threads = fingers.threads;
	instant.cores = fingers.cores;
	for (size_t i = 0; i + 1 < fingers.cnt; i++) {
		instant.now_ns = fingers.instants[i];
		instant.passed_ns = fingers.instants[i + 1] - instant.now_ns;
		if (!instant.passed_ns)
			continue;
		for (size_t j = 0; j < story->tracks_cnt; j++)
			fingers.threads[j] = thread_find(&story->tracks[j], &fingers.thread_at[j],
							 instant.now_ns);
		for (size_t j = 0; j < story->cores_cnt; j++)
			fingers.cores[j] = core_find(&story->cores[j], &fingers.core_at[j], instant.now_ns);
		each(&instant, ctx);
	}
	free(fingers.instants);
	free(fingers.thread_at);
	free(fingers.core_at);
	free(fingers.threads);
	free(fingers.cores);
}
