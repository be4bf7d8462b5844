/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The critical path, segment by segment and hop by hop, while the analyzer walks along it.
 */
#include <inttypes.h>

#include "tests/sim/path.h"
#include "tests/sim/sides.h"

struct walk {
	struct sides *sides;
	const struct sim_path *path;
	size_t segments_cnt, hops_cnt;	/* compared */
	struct path_segment seen;	/* may go on in the same state; empty: there is none */
};

static uint64_t thread_id(const struct thread *thread)
{
	return thread ? thread->id : 0;
}

static bool seen_compare(struct walk *walk)
{
	const struct path_segment *seen = &walk->seen;
	const struct sim_segment *wanted = &walk->path->segments[walk->segments_cnt];
	struct sides *sides = walk->sides;

	if (seen->from_ns == seen->to_ns)
		return true;
	if (walk->segments_cnt == walk->path->cnt)
		return differ(sides, "the path goes on at %" PRIu64, seen->to_ns);
	walk->segments_cnt++;
	return same(sides, "path until", seen->to_ns, "end", seen->to_ns, wanted->to_ns) &&
	       same(sides, "path until", seen->to_ns, "begin", seen->from_ns, wanted->from_ns) &&
	       same(sides, "path until", seen->to_ns, "thread", thread_id(seen->thread),
		    wanted->thread ? wanted->thread->id : 0) &&
	       same(sides, "path until", seen->to_ns, "state", (uint64_t)sides->states[seen->state],
		    wanted->state);
}

static int segment_take(void *ctx, const struct path_segment *segment)
{
	struct walk *walk = ctx;
	struct path_segment *seen = &walk->seen;

	if (seen->from_ns == segment->to_ns && seen->thread == segment->thread &&
	    seen->state == segment->state) {
		seen->from_ns = segment->from_ns;
		return 0;
	}
	if (!seen_compare(walk))
		return -1;
	*seen = *segment;
	return 0;
}

static int hop_take(void *ctx, const struct path_hop *hop)
{
	struct walk *walk = ctx;
	const struct sim_hop *wanted = &walk->path->hops[walk->hops_cnt];
	struct sides *sides = walk->sides;

	if (walk->hops_cnt == walk->path->hops_cnt)
		return differ(sides, "the path hops at %" PRIu64, hop->at_ns) - 1;
	walk->hops_cnt++;
	return same(sides, "hop at", hop->at_ns, "time", hop->at_ns, wanted->edge->at_ns) &&
	       same(sides, "hop at", hop->at_ns, "waker", hop->waker->id, wanted->edge->waker->id) &&
	       same(sides, "hop at", hop->at_ns, "wakee", hop->wakee->id, wanted->edge->wakee->id) &&
	       same(sides, "hop at", hop->at_ns, "wait", hop->wait_ns, wanted->wait_ns) &&
	       same(sides, "hop at", hop->at_ns, "what it ended",
		    hop->ended == STATE_CNT ? SIM_STATE_CNT : (uint64_t)sides->states[hop->ended],
		    wanted->edge->ended) ? 0 : -1;
}

bool path_same(struct sides *sides)
{
	const struct analysis *analysis = sides->analysis;
	struct sim_path path;
	struct walk walk = { .sides = sides, .path = &path };
	bool equal;

	sim_path_find(&path, sides->story, &(struct sim_window){
		analysis->run.start_ns, analysis->run.end_ns });
	equal = !path_walk(&analysis->history, &analysis->run, &analysis->people,
			   &(struct path_visitor){ segment_take, hop_take, &walk }) &&
		seen_compare(&walk) &&
		same(sides, "the path", 0, "segments", walk.segments_cnt, path.cnt) &&
		same(sides, "the path", 0, "hops", walk.hops_cnt, path.hops_cnt);
	sim_path_clear(&path);
	return equal;
}
