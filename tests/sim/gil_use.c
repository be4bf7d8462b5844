/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * At every instant, every thread says which GIL it holds and which it wants. How a GIL goes from one to
 * the next is told by the spells of that: some take no time and fall into no instant.
 */
#include "tests/sim/gil_use.h"

#include "tests/sim/instants.h"
#include "tests/sim/memory.h"

struct watch {
	struct sim_gil_uses *uses;
	size_t *hold_at;		/* by track: its hold that is not over yet */
	bool *active, *unknown;		/* processes, at the instant at hand */
};

static uint64_t held_off_core(const struct sim_track *track, size_t *at, uint64_t now_ns)
{
	while (*at < track->holds_cnt && track->holds[*at].to_ns <= now_ns)
		(*at)++;
	return *at < track->holds_cnt && track->holds[*at].from_ns <= now_ns ? track->holds[*at].gil : 0;
}

static bool goes_on(enum sim_state state)
{
	return state == SIM_RUN_SPIN || state == SIM_READY_WOKEN || state == SIM_READY_PREEMPTED;
}

/* The piece in wait.gil that it goes back to; NULL: it wants none. */
static const struct sim_piece *wait_of(const struct sim_track *track, const struct sim_piece *piece)
{
	while (piece > track->pieces && goes_on(piece->state))
		piece--;
	return piece->state == SIM_WAIT_GIL && piece->gil ? piece : NULL;
}

static void thread_count(struct watch *watch, const struct sim_instant *instant, size_t slot)
{
	const struct sim_track *track = &instant->story->tracks[slot];
	const struct sim_piece *piece = instant->threads[slot], *wait;
	uint64_t held = held_off_core(track, &watch->hold_at[slot], instant->now_ns);
	uint64_t process = track->process;
	struct sim_gil_use *use;

	if (!piece)
		return;
	if ((piece->state == SIM_RUN_GIL || piece->state == SIM_WAIT_GIL) && !piece->gil)
		watch->uses->nameless_ns += instant->passed_ns;
	watch->active[process] |= sim_state_counts[piece->state][SIM_APPARENT] ||
				  sim_state_counts[piece->state][SIM_OVERLAP];
	watch->unknown[process] |= piece->state == SIM_UNKNOWN;
	watch->uses->work_ns[process] += sim_state_counts[piece->state][SIM_TRUE] ? instant->passed_ns : 0;
	if (piece->state == SIM_RUN_GIL)
		held = piece->gil;
	if (held) {
		use = &watch->uses->uses[held];
		use->holding++;
		use->running += piece->state == SIM_RUN_GIL;
		use->sampled_ns += piece->state == SIM_RUN_GIL && piece->sampled ? instant->passed_ns : 0;
		use->hold_ns[slot] += instant->passed_ns;
	}
	wait = wait_of(track, piece);
	if (wait) {
		use = &watch->uses->uses[wait->gil];
		use->wanting++;
		use->wanting_in[piece->state == SIM_RUN_SPIN ? SIM_PAUSE_TAKING :
				piece->state == SIM_WAIT_GIL ? SIM_PAUSE_ASLEEP : SIM_PAUSE_READY]++;
		use->wait_ns[slot] += instant->passed_ns;
	}
}

static void use_sum(struct sim_gil_use *use, const bool *active, uint64_t passed_ns)
{
	enum sim_pause gap = use->wanting_in[SIM_PAUSE_TAKING] ? SIM_PAUSE_TAKING :
			   use->wanting_in[SIM_PAUSE_READY] ? SIM_PAUSE_READY : SIM_PAUSE_ASLEEP;

	use->held_ns += use->holding ? passed_ns : 0;
	use->held_active_ns += use->holding && active[use->process] ? passed_ns : 0;
	use->off_core_ns += use->holding && !use->running ? passed_ns : 0;
	use->run_ns += use->running ? passed_ns : 0;
	use->wanted_ns += use->wanting ? passed_ns : 0;
	use->wanted_held_ns += use->wanting && use->holding ? passed_ns : 0;
	use->gap_ns[gap] += use->wanting && !use->holding ? passed_ns : 0;
	use->level_ns[use->wanting] += passed_ns;
	use->holding = use->running = use->wanting = 0;
	memset(use->wanting_in, 0, sizeof(use->wanting_in));
}

static void instant_watch(const struct sim_instant *instant, void *ctx)
{
	struct watch *watch = ctx;
	struct sim_gil_uses *uses = watch->uses;

	for (size_t i = 0; i < uses->tracks_cnt; i++)
		thread_count(watch, instant, i);
	for (size_t i = 0; i < uses->uses_cnt; i++)
		use_sum(&uses->uses[i], watch->active, instant->passed_ns);
	for (size_t i = 0; i <= uses->tracks_cnt; i++) {
		uses->active_ns[i] += watch->active[i] ? instant->passed_ns : 0;
		uses->unknown_ns[i] += watch->unknown[i] ? instant->passed_ns : 0;
		watch->active[i] = watch->unknown[i] = false;
	}
}

static uint64_t piece_end(const struct sim_track *track, size_t at)
{
	return at + 1 < track->pieces_cnt ? track->pieces[at + 1].from_ns : track->death_ns;
}

/* Nobody knows when it really ended. */
static bool is_cut(const struct sim_track *track, uint64_t at_ns)
{
	size_t at = track->pieces_cnt - 1;

	while (at && track->pieces[at].from_ns > at_ns)
		at--;
	return at_ns == track->death_ns ? track->left_alive : track->pieces[at].state == SIM_UNKNOWN;
}

/* Right before this piece it did something else on its core, or was unknown, for no time at all. */
static bool is_broken(const struct sim_piece *piece, size_t at)
{
	return at && piece[-1].from_ns == piece->from_ns && piece[-1].state != SIM_RUN_GIL &&
	       (sim_state_counts[piece[-1].state][SIM_SCHEDULED] || piece[-1].state == SIM_UNKNOWN);
}

/* One that follows the last of the list without a break is part of it. */
static void spell_add(struct sim_spells *spells, const struct sim_spell *spell, bool broken)
{
	struct sim_spell *last = spells->cnt ? &spells->spells[spells->cnt - 1] : NULL;

	if (!broken && last && last->track == spell->track && last->to_ns == spell->from_ns) {
		last->to_ns = spell->to_ns;
		last->next = spell->next;
		return;
	}
	grow(&spells->spells, &spells->cap, spells->cnt + 1, sizeof(*spells->spells));
	spells->spells[spells->cnt++] = *spell;
}

/* What the thread does from this instant on, be it for no time at all; NULL: it dies. */
static const struct sim_piece *piece_after(const struct sim_track *track, uint64_t at_ns)
{
	const struct sim_piece *piece = track->pieces, *last = piece + track->pieces_cnt - 1;

	if (at_ns == track->death_ns)
		return NULL;
	while (piece < last && piece->from_ns < at_ns && piece[1].from_ns <= at_ns)
		piece++;
	return piece;
}

static void hold_add(struct sim_gil_uses *uses, const struct sim_track *track, size_t slot,
		     const struct sim_hold *hold, bool broken)
{
	const struct sim_piece *next = piece_after(track, hold->to_ns);
	struct sim_spells *holds = &uses->uses[hold->gil].holds;
	struct sim_spell *last = holds->cnt ? &holds->spells[holds->cnt - 1] : NULL;

	if (hold->from_ns < hold->to_ns) {
		spell_add(holds, &(struct sim_spell){ hold->from_ns, hold->to_ns, slot, next }, broken);
		return;
	}
	/* One that was lost from sight where it left its core took nothing along. */
	while (next && next + 1 < track->pieces + track->pieces_cnt && next[1].from_ns == hold->to_ns)
		next++;
	if (last && last->track == slot && last->to_ns == hold->to_ns)
		last->next = next;
}

static void spells_collect(struct sim_gil_uses *uses, const struct sim_story *story, size_t slot)
{
	const struct sim_track *track = &story->tracks[slot];
	size_t hold = 0;

	for (size_t i = 0; i < track->pieces_cnt; i++) {
		const struct sim_piece *piece = &track->pieces[i], *wait = wait_of(track, piece);
		struct sim_spell spell = {
			piece->from_ns, piece_end(track, i), slot, i + 1 < track->pieces_cnt ? piece + 1 : NULL,
		};

		if (wait)
			spell_add(&uses->uses[wait->gil].waits, &spell, !i || !wait_of(track, piece - 1));
		if (piece->state == SIM_RUN_GIL)
			spell_add(&uses->uses[piece->gil].holds, &spell, is_broken(piece, i));
		for (; hold < track->holds_cnt && track->holds[hold].from_ns < spell.to_ns; hold++)
			hold_add(uses, track, slot, &track->holds[hold],
				 track->holds[hold].was_lost || is_broken(piece, i));
	}
}

static int spell_compare(const void *left, const void *right)
{
	const struct sim_spell *a = left, *b = right;

	if (a->from_ns != b->from_ns)
		return a->from_ns < b->from_ns ? -1 : 1;
	return (a->to_ns > b->to_ns) - (a->to_ns < b->to_ns);
}

/* Out of sight, if only for no time at all. */
static bool is_lost_at(const struct sim_track *track, uint64_t at_ns)
{
	for (size_t i = 0; i < track->pieces_cnt; i++)
		if (track->pieces[i].from_ns == at_ns && track->pieces[i].state == SIM_UNKNOWN)
			return true;
	return false;
}

/* The wait that its coming to hold it ended. */
static const struct sim_spell *wait_before(const struct sim_gil_use *use, const struct sim_story *story,
					   const struct sim_spell *hold)
{
	if (is_lost_at(&story->tracks[hold->track], hold->from_ns))
		return NULL;
	for (size_t i = 0; i < use->waits.cnt; i++)
		if (use->waits.spells[i].track == hold->track && use->waits.spells[i].to_ns == hold->from_ns)
			return &use->waits.spells[i];
	return NULL;
}

static void process_find(struct sim_gil_use *use, const struct sim_story *story, uint64_t id)
{
	const struct sim_spells *const lists[] = { &use->holds, &use->waits };
	uint64_t first_ns = UINT64_MAX;

	use->process = story->gil_process[id];
	for (size_t i = 0; i < 2 && !story->gil_process[id]; i++)
		for (size_t j = 0; j < lists[i]->cnt; j++)
			if (lists[i]->spells[j].from_ns < first_ns) {
				first_ns = lists[i]->spells[j].from_ns;
				use->process = story->tracks[lists[i]->spells[j].track].process;
			}
}

static void hand_overs_count(struct sim_gil_use *use, const struct sim_story *story)
{
	const struct sim_spell *last = NULL;

	if (use->holds.cnt)
		qsort(use->holds.spells, use->holds.cnt, sizeof(*use->holds.spells), spell_compare);
	for (size_t i = 0; i < use->holds.cnt; i++) {
		const struct sim_spell *hold = &use->holds.spells[i], *wait;
		uint64_t ns;

		wait = wait_before(use, story, hold);
		if (wait && last && last->to_ns <= hold->from_ns &&
		    !is_cut(&story->tracks[last->track], last->to_ns)) {
			ns = hold->from_ns - (wait->from_ns > last->to_ns ? wait->from_ns : last->to_ns);
			use->hand_overs_cnt += ns > 0;
			use->hand_overs_ns += ns;
			use->hand_over_max_ns = ns > use->hand_over_max_ns ? ns : use->hand_over_max_ns;
		}
		if (!last || hold->to_ns >= last->to_ns)
			last = hold;
	}
}

static void ends_count(struct sim_gil_use *use, const struct sim_story *story)
{
	for (size_t i = 0; i < use->waits.cnt + use->holds.cnt; i++) {
		bool holds = i < use->holds.cnt;
		const struct sim_spell *spell = holds ? &use->holds.spells[i] :
							&use->waits.spells[i - use->holds.cnt];
		enum sim_state next = spell->next ? spell->next->state : SIM_STATE_CNT;

		use->cut_cnt += spell->next ? next == SIM_UNKNOWN : story->tracks[spell->track].left_alive;
		use->yields_cnt += holds && (next == SIM_RUN_SPIN || next == SIM_WAIT_GIL);
	}
}

static void overtakes_count(struct sim_gil_use *use, const struct sim_story *story)
{
	for (size_t i = 0; i < use->holds.cnt; i++) {
		const struct sim_spell *hold = &use->holds.spells[i];
		bool others = false;

		for (size_t j = 0; j < use->waits.cnt && !others; j++)
			others = use->waits.spells[j].track != hold->track &&
				 use->waits.spells[j].from_ns < hold->from_ns &&
				 use->waits.spells[j].to_ns > hold->from_ns;
		use->overtakes_cnt += others && !wait_before(use, story, hold);
	}
}

void gil_uses_make(struct sim_gil_uses *uses, const struct sim_story *story)
{
	size_t cnt = story->tracks_cnt;
	struct watch watch = { .uses = uses };

	*uses = (struct sim_gil_uses){ .uses_cnt = story->gils_cnt, .tracks_cnt = cnt };
	uses->uses = zalloc(uses->uses_cnt, sizeof(*uses->uses));
	for (size_t i = 0; i < uses->uses_cnt; i++) {
		uses->uses[i].level_ns = zalloc(cnt + 1, sizeof(uint64_t));
		uses->uses[i].hold_ns = zalloc(cnt, sizeof(uint64_t));
		uses->uses[i].wait_ns = zalloc(cnt, sizeof(uint64_t));
	}
	uses->active_ns = zalloc(cnt + 1, sizeof(*uses->active_ns));
	uses->work_ns = zalloc(cnt + 1, sizeof(*uses->work_ns));
	uses->unknown_ns = zalloc(cnt + 1, sizeof(*uses->unknown_ns));
	watch.hold_at = zalloc(cnt, sizeof(*watch.hold_at));
	watch.active = zalloc(cnt + 1, sizeof(*watch.active));
	watch.unknown = zalloc(cnt + 1, sizeof(*watch.unknown));
	for (size_t i = 0; i < cnt; i++)
		spells_collect(uses, story, i);
	for (size_t i = 0; i < uses->uses_cnt; i++) {
		process_find(&uses->uses[i], story, i);
		hand_overs_count(&uses->uses[i], story);
		ends_count(&uses->uses[i], story);
		overtakes_count(&uses->uses[i], story);
	}
	instants_each(story, instant_watch, &watch);
	free(watch.hold_at);
	free(watch.active);
	free(watch.unknown);
}

void gil_uses_free(struct sim_gil_uses *uses)
{
	for (size_t i = 0; i < uses->uses_cnt; i++) {
		free(uses->uses[i].level_ns);
		free(uses->uses[i].hold_ns);
		free(uses->uses[i].wait_ns);
		free(uses->uses[i].holds.spells);
		free(uses->uses[i].waits.spells);
	}
	free(uses->uses);
	free(uses->active_ns);
	free(uses->work_ns);
	free(uses->unknown_ns);
	*uses = (struct sim_gil_uses){ 0 };
}
