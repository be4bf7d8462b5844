/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_OPTIONS_H
#define GILRT_OPTIONS_H

/* The command line that all workloads share. */

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "workloads/gilrt/gilrt.h"

struct workload_options {
	unsigned int thread_cnt;
	uint64_t duration_ns;		/* UINT64_MAX: until round_cnt */
	uint64_t round_cnt;		/* per thread or in all, see the workload; 0: any */
	cpu_set_t cpus;
	bool pinned;			/* cpus is to be applied */
	struct gilrt_config runtime;
	uint32_t seed;
	bool truth;
	bool help;			/* only this was asked for */
};

#define WORKLOAD_ERROR_BYTES	256

void options_set_defaults(struct workload_options *options);

/*
 * Reads a command line over what is there. -EINVAL: the line in error[WORKLOAD_ERROR_BYTES], without a program's name,
 * says why.
 */
int options_parse(int argc, char **argv, struct workload_options *options, char *error);

/* As --gil takes it. */
const char *options_mode_name(enum gilrt_mode mode);

void options_print_help(FILE *out, const char *name, const char *doc);

#endif
