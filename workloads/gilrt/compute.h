/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_COMPUTE_H
#define GILRT_COMPUTE_H

/*
 * The plainest worker there is: it computes until the time is up. For programs whose subject is not
 * what their threads do but where and how they run. A round is a unit of work of one thread.
 */

#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

struct compute {
	const struct workload *workload;
	struct gilrt_work work;
};

/* For struct program, with workers that are struct compute. */
int compute_prepare(struct workload *workload, void *workers);
void compute_run(void *worker);

#endif
