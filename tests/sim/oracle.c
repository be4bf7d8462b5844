/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's life, from the facts that name it and the losses that fall into it.
 */
#include "tests/sim/oracle.h"

#include "tests/sim/memory.h"

void clue_add(struct sim_walk *walk, uint64_t at_ns, enum sim_clue_kind kind, enum trace_how how,
	      const struct sim_look *look)
{
	grow(&walk->clues, &walk->clues_cap, walk->clues_cnt + 1, sizeof(*walk->clues));
	walk->clues[walk->clues_cnt++] = (struct sim_clue){
		.at_ns = at_ns, .kind = kind, .how = how, .look = look && look->gil ? look : NULL,
	};
}

static void stint_begin(struct sim_walk *walk, uint64_t at_ns, size_t place)
{
	walk->stint_ns = at_ns;
	walk->found = walk->track->process &&
		      known_at(&walk->oracle->profiles[walk->track->process], place) == KNOWN_FOUND;
}

/* One that no fact has named yet says nothing to anybody. */
static const struct sim_thread *owner_of(const struct sim_walk *walk)
{
	const struct sim_thread *owner = walk->left->owner;
	uint64_t seen_ns = owner ? walk->oracle->story->tracks[owner->slot].seen_ns : 0;

	return seen_ns && seen_ns <= walk->left->at_ns ? owner : NULL;
}

static void wait_paint(struct sim_walk *walk, enum sim_state state)
{
	struct sim_track *track = walk->track;
	struct sim_piece *piece;

	track_paint(track, walk->out_ns, state, PAINT_SURE);
	piece = &track->pieces[track->pieces_cnt - 1];
	piece->sysno = walk->left->call.sysno;
	if (piece->sysno != CALL_FUTEX || state == SIM_UNKNOWN)
		return;
	piece->word = walk->left->call.arg0;
	piece->space = track->process ?
		       walk->oracle->spaces[walk->left - walk->oracle->recorder->facts] : 0;
	piece->owner = owner_of(walk);
}

static void woken(struct sim_walk *walk, uint64_t at_ns, const struct sim_fact *waking,
		  const struct sim_fact *left, enum sim_state ended)
{
	enum sim_cause cause = wait_cause(walk, waking, left);
	const struct sim_track *track = walk->track;
	/* When it fell asleep is not known, if nobody saw it: it was lost from sight. */
	uint64_t since_ns = left ? walk->out_ns : track->pieces[track->pieces_cnt - 1].from_ns;

	edge_add(walk->oracle->story, &(struct sim_edge){
		.at_ns = at_ns, .since_ns = since_ns, .wakee = walk->track->thread,
		.waker = cause == SIM_BY_THREAD ? waking->thread : NULL, .ended = ended, .cause = cause,
	});
	track_paint(walk->track, at_ns, SIM_READY_WOKEN, PAINT_SURE);
}

/* What it took along when it left its core ends here. */
void hold_over(struct sim_walk *walk, uint64_t at_ns)
{
	struct sim_track *track = walk->track;

	if (!walk->held && !walk->exact.holds)
		return;
	grow(&track->holds, &track->holds_cap, track->holds_cnt + 1, sizeof(*track->holds));
	track->holds[track->holds_cnt++] = (struct sim_hold){
		walk->out_ns, at_ns, track->gil, walk->was_lost,
	};
	track->gil_held_off_ns += at_ns - walk->out_ns;
}

/* The end of a wait for a word that is not a GIL's: on a core again, or out of sight. */
static void lock_wait_over(struct sim_walk *walk, uint64_t at_ns)
{
	if (walk->in_lock_wait)
		walk->track->lock_wait_ns += at_ns - walk->out_ns;
	walk->in_lock_wait = false;
}

/* Nothing is known of it any more. */
static void lose(struct sim_walk *walk, uint64_t at_ns)
{
	if (walk->where == WHERE_LOST || walk->where == WHERE_GONE)
		return;
	lock_wait_over(walk, at_ns);
	if (walk->where == WHERE_CORE)
		walk->track->on_core_ns += at_ns - walk->in_ns;
	if (walk->where == WHERE_CORE && !walk->exact.known) {
		clue_add(walk, at_ns, CLUE_LOSE, TRACE_HOW_NONE, NULL);
		stint_paint(walk);
	} else if (walk->where != WHERE_CORE) {
		if (walk->where == WHERE_WAIT)
			wait_paint(walk, walk->early ? SIM_UNKNOWN : walk->wait);
		hold_over(walk, at_ns);
		episode_over(walk, at_ns);
		walk->held = false;
		walk->part = TRACE_GIL_PART_NONE;
	}
	steps_end(walk, at_ns);
	walk->exact_over = walk->exact_missed = true;
	track_paint(walk->track, at_ns, SIM_UNKNOWN, PAINT_SURE);
	walk->wakings_cnt = 0;
	walk->where = WHERE_LOST;
}

/* It gets a core, or is seen on one. */
static void come(struct sim_walk *walk, const struct sim_fact *fact, size_t place)
{
	if (gap_is_open_on(walk->oracle, fact->at_ns, fact->core))
		return;
	/* No waking since it left: one before did it, or nobody knows what. */
	if (walk->where == WHERE_WAIT && walk->early)
		woken(walk, walk->out_ns, walk->early, walk->left, walk->wait);
	else if (walk->where == WHERE_WAIT)
		wait_paint(walk, SIM_UNKNOWN);
	hold_over(walk, fact->at_ns);
	walk->where = WHERE_CORE;
	walk->core = fact->core;
	walk->in_ns = fact->at_ns;
	walk->fresh = true;
	walk->wakings_cnt = 0;
	walk->comes++;
	if (steps_come(walk, fact->at_ns))
		return;
	lock_wait_over(walk, fact->at_ns);
	stint_begin(walk, fact->at_ns, place);
}

static void die(struct sim_walk *walk, uint64_t at_ns)
{
	walk->track->death_ns = at_ns;
	walk->track->gone = true;
	walk->where = WHERE_GONE;
}

static void leave(struct sim_walk *walk, const struct sim_fact *fact, size_t place)
{
	if (walk->where == WHERE_CORE)
		walk->track->on_core_ns += fact->at_ns - walk->in_ns;
	if (!walk->exact.known) {
		clue_add(walk, fact->at_ns, CLUE_LEAVE, fact->how, &fact->look);
		stint_paint(walk);
	} else if (fact->look.gil) {
		walk->switches = fact->look.switches;
	}
	walk->out_ns = fact->at_ns;
	walk->was_lost = walk->where == WHERE_LOST;
	if (fact->how == TRACE_HOW_DEAD) {
		steps_end(walk, fact->at_ns);
		die(walk, fact->at_ns);
	} else if (gap_is_open(walk->oracle, fact->at_ns)) {
		walk->where = walk->where == WHERE_LOST ? WHERE_LOST : WHERE_READY;
		lose(walk, fact->at_ns);
		/* Also what a lost one took along is forgotten. */
		walk->exact_over = walk->exact_missed = true;
		walk->held = walk->in_episode = false;
		walk->part = TRACE_GIL_PART_NONE;
	} else if (fact->how == TRACE_HOW_PREEMPTED) {
		walk->where = WHERE_READY;
		track_paint(walk->track, fact->at_ns, SIM_READY_PREEMPTED, PAINT_SURE);
	} else {
		walk->where = WHERE_WAIT;
		walk->left = fact;
		walk->wait = wait_state(walk, place);
		walk->early = wait_early(walk, fact);
		walk->in_lock_wait = fact->call.sysno == CALL_FUTEX && walk->wait != SIM_WAIT_GIL &&
				     walk->wait != SIM_UNKNOWN && !walk->exact.known;
		walk->track->lock_waits += walk->in_lock_wait;
	}
}

/* An exec: what is known of the old program's GIL says nothing of the new one. */
static void program_over(struct sim_walk *walk, uint64_t at_ns)
{
	if (!walk->exact.known) {
		clue_add(walk, at_ns, CLUE_EXEC, TRACE_HOW_NONE, NULL);
		stint_paint(walk);
	}
	steps_end(walk, at_ns);
	walk->exact_missed = false;
	walk->switches = walk->track->gil = 0;
}

static void acted(struct sim_walk *walk, const struct sim_fact *fact, size_t place)
{
	if (walk->where == WHERE_LOST)
		come(walk, fact, place);
	if (walk->where != WHERE_CORE)
		return;
	if (fact->kind == FACT_STEP) {
		steps_take_one(walk, fact);
	} else if (fact->kind == FACT_EXEC) {
		program_over(walk, fact->at_ns);
		/* The command comes to its core with its exec. */
		walk->fresh = fact->at_ns == walk->in_ns;
		stint_begin(walk, fact->at_ns, place);
	} else if (fact->look.gil && !walk->exact.known) {
		clue_add(walk, fact->at_ns, fact->kind == FACT_WAKING && is_futex_wake(fact) &&
			 fact->look.part != TRACE_GIL_PART_NONE ? CLUE_WAKE : CLUE_LOOK,
			 TRACE_HOW_NONE, &fact->look);
	}
}

static void was_woken(struct sim_walk *walk, const struct sim_fact *fact, size_t place)
{
	switch (walk->where) {
	case WHERE_CORE:
		grow(&walk->wakings, &walk->wakings_cap, walk->wakings_cnt + 1, sizeof(*walk->wakings));
		walk->wakings[walk->wakings_cnt++] = place;
		return;
	case WHERE_WAIT:
		wait_paint(walk, walk->wait);
		woken(walk, fact->at_ns, fact, walk->left, walk->wait);
		break;
	case WHERE_LOST:
		/* On its way to sleep on a core whose facts are lost, or asleep: nobody knows. */
		if (any_core_is_lost(walk->oracle->story, fact->at_ns))
			return;
		woken(walk, fact->at_ns, fact, NULL, SIM_UNKNOWN);
		walk->out_ns = fact->at_ns;
		break;
	default:
		return;
	}
	walk->where = WHERE_READY;
}

static void born(struct sim_walk *walk, const struct sim_fact *fact, size_t place)
{
	walk->out_ns = fact->at_ns;
	edge_add(walk->oracle->story, &(struct sim_edge){
		.at_ns = fact->at_ns, .since_ns = fact->at_ns, .wakee = fact->thread, .waker = fact->other,
		.ended = SIM_STATE_CNT, .cause = fact->other ? SIM_BY_THREAD : SIM_BY_PROGRAM,
	});
	if (!fact->other) {
		come(walk, fact, place);
	} else if (gap_is_open(walk->oracle, fact->at_ns)) {
		track_paint(walk->track, fact->at_ns, SIM_UNKNOWN, PAINT_SURE);
		walk->exact_over = walk->exact_missed = true;
	} else {
		track_paint(walk->track, fact->at_ns, SIM_READY_WOKEN, PAINT_SURE);
		walk->where = WHERE_READY;
	}
}

/* The losses up to this time: who was not on another core all the while is lost from sight. */
static void gaps_pass(struct sim_walk *walk, uint64_t until_ns)
{
	const struct sim_recorder *recorder = walk->oracle->recorder;

	while (walk->gap_next < recorder->gaps_cnt && recorder->gaps[walk->gap_next].first_ns <= until_ns) {
		const struct sim_gap *gap = &recorder->gaps[walk->gap_next++];

		if (walk->track->begun && (walk->where != WHERE_CORE || walk->core == gap->core))
			lose(walk, gap->first_ns);
	}
}

static void identity_note(struct sim_track *track, const struct sim_fact *fact, enum sim_role role)
{
	if (role == ROLE_ACTED && fact->thread != track->thread)
		return;
	if (fact->kind == FACT_BIRTH || fact->kind == FACT_EXEC)
		track->tid = fact->tid;
	if (fact->kind == FACT_BIRTH || fact->kind == FACT_EXEC || fact->kind == FACT_COMM)
		track->comm = fact->comm;
	if (fact->kind == FACT_EXIT)
		track->has_exit = true;
}

static void part_walk(struct sim_walk *walk, const struct sim_part *part)
{
	const struct sim_fact *fact = &walk->oracle->recorder->facts[part->place];
	struct sim_track *track = walk->track;
	bool tells_little = fact->kind == FACT_EXIT || fact->kind == FACT_COMM || fact->kind == FACT_GIL;

	walk->place = part->place;
	gaps_pass(walk, fact->at_ns);
	if (!track->begun && tells_little)
		return;
	if (!track->begun) {
		track->begun = true;
		track->birth_lost = part->role != ROLE_BORN;
		track->birth_ns = fact->at_ns;
		if (track->birth_lost)
			track_paint(track, fact->at_ns, SIM_UNKNOWN, PAINT_SURE);
	}
	identity_note(track, fact, part->role);
	if (fact->kind == FACT_COMM || walk->where == WHERE_GONE)
		return;
	switch (part->role) {
	case ROLE_BORN:
		born(walk, fact, part->place);
		break;
	case ROLE_CAME:
		come(walk, fact, part->place);
		break;
	case ROLE_LEFT:
		leave(walk, fact, part->place);
		break;
	case ROLE_ACTED:
		acted(walk, fact, part->place);
		break;
	case ROLE_WOKEN:
		was_woken(walk, fact, part->place);
		break;
	case ROLE_GIL:
		steps_gil(walk, fact);
		break;
	}
}

/* It lived longer than the recording. */
static void outlast(struct sim_walk *walk, uint64_t end_ns)
{
	lock_wait_over(walk, end_ns);
	if (walk->where == WHERE_CORE) {
		walk->track->on_core_ns += end_ns - walk->in_ns;
		if (!walk->exact.known) {
			clue_add(walk, end_ns, CLUE_END, TRACE_HOW_NONE, NULL);
			stint_paint(walk);
		}
	} else {
		if (walk->where == WHERE_WAIT)
			wait_paint(walk, walk->early ? SIM_UNKNOWN : walk->wait);
		hold_over(walk, end_ns);
		episode_over(walk, end_ns);
	}
	steps_end(walk, end_ns);
	walk->track->left_alive = true;
	die(walk, end_ns);
}

void thread_walk(struct sim_oracle *oracle, size_t slot)
{
	struct sim_walk walk = { .oracle = oracle, .track = &oracle->story->tracks[slot] };
	const struct sim_parts *parts = &oracle->parts[slot];

	for (size_t i = 0; i < parts->cnt; i++)
		part_walk(&walk, &parts->parts[i]);
	walk.place = oracle->recorder->facts_cnt;
	if (walk.track->begun && walk.where != WHERE_GONE) {
		gaps_pass(&walk, oracle->recorder->end_ns);
		outlast(&walk, oracle->recorder->end_ns);
	}
	free(walk.clues);
	free(walk.wakings);
}
