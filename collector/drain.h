/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reader threads: from the cores' rings through the decoder into encoded blocks. Each core belongs to
 * one reader, which wakes when a ring has filled to its mark and ten times a second.
 */
#ifndef COLLECTOR_DRAIN_H
#define COLLECTOR_DRAIN_H

#include <stdint.h>

#include "collector/decode.h"
#include "collector/output.h"
#include "collector/session.h"

/* A process that replaced its program by a file of which it is not known whether it has a GIL. */
struct drain_exec {
	struct drain_exec *next;
	struct decoded_exec exec;
};

struct drain;

int drain_start(struct session *session, struct output *output, struct drain **ret_drain);

/*
 * Readable when there is an exec to take, when a GIL has appeared, and when the traced tree has become
 * empty. drain_execs()
 * takes the list (the caller frees its members) and clears it.
 */
int drain_fd(const struct drain *drain);
struct drain_exec *drain_execs(struct drain *drain);

/* What has been read so far, for the status line. */
struct drain_progress {
	uint64_t events_cnt;
	uint64_t on_core_ns;	/* traced threads' time on cores, as far as it has ended */
};
void drain_progress(struct drain *drain, struct drain_progress *ret_progress);

/*
 * After the probes are detached: ends the threads, drains what is left of every core, tells the last
 * gaps. Negative errno: the first error, of any core.
 */
int drain_stop(struct drain *drain);
/* After drain_stop(): events of this core that came too late to be put in order, and are lost. */
uint64_t drain_stale(const struct drain *drain, unsigned int core);
void drain_free(struct drain *drain);

#endif
