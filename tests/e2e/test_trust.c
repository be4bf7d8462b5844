/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tools say when things go wrong: losses, a killed recorder, full disks, foreign files. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

#define NOBODY 65534

static bool has_spoken(void *arg)
{
	struct run *run = arg;
	struct stat st;

	return !fstat(run->out_fd, &st) && st.st_size > 0;
}

static bool is_there(void *arg)
{
	return !access(arg, F_OK);
}

/* Nobody reads the rings while the program runs: nearly everything is lost, and all of it is counted. */
static void losses_are_told(void **state)
{
	static const char script[] = "echo ready; \"$0\" --seconds 0.5 | cat; echo done >finished";
	json_t *report, *core;
	struct run run;
	size_t i;

	(void)state;
	NEED_BPF();
	run_start(&run, NULL, (const char *const[]){ built("trace-run"), "--no-report", "--ring-size=4", "-o",
		  "lossy.plx", "sh", "-c", script, built("workloads/producer_consumer"), NULL });
	wait_until(has_spoken, &run);
	assert_int_equal(kill(run.pid, SIGSTOP), 0);
	wait_until(is_there, "finished");
	assert_int_equal(kill(run.pid, SIGCONT), 0);
	run_wait(&run);
	assert_int_equal(run.status, 0);
	run_free(&run);

	report = report_of("lossy.plx");
	assert_true(json_u64_at(report, "quality.lost") > 0);
	assert_true(json_is_true(json_at(report, "quality.balances")));
	assert_true(json_u64_at(report, "quality.unknown_ns") > 0);
	assert_string_equal(json_text_at(report, "quality.confidence"), "low");
	json_array_foreach(json_at(report, "cores"), i, core)
		assert_int_equal(json_u64_at(core, "ours_ns") + json_u64_at(core, "other_ns") +
				 json_u64_at(core, "idle_ns") + json_u64_at(core, "unknown_ns"),
				 json_u64_at(report, "wall_ns"));
	json_decref(report);
	run_words(&run, built("trace-report"), "lossy.plx");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "unknown"));
	assert_non_null(strstr(run.out, "lost"));
	assert_null(strstr(run.out, " 0 lost"));
	run_free(&run);
}

/*
 * Launchers replace themselves within a millisecond: the look-up of one must not be taken for the next.
 * Once it is known where the GIL is, nothing waits for it under another name.
 */
static void gil_is_found_behind_launchers(void **state)
{
	json_t *report;
	struct run run;

	(void)state;
	NEED_BPF();
	for (int i = 0; i < 5; i++) {
		run_words(&run, built("trace-run"), "--no-report", "--force", "-o", "hops.plx", "sh", "-c",
			  "exec env env nice -n 0 env \"$0\" --threads 4 --seconds 0.1",
			  built("workloads/cpu_bound"));
		assert_int_equal(run.status, 0);
		run_free(&run);
		report = report_of("hops.plx");
		assert_true(json_u64_at(report, "quality.gil_peeks") > 0);
		assert_true(json_number_at(report, "states.wait.gil") >
			    json_number_at(report, "states.wait.lock"));
		json_decref(report);
		run_words(&run, "sh", "-c", "\"$0\" --dump hops.plx | grep -c ' gil .*id='",
			  built("trace-report"));
		assert_string_equal(run.out, "1\n");
		run_free(&run);
	}
}

static bool has_blocks(void *arg)
{
	struct stat st;

	/* The header alone is smaller. */
	return !stat(arg, &st) && st.st_size > 8192;
}

static void killed_recorder_leaves_a_readable_file(void **state)
{
	json_t *report;
	struct run run;
	pid_t orphan;
	char pid[32] = "";

	(void)state;
	NEED_BPF();
	run_start(&run, NULL, (const char *const[]){ built("trace-run"), "-o", "killed.plx", "sh", "-c",
		  "echo $$; exec \"$0\" --seconds 60 >/dev/null", built("workloads/producer_consumer"), NULL });
	wait_until(has_blocks, "killed.plx");
	assert_int_equal(kill(run.pid, SIGKILL), 0);
	assert_true(pread(run.out_fd, pid, sizeof(pid) - 1, 0) > 0);
	orphan = atoi(pid);
	assert_true(orphan > 1);
	assert_int_equal(kill(orphan, SIGKILL), 0);
	run_wait(&run);
	assert_int_equal(run.status, 128 + SIGKILL);
	run_free(&run);

	report = report_of("killed.plx");
	assert_true(json_is_true(json_at(report, "quality.cut")));
	assert_true(json_u64_at(report, "quality.records") > 0);
	assert_true(json_u64_at(report, "wall_ns") > 0);
	assert_true(json_number_at(report, "curves.apparent.avg_wall") > 0);
	json_decref(report);
	run_words(&run, built("trace-report"), "killed.plx");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "cut"));
	run_free(&run);
}

static void full_disk_is_told(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	/* Room for the header, not for the events; the command is not to notice. */
	run_words(&run, "sh", "-c", "ulimit -f 10; exec \"$0\" -o full.plx -- "
		  "sh -c '\"$0\" --seconds 0.5 >/dev/null; echo ran; exit 3' \"$1\"",
		  built("trace-run"), built("workloads/producer_consumer"));
	assert_int_equal(run.status, 125);
	assert_string_equal(run.out, "ran\n");
	assert_non_null(strstr(run.err, "trace-run: cannot write full.plx: File too large\n"));
	run_free(&run);
}

static void assert_unusable(const char *path, const char *reason)
{
	struct run run;

	run_words(&run, built("trace-report"), path);
	if (run.status != 3 || !strstr(run.err, reason) || !strstr(run.err, path) || *run.out ||
	    strchr(run.err, '\n') != strrchr(run.err, '\n'))
		fail_msg("%s: status %d, '%s'", path, run.status, run.err);
	run_free(&run);
}

static void unusable_files(void **state)
{
	FILE *file = fopen("text", "w");

	(void)state;
	assert_non_null(file);
	fputs("This is not a trace, however long the sentence that it consists of may be made.\n", file);
	fclose(file);
	close(open("empty", O_CREAT | O_WRONLY, 0644));
	assert_unusable("text", "byte 0");
	assert_unusable("empty", "byte 0");
	assert_unusable("/dev/null", "");
	assert_unusable("/", "");
	assert_unusable("no-such-file", "No such file");
}

static void unreadable_file(void **state)
{
	struct run_options options = { .uid = NOBODY };
	struct run run;

	(void)state;
	if (geteuid()) {
		print_message("SKIP: %s: not root, so no file can be somebody else's\n", __func__);
		skip();
	}
	close(open("secret", O_CREAT | O_WRONLY, 0600));
	run_start(&run, &options, (const char *const[]){ built_for_all("trace-report"), "secret", NULL });
	run_wait(&run);
	assert_int_equal(run.status, 3);
	assert_non_null(strstr(run.err, "Permission denied"));
	run_free(&run);
}

static void report_usage(void **state)
{
	struct run run;

	(void)state;
	run_words(&run, built("trace-report"), "--no-such-option");
	assert_int_equal(run.status, 2);
	assert_non_null(strstr(run.err, "Usage: trace-report"));
	run_free(&run);
	run_words(&run, built("trace-report"));
	assert_int_equal(run.status, 2);
	assert_non_null(strstr(run.err, "Usage: trace-report"));
	run_free(&run);
}

/* A trace is for any user who may read it, and says the same to all. */
static void anybody_may_report(void **state)
{
	struct run_options options = { .uid = NOBODY };
	struct run ours, theirs;

	(void)state;
	NEED_BPF();
	run_words(&ours, built("trace-run"), "--no-report", "-o", "open.plx", "sh", "-c", "true; true");
	assert_int_equal(ours.status, 0);
	run_free(&ours);
	assert_int_equal(chmod("open.plx", 0644), 0);
	run_words(&ours, built("trace-report"), "open.plx");
	run_start(&theirs, &options, (const char *const[]){ built_for_all("trace-report"), "open.plx", NULL });
	run_wait(&theirs);
	assert_int_equal(theirs.status, 0);
	assert_string_equal(ours.out, theirs.out);
	run_free(&ours);
	run_free(&theirs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_are_told),
		cmocka_unit_test(gil_is_found_behind_launchers),
		cmocka_unit_test(killed_recorder_leaves_a_readable_file),
		cmocka_unit_test(full_disk_is_told),
		cmocka_unit_test(unusable_files),
		cmocka_unit_test(unreadable_file),
		cmocka_unit_test(report_usage),
		cmocka_unit_test(anybody_may_report),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
