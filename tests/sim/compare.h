/* SPDX-License-Identifier: BSD-2-Clause */
/* One world, played, told and analyzed: do the oracle and the analyzer say the same? */
#ifndef TESTS_SIM_COMPARE_H
#define TESTS_SIM_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/sim/script.h"

/* The first difference, "" if there is none. */
struct sim_verdict {
	char text[300];
	size_t records_cnt, threads_cnt;
};

/* Returns whether they are equal. */
bool script_try(const struct sim_script *script, struct sim_verdict *ret_verdict);

#endif
