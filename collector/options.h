/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asked for. */
#ifndef COLLECTOR_OPTIONS_H
#define COLLECTOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct options {
	char **command;		/* NULL-terminated; part of argv */
	const char *output;	/* -o, or NULL */
	bool force;
	bool report;
	bool until_command;	/* do not wait for what the command leaves behind */
	bool verbose;
	size_t ring_bytes;
	unsigned int sample_hz;
};

/* Wrong usage ends the program with status 2 and the usage line on stderr; --help with 0. */
void options_parse(int argc, char *argv[], struct options *ret_options);

#endif
