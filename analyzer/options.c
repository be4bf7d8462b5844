/* SPDX-License-Identifier: BSD-2-Clause */
/* trace-report's command line. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/options.h"
#include "analyzer/sections/section.h"

enum { OPTION_HELP = 0x100, OPTION_USAGE, OPTION_VERSION, OPTION_DUMP, OPTION_JSON, OPTION_PID, OPTION_COMM,
       OPTION_THREAD, OPTION_TOP, OPTION_SECTION, OPTION_TIME, OPTION_GIL_COST };

static const struct argp_option option_table[] = {
	{ "json", OPTION_JSON, NULL, 0, "The report as JSON (docs/report.schema.json)", 0 },
	{ "dump", OPTION_DUMP, NULL, 0, "Every record as one line of text", 0 },
	{ "pid", OPTION_PID, "N", 0, "List only this process, or this thread", 0 },
	{ "comm", OPTION_COMM, "NAME", 0, "List only threads or processes of this name", 0 },
	{ "section", OPTION_SECTION, "NAME[,NAME]", 0, "Show only these sections in the text", 0 },
	{ "thread", OPTION_THREAD, "TID|NAME", 0, "List only this thread, or threads of this name", 0 },
	{ "top", OPTION_TOP, "N", 0, "Rows of each list in the text (default 12)", 0 },
	{ "time", OPTION_TIME, "A..B", 0, "Only this part of the run: seconds from its start, or with s, ms, us; "
	  "A.. and ..B as well", 0 },
	{ "gil-cost", OPTION_GIL_COST, "PERCENT", 0, "Predictions without a GIL: work that was done under it takes "
	  "so much longer, as in a free-threaded build (default 0)", 0 },
	{ "help", OPTION_HELP, NULL, 0, "Give this help list", -1 },
	{ "usage", OPTION_USAGE, NULL, 0, "Give a short usage message", -1 },
	{ "version", OPTION_VERSION, NULL, 0, "Print the version", -1 },
	{}
};

static error_t usage_error(struct argp_state *state, const char *what, const char *arg)
{
	argp_error(state, "%s%s", what, arg);
	return EINVAL;
}

/* `wrong`: what to say of all but numbers from 1 on. */
static error_t number_read(struct argp_state *state, const char *wrong, const char *text,
			   uint64_t *ret_number)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || !number)
		return usage_error(state, wrong, text);
	*ret_number = number;
	return 0;
}

/* `wrong`: what to say of none. */
static error_t name_read(struct argp_state *state, const char *wrong, const char *text, const char **ret_name)
{
	if (!*text)
		return usage_error(state, wrong, "");
	*ret_name = text;
	return 0;
}

/* "states, idle, threads, all" */
static void names_write(char *names, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; sections[i] && at < size; i++)
		at += (size_t)snprintf(names + at, size - at, "%s, ", sections[i]->name);
	if (at < size)
		snprintf(names + at, size - at, "all");
}

static error_t sections_read(struct argp_state *state, const char *list, uint64_t *ret_sections)
{
	const char *wrong;
	char names[512];
	size_t len;

	*ret_sections = sections_find(list, &wrong, &len);
	if (*ret_sections)
		return 0;
	names_write(names, sizeof(names));
	argp_error(state, "--section: no such section: %.*s (there are %s)", (int)len, wrong, names);
	return EINVAL;
}

/* Returns how much of the text is a time such as "1.5", "20ms"; 0 = it begins with none. */
static size_t instant_read(const char *text, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ms", 1e6 }, { "us", 1e3 }, { "s", 1e9 }, { "", 1e9 } };
	size_t digits = strspn(text, "0123456789"), i = 0;
	double value;

	/* A point is of the number only where a digit follows: in "1..2" it is not. */
	if (digits && text[digits] == '.' && text[digits + 1] >= '0' && text[digits + 1] <= '9')
		digits += 1 + strspn(text + digits + 1, "0123456789");
	if (!digits || digits > 18)
		return 0;
	value = strtod(text, NULL);
	while (strncmp(text + digits, units[i].name, strlen(units[i].name)))
		i++;
	/* More than a century is nobody's run. */
	if (value * units[i].ns > 4e18)
		return 0;
	*ret_ns = (uint64_t)(value * units[i].ns + 0.5);
	return digits + strlen(units[i].name);
}

static error_t time_read(struct argp_state *state, const char *text, struct stretch *ret_span)
{
	struct stretch span = STRETCH_ALL;
	const char *at = text;

	at += instant_read(at, &span.from_ns);
	if (strncmp(at, "..", 2) || !strcmp(text, ".."))
		return usage_error(state, "--time: not a stretch of time such as 0.5..2, 20ms.. or ..1: ",
				   text);
	at += 2;
	if (*at)
		at += instant_read(at, &span.until_ns);
	if (*at)
		return usage_error(state, "--time: not a time in seconds, or with s, ms, us: ", at);
	if (span.until_ns <= span.from_ns)
		return usage_error(state, "--time: must end after it begins: ", text);
	*ret_span = span;
	return 0;
}

/* "12", "7.5" */
static error_t cost_read(struct argp_state *state, const char *text, uint32_t *ret_permille)
{
	double percent;
	char *end;

	percent = strtod(text, &end);
	if (*text < '0' || *text > '9' || *end || percent > 1000)
		return usage_error(state, "--gil-cost: not per cent from 0 to 1000: ", text);
	*ret_permille = (uint32_t)(percent * 10 + 0.5);
	return 0;
}

static error_t output_choose(struct argp_state *state, enum output output)
{
	struct options *options = state->input;

	if (options->output != OUTPUT_TEXT && options->output != output)
		return usage_error(state, "--dump and --json exclude each other", "");
	options->output = output;
	return 0;
}

static error_t option_read(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case OPTION_HELP:
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		exit(0);
	case OPTION_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE);
		exit(0);
	case OPTION_VERSION:
		puts("trace-report 0.1");
		exit(0);
	case OPTION_DUMP:
		return output_choose(state, OUTPUT_DUMP);
	case OPTION_JSON:
		return output_choose(state, OUTPUT_JSON);
	case OPTION_PID:
		return number_read(state, "--pid: not a process id: ", arg, &options->filter.pid);
	case OPTION_COMM:
		return name_read(state, "--comm: no name", arg, &options->filter.comm);
	case OPTION_THREAD:
		return name_read(state, "--thread: no thread id or name", arg, &options->filter.thread);
	case OPTION_SECTION:
		return sections_read(state, arg, &options->filter.sections);
	case OPTION_TOP:
		return number_read(state, "--top: not a number of rows: ", arg, &options->filter.top);
	case OPTION_TIME:
		options->windowed = true;
		return time_read(state, arg, &options->window);
	case OPTION_GIL_COST:
		return cost_read(state, arg, &options->gil_cost_permille);
	case ARGP_KEY_ARG:
		if (options->file)
			return usage_error(state, "more than one file: ", arg);
		options->file = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		return usage_error(state, "no file", "");
	case ARGP_KEY_END:
		if (options->windowed && options->output == OUTPUT_DUMP)
			return usage_error(state, "--dump and --time exclude each other", "");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char doc[] =
	"Tells true from apparent parallelism in a trace of trace-run: how many threads looked busy, how "
	"many were on a core, how many made progress, and where the rest went.\v"
	"The exit status is 0, 2 for wrong usage, 3 when FILE is unusable, 125 when trace-report "
	"itself failed (no memory, standard output full, internal error).";

/* The names of the sections are in their own table. */
static char *help_complete(int key, const char *text, void *input)
{
	char names[512], *complete;

	(void)input;
	if (key != OPTION_SECTION)
		return (char *)text;
	names_write(names, sizeof(names));
	return asprintf(&complete, "%s: %s", text, names) < 0 ? (char *)text : complete;
}

void options_read(int argc, char **argv, struct options *ret_options)
{
	static const struct argp argp = { option_table, option_read, "FILE", doc, NULL, help_complete,
					  NULL };

	*ret_options = (struct options){};
	/* It says what is wrong, and we add how it should be. */
	if (argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP, NULL, ret_options)) {
		argp_help(&argp, stderr, ARGP_HELP_USAGE, "trace-report");
		exit(2);
	}
}
