/* SPDX-License-Identifier: BSD-2-Clause */
/* trace-run's command line. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/options.h"

enum { OPT_HELP = 256, OPT_USAGE, OPT_VERSION, OPT_FORCE, OPT_NO_REPORT, OPT_UNTIL, OPT_RING, OPT_SAMPLE,
	OPT_GIL };

static const struct argp_option option_table[] = {
	{ "output", 'o', "FILE", 0, "Write the trace to FILE (default: COMMAND.plx; an older one "
	  "becomes COMMAND.plx.old)", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Replace an existing FILE", 0 },
	{ "no-report", OPT_NO_REPORT, NULL, 0, "Only record", 0 },
	{ "until", OPT_UNTIL, "WHAT", 0, "Record until WHAT has ended: `tree', COMMAND and all that it "
	  "started (default), or `command'", 0 },
	{ "ring-size", OPT_RING, "KIB", 0, "Buffer for each core, KiB, a power of two (default 4096)", 0 },
	{ "sample", OPT_SAMPLE, "HZ", 0, "Clock samples a second on each core (default 997; 0: none)", 0 },
	{ "gil", OPT_GIL, "HOW", 0, "Watch interpreter locks by looks from outside: `cheap' (default); by "
	  "probes in the program, too, which cost it time: `exact'; or not: `off'", 0 },
	{ "verbose", 'v', NULL, 0, "Show what the kernel says of the probes, and what they cost", 0 },
	{ "help", OPT_HELP, NULL, 0, "Give this help list", -1 },
	{ "usage", OPT_USAGE, NULL, 0, "Give a short usage message", -1 },
	{ "version", OPT_VERSION, NULL, 0, "Print the version", -1 },
	{}
};

static int number_parse(struct argp_state *state, const char *name, const char *text,
			unsigned long min, unsigned long max, unsigned long *ret_number)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n < min || n > max) {
		argp_error(state, "--%s: '%s' is not a number from %lu to %lu", name, text, min, max);
		return EINVAL;
	}
	*ret_number = n;
	return 0;
}

static int gil_parse(struct argp_state *state, const char *text, enum gil_watch *ret_mode)
{
	for (int mode = GIL_CHEAP; mode <= GIL_OFF; mode++) {
		if (strcmp(text, gil_watch_name(mode)))
			continue;
		*ret_mode = mode;
		return 0;
	}
	argp_error(state, "--gil: '%s' is none of 'cheap', 'exact', 'off'", text);
	return EINVAL;
}

static int until_parse(struct argp_state *state, const char *text, bool *ret_command)
{
	if (strcmp(text, "tree") && strcmp(text, "command")) {
		argp_error(state, "--until: '%s' is neither 'tree' nor 'command'", text);
		return EINVAL;
	}
	*ret_command = !strcmp(text, "command");
	return 0;
}

static int ring_parse(struct argp_state *state, const char *text, size_t *ret_bytes)
{
	unsigned long kib;

	if (number_parse(state, "ring-size", text, 4, 1 << 20, &kib))
		return EINVAL;
	if (kib & (kib - 1)) {
		argp_error(state, "--ring-size: %s is not a power of two", text);
		return EINVAL;
	}
	*ret_bytes = kib << 10;
	return 0;
}

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	unsigned long number;

	switch (key) {
	case OPT_HELP:
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		exit(0);
	case OPT_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE);
		exit(0);
	case OPT_VERSION:
		puts("trace-run 0.1");
		exit(0);
	case 'o':
		if (!*arg) {
			argp_error(state, "--output: the file has no name");
			return EINVAL;
		}
		o->output = arg;
		return 0;
	case OPT_FORCE:
		o->force = true;
		return 0;
	case OPT_NO_REPORT:
		o->report = false;
		return 0;
	case OPT_UNTIL:
		return until_parse(state, arg, &o->until_command);
	case OPT_RING:
		return ring_parse(state, arg, &o->ring_bytes);
	case OPT_SAMPLE:
		if (number_parse(state, "sample", arg, 0, 10000, &number))
			return EINVAL;
		o->sample_hz = number;
		return 0;
	case OPT_GIL:
		return gil_parse(state, arg, &o->gil);
	case 'v':
		o->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		/* The first word that is no option begins the command; its options are its own. */
		o->command = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no COMMAND to run");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char doc[] =
	"Run COMMAND and record what its threads do: context switches, wake-ups, locks, the GIL. Then print "
	"how many of its threads looked busy, how many were on a core, and how many made progress.\v"
	"The exit status is COMMAND's (128 + N when signal N killed it), or 125 when trace-run itself "
	"failed, 126 when COMMAND cannot be run, 127 when it was not found, 2 for wrong usage.\n\n"
	"Recording needs root, sudo, or CAP_BPF and CAP_PERFMON; under sudo COMMAND runs as the invoking "
	"user. `trace-report FILE' prints the report again, as any user.";

void options_parse(int argc, char *argv[], struct options *ret_options)
{
	static const struct argp argp = { option_table, option_parse, "COMMAND [ARG...]", doc,
					  NULL, NULL, NULL };

	*ret_options = (struct options){
		.report = true,
		.ring_bytes = 4 << 20,
		.sample_hz = 997,
	};
	/* It says what is wrong, and we add how it should be. */
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_EXIT | ARGP_NO_HELP, NULL,
		       ret_options)) {
		argp_help(&argp, stderr, ARGP_HELP_USAGE, "trace-run");
		exit(2);
	}
}
