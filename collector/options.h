/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asked for. */
#ifndef COLLECTOR_OPTIONS_H
#define COLLECTOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* How GILs are watched. */
enum gil_watch {
	GIL_CHEAP,	/* by looks at them from outside */
	GIL_EXACT,	/* by probes in the programs too, at a price for them */
	GIL_OFF,	/* not at all */
};

struct options {
	char **command;		/* NULL-terminated; part of argv */
	const char *output;	/* -o, or NULL */
	bool force;
	bool report;
	bool until_command;	/* do not wait for what the command leaves behind */
	bool verbose;
	size_t ring_bytes;
	unsigned int sample_hz;
	enum gil_watch gil;
};

/* As on the command line. */
const char *gil_watch_name(enum gil_watch mode);

/* Wrong usage ends the program with status 2 and the usage line on stderr; --help with 0. */
void options_parse(int argc, char *argv[], struct options *ret_options);

#endif
