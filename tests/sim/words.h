/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Futex words: who waited for each, because of whom, and what that one did meanwhile.
 *
 * A wait is blamed on the owner that could be read when it began; else, likely, on the thread that ended
 * it; else on nobody.
 */
#ifndef TESTS_SIM_WORDS_H
#define TESTS_SIM_WORDS_H

#include "tests/sim/story.h"

enum sim_certainty { SIM_EXACT, SIM_LIKELY, SIM_NOBODY, SIM_CERTAINTY_CNT };

struct sim_word_wait {
	size_t word;			/* which of the words */
	size_t slot;			/* who */
	uint64_t from_ns, to_ns;
	const struct sim_thread *owner, *waker;
	uint64_t runs_ns;		/* on a core right after it was woken, 0 = not that */
};

struct sim_word_sum {
	uint64_t process, address;
	uint32_t space;
	enum sim_state state;		/* wait.lock or wait.sync */
	uint64_t waits_cnt, wait_ns, longest_ns;
	uint64_t contended_ns, waiters_max;
	uint64_t *idle_ns;		/* idle cores times its waiters, by how many wait at all */
	uint64_t certain_cnt[SIM_CERTAINTY_CNT], certain_ns[SIM_CERTAINTY_CNT];
	uint64_t (*blame_ns)[SIM_CERTAINTY_CNT];	/* by slot */
	uint64_t holder_ns[SIM_NOBODY][SIM_STATE_CNT + 1];	/* the last: it did not live */
	uint64_t *chain_ns;		/* by word: its exact holder waited for that one */
	uint64_t handoffs_cnt, handoffs_ns, wakings_cnt, wakings_waiters;
};

struct sim_words {
	struct sim_word_sum *words;
	size_t words_cap, words_cnt;
	struct sim_word_wait *waits;
	size_t waits_cap, waits_cnt;
	size_t threads_cnt;
};

void words_make(struct sim_words *words, const struct sim_story *story);
void words_free(struct sim_words *words);
/* NULL when there is none. */
const struct sim_word_sum *word_find(const struct sim_words *words, uint64_t process, uint64_t address,
				 uint32_t space, enum sim_state state);
/* Idle core time that was lost to it; what is below a nanosecond is cut off once. */
uint64_t word_idle(const struct sim_words *words, const struct sim_word_sum *word);

#endif
