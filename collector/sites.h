/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places in program files to which probes are attached, in all processes that run them, until they are
 * let go. Used by the main thread only.
 */
#ifndef COLLECTOR_SITES_H
#define COLLECTOR_SITES_H

#include <stddef.h>
#include <stdint.h>

#include "collector/session.h"

struct sites;

/* The session must outlive them. */
int sites_new(struct session *session, struct sites **ret_sites);
void sites_free(struct sites *sites);

struct site {
	enum session_program program;
	const char *path;
	uint64_t offset;	/* in the file */
	uint64_t semaphore;	/* offset of a counter of listeners in the file, 0: none */
	uint64_t cookie;	/* the program finds it as its attach cookie */
};
/* Needs CAP_BPF and CAP_PERFMON; from 6.17 on CAP_SYS_ADMIN. */
int sites_attach(struct sites *sites, const struct site *site);

size_t sites_cnt(const struct sites *sites);
/* Lets go of all but the first cnt. */
void sites_keep(struct sites *sites, size_t cnt);

#endif
