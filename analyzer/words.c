/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register of futex words.
 */
#include "analyzer/words.h"

#include <stdlib.h>

#include "analyzer/thread.h"

int words_find(struct words *words, struct process *process, uint64_t address,
	       struct futex_word **ret_word)
{
	struct futex_word *word = idmap_get(&process->words, address);
	int err;

	if (!word || word->execs != process->execs) {
		err = idmap_make(&process->words, address, IDMAP_LIST(words, words), &word);
		if (err)
			return err;
		word->process = process;
		word->execs = process->execs;
		word->slot = (uint32_t)words->words_cnt - 1;
		word->address = address;
	}
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
