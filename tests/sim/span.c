/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lets every chain grow, instant by instant.
 */
#include "tests/sim/span.h"

#include "tests/sim/instants.h"
#include "tests/sim/memory.h"

struct chains {
	struct sim_span result;
	size_t edge;		/* the next one that has not taken place */
	uint64_t *chain_ns, *unlocked_ns;	/* by slot */
};

static void edge_follow(struct chains *chains, const struct sim_edge *edge)
{
	size_t from, to = edge->wakee->slot;

	if (!edge->waker)
		return;
	from = edge->waker->slot;
	if (chains->chain_ns[from] > chains->chain_ns[to])
		chains->chain_ns[to] = chains->chain_ns[from];
	if (edge->ended == SIM_WAIT_GIL || edge->ended == SIM_WAIT_LOCK)
		return;
	if (chains->unlocked_ns[from] > chains->unlocked_ns[to])
		chains->unlocked_ns[to] = chains->unlocked_ns[from];
}

static void instant_grow(const struct sim_instant *instant, void *ctx)
{
	const struct sim_story *story = instant->story;
	struct chains *chains = ctx;
	struct sim_span *result = &chains->result;

	while (chains->edge < story->edges_cnt && story->edges[chains->edge].at_ns <= instant->now_ns)
		edge_follow(chains, &story->edges[chains->edge++]);
	for (size_t i = 0; i < story->tracks_cnt; i++) {
		if (!instant->threads[i] || !sim_state_counts[instant->threads[i]->state][SIM_TRUE])
			continue;
		result->work_ns += instant->passed_ns;
		chains->chain_ns[i] += instant->passed_ns;
		chains->unlocked_ns[i] += instant->passed_ns;
		if (chains->chain_ns[i] > result->span_ns)
			result->span_ns = chains->chain_ns[i];
		if (chains->unlocked_ns[i] > result->unlocked_ns)
			result->unlocked_ns = chains->unlocked_ns[i];
	}
}

struct sim_span sim_span_measure(const struct sim_story *story)
{
	struct chains chains = {
		.chain_ns = zalloc(story->tracks_cnt, sizeof(*chains.chain_ns)),
		.unlocked_ns = zalloc(story->tracks_cnt, sizeof(*chains.unlocked_ns)),
	};

	instants_each(story, instant_grow, &chains);
	free(chains.chain_ns);
	free(chains.unlocked_ns);
	return chains.result;
}
