/* SPDX-License-Identifier: BSD-2-Clause */
/* What the trace's header says of the machine, the kernel and the command. Keys: trace/FORMAT.md. */
#ifndef COLLECTOR_FACTS_H
#define COLLECTOR_FACTS_H

#include "trace/writer.h"

#define FACTS_MAX 12

struct facts {
	struct trace_fact list[FACTS_MAX];
	size_t cnt;
	void *owned[FACTS_MAX];	/* memory of the values */
};

int facts_gather(char *const command[], struct facts *ret_facts);
void facts_clear(struct facts *facts);

#endif
