/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The futex words that threads waited on, GILs' aside: a lock, a condition variable, a semaphore,
 * whatever its class. A word is an address in one program of one process: after an exec the same
 * address is another word. A word that processes share is one for each of them.
 *
 * `slot` numbers them densely from 0 in the order of first sight. They live until words_clear().
 */
#ifndef ANALYZER_WORDS_H
#define ANALYZER_WORDS_H

#include <stddef.h>
#include <stdint.h>

struct process;

struct futex_word {
	struct process *process;
	uint32_t execs;		/* of the process when it was first seen */
	uint32_t slot;
	uint64_t address;
};

struct words {
	struct futex_word **words;	/* by slot */
	size_t words_cap, words_cnt;
};

/* The one at this address in the process's present program, made if there is none yet. */
int words_find(struct words *words, struct process *process, uint64_t address,
	       struct futex_word **ret_word);
void words_clear(struct words *words);

#endif
