/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goes through all facts once and notes what several threads need: who is named where, when a GIL was
 * known of, which words are locks.
 */
#include "tests/sim/oracle.h"

#include "tests/sim/memory.h"

bool fact_is_seen(const struct sim_fact *fact)
{
	return !fact->lost && !fact->mute;
}

bool is_futex_wake(const struct sim_fact *fact)
{
	return !fact->interrupt && fact->call.sysno == CALL_FUTEX &&
	       (fact->call.arg1 == FUTEX_PLAIN_WAKE || fact->call.arg1 == FUTEX_SHARED_WAKE);
}

static void part_add(struct sim_oracle *oracle, const struct sim_thread *thread, size_t place,
		     enum sim_role role)
{
	const struct sim_fact *fact = &oracle->recorder->facts[place];
	struct sim_track *track;
	struct sim_parts *parts;

	if (!thread)
		return;
	track = &oracle->story->tracks[thread->slot];
	if (!track->seen_ns && fact->kind != FACT_EXIT && fact->kind != FACT_COMM)
		track->seen_ns = fact->at_ns;
	parts = &oracle->parts[thread->slot];
	grow(&parts->parts, &parts->cap, parts->cnt + 1, sizeof(*parts->parts));
	parts->parts[parts->cnt++] = (struct sim_part){ place, role };
}

static void parts_add(struct sim_oracle *oracle, const struct sim_fact *fact, size_t place)
{
	switch (fact->kind) {
	case FACT_SWITCH:
		part_add(oracle, fact->thread, place, ROLE_LEFT);
		part_add(oracle, fact->other, place, ROLE_CAME);
		break;
	case FACT_WAKING:
		part_add(oracle, fact->thread, place, ROLE_ACTED);
		part_add(oracle, fact->other, place, ROLE_WOKEN);
		break;
	case FACT_BIRTH:
		part_add(oracle, fact->other, place, ROLE_ACTED);
		part_add(oracle, fact->thread, place, ROLE_BORN);
		break;
	case FACT_GIL:
		for (size_t i = 0; i < oracle->story->tracks_cnt; i++)
			if (oracle->story->tracks[i].process == fact->process->id &&
			    oracle->story->tracks[i].seen_ns)
				part_add(oracle, oracle->story->tracks[i].thread, place, ROLE_GIL);
		break;
	case FACT_TICK: case FACT_EXEC: case FACT_EXIT: case FACT_COMM: case FACT_STEP:
		part_add(oracle, fact->thread, place, ROLE_ACTED);
		break;
	default:
		break;
	}
}

static struct sim_profile *profile_of(struct sim_oracle *oracle, const struct sim_thread *thread)
{
	return &oracle->profiles[thread ? process_of(oracle, thread) : 0];
}

uint64_t process_of(const struct sim_oracle *oracle, const struct sim_thread *thread)
{
	return oracle->story->tracks[thread->slot].process;
}

static void known_add(struct sim_profile *profile, const struct sim_fact *fact, size_t place,
		      enum sim_known known)
{
	bool exact = profile->known_cnt && profile->known[profile->known_cnt - 1].exact;

	grow(&profile->known, &profile->known_cap, profile->known_cnt + 1, sizeof(*profile->known));
	profile->known[profile->known_cnt++] = (struct sim_known_since){
		place, fact->at_ns, known, fact->kind != FACT_EXEC && (exact || fact->exact),
	};
}

enum sim_known known_at(const struct sim_profile *profile, size_t place)
{
	enum sim_known known = KNOWN_NONE;

	for (size_t i = 0; i < profile->known_cnt && profile->known[i].place <= place; i++)
		known = profile->known[i].known;
	return known;
}

bool exact_at(const struct sim_profile *profile, size_t place)
{
	bool exact = false;

	for (size_t i = 0; i < profile->known_cnt && profile->known[i].place <= place; i++)
		exact = profile->known[i].exact;
	return exact;
}

/* A process that is born has what its parent's process has. */
static void birth_note(struct sim_oracle *oracle, const struct sim_fact *fact, size_t place)
{
	if (fact->thread->id == fact->process->id && fact->other)
		known_add(&oracle->profiles[fact->process->id], fact, place,
			  known_at(profile_of(oracle, fact->other), place));
}

static void exec_note(struct sim_oracle *oracle, const struct sim_fact *fact, size_t place)
{
	static const enum sim_known known[SIM_GIL_KIND_CNT] = {
		[SIM_GIL_KNOWN] = KNOWN_FOUND, [SIM_GIL_SOUGHT] = KNOWN_SOUGHT,
	};
	struct sim_profile *profile = profile_of(oracle, fact->thread);

	profile->spaces++;
	known_add(profile, fact, place, known[fact->gil_kind]);
}

/* A look at a GIL: the process has one, and so often it has changed hands. */
static void look_note(struct sim_oracle *oracle, struct sim_look *last, const struct sim_fact *fact,
		      size_t place)
{
	const struct sim_look *look = &fact->look;
	struct sim_profile *profile = profile_of(oracle, fact->thread);
	struct sim_look *before = &last[look->gil];
	uint64_t moved, seen;

	if (!look->gil)
		return;
	if (profile != oracle->profiles && known_at(profile, place) != KNOWN_FOUND)
		known_add(profile, fact, place, KNOWN_FOUND);
	oracle->story->looks++;
	if (before->gil) {
		moved = look->switches - before->switches;
		seen = moved && look->last && look->last != before->last;
		oracle->story->switches_seen += seen;
		oracle->story->switches_missed += moved - seen;
	}
	*before = *look;
}

static void step_note(struct sim_oracle *oracle, const struct sim_fact *fact)
{
	struct sim_steps *steps = &oracle->story->steps[fact->gil];

	if (fact->step == TRACE_GIL_OP_TAKE) {
		steps->takes++;
		steps->changes += steps->taker && steps->taker != fact->thread;
		steps->taker = fact->thread;
	}
	steps->requests += fact->step == TRACE_GIL_OP_REQUEST;
}

static void lock_note(struct sim_oracle *oracle, const struct sim_fact *fact)
{
	struct sim_profile *profile = profile_of(oracle, fact->thread);
	uint64_t key = fact->call.arg0 << 8 | profile->spaces;

	if (fact->kind != FACT_SWITCH || !fact->owner || profile == oracle->profiles)
		return;
	for (size_t i = 0; i < profile->locks_cnt; i++)
		if (profile->locks[i] == key)
			return;
	grow(&profile->locks, &profile->locks_cap, profile->locks_cnt + 1, sizeof(*profile->locks));
	profile->locks[profile->locks_cnt++] = key;
}

static void found_note(struct sim_oracle *oracle, const struct sim_fact *fact, size_t place)
{
	known_add(&oracle->profiles[fact->process->id], fact, place, KNOWN_FOUND);
	oracle->story->gil_process[fact->gil] = fact->process->id;
}

static void births_find(struct sim_oracle *oracle)
{
	for (size_t i = 0; i < oracle->recorder->facts_cnt; i++) {
		const struct sim_fact *fact = &oracle->recorder->facts[i];

		if (fact->kind == FACT_BIRTH && fact_is_seen(fact))
			oracle->story->tracks[fact->thread->slot].process = fact->process->id;
	}
}

void oracle_prepare(struct sim_oracle *oracle)
{
	const struct sim_recorder *recorder = oracle->recorder;
	struct sim_look *last = zalloc(oracle->world->gils_cnt + 1, sizeof(*last));

	oracle->profiles = zalloc(oracle->world->threads_cnt + 1, sizeof(*oracle->profiles));
	oracle->spaces = zalloc(recorder->facts_cnt, sizeof(*oracle->spaces));
	oracle->parts = zalloc(oracle->world->threads_cnt, sizeof(*oracle->parts));
	oracle->story->steps = zalloc(oracle->world->gils_cnt + 1, sizeof(*oracle->story->steps));
	oracle->story->gil_process = zalloc(oracle->world->gils_cnt + 1, sizeof(uint64_t));
	births_find(oracle);
	for (size_t i = 0; i < recorder->facts_cnt; i++) {
		const struct sim_fact *fact = &recorder->facts[i];

		if (!fact_is_seen(fact))
			continue;
		parts_add(oracle, fact, i);
		if (fact->kind == FACT_BIRTH)
			birth_note(oracle, fact, i);
		else if (fact->kind == FACT_EXEC)
			exec_note(oracle, fact, i);
		else if (fact->kind == FACT_GIL)
			found_note(oracle, fact, i);
		else if (fact->kind == FACT_STEP)
			step_note(oracle, fact);
		look_note(oracle, last, fact, i);
		lock_note(oracle, fact);
		oracle->spaces[i] = profile_of(oracle, fact->thread)->spaces;
	}
	free(last);
}

void oracle_clear(struct sim_oracle *oracle)
{
	for (size_t i = 0; i <= oracle->world->threads_cnt; i++) {
		free(oracle->profiles[i].known);
		free(oracle->profiles[i].locks);
	}
	for (size_t i = 0; i < oracle->world->threads_cnt; i++)
		free(oracle->parts[i].parts);
	free(oracle->profiles);
	free(oracle->parts);
	free(oracle->spaces);
}

static bool gap_open(const struct sim_oracle *oracle, uint64_t at_ns, bool any, uint32_t core)
{
	const struct sim_recorder *recorder = oracle->recorder;

	for (size_t i = 0; i < recorder->gaps_cnt && recorder->gaps[i].first_ns <= at_ns; i++)
		if ((any || recorder->gaps[i].core == core) && at_ns < recorder->gaps[i].last_ns)
			return true;
	return false;
}

bool gap_is_open(const struct sim_oracle *oracle, uint64_t at_ns)
{
	return gap_open(oracle, at_ns, true, 0);
}

bool gap_is_open_on(const struct sim_oracle *oracle, uint64_t at_ns, uint32_t core)
{
	return gap_open(oracle, at_ns, false, core);
}
