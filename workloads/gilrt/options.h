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

/* An option that only one workload has. A table of them ends with a NULL name. */
struct workload_option {
	const char *name, *arg, *doc;			/* as --help shows them */
	bool (*parse)(const char *text, void *value);	/* false: that is no such value */
	void *value;					/* the caller's */
};

#define WORKLOAD_ERROR_BYTES	256

void options_set_defaults(struct workload_options *options);

/* For a default: the first cpu of those that the caller may run on. Nothing if that is not known. */
void options_pin_to_one_cpu(struct workload_options *options);

/*
 * Reads a command line over what is there. own: the workload's own options, or NULL. -EINVAL: the
 * line in error[WORKLOAD_ERROR_BYTES], without a program's name, says why.
 */
int options_parse(int argc, char **argv, const struct workload_option *own,
		  struct workload_options *options, char *error);

/* As --gil takes it. */
const char *options_mode_name(enum gilrt_mode mode);

void options_print_help(FILE *out, const char *name, const char *doc,
			const struct workload_option *own);

/*
 * Parsers for options: a list of cpus such as 0,2-3 into a cpu_set_t; yes or no into a bool; a TCP or UDP port;
 * a number from 1 on.
 */
bool options_parse_cpus(const char *text, void *cpu_set);
bool options_parse_flag(const char *text, void *flag);
bool options_parse_port(const char *text, void *uint16);
bool options_parse_count(const char *text, void *uint32);

#endif
