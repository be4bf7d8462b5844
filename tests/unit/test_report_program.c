/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace-report as a program: what it exits with and what it says when it cannot do what was asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs it with the golden trace; the shell's words around it may say where its output goes. */
static void assert_ends(const char *words, int status, const char *says)
{
	const char *build = getenv("BUILD_DIR");
	char command[1024], text[65536];
	size_t len;
	FILE *pipe;
	int end;

	snprintf(command, sizeof(command), "{ LC_ALL=C %s/trace-report %s; } 2>&1",
		 build ? build : "build", words);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	len = fread(text, 1, sizeof(text) - 1, pipe);
	text[len] = '\0';
	while (fgetc(pipe) != EOF)
		;
	end = pclose(pipe);
	if (!WIFEXITED(end) || WEXITSTATUS(end) != status || !strstr(text, says))
		fail_msg("%s: status %d, %s", words, WEXITSTATUS(end), text);
}

/* The reader's file is as good as before: this is not status 3. */
static void full_output_is_told(void **state)
{
	static const char says[] = "trace-report: standard output: No space left on device\n";

	(void)state;
	assert_ends("tests/golden/v1.plx 2>&1 >/dev/full", 125, says);
	assert_ends("--json tests/golden/v1.plx 2>&1 >/dev/full", 125, says);
	assert_ends("--dump tests/golden/v1.plx 2>&1 >/dev/full", 125, says);
}

/* A limit is no reason to die of a signal. */
static void limited_output_is_told(void **state)
{
	struct rlimit before, limit;
	char words[64], path[] = "/tmp/trace-report-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){ 0, before.rlim_max };
	snprintf(words, sizeof(words), "tests/golden/v1.plx 2>&1 >%s", path);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_ends(words, 125, "trace-report: standard output: File too large\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	close(fd);
	unlink(path);
}

static void outputs_exclude_each_other(void **state)
{
	(void)state;
	assert_ends("--dump --json tests/golden/v1.plx", 2, "--dump and --json exclude each other");
	assert_ends("--json --dump tests/golden/v1.plx", 2, "Usage: trace-report");
	assert_ends("--json --json tests/golden/v1.plx", 0, "\"schema\": 1");
	assert_ends("--dump --time ..1 tests/golden/v1.plx", 2, "--dump and --time exclude each other");
	assert_ends("--time ..1 tests/golden/v1.plx --dump", 2, "--dump and --time exclude each other");
	assert_ends("--time ..1", 2, "no file");
}

static void empty_filter_is_told(void **state)
{
	(void)state;
	assert_ends("--pid=99999 tests/golden/v1.plx", 0, "No thread matches --pid=99999.\n");
}

static void windows_are_read(void **state)
{
	static const char whole[] = "--json --time ..1 tests/golden/v1.plx";

	(void)state;
	assert_ends("--time 10ms..20ms tests/golden/v1.plx", 0, "  from 10.0 ms to 20.0 ms of 51.1 ms\n");
	assert_ends("--time 0.02..0.03s tests/golden/v1.plx", 0, "  from 20.0 ms to 30.0 ms of 51.1 ms\n");
	assert_ends("--time 50000us.. tests/golden/v1.plx", 0, "  from 50.0 ms to 51.1 ms of 51.1 ms\n");
	/* What goes on behind the end is as long as the run. */
	assert_ends(whole, 0, "\"wall_ns\": 51080809,");
	assert_ends("--time .. tests/golden/v1.plx", 2, "--time: not a stretch of time");
	assert_ends("--time 5 tests/golden/v1.plx", 2, "--time: not a stretch of time");
	assert_ends("--time -1..2 tests/golden/v1.plx", 2, "--time: not a stretch of time");
	assert_ends("--time 1..2h tests/golden/v1.plx", 2, "--time: not a time in seconds, or with s, ms, us: h");
	assert_ends("--time 2..1 tests/golden/v1.plx", 2, "--time: must end after it begins: 2..1");
	assert_ends("--time 1.. tests/golden/v1.plx", 2, "--time: begins after the run, which lasted 0.051");
}

static void version_is_told(void **state)
{
	(void)state;
	assert_ends("--version", 0, "trace-report 0.1\n");
}

/* Nobody is called nothing; a variable of a script was empty. */
static void no_name_is_wrong(void **state)
{
	(void)state;
	assert_ends("--thread= tests/golden/v1.plx", 2, "--thread: no thread id or name\n");
	assert_ends("--comm= tests/golden/v1.plx", 2, "--comm: no name\n");
}

static void nobody_is_told_everywhere(void **state)
{
	static const char *const names[] = { "path", "runqueue", "gil", "threads" };
	char words[96];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(words, sizeof(words), "--section=%s --thread=nosuch tests/golden/v1.plx", names[i]);
		assert_ends(words, 0, "  No thread matches --thread=nosuch.\n");
	}
}

static void help_names_the_statuses(void **state)
{
	(void)state;
	assert_ends("--help", 0, "125 when");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_output_is_told),
		cmocka_unit_test(limited_output_is_told),
		cmocka_unit_test(outputs_exclude_each_other),
		cmocka_unit_test(empty_filter_is_told),
		cmocka_unit_test(windows_are_read),
		cmocka_unit_test(help_names_the_statuses),
		cmocka_unit_test(version_is_told),
		cmocka_unit_test(no_name_is_wrong),
		cmocka_unit_test(nobody_is_told_everywhere),
	};

	return cmocka_run_group_tests_name("trace-report", tests, NULL, NULL);
}
