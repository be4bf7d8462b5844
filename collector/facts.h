/* SPDX-License-Identifier: BSD-2-Clause */
/* What the trace's header says of the machine, the kernel and the command. Keys: trace/FORMAT.md. */
#ifndef COLLECTOR_FACTS_H
#define COLLECTOR_FACTS_H

#include "collector/calibrate.h"
#include "collector/options.h"
#include "trace/writer.h"

#define FACTS_MAX 12

struct facts {
	struct trace_fact list[FACTS_MAX];
	size_t cnt;
	void *owned[FACTS_MAX];	/* memory of the values */
};

/* cost: NULL where programs' own probes are not used. */
int facts_gather(const struct options *options, const struct probe_cost *cost,
		 struct facts *ret_facts);
void facts_clear(struct facts *facts);

#endif
