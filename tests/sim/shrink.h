/* SPDX-License-Identifier: BSD-2-Clause */
/* A script that fails, made as small as it can be and still fail. */
#ifndef TESTS_SIM_SHRINK_H
#define TESTS_SIM_SHRINK_H

#include <stdbool.h>

#include "tests/sim/script.h"

/* `fails` is asked of ever smaller scripts, a limited number of times. */
void script_shrink(struct sim_script *script, bool (*fails)(const struct sim_script *script, void *ctx),
		   void *ctx);

#endif
