/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace-report: reads a trace and says where its parallelism went.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/dump.h"
#include "analyzer/render.h"
#include "analyzer/report.h"
#include "trace/reader.h"

/* DESIGN 7: what the exit status says. */
enum {
	EXIT_OK = 0,
	EXIT_USAGE = 2,
	EXIT_UNUSABLE = 3,
};

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_DUMP };

struct options {
	enum output output;
	struct report_filter filter;
	const char *file;
};

enum { OPTION_DUMP = 0x100, OPTION_JSON, OPTION_PID, OPTION_COMM };

static error_t option_take(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	char *end;

	switch (key) {
	case OPTION_DUMP:
		options->output = OUTPUT_DUMP;
		return 0;
	case OPTION_JSON:
		options->output = OUTPUT_JSON;
		return 0;
	case OPTION_PID:
		errno = 0;
		options->filter.pid = strtoull(arg, &end, 10);
		if (errno || *end || *arg < '0' || *arg > '9' || !options->filter.pid)
			argp_error(state, "not a process id: %s", arg);
		return 0;
	case OPTION_COMM:
		options->filter.comm = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (options->file)
			argp_error(state, "more than one file");
		options->file = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no file");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void options_read(int argc, char **argv, struct options *ret_options)
{
	static const struct argp_option list[] = {
		{ "json", OPTION_JSON, NULL, 0, "The report as JSON (docs/report.schema.json)", 0 },
		{ "dump", OPTION_DUMP, NULL, 0, "Every record as one line of text", 0 },
		{ "pid", OPTION_PID, "N", 0, "List only this process, or this thread", 0 },
		{ "comm", OPTION_COMM, "NAME", 0, "List only threads, processes of this name", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = list,
		.parser = option_take,
		.args_doc = "FILE",
		.doc = "Tells true from apparent parallelism in a trace of trace-run.",
	};

	*ret_options = (struct options){ 0 };
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, ret_options);
}

static int fail(const char *file, const char *reason)
{
	fprintf(stderr, "trace-report: %s: %s\n", file, reason);
	return EXIT_UNUSABLE;
}

static int fail_fault(const char *file, const struct trace_fault *fault)
{
	fprintf(stderr, "trace-report: %s: %s (byte %" PRIu64 ")\n", file, fault->reason,
		fault->offset);
	return EXIT_UNUSABLE;
}

static int render(const struct report *report, const struct options *options)
{
	struct style style = { .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8") };

	if (options->output == OUTPUT_JSON)
		return render_json(report, options->file, stdout);
	return render_text(report, options->file, style, stdout);
}

static int report_print(struct trace_reader *reader, const struct options *options)
{
	struct analysis analysis;
	struct report report;
	int status = EXIT_OK;
	int err;

	err = analysis_run(&analysis, reader);
	if (err == -EPROTO) {
		fprintf(stderr, "trace-report: internal error: %s\n", analysis.identity.broken);
		status = EXIT_UNUSABLE;
		goto out;
	}
	if (!err)
		err = report_make(&report, &analysis, &options->filter);
	if (!err) {
		err = render(&report, options);
		report_clear(&report);
	}
	if (err)
		status = fail(options->file, strerror(-err));
out:
	analysis_clear(&analysis);
	return status;
}

static int dump_print(struct trace_reader *reader, const struct options *options)
{
	const struct trace_fault *cut;
	int err = dump_records(reader, stdout);

	if (err)
		return fail(options->file, strerror(-err));
	cut = trace_reader_cut(reader);
	if (cut)
		fprintf(stderr, "trace-report: %s: cut: %s (byte %" PRIu64 ")\n", options->file,
			cut->reason, cut->offset);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	struct trace_fault fault = { 0 };
	struct trace_reader *reader;
	struct options options;
	int status, err;

	setlocale(LC_ALL, "");
	options_read(argc, argv, &options);
	err = trace_reader_open(options.file, &reader, &fault);
	if (err == -EBADMSG)
		return fail_fault(options.file, &fault);
	if (err)
		return fail(options.file, strerror(-err));
	status = options.output == OUTPUT_DUMP ? dump_print(reader, &options) :
						 report_print(reader, &options);
	trace_reader_free(reader);
	if ((fflush(stdout) || ferror(stdout)) && status == EXIT_OK)
		status = fail("standard output", strerror(errno));
	return status;
}
