/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections that there are, in the order of the report.
 */
#include "analyzer/sections/section.h"

#include <string.h>

extern const struct section findings_section;
extern const struct section predict_section;
extern const struct section stack_section;
extern const struct section states_section;
extern const struct section idle_section;
extern const struct section phases_section;
extern const struct section gil_section;
extern const struct section locks_section;
extern const struct section blame_section;
extern const struct section waitgraph_section;
extern const struct section path_section;
extern const struct section span_section;
extern const struct section bottle_section;
extern const struct section runqueue_section;
extern const struct section threads_section;
extern const struct section processes_section;
extern const struct section calls_section;
extern const struct section cores_section;
extern const struct section levels_section;
extern const struct section trace_section;

const struct section *const sections[] = {
	&findings_section,
	&predict_section,
	&stack_section,
	&states_section,
	&idle_section,
	&phases_section,
	&gil_section,
	&locks_section,
	&blame_section,
	&waitgraph_section,
	&path_section,
	&span_section,
	&bottle_section,
	&runqueue_section,
	&threads_section,
	&processes_section,
	&calls_section,
	&cores_section,
	&levels_section,
	&trace_section,
	NULL,
};

static uint64_t section_find(const char *name, size_t len)
{
	uint64_t all = 0;

	for (size_t i = 0; sections[i]; i++) {
		if (strlen(sections[i]->name) == len && !memcmp(sections[i]->name, name, len))
			return UINT64_C(1) << i;
		all |= UINT64_C(1) << i;
	}
	return len == 3 && !memcmp(name, "all", len) ? all : 0;
}

uint64_t sections_find(const char *list, const char **ret_wrong, size_t *ret_len)
{
	uint64_t found = 0;

	for (;;) {
		size_t len = strcspn(list, ",");
		uint64_t one = section_find(list, len);

		if (!one) {
			*ret_wrong = list;
			*ret_len = len;
			return 0;
		}
		found |= one;
		if (!list[len])
			return found;
		list += len + 1;
	}
}
