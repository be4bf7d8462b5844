/* SPDX-License-Identifier: BSD-2-Clause */
/* Several GILs in a run, and how they are watched: by looks, by the programs' own probes, or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

/* ---- exact ---- */

/* What one clock says of the other may differ, what is counted may not. */
static void assert_counted_alike(const struct recording *r)
{
	json_t *thread;
	size_t i;

	json_array_foreach(json_at(r->truth, "per_thread"), i, thread) {
		json_t *ours = report_thread(r->report, json_u64_at(thread, "tid"));

		assert_int_equal(json_u64_at(ours, "gil_holds"), json_u64_at(thread, "gil_holds"));
		assert_int_equal(json_u64_at(ours, "gil_waits"), json_u64_at(thread, "gil_waits"));
		assert_int_equal(json_u64_at(ours, "lock_waits"), json_u64_at(thread, "lock_waits"));
	}
}

/* The first to take a GIL takes it from nobody: a switch, but no change of hands. */
static void assert_changes_are_the_switches(const struct recording *r)
{
	unsigned long long changes = 0;
	json_t *gil;
	size_t i;

	json_array_foreach(json_at(r->report, "gils"), i, gil) {
		changes += json_u64_at(gil, "changes") + (json_u64_at(gil, "takes") > 0);
		assert_int_equal(json_u64_at(gil, "doubled_ns"), 0);
	}
	assert_int_equal(changes, json_u64_at(r->truth, "gil_switches"));
}

static bool check_exact(const char *const args[])
{
	struct recording r;
	bool ok;

	record_program(&r, "--gil=exact", args);
	assert_identities(r.report);
	assert_counted_alike(&r);
	assert_changes_are_the_switches(&r);
	/* Where nothing was lost there is nothing left for samples to say. */
	assert_int_equal(json_u64_at(r.report, "sampled_ns"), 0);
	assert_int_equal(json_u64_at(r.report, "quality.samples"), 0);
	assert_true(json_u64_at(r.report, "quality.program_hits") > 0);
	assert_true(json_u64_at(r.report, "quality.program_hits_cost_ns") > 0);
	ok = gil_wait_is_the_runtimes(&r);
	ok &= gil_hold_is_the_runtimes(&r);
	ok &= lock_wait_is_the_runtimes(&r);
	record_free(&r);
	return ok;
}

static bool check_exact_cpu_bound(void)
{
	return check_exact((const char *const[]){ "workloads/cpu_bound", "--threads", "4", "--seconds", "1",
		NULL });
}

static void exact_cpu_bound(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_exact_cpu_bound);
}

static bool check_exact_producer_consumer(void)
{
	return check_exact((const char *const[]){ "workloads/producer_consumer", "--threads", "4",
		"--seconds", "1", NULL });
}

static void exact_producer_consumer(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_exact_producer_consumer);
}

static bool check_exact_interpreters(void)
{
	return check_exact((const char *const[]){ "tests/programs/gil_many", "--gil", "per-interpreter",
		"--threads", "3", "--seconds", "1", NULL });
}

static void exact_interpreters(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_exact_interpreters);
}

/* A program that the shell starts is attached to while it begins to run: exact from then on. */
static void exact_behind_a_shell(void **state)
{
	static const char *const env[] = { "SUDO_UID=65534", "SUDO_GID=65534", NULL };
	static char program[4096];
	struct run_options options = {};
	json_t *report;
	struct run run;

	(void)state;
	NEED_BPF();
	assert_int_equal(mkdir("workloads", 0755), 0);
	snprintf(program, sizeof(program), "%s", built_for_all("workloads/cpu_bound"));
	/* Also where the recorder is no longer root by then. */
	for (int borrowed = 0; borrowed < 2; borrowed++) {
		options.env = borrowed ? env : NULL;
		run_start(&run, &options, (const char *const[]){ built("trace-run"), "--no-report", "--force", "-o",
			  "shell.plx", "--gil=exact", "sh", "-c", "\"$0\" --threads 2 --seconds 0.5; exit",
			  program, NULL });
		run_wait(&run);
		assert_int_equal(run.status, 0);
		assert_null(strstr(run.err, "cannot attach"));
		run_free(&run);
		report = report_of("shell.plx");
		assert_true(json_u64_at(report, "gil_holds") > 0);
		assert_true(json_u64_at(report, "quality.program_hits") > 0);
		json_decref(report);
		run_words(&run, built("trace-report"), "shell.plx");
		assert_non_null(strstr(run.out, "GIL: exact, "));
		run_free(&run);
		run_words(&run, "rm", "shell.plx");
		run_free(&run);
	}
}

static void missing_probes_are_told(void **state)
{
	json_t *report;
	struct run run;

	(void)state;
	NEED_BPF();
	run_words(&run, built("trace-run"), "--no-report", "--force", "-o", "plain.plx", "--gil=exact",
		  "/bin/sh", "-c", "exit 3");
	assert_int_equal(run.status, 3);
	assert_non_null(strstr(run.err, "trace-run: no GIL probes in /"));
	assert_non_null(strstr(run.err, ", going on with --gil=cheap\n"));
	assert_ptr_equal(strchr(run.err, '\n'), strrchr(run.err, '\n'));
	run_free(&run);
	report = report_of("plain.plx");
	assert_string_equal(json_text_at(report, "gil_watch"), "exact");
	assert_true(json_is_null(json_object_get(report, "gil_holds")));
	json_decref(report);
	run_words(&run, "sh", "-c", "\"$0\" --dump plain.plx | grep -c ' probed *$'", built("trace-report"));
	assert_string_equal(run.out, "1\n");
	run_free(&run);
}

/* ---- by looks ---- */

/*
 * Two run at once, each under its own GIL; one GIL has one holder. The third thread has one for itself:
 * no wait for it ever shows which.
 */
static bool check_looks_at_interpreters(void)
{
	struct recording r;
	double run_ns = 0;
	size_t i, used = 0;
	json_t *gil;
	bool ok;

	record_program(&r, "--gil=cheap", (const char *const[]){ "tests/programs/gil_many", "--gil",
		"per-interpreter", "--threads", "3", "--seconds", "1", NULL });
	assert_identities(r.report);
	json_array_foreach(json_at(r.report, "gils"), i, gil) {
		used += json_number_at(gil, "run_ns") > 0.1 * json_number_at(r.report, "wall_ns");
		run_ns += json_number_at(gil, "run_ns");
	}
	assert_int_equal(used, 2);
	assert_true(json_is_null(json_object_get(r.report, "gil_holds")));
	ok = at_most("two under one GIL", json_number_at(r.report, "quality.gil_doubled_ns"), 0.01 * run_ns);
	ok &= at_least("run.gil under a GIL", run_ns, 0.98 * json_number_at(r.report, "states.run.gil"));
	ok &= gil_wait_is_the_runtimes(&r);
	record_free(&r);
	return ok;
}

static void looks_at_interpreters(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_looks_at_interpreters);
}

/* Each process prints its truth on a line of its own. */
static bool forked_waits_agree(const json_t *report, const char *truths, const char *option)
{
	struct recording r = { .report = (json_t *)report };
	const char *second = strchr(truths, '\n');
	char first[1 << 16];
	bool ok = true;

	assert_non_null(second);
	assert_true(second - truths < (ptrdiff_t)sizeof(first));
	snprintf(first, sizeof(first), "%.*s", (int)(second - truths), truths);
	for (int i = 0; i < 2; i++) {
		r.truth = json_parse(i ? second + 1 : first);
		ok &= gil_wait_is_the_runtimes(&r);
		if (strstr(option, "exact")) {
			assert_counted_alike(&r);
			ok &= gil_hold_is_the_runtimes(&r);
		}
		json_decref(r.truth);
	}
	return ok;
}

/* At the same address in each of them, and yet another GIL. */
static void assert_gils_are_the_processes(const json_t *report)
{
	unsigned long long process = 0, address = 0;
	size_t i, used = 0;
	json_t *gil;

	json_array_foreach(json_at(report, "gils"), i, gil) {
		if (!json_u64_at(gil, "run_ns"))
			continue;
		used++;
		assert_int_not_equal(json_u64_at(gil, "process"), process);
		assert_true(!address || json_u64_at(gil, "address") == address);
		process = json_u64_at(gil, "process");
		address = json_u64_at(gil, "address");
	}
	assert_int_equal(used, 2);
}

static bool check_forked(const char *option)
{
	json_t *report;
	struct run run;
	bool ok;

	run_words(&run, built("trace-run"), "--no-report", "--force", "-o", "fork.plx", option,
		  built("tests/programs/gil_many"), "fork", "--threads", "2", "--seconds", "1", "--truth");
	if (run.status)
		fail_msg("status %d: %s", run.status, run.err);
	report = report_of("fork.plx");
	assert_identities(report);
	assert_gils_are_the_processes(report);
	ok = forked_waits_agree(report, run.out, option);
	json_decref(report);
	run_free(&run);
	return ok;
}

static bool check_forked_by_looks(void)
{
	return check_forked("--gil=cheap");
}

static bool check_forked_exactly(void)
{
	return check_forked("--gil=exact");
}

static void forked_processes(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_forked_by_looks);
	attempts(check_forked_exactly);
}

/* ---- not at all ---- */

static void gil_is_not_watched(void **state)
{
	struct recording r;

	(void)state;
	NEED_BPF();
	record_program(&r, "--gil=off", (const char *const[]){ "workloads/cpu_bound", "--threads", "4",
		"--seconds", "0.5", NULL });
	assert_identities(r.report);
	assert_string_equal(json_text_at(r.report, "gil_watch"), "off");
	assert_int_equal(json_u64_at(r.report, "quality.gil_peeks"), 0);
	assert_int_equal(json_u64_at(r.report, "quality.samples"), 0);
	assert_int_equal(json_u64_at(r.report, "quality.gil_pending_ns"), 0);
	assert_int_equal(json_u64_at(r.report, "states.wait.gil"), 0);
	assert_int_equal(json_u64_at(r.report, "states.run.gil"), 0);
	/* They wait on its futexes all the same. */
	assert_true(json_u64_at(r.report, "states.wait.sync") + json_u64_at(r.report, "states.wait.lock") >
		    json_u64_at(r.report, "wall_ns"));
	record_free(&r);
}

static void option_makes_no_sense(void **state)
{
	static const char *const words[] = { "--gil=", "--gil=Exact", "--gil=on", "--gil" };
	struct run run;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		run_words(&run, built("trace-run"), words[i], "--", "true");
		assert_int_equal(run.status, 2);
		assert_non_null(strstr(run.err, "--gil: "));
		assert_non_null(strstr(run.err, "Usage: trace-run"));
		assert_string_equal(run.out, "");
		run_free(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_cpu_bound),
		cmocka_unit_test(exact_producer_consumer),
		cmocka_unit_test(exact_interpreters),
		cmocka_unit_test(exact_behind_a_shell),
		cmocka_unit_test(missing_probes_are_told),
		cmocka_unit_test(looks_at_interpreters),
		cmocka_unit_test(forked_processes),
		cmocka_unit_test(gil_is_not_watched),
		cmocka_unit_test(option_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
