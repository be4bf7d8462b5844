/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A word is an address in a process.
 */
#include "analyzer/sections/lock_name.h"

#include <inttypes.h>

#include "analyzer/thread.h"

#define COMM_WIDTH 15

struct text lock_name(const struct report *report, const struct futex_word *word, struct style style)
{
	const struct thread *leader = word->process->leader;
	struct text text;

	if (report->processes_cnt > 1 && leader)
		snprintf(text.s, sizeof(text.s), "0x%" PRIx64 " of %.60s", word->address,
			 format_name(leader->comm, COMM_WIDTH, style).s);
	else
		snprintf(text.s, sizeof(text.s), "0x%" PRIx64, word->address);
	return text;
}
