/* SPDX-License-Identifier: BSD-2-Clause */
/* The live line on a terminal: elapsed time, events, losses, and how many cores' worth is running now. */
#ifndef COLLECTOR_STATUS_H
#define COLLECTOR_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/drain.h"
#include "collector/session.h"

struct status {
	bool shown;		/* stderr is a terminal */
	bool written;		/* there is a line to clear */
	uint64_t start_ns, last_ns, last_on_core_ns;
};

void status_start(struct status *status);
void status_update(struct status *status, struct session *session, struct drain *drain);
/* Clears the line, so that something else can be said. */
void status_clear(struct status *status);

#endif
