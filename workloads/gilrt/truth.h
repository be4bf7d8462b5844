/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_TRUTH_H
#define GILRT_TRUTH_H

/* What a run measured of itself, as one line of JSON. Its fields: workloads/README.md. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "workloads/gilrt/options.h"
#include "workloads/gilrt/pool.h"

struct truth_counter {
	const char *name;
	uint64_t value;
};

struct truth {
	const char *workload;
	const struct workload_options *options;
	uint64_t start_ns, end_ns;		/* of the work, by the main thread */
	const struct truth_counter *counters;	/* what this workload counts besides */
	size_t counter_cnt;
	const struct gilrt_pool_stats *processes; /* threads of other processes, if there are any */
	size_t process_cnt;
};

/* After gilrt_stop(), before gilrt_fini(). -errno if it could not be written. */
int truth_write(FILE *out, const struct truth *truth);

#endif
