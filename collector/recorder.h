/* SPDX-License-Identifier: BSD-2-Clause */
/* One recording from beginning to end: everything that trace-run does but options and report. */
#ifndef COLLECTOR_RECORDER_H
#define COLLECTOR_RECORDER_H

#include "collector/identity.h"
#include "collector/options.h"

/* What env(1) and timeout(1) say when it is not the command's status that they give. */
enum { EXIT_RECORDER = 125, EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

struct recorder_result {
	int exit_code;		/* the command's, or one of the above */
	char path[4096];	/* of the trace; empty when there is none */
};

/* Says on stderr, in one line, what went wrong, before it waits for a command that still runs. */
void recorder_run(const struct options *options, const struct identity *identity,
		  struct recorder_result *ret_result);

#endif
