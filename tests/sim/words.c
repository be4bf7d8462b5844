/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists all waits, and asks of each what there is to know.
 */
#include "tests/sim/words.h"

#include "tests/sim/instants.h"
#include "tests/sim/memory.h"

static bool is_word(const struct sim_word_sum *word, const struct sim_piece *piece, uint64_t process)
{
	return word->process == process && word->address == piece->word && word->space == piece->space &&
	       word->state == piece->state;
}

const struct sim_word_sum *word_find(const struct sim_words *words, uint64_t process, uint64_t address,
				 uint32_t space, enum sim_state state)
{
	const struct sim_piece piece = { .state = state, .word = address, .space = space };

	for (size_t i = 0; i < words->words_cnt; i++)
		if (is_word(&words->words[i], &piece, process))
			return &words->words[i];
	return NULL;
}

static bool is_word_wait(const struct sim_piece *piece)
{
	return piece->word && (piece->state == SIM_WAIT_LOCK || piece->state == SIM_WAIT_SYNC);
}

static size_t word_of(struct sim_words *words, const struct sim_piece *piece, uint64_t process)
{
	size_t at = 0;

	while (at < words->words_cnt && !is_word(&words->words[at], piece, process))
		at++;
	if (at == words->words_cnt) {
		grow(&words->words, &words->words_cap, at + 1, sizeof(*words->words));
		words->words[words->words_cnt++] = (struct sim_word_sum){
			.process = process, .address = piece->word, .space = piece->space,
			.state = piece->state,
			.blame_ns = zalloc(words->threads_cnt, sizeof(*words->words->blame_ns)),
			.idle_ns = zalloc(words->threads_cnt + 1, sizeof(uint64_t)),
		};
	}
	return at;
}

static uint64_t piece_end(const struct sim_track *track, size_t at)
{
	return at + 1 < track->pieces_cnt ? track->pieces[at + 1].from_ns : track->death_ns;
}

/* The thread that is believed to have ended this wait. */
static const struct sim_thread *waker_of(const struct sim_story *story, const struct sim_word_wait *wait)
{
	size_t low = 0, high = story->edges_cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (story->edges[middle].at_ns < wait->to_ns)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < story->edges_cnt && story->edges[low].at_ns == wait->to_ns; low++)
		if (story->edges[low].wakee->slot == wait->slot &&
		    story->edges[low].since_ns == wait->from_ns)
			return story->edges[low].waker;
	return NULL;
}

static bool runs(enum sim_state state)
{
	return sim_state_counts[state][SIM_SCHEDULED];
}

static void waits_list(struct sim_words *words, const struct sim_story *story)
{
	for (size_t slot = 0; slot < story->tracks_cnt; slot++) {
		const struct sim_track *track = &story->tracks[slot];

		for (size_t i = 0; i < track->pieces_cnt; i++) {
			const struct sim_piece *piece = &track->pieces[i];
			struct sim_word_wait *wait;

			if (!is_word_wait(piece))
				continue;
			grow(&words->waits, &words->waits_cap, words->waits_cnt + 1, sizeof(*wait));
			wait = &words->waits[words->waits_cnt++];
			*wait = (struct sim_word_wait){
				.word = word_of(words, piece, track->process), .slot = slot,
				.from_ns = piece->from_ns, .to_ns = piece_end(track, i),
				.owner = piece->owner,
			};
			wait->waker = waker_of(story, wait);
			if (wait->waker && i + 2 < track->pieces_cnt && runs(piece[2].state))
				wait->runs_ns = piece[2].from_ns;
		}
	}
}

static uint64_t overlap(uint64_t from_ns, uint64_t to_ns, const struct sim_word_wait *wait)
{
	uint64_t first_ns = from_ns > wait->from_ns ? from_ns : wait->from_ns;
	uint64_t last_ns = to_ns < wait->to_ns ? to_ns : wait->to_ns;

	return last_ns > first_ns ? last_ns - first_ns : 0;
}

static void holder_watch(struct sim_words *words,
			 const struct sim_word_wait *wait, const struct sim_track *holder,
			 enum sim_certainty certainty)
{
	struct sim_word_sum *word = &words->words[wait->word];
	uint64_t left_ns = wait->to_ns - wait->from_ns;

	for (size_t i = 0; i < holder->pieces_cnt; i++) {
		const struct sim_piece *piece = &holder->pieces[i];
		uint64_t ns = overlap(piece->from_ns, piece_end(holder, i), wait);

		word->holder_ns[certainty][piece->state] += ns;
		left_ns -= ns;
		if (ns && piece->state == SIM_WAIT_LOCK && certainty == SIM_EXACT)
			word->chain_ns[word_of(words, piece, holder->process)] += ns;
	}
	word->holder_ns[certainty][SIM_STATE_CNT] += left_ns;
}

/* Who was waiting just before this wait ended. */
static uint64_t waiters_before_end(const struct sim_words *words, const struct sim_word_wait *of)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < words->waits_cnt; i++)
		cnt += words->waits[i].word == of->word && words->waits[i].from_ns < of->to_ns &&
		       words->waits[i].to_ns >= of->to_ns;
	return cnt;
}

static void wait_add(struct sim_words *words, const struct sim_story *story,
		     const struct sim_word_wait *wait)
{
	struct sim_word_sum *word = &words->words[wait->word];
	enum sim_certainty certainty = wait->owner ? SIM_EXACT : wait->waker ? SIM_LIKELY : SIM_NOBODY;
	const struct sim_thread *culprit = wait->owner ? wait->owner : wait->waker;
	uint64_t ns = wait->to_ns - wait->from_ns;

	word->waits_cnt++;
	word->wait_ns += ns;
	word->longest_ns = ns > word->longest_ns ? ns : word->longest_ns;
	if (word->state != SIM_WAIT_LOCK)
		return;
	word->certain_cnt[certainty]++;
	word->certain_ns[certainty] += ns;
	if (culprit) {
		word->blame_ns[culprit->slot][certainty] += ns;
		holder_watch(words, wait, &story->tracks[culprit->slot], certainty);
	}
	if (wait->waker) {
		word->wakings_cnt++;
		word->wakings_waiters += waiters_before_end(words, wait);
	}
	if (wait->runs_ns) {
		word->handoffs_cnt++;
		word->handoffs_ns += wait->runs_ns - wait->to_ns;
	}
}

/* Idle cores that no ready thread could have, and how many wait for them. */
static uint64_t idle_cores(const struct sim_instant *instant, uint64_t *ret_waiting)
{
	uint64_t idle = 0, ready = 0, waiting = 0;

	for (size_t i = 0; i < instant->story->cores_cnt; i++)
		idle += instant->cores[i]->use == SIM_USE_IDLE;
	for (size_t i = 0; i < instant->story->tracks_cnt; i++) {
		if (!instant->threads[i])
			continue;
		ready += instant->threads[i]->state == SIM_READY_WOKEN ||
			 instant->threads[i]->state == SIM_READY_PREEMPTED;
		waiting += instant->threads[i]->state >= SIM_WAIT_GIL &&
			   instant->threads[i]->state <= SIM_WAIT_OTHER;
	}
	idle -= ready < idle ? ready : idle;
	*ret_waiting = waiting;
	return idle < waiting ? idle : waiting;
}

static void instant_count(const struct sim_instant *instant, void *ctx)
{
	struct sim_words *words = ctx;
	uint64_t waiting, idle = idle_cores(instant, &waiting);
	uint64_t *waiters = zalloc(words->words_cnt, sizeof(*waiters));

	for (size_t i = 0; i < instant->story->tracks_cnt; i++)
		if (instant->threads[i] && is_word_wait(instant->threads[i]))
			waiters[word_of(words, instant->threads[i],
					instant->story->tracks[i].process)]++;
	for (size_t i = 0; i < words->words_cnt; i++) {
		struct sim_word_sum *word = &words->words[i];

		word->contended_ns += waiters[i] ? instant->passed_ns : 0;
		word->waiters_max = waiters[i] > word->waiters_max ? waiters[i] : word->waiters_max;
		word->idle_ns[waiting] += waiters[i] * idle * instant->passed_ns;
	}
	free(waiters);
}

void words_make(struct sim_words *words, const struct sim_story *story)
{
	*words = (struct sim_words){ .threads_cnt = story->tracks_cnt };
	waits_list(words, story);
	for (size_t i = 0; i < words->words_cnt; i++)
		words->words[i].chain_ns = zalloc(words->words_cnt, sizeof(uint64_t));
	for (size_t i = 0; i < words->waits_cnt; i++)
		wait_add(words, story, &words->waits[i]);
	if (words->words_cnt)
		instants_each(story, instant_count, words);
}

uint64_t word_idle(const struct sim_words *words, const struct sim_word_sum *word)
{
	unsigned __int128 parts = 0;

	for (size_t i = 1; i <= words->threads_cnt; i++)
		parts += ((unsigned __int128)word->idle_ns[i] << 32) / i;
	return (uint64_t)(parts >> 32);
}

void words_free(struct sim_words *words)
{
	for (size_t i = 0; i < words->words_cnt; i++) {
		free(words->words[i].idle_ns);
		free(words->words[i].blame_ns);
		free(words->words[i].chain_ns);
	}
	free(words->words);
	free(words->waits);
	*words = (struct sim_words){ 0 };
}
