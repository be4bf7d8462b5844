/* SPDX-License-Identifier: BSD-2-Clause */
/* Recordings of workloads, and the checks that all of them share. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

#define ATTEMPTS 10

void record_program(struct recording *recording, const char *option, const char *const args[])
{
	const char *argv[24] = { built("trace-run"), "--no-report", "--force", "-o", "workload.plx", option, "--",
				 built(args[0]) };
	struct run run;
	size_t n = 8;

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

static void record_row(struct recording *recording, const char *option, const char *const args[])
{
	const char *all[24] = {};
	char program[64];

	snprintf(program, sizeof(program), "workloads/%s", args[0]);
	all[0] = program;
	for (size_t i = 1; args[i]; i++)
		all[i] = args[i];
	record_program(recording, option, all);
}

void record_workload(struct recording *recording, const char *const args[])
{
	record_row(recording, "--gil=cheap", args);
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

static json_t *theirs_to_ours(const struct recording *recording, const json_t *theirs)
{
	return report_thread(recording->report, json_u64_at(theirs, "tid"));
}

/*
 * The first hit at each of the program's own probes makes the kernel prepare the place: 70 us were seen,
 * in the midst of whatever wait that is. Later ones take less than one.
 */
#define FIRST_HITS_NS 300e3

static double hits_bar_ns(const json_t *report)
{
	return strcmp(json_text_at(report, "gil_watch"), "exact") ? 0 : FIRST_HITS_NS;
}

/*
 * A time that report and truth have of each thread. The bar is for the waits that the runtime counted, so
 * that a report that finds too many does not lower it; `others_cnt` are counted by the report alone.
 */
static bool time_is_the_runtimes(const struct recording *recording, const char *ours_ns,
				 const char *others_cnt, const char *theirs_ns, const char *theirs_cnt)
{
	json_t *theirs;
	bool ok = true;
	size_t i;

	json_array_foreach(json_at(recording->truth, "per_thread"), i, theirs) {
		json_t *ours = theirs_to_ours(recording, theirs);
		double ns = json_number_at(theirs, theirs_ns);
		double cnt = fmax(json_number_at(theirs, theirs_cnt),
				  others_cnt ? json_number_at(ours, others_cnt) : 0);
		char what[64];

		snprintf(what, sizeof(what), "%s of %s", theirs_ns, json_text_at(theirs, "name"));
		ok &= within(what, json_number_at(ours, ours_ns) - ns,
			     0.02 * ns + 10e3 * cnt + hits_bar_ns(recording->report));
	}
	return ok;
}

bool gil_wait_is_the_runtimes(const struct recording *recording)
{
	return time_is_the_runtimes(recording, "gil_wait_episode_ns", NULL, "gil_wait_ns", "gil_waits");
}

/* Futexes are waited for by the C library as well, for locks of its own. */
bool lock_wait_is_the_runtimes(const struct recording *recording)
{
	return time_is_the_runtimes(recording, "lock_wait_episode_ns", "lock_waits", "lock_wait_ns",
				    "lock_waits");
}

bool gil_hold_is_the_runtimes(const struct recording *recording)
{
	return time_is_the_runtimes(recording, "gil_hold_episode_ns", NULL, "gil_hold_ns", "gil_holds");
}

bool on_core_is_schedstats(const struct recording *recording, const char *curve, double share)
{
	double cores_gave_ns = truth_sum(recording, "sched_run_ns");
	char path[64];

	snprintf(path, sizeof(path), "curves.%s.integral_ns", curve);
	return within(path, json_number_at(recording->report, path) - cores_gave_ns,
		      share * cores_gave_ns + json_number_at(recording->report, "quality.steal_ns"));
}

double share_above_one(const json_t *report)
{
	double above = 0;
	json_t *level;
	size_t i;

	json_array_foreach(json_at(report, "histogram"), i, level)
		if (json_u64_at(level, "level") > 1)
			above += json_number_at(level, "ns");
	return above / json_number_at(report, "wall_ns");
}

double threads_in(const struct recording *recording, const char *state)
{
	char path[32];

	snprintf(path, sizeof(path), "states.%s", state);
	return json_number_at(recording->report, path) / json_number_at(recording->report, "wall_ns");
}

bool no_lock_is_blamed(const struct recording *recording)
{
	const char *answer = json_text_at(recording->report, "answer");
	bool ok = at_most("threads that wait for a lock", threads_in(recording, "wait.lock"), 0.01);

	ok &= at_most("threads that wait for a GIL", threads_in(recording, "wait.gil"), 0.01);
	if (!strstr(answer, "lock") && !strstr(answer, "GIL"))
		return ok;
	print_message("the answer blames a lock: %s\n", answer);
	return false;
}

double truth_sum(const struct recording *recording, const char *name)
{
	json_t *thread;
	double sum = 0;
	size_t i;

	json_array_foreach(json_at(recording->truth, "per_thread"), i, thread)
		sum += json_number_at(thread, name);
	return sum;
}

bool within(const char *what, double figure, double bar)
{
	/* Written so that a figure that is no number fails. */
	if (fabs(figure) <= bar)
		return true;
	print_message("%s: %g, not within %g\n", what, figure, bar);
	return false;
}

bool at_least(const char *what, double figure, double bar)
{
	if (figure >= bar)
		return true;
	print_message("%s: %g, not at least %g\n", what, figure, bar);
	return false;
}

bool at_most(const char *what, double figure, double bar)
{
	if (figure <= bar)
		return true;
	print_message("%s: %g, not at most %g\n", what, figure, bar);
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

/* attempts() knows no argument. */
static const struct row *row_at_test;

static bool check_row(void)
{
	struct recording recording;
	bool ok;

	record_workload(&recording, row_at_test->args);
	assert_identities(recording.report);
	ok = row_at_test->says(&recording);
	ok &= row_at_test->exact_waits || gil_wait_is_the_runtimes(&recording);
	ok &= lock_wait_is_the_runtimes(&recording);
	record_free(&recording);
	return ok;
}

/* Looks do not see every hold: with the program's own probes, its holds are known as well. */
static bool check_row_exactly(void)
{
	struct recording recording;
	bool ok;

	record_row(&recording, "--gil=exact", row_at_test->args);
	assert_identities(recording.report);
	ok = gil_wait_is_the_runtimes(&recording);
	ok &= gil_hold_is_the_runtimes(&recording);
	ok &= lock_wait_is_the_runtimes(&recording);
	record_free(&recording);
	return ok;
}

void row_test(void **state)
{
	NEED_FIGURES();
	row_at_test = *state;
	if (sysconf(_SC_NPROCESSORS_ONLN) < (long)row_at_test->cores) {
		print_message("SKIP: %s: needs %u cores\n", row_at_test->args[0], row_at_test->cores);
		skip();
	}
	attempts(check_row);
	attempts(check_row_exactly);
}
