/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's own probes at its GILs and locks (USDT, provider "gilrt"): found in its file and attached
 * to, once for each file, for all processes that run it.
 */
#ifndef COLLECTOR_GILPROBES_H
#define COLLECTOR_GILPROBES_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/calibrate.h"
#include "collector/session.h"

struct gilprobes;

/* Measures what a hit costs. The session must outlive it. */
int gilprobes_new(struct session *session, struct gilprobes **ret_probes);
void gilprobes_free(struct gilprobes *probes);

/* Lets go of all files; nothing is attached to afterwards. */
void gilprobes_detach(struct gilprobes *probes);

const struct probe_cost *gilprobes_cost(const struct gilprobes *probes);

struct gilprobes_file {
	uint32_t sites;		/* places attached to; 0: none was found, or not all that it takes */
	uint32_t failed;	/* places that could not be attached to; then none is */
	int error;		/* why the first of them could not */
};
/* To the file that fd reads; fd stays the caller's. Negative errno: it could not be read. */
int gilprobes_attach(struct gilprobes *probes, int fd, struct gilprobes_file *ret_file);

#endif
