/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The waits for every futex word, who is blamed for them and what that one did.
 */
#include "tests/sim/sides.h"
#include "tests/sim/words.h"

#include "analyzer/words.h"

static bool waits_same(struct sides *sides, const struct sim_words *words,
		       const struct sim_word_sum *word, const struct word_waits *waits)
{
	uint64_t address = waits->word->address, idle_ns = word_idle_ns(waits);
	uint64_t wanted_ns = word_idle(words, word);

	/* Each part is cut off once more there. */
	if (idle_ns != wanted_ns && idle_ns + 1 != wanted_ns)
		return same(sides, "word", address, "idle cores", idle_ns, wanted_ns);
	return same(sides, "word", address, "waits", waits->waits_cnt, word->waits_cnt) &&
	       same(sides, "word", address, "waited", waits->wait_ns, word->wait_ns) &&
	       same(sides, "word", address, "longest", waits->longest_ns, word->longest_ns) &&
	       same(sides, "word", address, "contended", waits->contended_ns, word->contended_ns) &&
	       same(sides, "word", address, "waiters", waits->waiters_max, word->waiters_max);
}

static bool lock_blame_same(struct sides *sides, const struct sim_word_sum *word, const struct lock *lock)
{
	uint64_t address = word->address, certain_ns[SIM_NOBODY] = { 0 };
	size_t cnt;
	const struct share *shares = shares_of(&sides->analysis->locks.blames, lock->waits.word->slot, &cnt);

	for (size_t i = 0; i < cnt; i++) {
		size_t slot = slot_of(sides, sides->analysis->people.threads[shares[i].from]);

		for (int j = 0; j < SIM_NOBODY; j++) {
			certain_ns[j] += shares[i].ns[j];
			if (!same(sides, "word", address, "blamed on a thread", shares[i].ns[j],
				  word->blame_ns[slot][j]))
				return false;
		}
	}
	for (int i = 0; i < SIM_NOBODY; i++)
		if (!same(sides, "word", address, "blamed on all", certain_ns[i], word->certain_ns[i]))
			return false;
	return true;
}

static bool holder_same(struct sides *sides, const struct sim_word_sum *word, const struct lock *lock,
			enum owner_certainty certainty)
{
	const uint64_t *got = lock->holder[certainty].state_ns, *wanted = word->holder_ns[certainty];

	for (int i = 0; i < STATE_CNT; i++)
		if (!same(sides, "word", word->address, state_infos[i].name, got[i],
			  of_state(sides, wanted, i)))
			return false;
	return same(sides, "word", word->address, "nobody there", got[HOLDER_GONE],
		    wanted[SIM_STATE_CNT]);
}

static bool chains_same(struct sides *sides, const struct sim_words *words,
			const struct sim_word_sum *word, const struct lock *lock)
{
	const struct locks *locks = &sides->analysis->locks;
	uint64_t got_ns = 0, wanted_ns = 0;
	size_t cnt;
	const struct share *shares = shares_of(&locks->chains, lock->waits.word->slot, &cnt);

	for (size_t i = 0; i < words->words_cnt; i++)
		wanted_ns += word->chain_ns[i];
	for (size_t i = 0; i < cnt; i++) {
		const struct futex_word *next = locks->locks[shares[i].from]->waits.word;
		const struct sim_word_sum *to = word_find(words, next->process->id, next->address,
						      next->execs, SIM_WAIT_LOCK);

		if (!to || !same(sides, "word", word->address, "chain", share_sum(&shares[i]),
				 word->chain_ns[to - words->words]))
			return false;
		got_ns += share_sum(&shares[i]);
	}
	return same(sides, "word", word->address, "chains", got_ns, wanted_ns);
}

static bool lock_same(struct sides *sides, const struct sim_words *words, const struct lock *lock)
{
	const struct futex_word *at = lock->waits.word;
	const struct sim_word_sum *word = word_find(words, at->process->id, at->address, at->execs,
						SIM_WAIT_LOCK);
	uint64_t address = at->address;

	if (!word)
		return same(sides, "lock", address, "there", 1, 0);
	for (int i = 0; i < OWNER_CNT; i++)
		if (!same(sides, "word", address, "waits of a certainty", lock->certain_cnt[i],
			  word->certain_cnt[i]) ||
		    !same(sides, "word", address, "time of a certainty", lock->certain_ns[i],
			  word->certain_ns[i]))
			return false;
	return waits_same(sides, words, word, &lock->waits) && lock_blame_same(sides, word, lock) &&
	       holder_same(sides, word, lock, OWNER_EXACT) &&
	       holder_same(sides, word, lock, OWNER_LIKELY) &&
	       chains_same(sides, words, word, lock) &&
	       same(sides, "word", address, "spread", lock->wait_spread.sum_ns, word->wait_ns) &&
	       same(sides, "word", address, "wakings", lock->wakings_cnt, word->wakings_cnt) &&
	       same(sides, "word", address, "waiters at wakings", lock->wakings_waiters,
		    word->wakings_waiters) &&
	       same(sides, "word", address, "hand-offs", lock->handoffs.cnt, word->handoffs_cnt) &&
	       same(sides, "word", address, "hand-off time", lock->handoffs.sum_ns, word->handoffs_ns);
}

static bool sync_same(struct sides *sides, const struct sim_words *words, const struct word_waits *waits)
{
	const struct futex_word *at = waits->word;
	const struct sim_word_sum *word = word_find(words, at->process->id, at->address, at->execs,
						SIM_WAIT_SYNC);

	return word ? waits_same(sides, words, word, waits) :
		      same(sides, "word", at->address, "there", 1, 0);
}

bool locks_same(struct sides *sides)
{
	const struct locks *locks = &sides->analysis->locks;
	struct sim_words words;
	bool equal;

	words_make(&words, sides->story);
	equal = same(sides, "the report", 0, "futex words", locks->ranking_cnt + locks->sync_ranking_cnt,
		     words.words_cnt);
	for (size_t i = 0; equal && i < locks->ranking_cnt; i++)
		equal = lock_same(sides, &words, locks->ranking[i]);
	for (size_t i = 0; equal && i < locks->sync_ranking_cnt; i++)
		equal = sync_same(sides, &words, locks->sync_ranking[i]);
	words_free(&words);
	return equal;
}
