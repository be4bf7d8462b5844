/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a recording: what was counted, what it cost, why it is over. */
#ifndef COLLECTOR_BOOKS_H
#define COLLECTOR_BOOKS_H

#include <stdint.h>

#include "collector/drain.h"
#include "collector/journal.h"
#include "collector/session.h"

/* CPU time of the recorder so far. */
uint64_t books_cpu_ns(void);

struct books {
	uint64_t end_ns;
	uint64_t cpu_ns;	/* of the recorder, during the run */
	struct trace_end end;
};
/* After drain_stop(). Nothing comes into the journal after this. */
int books_close(const struct books *books, const struct session *session, const struct drain *drain,
		struct journal *journal);

#endif
