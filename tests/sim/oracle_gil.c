/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stay on a core and the GIL: all clues lie on the table, and each stretch between two of them is
 * what the two say together.
 */
#include "tests/sim/oracle.h"

/* What the last clue showed. */
enum sim_show { SHOWS_NOTHING, SHOWS_WITHOUT, SHOWS_WITH, SHOWS_GAVE };

struct sim_stretch {
	enum sim_show show;
	uint64_t since_ns;
};

static uint64_t half_way(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns + (b_ns - a_ns) / 2;
}

static bool clue_holds(const struct sim_walk *walk, const struct sim_clue *clue)
{
	const struct sim_look *look = clue->look;

	return look && look->created && look->locked && look->last == walk->track->thread;
}

/* It took the GIL since it left a core the last time. */
static bool clue_had(const struct sim_walk *walk, const struct sim_clue *clue)
{
	return clue->look && clue->look->last == walk->track->thread && clue->look->switches != walk->switches;
}

/* Leaves because it blocks at the GIL. */
static bool clue_blocks(const struct sim_clue *clue)
{
	return clue->kind == CLUE_LEAVE && clue->look && clue->look->part != TRACE_GIL_PART_NONE &&
	       clue->how != TRACE_HOW_PREEMPTED && clue->how != TRACE_HOW_DEAD;
}

/* Whoever waits for a signal of the holder's is not the holder. */
static bool leaves_holding(const struct sim_walk *walk, const struct sim_clue *clue)
{
	if (clue_blocks(clue) && clue->look->part != TRACE_GIL_PART_MUTEX)
		return false;
	return clue_holds(walk, clue);
}

void episode_open(struct sim_walk *walk, uint64_t at_ns)
{
	if (walk->in_episode)
		return;
	walk->in_episode = true;
	walk->episode_ns = at_ns;
	walk->track->gil_waits++;
}

void episode_over(struct sim_walk *walk, uint64_t at_ns)
{
	if (walk->in_episode)
		walk->track->gil_wait_ns += at_ns - walk->episode_ns;
	walk->in_episode = false;
}

/* The fight was won at once. */
static void won(struct sim_walk *walk, bool holds, uint64_t until_ns)
{
	track_paint(walk->track, walk->stint_ns, SIM_RUN_GIL, PAINT_INFERRED);
	episode_over(walk, walk->stint_ns);
	if (!holds)
		track_paint(walk->track, half_way(walk->stint_ns, until_ns), SIM_RUN_FREE, PAINT_MIDDLE);
}

/* It does something else; whoever waited for the GIL itself must have had it. */
static void moved_on(struct sim_walk *walk, uint64_t until_ns)
{
	if (walk->part == TRACE_GIL_PART_COND) {
		won(walk, false, until_ns);
		return;
	}
	track_paint(walk->track, walk->stint_ns, SIM_RUN_FREE, PAINT_SURE);
	episode_over(walk, walk->stint_ns);
}

static void unknown_from(struct sim_walk *walk, uint64_t from_ns, uint64_t at_ns)
{
	track_paint(walk->track, from_ns, SIM_UNKNOWN, PAINT_SURE);
	walk->track->unsure_ns += at_ns - from_ns;
}

/* The clue that decides a fight, or the last one. */
static size_t fight_decides(const struct sim_walk *walk, size_t *ret_misses, uint64_t *ret_miss_ns)
{
	size_t misses = 0;

	for (size_t i = 0; i < walk->clues_cnt; i++) {
		const struct sim_clue *clue = &walk->clues[i];
		bool proof = clue_holds(walk, clue) || clue_had(walk, clue);

		*ret_misses = misses;
		if (clue->kind > CLUE_WAKE || (clue->kind == CLUE_LOOK && (proof || misses == 1)))
			return i;
		if (clue->kind == CLUE_LOOK) {
			misses++;
			*ret_miss_ns = clue->at_ns;
		} else if (proof || (clue->look->part == TRACE_GIL_PART_COND &&
				     clue->look->last == walk->track->thread)) {
			return i;
		}
	}
	return walk->clues_cnt;
}

/* Paints from the coming up to the clue that decides. Returns whether it still fights at its leaving. */
static bool fight_paint(struct sim_walk *walk, const struct sim_clue *clue, uint64_t miss_ns,
			struct sim_stretch *stretch)
{
	bool holds = clue->kind == CLUE_LEAVE ? leaves_holding(walk, clue) : clue_holds(walk, clue);
	uint64_t until_ns = miss_ns ? miss_ns : clue->at_ns;

	*stretch = (struct sim_stretch){ holds ? SHOWS_WITH : SHOWS_WITHOUT, clue->at_ns };
	switch (clue->kind) {
	case CLUE_WAKE:
		if (holds) {
			track_paint(walk->track, walk->stint_ns, SIM_RUN_SPIN, PAINT_SURE);
			track_paint(walk->track, clue->at_ns, SIM_RUN_GIL, PAINT_SURE);
			episode_over(walk, clue->at_ns);
		} else {
			won(walk, true, clue->at_ns);
			stretch->show = SHOWS_GAVE;
		}
		return false;
	case CLUE_LOSE:
		unknown_from(walk, walk->stint_ns, clue->at_ns);
		return false;
	case CLUE_STEP:
	case CLUE_END:
		track_paint(walk->track, walk->stint_ns, SIM_RUN_SPIN, PAINT_SURE);
		return false;
	default:
		break;
	}
	if (holds || clue_had(walk, clue)) {
		won(walk, holds, clue->at_ns);
	} else if (clue->kind == CLUE_LEAVE && (clue_blocks(clue) || clue->how == TRACE_HOW_PREEMPTED)) {
		track_paint(walk->track, walk->stint_ns, SIM_RUN_SPIN, PAINT_SURE);
		return true;
	} else {
		moved_on(walk, until_ns);
	}
	return false;
}

/* Taken first thing and given up since: neither end of the stay shows it, the switch number does. */
static bool had_between(const struct sim_walk *walk, const struct sim_clue *clue,
			const struct sim_stretch *stretch)
{
	return stretch->show == SHOWS_WITHOUT && walk->fresh && stretch->since_ns == walk->stint_ns &&
	       clue_had(walk, clue) && !clue_holds(walk, clue);
}

/* The stretch that ends with a look, also with that of a leaving thread. */
static void look_paint(struct sim_walk *walk, const struct sim_clue *clue, const struct sim_stretch *stretch)
{
	bool holds = clue->kind == CLUE_LEAVE ? leaves_holding(walk, clue) : clue_holds(walk, clue);
	uint64_t middle_ns = half_way(stretch->since_ns, clue->at_ns);
	enum sim_show show = stretch->show;

	if (had_between(walk, clue, stretch)) {
		track_paint(walk->track, walk->stint_ns, SIM_RUN_GIL, PAINT_INFERRED);
		if (clue->kind == CLUE_LOOK || clue->how == TRACE_HOW_PREEMPTED)
			track_paint(walk->track, middle_ns, SIM_RUN_FREE, PAINT_MIDDLE);
		return;
	}
	if (show == SHOWS_GAVE) {
		track_paint(walk->track, stretch->since_ns, clue_blocks(clue) ? SIM_RUN_SPIN : SIM_RUN_FREE,
			    PAINT_SURE);
		show = SHOWS_WITHOUT;
	}
	if (show == SHOWS_WITHOUT && holds)
		track_paint(walk->track, middle_ns, SIM_RUN_GIL, PAINT_MIDDLE);
	else if (show == SHOWS_WITH && !holds)
		track_paint(walk->track, middle_ns, SIM_RUN_FREE, PAINT_MIDDLE);
	else if (show == SHOWS_NOTHING && clue->kind == CLUE_LOOK)
		track_paint(walk->track, clue->at_ns, holds ? SIM_RUN_GIL : SIM_RUN_FREE, PAINT_SURE);
}

/* The stretch that ends with its own waking of somebody at a word of the GIL. */
static void wake_paint(struct sim_walk *walk, const struct sim_clue *clue, const struct sim_stretch *stretch)
{
	bool drops = clue->look->part == TRACE_GIL_PART_COND && clue->look->last == walk->track->thread;

	if (stretch->show == SHOWS_GAVE)
		track_paint(walk->track, stretch->since_ns, SIM_RUN_FREE, PAINT_SURE);
	if (clue_holds(walk, clue))
		track_paint(walk->track, clue->at_ns, SIM_RUN_GIL, PAINT_SURE);
	else if (drops && (stretch->show == SHOWS_WITHOUT || stretch->show == SHOWS_GAVE))
		track_paint(walk->track, half_way(stretch->since_ns, clue->at_ns), SIM_RUN_GIL, PAINT_MIDDLE);
}

static void clue_paint(struct sim_walk *walk, const struct sim_clue *clue, struct sim_stretch *stretch)
{
	bool holds = clue_holds(walk, clue);

	switch (clue->kind) {
	case CLUE_WAKE:
		wake_paint(walk, clue, stretch);
		if (holds)
			episode_over(walk, clue->at_ns);
		stretch->show = holds ? SHOWS_WITH : SHOWS_GAVE;
		break;
	case CLUE_LOOK:
		look_paint(walk, clue, stretch);
		stretch->show = holds ? SHOWS_WITH : SHOWS_WITHOUT;
		break;
	case CLUE_LOSE:
		if (stretch->show == SHOWS_GAVE)
			unknown_from(walk, stretch->since_ns, clue->at_ns);
		else if (stretch->show != SHOWS_NOTHING)
			walk->track->pieces[walk->track->pieces_cnt - 1].sampled = true;
		break;
	default:
		if (clue->look)
			look_paint(walk, clue, stretch);
		else if (stretch->show == SHOWS_GAVE)
			track_paint(walk->track, stretch->since_ns, SIM_RUN_FREE, PAINT_SURE);
	}
	stretch->since_ns = clue->at_ns;
}

static void take_along(struct sim_walk *walk, const struct sim_clue *clue, bool fights, bool shows_with)
{
	bool blocks = clue_blocks(clue), holds = leaves_holding(walk, clue);

	if (clue->kind == CLUE_STEP) {
		/* Goes on from here by its steps. */
		walk->exact.holds = shows_with;
		walk->exact.waits = walk->in_episode;
		walk->held = false;
		walk->part = TRACE_GIL_PART_NONE;
		return;
	}
	if (clue->kind != CLUE_LEAVE) {
		episode_over(walk, clue->at_ns);
		walk->held = false;
		walk->part = TRACE_GIL_PART_NONE;
		return;
	}
	if (blocks && !holds)
		episode_open(walk, clue->at_ns);
	else if (!fights)
		episode_over(walk, clue->at_ns);
	walk->held = holds && clue->how != TRACE_HOW_DEAD;
	if (blocks)
		walk->part = clue->look->part;
	else if (!fights)
		walk->part = TRACE_GIL_PART_NONE;
	if (clue->look)
		walk->switches = clue->look->switches;
}

/* Which GIL it is. */
static void look_turn(struct sim_walk *walk, const struct sim_clue *clue)
{
	if (clue->look)
		walk->track->gil = clue->look->gil;
}

void stint_paint(struct sim_walk *walk)
{
	struct sim_stretch stretch = { SHOWS_NOTHING, walk->stint_ns };
	bool fights = false;
	size_t i = 0;

	if (walk->where != WHERE_CORE) {
		/* Only seen leaving. */
	} else if (!walk->found) {
		track_paint(walk->track, walk->stint_ns, SIM_RUN_FREE, PAINT_SURE);
	} else if (walk->held) {
		track_paint(walk->track, walk->stint_ns, SIM_RUN_GIL, PAINT_SURE);
		stretch.show = SHOWS_WITH;
	} else if (walk->part != TRACE_GIL_PART_NONE) {
		size_t misses = 0;
		uint64_t miss_ns = 0;

		i = fight_decides(walk, &misses, &miss_ns);
		look_turn(walk, &walk->clues[i]);
		fights = fight_paint(walk, &walk->clues[i], misses ? miss_ns : 0, &stretch);
		i++;
	} else {
		track_paint(walk->track, walk->stint_ns, SIM_RUN_FREE, PAINT_SURE);
		stretch.show = SHOWS_WITHOUT;
	}
	for (; i < walk->clues_cnt; i++) {
		look_turn(walk, &walk->clues[i]);
		clue_paint(walk, &walk->clues[i], &stretch);
	}
	take_along(walk, &walk->clues[walk->clues_cnt - 1], fights, stretch.show == SHOWS_WITH);
	walk->clues_cnt = 0;
}
