/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace-report: reads a trace and says where its parallelism went.
 */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/dump.h"
#include "analyzer/options.h"
#include "analyzer/render.h"
#include "analyzer/report.h"
#include "trace/reader.h"

/* 1 and 4 are for gates. */
enum { EXIT_OK = 0, EXIT_USAGE = 2, EXIT_UNUSABLE = 3, EXIT_FAILED = 125 };

/* A lack of memory is our failure, all else lies with the file. */
static int fail(const char *file, int err)
{
	fprintf(stderr, "trace-report: %s: %s\n", file, strerror(-err));
	return err == -ENOMEM ? EXIT_FAILED : EXIT_UNUSABLE;
}

static int fail_fault(const char *file, const struct trace_fault *fault)
{
	fprintf(stderr, "trace-report: %s: %s (byte %" PRIu64 ")\n", file, fault->reason,
		fault->offset);
	return EXIT_UNUSABLE;
}

/* What was printed went through a buffer: only now is it known whether it arrived. */
static int output_finish(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_OK;
	fprintf(stderr, "trace-report: standard output: %s\n", strerror(errno ? errno : EIO));
	return EXIT_FAILED;
}

static int render(const struct report *report, const struct options *options)
{
	struct style style = { .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8") };

	if (options->output == OUTPUT_JSON)
		return render_json(report, options->file, stdout);
	return render_text(report, options->file, style, stdout);
}

static int fail_window(const struct run *run)
{
	fprintf(stderr, "trace-report: --time: begins after the run, which lasted %" PRIu64 ".%06" PRIu64
		" s\n", (run->whole_end_ns - run->whole_start_ns) / 1000000000,
		(run->whole_end_ns - run->whole_start_ns) % 1000000000 / 1000);
	return EXIT_USAGE;
}

static int report_print(struct trace_reader *reader, const struct options *options)
{
	struct analysis analysis;
	struct report report;
	int status = EXIT_OK;
	int err;

	err = analysis_run_with(&analysis, reader, &(struct analysis_setup){
		.window = options->windowed ? &options->window : NULL,
		.gil_cost_permille = options->gil_cost_permille,
	});
	if (err == -EPROTO) {
		fprintf(stderr, "trace-report: internal error: %s\n", analysis.identity.broken);
		status = EXIT_FAILED;
		goto out;
	}
	if (err == -ESTALE) {
		fprintf(stderr, "trace-report: cannot read temporary file in %s: %s\n", history_dir(),
			strerror(EIO));
		status = EXIT_FAILED;
		goto out;
	}
	if (err == -ERANGE) {
		status = fail_window(&analysis.run);
		goto out;
	}
	if (!err)
		err = report_make(&report, &analysis, &options->filter);
	if (!err) {
		err = render(&report, options);
		report_clear(&report);
	}
	if (err)
		status = fail(options->file, err);
out:
	analysis_clear(&analysis);
	return status;
}

static int dump_print(struct trace_reader *reader, const struct options *options)
{
	const struct trace_fault *cut;
	int err = dump_records(reader, stdout);

	if (err && !ferror(stdout))
		return fail(options->file, err);
	cut = trace_reader_cut(reader);
	if (cut && !err)
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
	/* Numbers are written as in C, in options and in reports, whatever the language. */
	setlocale(LC_NUMERIC, "C");
	/* A limit on the size of files is told as a full disk is. */
	signal(SIGXFSZ, SIG_IGN);
	options_read(argc, argv, &options);
	err = trace_reader_open(options.file, &reader, &fault);
	if (err == -EBADMSG)
		return fail_fault(options.file, &fault);
	if (err)
		return fail(options.file, err);
	status = options.output == OUTPUT_DUMP ? dump_print(reader, &options) :
						 report_print(reader, &options);
	trace_reader_free(reader);
	return status == EXIT_OK ? output_finish() : status;
}
