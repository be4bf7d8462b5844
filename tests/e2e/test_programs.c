/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The workloads by themselves, without a tracer: they do the same for a seed under every GIL and
 * without one, they find out when they did not, and they end when something goes wrong.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct program_case {
	const char *name;
	const char *rounds;
	const char *counters[4];	/* the same in every run, NULL-terminated */
	bool shares_work;		/* which thread does what is left to chance */
	bool waits_busily;		/* how much is computed meanwhile, too */
};

static struct program_case cases[] = {
	{ .name = "cpu_bound", .rounds = "50" },
	{ .name = "one_core", .rounds = "50" },
	{ .name = "oversubscription", .rounds = "20" },
	{ .name = "sub_interpreters", .rounds = "50" },
	{ .name = "serial_phase", .rounds = "50" },
	{ .name = "lost_updates", .rounds = "5000", .counters = { "increments" } },
	{ .name = "locked_counter", .rounds = "50000", .counters = { "increments", "lost" } },
	{ .name = "native_sections", .rounds = "20", .counters = { "blocks" } },
	{ .name = "processes", .rounds = "20", .counters = { "items" }, .shares_work = true },
	{ .name = "producer_consumer", .rounds = "100", .counters = { "items" }, .shares_work = true },
	{ .name = "convoy", .rounds = "50", .counters = { "reads" } },
	{ .name = "udp_echo", .rounds = "20", .counters = { "requests" }, .waits_busily = true },
	{ .name = "round_trip", .rounds = "50", .counters = { "laps" } },
	{ .name = "pipeline", .rounds = "30", .counters = { "items" } },
	{ .name = "event_fanout", .rounds = "20", .counters = { "rounds", "wakings" } },
	{ .name = "condition_pingpong", .rounds = "50", .counters = { "passes" } },
	{ .name = "letters_numbers", .rounds = "100", .counters = { "letters", "numbers" } },
	{ .name = "idle_pool", .rounds = "10", .counters = { "jobs", "result_sum" }, .shares_work = true },
};

static json_t *run_of(const struct program_case *program, const char *gil, const char *seed)
{
	char path[64];
	struct run run;
	json_t *truth;

	snprintf(path, sizeof(path), "workloads/%s", program->name);
	run_words(&run, built(path), "--rounds", program->rounds, "--gil", gil, "--seed", seed, "--truth");
	if (run.status)
		fail_msg("%s --gil %s: status %d: %s", program->name, gil, run.status, run.err);
	truth = json_parse(run.out);
	run_free(&run);
	return truth;
}

/* What a run has done, one line a thread. The caller frees it. */
static char *work_of(const struct program_case *program, const json_t *truth)
{
	unsigned long long units = 0;
	char *text = NULL;
	json_t *thread;
	size_t size, i;
	FILE *out;

	out = open_memstream(&text, &size);
	assert_non_null(out);
	for (i = 0; program->counters[i]; i++)
		fprintf(out, "%s %llu\n", program->counters[i], json_u64_at(truth, program->counters[i]));
	json_array_foreach(json_at(truth, "per_thread"), i, thread) {
		units += json_u64_at(thread, "units");
		if (!program->shares_work && !program->waits_busily)
			fprintf(out, "%s %llu units, checksum %llu\n", json_text_at(thread, "name"),
				json_u64_at(thread, "units"), json_u64_at(thread, "checksum"));
	}
	if (!program->waits_busily)
		fprintf(out, "%llu units\n", units);
	fclose(out);
	return text;
}

static void does_the_same(const struct program_case *program)
{
	static const char *const gils[] = { "old", "per-interpreter", "off" };
	char *wanted, *work;
	json_t *truth;
	size_t i;

	truth = run_of(program, "new", "7");
	wanted = work_of(program, truth);
	json_decref(truth);
	for (i = 0; i < ARRAY_SIZE(gils); i++) {
		truth = run_of(program, gils[i], "7");
		work = work_of(program, truth);
		assert_string_equal(work, wanted);
		free(work);
		json_decref(truth);
	}
	free(wanted);
}

/* A sanitizer needs more address space than there is in the next test. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/*
 * There is room for seven stacks of 64 MiB and a half. Nobody may wait for the threads that are missing,
 * nor go on without them, however long the run would have been.
 */
static void ends_when_a_thread_cannot_start(const struct program_case *program)
{
	static const char script[] = "ulimit -s 65536 && ulimit -v 491520 && export MALLOC_ARENA_MAX=1 && "
		"exec \"$0\" \"$@\"";
	static const char why[] = ": Resource temporarily unavailable\n";
	struct run run;
	char path[64];

	snprintf(path, sizeof(path), "workloads/%s", program->name);
	run_words(&run, "sh", "-c", script, built(path), "--threads", "14", "--rounds", "1000000000");
	assert_int_equal(run.status, 1);
	assert_true(strlen(run.err) > strlen(why));
	assert_string_equal(run.err + strlen(run.err) - strlen(why), why);
	run_free(&run);
}

static void program_test(void **state)
{
	does_the_same(*state);
	if (!SANITIZED)
		ends_when_a_thread_cannot_start(*state);
}

/* Nobody loses the GIL between load and store: the race is there, but nothing happens. */
static void loses_nothing_between_loops(void **state)
{
	struct run run;
	json_t *truth;

	(void)state;
	run_words(&run, built("workloads/lost_updates"), "--checkpoints", "loops", "--switch-interval", "1",
		  "--rounds", "500000", "--truth");
	truth = json_parse(run.out);
	assert_true(json_u64_at(truth, "gil_switches") > 10);
	assert_int_equal(json_u64_at(truth, "lost"), 0);
	json_decref(truth);
	run_free(&run);
}

static void assert_fails(const struct run *run, const char *program, const char *why)
{
	char wanted[200];

	snprintf(wanted, sizeof(wanted), "%s: cannot %s\n", program, why);
	assert_int_equal(run->status, 1);
	assert_string_equal(run->out, "");
	assert_string_equal(run->err, wanted);
}

static void refuses_a_number_of_threads(void **state)
{
	static const struct {
		const char *program, *threads, *why;
	} refusals[] = {
		{ "pipeline", "2", "pipeline: --threads: 2 are too few, it takes 3\n" },
		{ "pipeline", "17", "pipeline: --threads: 17 are too many, 16 are possible\n" },
		{ "condition_pingpong", "3",
		  "condition_pingpong: --threads: 3 is not a multiple of 2\n" },
		{ "letters_numbers", "1", "letters_numbers: --threads: 1 is not a multiple of 2\n" },
		{ "priority_inversion", "1",
		  "priority_inversion: --threads: 1 are too few, it takes 2\n" },
		{ "sub_interpreters", "16",
		  "sub_interpreters: --threads: 16 are too many, 15 are possible\n" },
	};
	struct run run;
	char path[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		snprintf(path, sizeof(path), "workloads/%s", refusals[i].program);
		run_words(&run, built(path), "--threads", refusals[i].threads);
		assert_string_equal(run.err, refusals[i].why);
		assert_int_equal(run.status, 2);
		run_free(&run);
	}
}

struct parent {
	pid_t pid, child;	/* child: the first one, 0 as long as there is none */
};

static bool has_child(void *arg)
{
	struct parent *parent = arg;
	char path[64];
	FILE *children;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent->pid, (int)parent->pid);
	children = fopen(path, "re");
	if (!children)
		return false;
	if (fscanf(children, "%d", &parent->child) != 1)
		parent->child = 0;
	fclose(children);
	return parent->child > 0;
}

/* Noticed when it is the processes' turn, whatever it was doing when it died. */
static void names_the_process_that_died(void **state)
{
	const char *const argv[] = { built("workloads/processes"), "--seconds", "1", NULL };
	struct parent parent = { .child = 0 };
	struct run run;
	char why[120];

	(void)state;
	run_start(&run, NULL, argv);
	parent.pid = run.pid;
	wait_until(has_child, &parent);
	assert_int_equal(kill(parent.child, SIGKILL), 0);
	run_wait(&run);
	snprintf(why, sizeof(why), "go on, since process-0 (pid %d) was killed by signal 9: "
		 "No child processes", (int)parent.child);
	assert_fails(&run, "processes", why);
	run_free(&run);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 3] = {
		cmocka_unit_test(loses_nothing_between_loops),
		cmocka_unit_test(refuses_a_number_of_threads),
		cmocka_unit_test(names_the_process_that_died),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tests[3 + i] = (struct CMUnitTest){ cases[i].name, program_test, NULL, NULL, &cases[i] };
	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
