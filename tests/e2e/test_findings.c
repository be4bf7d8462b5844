/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The workloads' planted faults are what is found first, and controls have none: no lock is blamed for
 * too many threads, no idle pool called contended, and a parallel run has nothing to fix.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"
#include "tests/support/schema.h"

struct story {
	const char *args[12];
	/* Kind of the first finding that is the program's, or several with "|" between them; NULL = none. */
	const char *first;
	const char *verdict;	/* NULL: any */
	bool no_lock;		/* none may be about a lock or a GIL */
};

static const struct story *story_at_test;

/* What the machine or the recording did to the program, or what costs nothing. */
static bool is_outside(const char *kind)
{
	static const char *const outside[] = {
		"other_programs", "idle_while_ready", "steal", "unknown",
	};

	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++)
		if (!strcmp(kind, outside[i]))
			return true;
	return false;
}

static bool is_about_locks(const char *kind)
{
	return strstr(kind, "lock") || strstr(kind, "gil");
}

static bool is_one_of(const char *kind, const char *wanted)
{
	size_t len = strlen(kind);

	for (; (wanted = strstr(wanted, kind)); wanted += len)
		if (!wanted[len] || wanted[len] == '|')
			return true;
	return false;
}

static bool says(const struct story *story, const json_t *findings)
{
	const char *first = "nothing", *wanted = story->first ? story->first : "nothing";
	const char *verdict = json_text_at(findings, "verdict");
	bool ok = true;
	json_t *finding;
	size_t i;

	json_array_foreach(json_at(findings, "list"), i, finding) {
		const char *kind = json_text_at(finding, "kind");

		if (story->no_lock && is_about_locks(kind)) {
			print_message("a lock is blamed: %s\n", json_text_at(finding, "evidence"));
			ok = false;
		}
		if (!strcmp(first, "nothing") && !is_outside(kind))
			first = kind;
	}
	if (!is_one_of(first, wanted)) {
		print_message("found first: %s, should be %s\n", first, wanted);
		ok = false;
	}
	if (story->verdict && strcmp(verdict, story->verdict)) {
		print_message("the verdict is %s, should be %s\n", verdict, story->verdict);
		ok = false;
	}
	return ok;
}

static bool check_story(void)
{
	struct recording recording;
	bool ok;

	record_workload(&recording, story_at_test->args);
	assert_identities(recording.report);
	ok = says(story_at_test, json_at(recording.report, "findings"));
	record_free(&recording);
	return ok;
}

static void test_story(void **state)
{
	NEED_FIGURES();
	story_at_test = *state;
	attempts(check_story);
}

static struct story stories[] = {
	{ { "cpu_bound", "--threads", "4", "--seconds", "1" }, "gil", "found", false },
	{ { "convoy", "--seconds", "1" }, "gil", "found", false },
	{ { "preempted_holder", "--seconds", "1" }, "gil_off_core", NULL, false },
	/* What its wakings take costs about as much, on machines that sleep deep. */
	{ { "lock_convoy", "--seconds", "1" }, "lock|wake_ups", "found", false },
	{ { "lock_chain", "--seconds", "1" }, "lock", "found", false },
	{ { "priority_inversion", "--seconds", "2" }, "lock_off_core", NULL, false },
	{ { "barrier_imbalance", "--seconds", "1" }, "serial", "found", true },
	{ { "serial_phase", "--seconds", "1" }, "serial_phase", "found", true },
	{ { "letters_numbers", "--gil", "off", "--seconds", "1" }, "serial", "found", true },
	{ { "pipeline", "--gil", "off", "--seconds", "1" }, "serial", "found", true },
	{ { "cpu_bound", "--threads", "1", "--gil", "off", "--seconds", "1" }, "serial", "found", true },
	/* Controls. */
	{ { "cpu_bound", "--threads", "2", "--gil", "off", "--seconds", "1" }, NULL, "nothing to fix", true },
	{ { "oversubscription", "--seconds", "1" }, "oversubscribed", "nothing to fix", true },
	{ { "one_core", "--seconds", "1" }, "oversubscribed", "nothing to fix", true },
	{ { "idle_pool", "--seconds", "1" }, NULL, "nothing to fix", true },
	{ { "io_bound", "--seconds", "1" }, NULL, "nothing to fix", true },
	/* Not told apart from work: no lock is blamed at least. */
	{ { "spin", "--seconds", "1" }, NULL, NULL, true },
};

#define STORIES (sizeof(stories) / sizeof(*stories))

static void json_is_valid(void **state)
{
	static const char *const programs[] = {
		"workloads/cpu_bound", "workloads/lock_chain", "workloads/processes", "workloads/udp_echo",
	};
	struct run run;

	(void)state;
	NEED_BPF();
	NEED_VALIDATOR();
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		run_words(&run, built("trace-run"), "--force", "-o", "valid.plx", built(programs[i]),
			  "--seconds", "0.2");
		if (run.status)
			fail_msg("trace-run: status %d, %s", run.status, run.err);
		run_free(&run);
		assert_schema("valid.plx");
	}
}

int main(void)
{
	struct CMUnitTest tests[STORIES + 1];
	char names[STORIES][128];

	for (size_t i = 0; i < STORIES; i++) {
		size_t len = 0;

		for (size_t j = 0; stories[i].args[j]; j++)
			len += (size_t)snprintf(names[i] + len, sizeof(names[i]) - len, "%s%s",
						j ? " " : "", stories[i].args[j]);
		tests[i] = (struct CMUnitTest){ names[i], test_story, NULL, NULL, &stories[i] };
	}
	tests[STORIES] = (struct CMUnitTest)cmocka_unit_test(json_is_valid);
	return cmocka_run_group_tests_name("findings", tests, sandbox_enter, sandbox_leave);
}
