/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads whose steps at their GIL are all recorded: no looks, no doubts. That begins with their birth,
 * or with the first step that is seen, and ends when anything of them may have been lost.
 */
#include "tests/sim/oracle.h"

#include "tests/sim/memory.h"

static void exact_note(struct sim_walk *walk)
{
	struct sim_track *track = walk->track;

	grow(&track->exacts, &track->exacts_cap, track->exacts_cnt + 1, sizeof(*track->exacts));
	track->exacts[track->exacts_cnt] = walk->exact;
	track->exacts[track->exacts_cnt++].place = walk->place;
}

static enum sim_state exact_state(const struct sim_walk *walk)
{
	return walk->exact.holds ? SIM_RUN_GIL : walk->exact.waits ? SIM_RUN_SPIN : SIM_RUN_FREE;
}

static void holding_begins(struct sim_walk *walk, uint64_t at_ns)
{
	walk->hold_ns = at_ns;
	walk->track->gil_holds++;
}

static void holding_ends(struct sim_walk *walk, uint64_t at_ns)
{
	if (walk->exact.holds)
		walk->track->gil_hold_ns += at_ns - walk->hold_ns;
}

/* What the clues up to now show, it goes on with. */
void steps_begin(struct sim_walk *walk, uint64_t at_ns)
{
	if (walk->exact.known)
		return;
	if (walk->where == WHERE_CORE) {
		clue_add(walk, at_ns, CLUE_STEP, TRACE_HOW_NONE, NULL);
		stint_paint(walk);
	} else {
		walk->exact.holds = walk->held;
		walk->exact.waits = walk->in_episode;
	}
	walk->exact.known = walk->exact_over = true;
	walk->exact_missed = false;
	if (walk->exact.holds)
		holding_begins(walk, at_ns);
	exact_note(walk);
}

void steps_end(struct sim_walk *walk, uint64_t at_ns)
{
	if (!walk->exact.known)
		return;
	holding_ends(walk, at_ns);
	episode_over(walk, at_ns);
	walk->exact = (struct sim_exact){ 0 };
	exact_note(walk);
}

/* It gets a core. A thread that never had one has not taken any step yet. */
bool steps_come(struct sim_walk *walk, uint64_t at_ns)
{
	const struct sim_track *track = walk->track;

	if (!walk->exact_over && !track->birth_lost && walk->comes == 1 && track->process &&
	    exact_at(&walk->oracle->profiles[track->process], walk->place)) {
		walk->exact = (struct sim_exact){ .known = true };
		walk->exact_over = true;
		exact_note(walk);
	}
	if (!walk->exact.known)
		return false;
	track_paint(walk->track, at_ns, exact_state(walk), PAINT_SURE);
	return true;
}

void steps_take_one(struct sim_walk *walk, const struct sim_fact *fact)
{
	uint64_t at_ns = fact->at_ns;

	bool waits = fact->step == TRACE_GIL_OP_WAIT || fact->step == TRACE_GIL_OP_REQUEST;

	steps_begin(walk, at_ns);
	walk->track->gil = fact->gil;
	holding_ends(walk, at_ns);
	if (waits)
		episode_open(walk, at_ns);
	else
		episode_over(walk, at_ns);
	if (fact->step == TRACE_GIL_OP_TAKE && walk->exact.holds)
		walk->hold_ns = at_ns;
	else if (fact->step == TRACE_GIL_OP_TAKE)
		holding_begins(walk, at_ns);
	walk->exact.holds = fact->step == TRACE_GIL_OP_TAKE;
	walk->exact.waits = waits;
	exact_note(walk);
	track_paint(walk->track, at_ns, exact_state(walk), PAINT_SURE);
}

static struct sim_exact exact_of(const struct sim_oracle *oracle, const struct sim_thread *thread, size_t place)
{
	const struct sim_track *track = &oracle->story->tracks[thread->slot];
	struct sim_exact exact = { 0 };

	for (size_t i = 0; i < track->exacts_cnt && track->exacts[i].place <= place; i++)
		exact = track->exacts[i];
	return exact;
}

/* From here on steps are recorded, and by whom it can be known that none was missed. */
void steps_gil(struct sim_walk *walk, const struct sim_fact *fact)
{
	const struct sim_thread *parent = walk->track->thread->parent;
	bool forked = parent && parent->process != fact->process;

	/* Found late: each thread's first step will say. */
	if (!fact->exact || fact->core >= walk->oracle->recorder->cores_cnt || walk->exact_missed)
		return;
	if (!forked || walk->comes) {
		steps_begin(walk, fact->at_ns);
		return;
	}
	/* A copy of its parent, GIL included: it knows what is known of that. */
	walk->exact = exact_of(walk->oracle, parent, walk->place);
	walk->exact_over = true;
	if (walk->exact.holds)
		holding_begins(walk, fact->at_ns);
	exact_note(walk);
}
