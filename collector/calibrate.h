/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hit at a probe in a program costs that program, on this machine and kernel: measured. */
#ifndef COLLECTOR_CALIBRATE_H
#define COLLECTOR_CALIBRATE_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/sites.h"

struct probe_cost {
	uint64_t nop_ns, nop5_ns;	/* at a 1-byte nop; at the 5-byte nop behind it, 0: not possible */
	bool at_nop5;			/* that is cheaper: the kernel has replaced it by a call */
};

/* Takes some milliseconds. What was attached to before stays so; nothing is recorded. */
int calibrate(struct sites *sites, struct probe_cost *ret_cost);

#endif
