/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks back, one edge at a time, and looks each one up among all.
 */
#include "tests/sim/path.h"

#include "tests/sim/memory.h"

void sim_path_clear(struct sim_path *path)
{
	free(path->segments);
	free(path->hops);
	*path = (struct sim_path){ 0 };
}

/* When it was on a core for the last time, for however short; 0 = never. */
static uint64_t last_run(const struct sim_track *track, const struct sim_window *window)
{
	uint64_t last_ns = 0;

	for (size_t i = 0; i < track->pieces_cnt; i++) {
		const struct sim_piece *piece = &track->pieces[i];
		uint64_t to_ns = i + 1 < track->pieces_cnt ? piece[1].from_ns : track->death_ns;
		uint64_t from_ns = piece->from_ns > window->from_ns ? piece->from_ns : window->from_ns;

		to_ns = to_ns < window->until_ns ? to_ns : window->until_ns;
		if (sim_state_counts[piece->state][SIM_SCHEDULED] && from_ns < to_ns)
			last_ns = to_ns;
	}
	return last_ns;
}

/* Where it ends: of those that live the longest, with the one that was the last on a core. */
static const struct sim_track *last_track(const struct sim_story *story, const struct sim_window *window)
{
	const struct sim_track *last = NULL;
	uint64_t last_death_ns = 0, last_ns = 0;

	for (size_t i = 0; i < story->tracks_cnt; i++) {
		const struct sim_track *track = &story->tracks[i];
		uint64_t death_ns = track->death_ns < window->until_ns ? track->death_ns : window->until_ns;
		uint64_t run_ns = last_run(track, window);

		if (!track->begun || track->birth_ns > window->until_ns || death_ns < window->from_ns)
			continue;
		if (!last || death_ns > last_death_ns || (death_ns == last_death_ns && run_ns > last_ns)) {
			last = track;
			last_death_ns = death_ns;
			last_ns = run_ns;
		}
	}
	return last;
}

/* The last time before to_ns that another thread set it going: after a wait, or at its birth. */
static const struct sim_edge *edge_before(const struct sim_story *story, const struct sim_thread *thread,
					  uint64_t from_ns, uint64_t to_ns)
{
	const struct sim_edge *last = NULL;

	for (size_t i = 0; i < story->edges_cnt; i++) {
		const struct sim_edge *edge = &story->edges[i];

		if (edge->wakee != thread || !edge->waker || edge->waker == thread || edge->at_ns > to_ns)
			continue;
		/* Woken before it slept, or where the part begins: it did not wait. */
		if (edge->ended != SIM_STATE_CNT && (edge->since_ns == edge->at_ns || edge->at_ns == from_ns))
			continue;
		if (edge->at_ns >= from_ns && edge->at_ns < to_ns && (!last || edge->at_ns >= last->at_ns))
			last = edge;
	}
	return last;
}

static void segment_add(struct sim_path *path, uint64_t from_ns, uint64_t to_ns,
			const struct sim_thread *thread, enum sim_state state)
{
	struct sim_segment *later = path->cnt ? &path->segments[path->cnt - 1] : NULL;

	if (from_ns >= to_ns)
		return;
	/* What it waits for may change, or who it is that is not known. */
	if (later && later->thread == thread && later->state == state) {
		later->from_ns = from_ns;
		return;
	}
	grow(&path->segments, &path->cap, path->cnt + 1, sizeof(*path->segments));
	path->segments[path->cnt++] = (struct sim_segment){ from_ns, to_ns, thread, state };
}

/* The thread's own states from from_ns to to_ns, backwards. */
static void stretch_add(struct sim_path *path, const struct sim_track *track, uint64_t from_ns, uint64_t to_ns)
{
	for (size_t i = track->pieces_cnt; i--;) {
		const struct sim_piece *piece = &track->pieces[i];
		uint64_t begin_ns = piece->from_ns > from_ns ? piece->from_ns : from_ns;

		if (begin_ns >= to_ns)
			continue;
		segment_add(path, begin_ns, to_ns, track->thread, piece->state);
		to_ns = begin_ns;
	}
}

/* The path has come by `by` to the thread that it leaves at from_ns. */
static void hop_add(struct sim_path *path, const struct sim_edge *by, uint64_t from_ns)
{
	uint64_t since_ns = by->since_ns > from_ns ? by->since_ns : from_ns;

	grow(&path->hops, &path->hops_cap, path->hops_cnt + 1, sizeof(*path->hops));
	path->hops[path->hops_cnt++] = (struct sim_hop){ by, by->at_ns - since_ns };
}

void sim_path_find(struct sim_path *path, const struct sim_story *story, const struct sim_window *window)
{
	const struct sim_track *track = last_track(story, window);
	const struct sim_edge *by = NULL;
	uint64_t to_ns = window->until_ns;

	*path = (struct sim_path){ 0 };
	while (track && to_ns > window->from_ns) {
		const struct sim_edge *edge = edge_before(story, track->thread, window->from_ns, to_ns);
		uint64_t from_ns = edge ? edge->at_ns : track->birth_ns;

		if (from_ns < window->from_ns)
			from_ns = window->from_ns;
		stretch_add(path, track, from_ns, to_ns);
		if (by)
			hop_add(path, by, from_ns);
		by = edge;
		to_ns = from_ns;
		track = edge ? &story->tracks[edge->waker->slot] : NULL;
		/* The waker is not known yet at that time: its own birth was lost. */
		if (track && track->birth_ns >= to_ns)
			track = NULL;
	}
	if (by)
		hop_add(path, by, to_ns);
	segment_add(path, window->from_ns, to_ns, NULL, SIM_UNKNOWN);
}
