/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the analyzer says of each GIL, against what was so at every instant.
 */
#include "tests/sim/sides.h"

#include <inttypes.h>

#include "tests/sim/gil_use.h"

/* Who starves more comes first; equal ones stay as they came into being. */
static bool order_same(struct sides *sides, const struct gil_use *use, const struct sim_gil_use *wanted)
{
	__int128 before = 0;

	for (size_t i = 0; i < use->parts_cnt; i++) {
		size_t track = slot_of(sides, use->parts[i]->thread);
		__int128 starved = (__int128)wanted->wait_ns[track] * use->hold.sum_ns -
				   (__int128)wanted->hold_ns[track] * use->wait.sum_ns;

		if (i && (starved > before || (starved == before && use->parts[i]->thread->slot <
					       use->parts[i - 1]->thread->slot)))
			return differ(sides, "thread %" PRIu64 " starves more than those before it",
				      use->parts[i]->thread->id);
		before = starved;
	}
	return true;
}

/* Of the thread's waits: how many there are, and the longest. */
static bool waits_same(struct sides *sides, const struct gil_part *part, size_t track,
		       const struct sim_spells *waits)
{
	uint64_t cnt = 0, max_ns = 0;

	for (size_t i = 0; i < waits->cnt; i++) {
		const struct sim_spell *wait = &waits->spells[i];

		if (wait->track != track)
			continue;
		cnt++;
		if (wait->to_ns - wait->from_ns > max_ns)
			max_ns = wait->to_ns - wait->from_ns;
	}
	return same(sides, "thread", part->thread->id, "waits for a GIL", part->waits_cnt, cnt) &&
	       same(sides, "thread", part->thread->id, "longest wait for a GIL", part->wait_max_ns, max_ns);
}

static bool parts_same(struct sides *sides, const struct gil_use *use, const struct sim_gil_use *wanted)
{
	uint64_t hold_ns = 0, wait_ns = 0;

	for (size_t i = 0; i < use->parts_cnt; i++) {
		const struct gil_part *part = use->parts[i];
		size_t track = slot_of(sides, part->thread);

		if (!same(sides, "thread", part->thread->id, "held a GIL", part->hold_ns,
			  wanted->hold_ns[track]) ||
		    !same(sides, "thread", part->thread->id, "wanted a GIL", part->wait_ns,
			  wanted->wait_ns[track]) ||
		    !waits_same(sides, part, track, &wanted->waits))
			return false;
	}
	for (size_t i = 0; i < sides->story->tracks_cnt; i++) {
		hold_ns += wanted->hold_ns[i];
		wait_ns += wanted->wait_ns[i];
	}
	return same(sides, "GIL", use->id, "holds", use->hold.sum_ns, hold_ns) &&
	       same(sides, "GIL", use->id, "waits", use->wait.sum_ns, wait_ns) &&
	       order_same(sides, use, wanted);
}

static bool levels_same(struct sides *sides, const struct gil_use *use, const struct sim_gil_use *wanted)
{
	for (size_t i = 1; i <= sides->story->tracks_cnt; i++)
		if (!same(sides, "GIL", use->id, "a level of waiting",
			  i < use->levels_cnt ? use->level_ns[i] : 0, wanted->level_ns[i]))
			return false;
	return true;
}

static bool use_same(struct sides *sides, const struct gil_use *use, const struct sim_gil_uses *uses)
{
	const struct sim_gil_use *wanted = &uses->uses[use->id];
	uint64_t id = use->id, process = wanted->process;

	for (int i = 0; i < GIL_GAP_CNT; i++)
		if (!same(sides, "GIL", id, gil_gap_names[i], use->gap_ns[i], wanted->gap_ns[i]))
			return false;
	return same(sides, "GIL", id, "process", use->process->id, process) &&
	       same(sides, "GIL", id, "held", use->held_ns, wanted->held_ns) &&
	       same(sides, "GIL", id, "held while active", use->held_active_ns, wanted->held_active_ns) &&
	       same(sides, "GIL", id, "held off core", use->off_core_ns, wanted->off_core_ns) &&
	       same(sides, "GIL", id, "run under", use->run_ns, wanted->run_ns) &&
	       same(sides, "GIL", id, "sampled", use->sampled_ns, wanted->sampled_ns) &&
	       same(sides, "GIL", id, "wanted", use->wanted_ns, wanted->wanted_ns) &&
	       same(sides, "GIL", id, "wanted and held", use->wanted_held_ns, wanted->wanted_held_ns) &&
	       same(sides, "GIL", id, "holds", use->hold.cnt, wanted->holds.cnt) &&
	       same(sides, "GIL", id, "waits", use->wait.cnt, wanted->waits.cnt) &&
	       same(sides, "GIL", id, "hand-overs", use->hand_over.cnt, wanted->hand_overs_cnt) &&
	       same(sides, "GIL", id, "hand-over time", use->hand_over.sum_ns, wanted->hand_overs_ns) &&
	       same(sides, "GIL", id, "worst hand-over", use->hand_over.max_ns, wanted->hand_over_max_ns) &&
	       same(sides, "GIL", id, "cut", use->cut_cnt, wanted->cut_cnt) &&
	       same(sides, "GIL", id, "yields", use->yields_cnt, wanted->yields_cnt) &&
	       same(sides, "GIL", id, "overtakes", use->overtakes_cnt, wanted->overtakes_cnt) &&
	       same(sides, "process", process, "active", use->active_ns, uses->active_ns[process]) &&
	       same(sides, "process", process, "work", use->work_ns, uses->work_ns[process]) &&
	       same(sides, "process", process, "unknown", use->unknown_ns, uses->unknown_ns[process]) &&
	       levels_same(sides, use, wanted) && parts_same(sides, use, wanted);
}

bool gil_uses_same(struct sides *sides)
{
	struct sim_gil_uses uses;
	bool equal = true;

	gil_uses_make(&uses, sides->story);
	for (uint64_t id = 1; equal && id < uses.uses_cnt; id++) {
		const struct gil_use *use = gil_use_of(&sides->analysis->gil, id);

		if (use)
			equal = use_same(sides, use, &uses);
		else
			equal = same(sides, "GIL", id, "missing for", 0,
				     uses.uses[id].held_ns + uses.uses[id].wanted_ns);
	}
	if (equal)
		equal = same(sides, "the run", 0, "under no known GIL", sides->analysis->gil.nameless_ns,
			     uses.nameless_ns);
	gil_uses_free(&uses);
	return equal;
}
