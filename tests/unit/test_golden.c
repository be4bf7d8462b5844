/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace recorded once and what was said of it then: whoever changes the format, the analysis or an
 * output sees here what that does to files that people have. After a change that is meant:
 *
 *     cd tests/golden && for o in dump json; do ../../build/trace-report --$o v1.plx >v1.$o; done
 *     ../../build/trace-report v1.plx >v1.txt
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_says(const char *option, const char *golden)
{
	const char *build = getenv("BUILD_DIR");
	char command[1024], difference[2048];
	size_t len;
	FILE *diff;

	snprintf(command, sizeof(command),
		 "cd tests/golden && LC_ALL=C.UTF-8 ../../%s/trace-report %s v1.plx 2>&1 | diff -u %s - 2>&1",
		 build ? build : "build", option, golden);
	diff = popen(command, "r");
	assert_non_null(diff);
	len = fread(difference, 1, sizeof(difference) - 1, diff);
	difference[len] = 0;
	/* What does not fit is read as well, so that diff ends by itself. */
	while (fgetc(diff) != EOF)
		;
	if (pclose(diff))
		fail_msg("%s has changed:\n%s", golden, difference);
}

static void dump_is_golden(void **state)
{
	(void)state;
	assert_says("--dump", "v1.dump");
}

static void report_is_golden(void **state)
{
	(void)state;
	assert_says("", "v1.txt");
}

static void json_is_golden(void **state)
{
	(void)state;
	assert_says("--json", "v1.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dump_is_golden),
		cmocka_unit_test(report_is_golden),
		cmocka_unit_test(json_is_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
