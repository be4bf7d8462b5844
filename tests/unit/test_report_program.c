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
#include <sys/wait.h>

#include <cmocka.h>

/* Runs it with the golden trace; the shell's words around it may say where its output goes. */
static void assert_ends(const char *words, int status, const char *says)
{
	const char *build = getenv("BUILD_DIR");
	char command[1024], text[8192];
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

static void outputs_exclude_each_other(void **state)
{
	(void)state;
	assert_ends("--dump --json tests/golden/v1.plx", 2, "--dump and --json exclude each other");
	assert_ends("--json --dump tests/golden/v1.plx", 2, "Usage: trace-report");
	assert_ends("--json --json tests/golden/v1.plx", 0, "\"schema\": 1");
}

static void empty_filter_is_told(void **state)
{
	(void)state;
	assert_ends("--pid=99999 tests/golden/v1.plx", 0, "No thread matches --pid=99999.\n");
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
		cmocka_unit_test(outputs_exclude_each_other),
		cmocka_unit_test(empty_filter_is_told),
		cmocka_unit_test(help_names_the_statuses),
	};

	return cmocka_run_group_tests_name("trace-report", tests, NULL, NULL);
}
