/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of threads and thread groups.
 */
#include "analyzer/sections/party.h"

#include <inttypes.h>

#include "analyzer/analysis.h"
#include "analyzer/sections/section.h"

struct text party_thread(const struct thread *thread, struct style style)
{
	struct text text;

	snprintf(text.s, sizeof(text.s), "%.60s %" PRIu64, format_name(thread->comm, NAME_WIDTH, style).s,
		 thread->tid);
	return text;
}

struct text party_many(const char *name, uint64_t cnt, struct style style)
{
	struct text text;

	if (cnt == 1)
		return format_name(name, NAME_WIDTH, style);
	snprintf(text.s, sizeof(text.s), "%.60s %.3s %.20s", format_name(name, NAME_WIDTH, style).s,
		 style.utf8 ? "×" : "x", format_count(cnt).s);
	return text;
}

struct text party_group(const struct thread_group *group, struct style style)
{
	return party_many(group->threads_cnt == 1 ? group->first->comm : group->name, group->threads_cnt,
			  style);
}

const char *nobody_key(size_t code)
{
	static const char *const keys[BLAME_NOBODY_CNT] = {
		[BLAME_HAND_OVER] = "hand-over", [BLAME_TIMER] = "timer", [BLAME_INTERRUPT] = "interrupt",
		[BLAME_PROGRAM] = "program", [BLAME_UNCLEAR] = "unclear", [BLAME_OPEN] = "open",
	};

	return keys[code];
}

struct text party_of_blame(const struct report *report, uint32_t party, struct style style)
{
	const struct blame *blame = &report->analysis->blame;
	struct text text;

	if (party < blame->threads_cnt)
		return party_thread(blame->threads[party].thread, style);
	snprintf(text.s, sizeof(text.s), "%s", party == UINT32_MAX ? "(not told apart)" :
		 nobody_key(party - blame->threads_cnt));
	return text;
}
