/* SPDX-License-Identifier: BSD-2-Clause */
/* Recordings of workloads, and the checks that all of them share. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

#define ATTEMPTS 10

void record_workload(struct recording *recording, const char *const args[])
{
	const char *argv[24] = { built("trace-run"), "--no-report", "--force", "-o", "workload.plx", "--" };
	char program[64];
	struct run run;
	size_t n = 6;

	snprintf(program, sizeof(program), "workloads/%s", args[0]);
	argv[n++] = built(program);
	for (size_t i = 1; args[i]; i++)
		argv[n++] = args[i];
	argv[n++] = "--truth";
	run_start(&run, NULL, argv);
	run_wait(&run);
	if (run.status)
		fail_msg("%s: status %d: %s", args[0], run.status, run.err);
	recording->truth = json_parse(run.out);
	recording->report = report_of("workload.plx");
	run_free(&run);
}

void record_free(struct recording *recording)
{
	json_decref(recording->truth);
	json_decref(recording->report);
}

json_t *report_thread(const json_t *report, unsigned long long tid)
{
	json_t *thread;
	size_t i;

	json_array_foreach(json_at(report, "threads"), i, thread)
		if (json_u64_at(thread, "tid") == tid)
			return thread;
	fail_msg("the report has no thread %llu", tid);
	return NULL;
}

static void assert_life_is_tiled(const json_t *thread)
{
	unsigned long long sum = 0;
	const char *name;
	json_t *value;

	json_object_foreach(json_at(thread, "states"), name, value)
		sum += json_integer_value(value);
	assert_int_equal(sum, json_u64_at(thread, "death_ns") - json_u64_at(thread, "birth_ns"));
}

void assert_identities(const json_t *report)
{
	unsigned long long wall = json_u64_at(report, "wall_ns"), sum = 0;
	json_t *item;
	size_t i;

	json_array_foreach(json_at(report, "threads"), i, item)
		assert_life_is_tiled(item);
	json_array_foreach(json_at(report, "histogram"), i, item)
		sum += json_u64_at(item, "ns");
	assert_int_equal(sum, wall);
	json_array_foreach(json_at(report, "cores"), i, item)
		assert_int_equal(json_u64_at(item, "ours_ns") + json_u64_at(item, "other_ns") +
				 json_u64_at(item, "idle_ns") + json_u64_at(item, "unknown_ns"), wall);
	assert_true(json_is_true(json_at(report, "quality.balances")));
	assert_int_equal(json_u64_at(report, "quality.lost"), 0);
	assert_int_equal(json_u64_at(report, "quality.contradictions"), 0);
}

bool within(const char *what, double figure, double bar)
{
	/* Written so that a figure that is no number fails. */
	if (fabs(figure) <= bar)
		return true;
	print_message("%s: %g, not within %g\n", what, figure, bar);
	return false;
}

void attempts(bool (*check)(void))
{
	for (int i = 1; i <= ATTEMPTS; i++) {
		if (check())
			return;
		print_message("attempt %d of %d missed a bar\n", i, ATTEMPTS);
	}
	fail_msg("missed in all of %d attempts", ATTEMPTS);
}
