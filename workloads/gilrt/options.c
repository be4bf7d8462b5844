// SPDX-License-Identifier: BSD-2-Clause
/*
 * The command line that all workloads share: one table of options, each with its own parser.
 */

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/options.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define OWN_MAX		8

struct parse {
	struct workload_options options;
	const struct workload_option *own;
	bool duration_given;
	char *error;		/* WORKLOAD_ERROR_BYTES, the caller's */
};

enum key {
	KEY_THREADS = 0x100,	/* no letters: only long names */
	KEY_SECONDS,
	KEY_ROUNDS,
	KEY_CPUS,
	KEY_GIL,
	KEY_SWITCH_INTERVAL,
	KEY_CHECK_INTERVAL,
	KEY_CHECKPOINTS,
	KEY_SEED,
	KEY_TRUTH,
	KEY_HELP,
	KEY_OWN,		/* and those that follow: the workload's own */
};

static const struct argp_option option_table[] = {
	{ "threads", KEY_THREADS, "N", 0, "How many threads work (4)", 0 },
	{ "seconds", KEY_SECONDS, "S", 0, "How long they do (2)", 0 },
	{ "rounds", KEY_ROUNDS, "N", 0,
	  "Stop after N rounds; without --seconds, however long that takes", 0 },
	{ "cpus", KEY_CPUS, "LIST", 0, "Run on these only, such as 0 or 0,2-3", 0 },
	{ "gil", KEY_GIL, "MODE", 0,
	  "Run under a GIL as Python has had since 3.2 (new; on means the same), under one as before "
	  "that (old), with one for each sub-interpreter (per-interpreter; the same as new where there "
	  "is but one), or in parallel (off)", 0 },
	{ "switch-interval", KEY_SWITCH_INTERVAL, "US", 0,
	  "A waiting thread's patience, microseconds (5000)", 0 },
	{ "check-interval", KEY_CHECK_INTERVAL, "N", 0,
	  "With --gil old: let go of it every N instructions (100)", 0 },
	{ "checkpoints", KEY_CHECKPOINTS, "loops|every-op", 0,
	  "Where a thread looks whether it shall drop the GIL: at loops and calls, as Python 3.10 "
	  "does, or at every instruction, as 3.9 did (loops)", 0 },
	{ "seed", KEY_SEED, "N", 0, "What the computation starts from (1)", 0 },
	{ "truth", KEY_TRUTH, NULL, 0, "Print what the run measured of itself, as JSON", 0 },
	{ "help", KEY_HELP, NULL, 0, "Print this", 0 },
	{ 0 },
};

__attribute__((format(printf, 2, 3)))
static error_t refuse(struct parse *parse, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(parse->error, WORKLOAD_ERROR_BYTES, format, args);
	va_end(args);
	return EINVAL;
}

static bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;	/* strtoull would take a sign and spaces */
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return false;
	*ret_number = number;
	return true;
}

static error_t parse_number(struct parse *parse, const char *option, const char *text,
			    uint64_t min, uint64_t max, uint64_t *ret_number)
{
	if (number_parse(text, min, max, ret_number))
		return 0;
	return refuse(parse, "%s: '%.80s' is not a number from %llu to %llu", option, text,
		      (unsigned long long)min, (unsigned long long)max);
}

static error_t parse_seconds(struct parse *parse, const char *text)
{
	const double min = 0.001, max = 86400;
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (end == text || *end || !isfinite(seconds) || seconds < min || seconds > max)
		return refuse(parse, "--seconds: '%.80s' is not a number from %g to %g", text, min,
			      max);
	parse->options.duration_ns = (uint64_t)(seconds * (double)NSEC_PER_SEC);
	parse->duration_given = true;
	return 0;
}

/* One piece of the list, "3" or "0-3". */
static bool cpu_range_parse(const char *text, cpu_set_t *cpus)
{
	char first_text[8];
	const char *dash = strchr(text, '-');
	uint64_t first, last;

	if (dash) {
		if ((size_t)(dash - text) >= sizeof(first_text))
			return false;
		memcpy(first_text, text, (size_t)(dash - text));
		first_text[dash - text] = '\0';
		if (!number_parse(first_text, 0, CPU_SETSIZE - 1, &first) ||
		    !number_parse(dash + 1, first, CPU_SETSIZE - 1, &last))
			return false;
	} else {
		if (!number_parse(text, 0, CPU_SETSIZE - 1, &first))
			return false;
		last = first;
	}
	for (; first <= last; first++)
		CPU_SET(first, cpus);
	return true;
}

bool options_parse_cpus(const char *text, void *cpu_set)
{
	cpu_set_t *cpus = cpu_set;
	char *copy, *rest, *piece;
	bool good = true;

	copy = strdup(text);
	if (!copy)
		return false;
	CPU_ZERO(cpus);
	rest = copy;
	while (good && (piece = strsep(&rest, ",")))
		good = cpu_range_parse(piece, cpus);
	free(copy);
	return good;
}

bool options_parse_flag(const char *text, void *flag)
{
	*(bool *)flag = !strcmp(text, "yes");
	return !strcmp(text, "yes") || !strcmp(text, "no");
}

bool options_parse_port(const char *text, void *uint16)
{
	uint64_t number;

	if (!number_parse(text, 1, UINT16_MAX, &number))
		return false;
	*(uint16_t *)uint16 = (uint16_t)number;
	return true;
}

bool options_parse_count(const char *text, void *uint32)
{
	uint64_t number;

	if (!number_parse(text, 1, UINT32_MAX, &number))
		return false;
	*(uint32_t *)uint32 = (uint32_t)number;
	return true;
}

static error_t parse_cpus(struct parse *parse, const char *text)
{
	if (!options_parse_cpus(text, &parse->options.cpus))
		return refuse(parse, "--cpus: '%.80s' is not a list of cpus such as 0,2-3", text);
	parse->options.pinned = true;
	return 0;
}

static error_t parse_own(struct parse *parse, size_t index, const char *text)
{
	const struct workload_option *own = parse->own;

	while (own->name && index--)
		own++;
	if (own->parse(text, own->value))
		return 0;
	return refuse(parse, "--%s: '%.80s' is not %s", own->name, text, own->arg);
}

struct choice {
	const char *word;
	int value;
};

static const struct choice gil_choices[] = {
	{ "new", GILRT_NEW },
	{ "on", GILRT_NEW },
	{ "old", GILRT_OLD },
	{ "per-interpreter", GILRT_PER_INTERPRETER },
	{ "off", GILRT_OFF },
	{ NULL, 0 },
};

static const struct choice checkpoint_choices[] = {
	{ "loops", GILRT_BACKEDGE_AND_CALL },
	{ "every-op", GILRT_EVERY_OP },
	{ NULL, 0 },
};

const char *options_mode_name(enum gilrt_mode mode)
{
	const struct choice *choice = gil_choices;

	while (choice->value != (int)mode)
		choice++;
	return choice->word;
}

static error_t parse_choice(struct parse *parse, const char *option, const char *text,
			    const struct choice *choices, int *ret_value)
{
	const struct choice *choice;
	char words[80] = "";

	for (choice = choices; choice->word; choice++) {
		if (!strcmp(choice->word, text)) {
			*ret_value = choice->value;
			return 0;
		}
		if (*words)
			strcat(words, ", ");
		strcat(words, choice->word);
	}
	return refuse(parse, "%s: '%.80s' is none of %s", option, text, words);
}

/* Those that say how the runtime works. */
static error_t parse_runtime_option(struct parse *parse, int key, const char *text)
{
	struct gilrt_config *runtime = &parse->options.runtime;
	uint64_t number = 0;
	error_t err = 0;
	int choice = 0;

	switch (key) {
	case KEY_GIL:
		err = parse_choice(parse, "--gil", text, gil_choices, &choice);
		runtime->mode = (enum gilrt_mode)choice;
		break;
	case KEY_SWITCH_INTERVAL:
		err = parse_number(parse, "--switch-interval", text, 1, 10000000, &number);
		runtime->switch_interval_us = number;
		break;
	case KEY_CHECK_INTERVAL:
		err = parse_number(parse, "--check-interval", text, 1, 1000000000, &number);
		runtime->check_interval = (unsigned int)number;
		break;
	case KEY_CHECKPOINTS:
		err = parse_choice(parse, "--checkpoints", text, checkpoint_choices, &choice);
		runtime->checkpoints = (enum gilrt_checkpoints)choice;
		break;
	}
	return err;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct parse *parse = state->input;
	struct workload_options *options = &parse->options;
	uint64_t number = 0;
	error_t err = 0;

	switch (key) {
	case KEY_THREADS:
		err = parse_number(parse, "--threads", text, 1, 1024, &number);
		options->thread_cnt = (unsigned int)number;
		break;
	case KEY_SECONDS:
		err = parse_seconds(parse, text);
		break;
	case KEY_ROUNDS:
		err = parse_number(parse, "--rounds", text, 1, 1000000000, &options->round_cnt);
		break;
	case KEY_CPUS:
		err = parse_cpus(parse, text);
		break;
	case KEY_GIL:
	case KEY_SWITCH_INTERVAL:
	case KEY_CHECK_INTERVAL:
	case KEY_CHECKPOINTS:
		err = parse_runtime_option(parse, key, text);
		break;
	case KEY_SEED:
		err = parse_number(parse, "--seed", text, 0, UINT32_MAX, &number);
		options->seed = (uint32_t)number;
		break;
	case KEY_TRUTH:
		options->truth = true;
		break;
	case KEY_HELP:
		options->help = true;
		break;
	case ARGP_KEY_ARG:
		return refuse(parse, "'%.80s': no arguments are expected", text);
	case ARGP_KEY_ERROR:
		/* An error of ours has its text already; this one is argp's. */
		if (!*parse->error)
			refuse(parse, "'%.80s': unknown option, or its value is missing or "
			       "not wanted", state->argv[state->next - 1]);
		return ARGP_ERR_UNKNOWN;
	default:
		if (key < KEY_OWN || key >= KEY_OWN + OWN_MAX)
			return ARGP_ERR_UNKNOWN;
		err = parse_own(parse, (size_t)key - KEY_OWN, text);
		break;
	}
	return err;
}

/* The common options, then the workload's own. */
static void table_fill(struct argp_option *table, const struct workload_option *own)
{
	size_t i, n = ARRAY_SIZE(option_table) - 1;

	memcpy(table, option_table, sizeof(option_table));
	for (i = 0; own && own[i].name && i < OWN_MAX; i++)
		table[n++] = (struct argp_option){
			.name = own[i].name, .arg = own[i].arg, .doc = own[i].doc,
			.key = KEY_OWN + (int)i,
		};
	table[n] = (struct argp_option){ .name = NULL };
}

void options_set_defaults(struct workload_options *options)
{
	*options = (struct workload_options){
		.thread_cnt = 4,
		.duration_ns = 2 * NSEC_PER_SEC,
		.runtime = { .switch_interval_us = 5000, .check_interval = 100 },
		.seed = 1,
	};
}

void options_pin_to_one_cpu(struct workload_options *options)
{
	cpu_set_t allowed;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;		/* there are more cpus than the set has room for */
	while (!CPU_ISSET(cpu, &allowed))
		cpu++;
	CPU_ZERO(&options->cpus);
	CPU_SET(cpu, &options->cpus);
	options->pinned = true;
}

int options_parse(int argc, char **argv, const struct workload_option *own,
		  struct workload_options *options, char *error)
{
	struct argp_option table[ARRAY_SIZE(option_table) + OWN_MAX];
	const struct argp argp = { .options = table, .parser = parse_option };
	struct parse parse = { .options = *options, .own = own, .error = error };
	error_t err;

	*error = '\0';
	table_fill(table, own);
	err = argp_parse(&argp, argc, argv, ARGP_SILENT, NULL, &parse);
	if (err)
		return -err;
	if (parse.options.round_cnt && !parse.duration_given)
		parse.options.duration_ns = UINT64_MAX;
	*options = parse.options;
	return 0;
}

void options_print_help(FILE *out, const char *name, const char *doc,
			const struct workload_option *own)
{
	struct argp_option table[ARRAY_SIZE(option_table) + OWN_MAX];
	const struct argp argp = { .options = table, .doc = doc };
	char *name_copy = strdup(name);

	table_fill(table, own);
	if (name_copy)
		argp_help(&argp, out, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC,
			  name_copy);
	free(name_copy);
}
