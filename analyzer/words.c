/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register of futex words.
 */
#include "analyzer/words.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/thread.h"

int words_find(struct words *words, struct process *process, uint64_t address,
	       struct futex_word **ret_word)
{
	struct futex_word *word = idmap_get(&process->words, address);
	int err;

	if (word && word->execs == process->execs) {
		*ret_word = word;
		return 0;
	}
	err = array_reserve(&words->words, &words->words_cap, words->words_cnt + 1, sizeof(struct futex_word *));
	if (err)
		return err;
	word = calloc(1, sizeof(*word));
	if (!word)
		return -ENOMEM;
	err = idmap_put(&process->words, address, word);
	if (err) {
		free(word);
		return err;
	}
	*word = (struct futex_word){
		.process = process,
		.execs = process->execs,
		.slot = (uint32_t)words->words_cnt,
		.address = address,
	};
	words->words[words->words_cnt++] = word;
	*ret_word = word;
	return 0;
}

void words_clear(struct words *words)
{
	for (size_t i = 0; i < words->words_cnt; i++)
		free(words->words[i]);
	free(words->words);
	*words = (struct words){ 0 };
}
