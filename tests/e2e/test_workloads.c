/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bundled workloads, recorded for real, and the report held against what they measured themselves
 * and against the kernel's schedstat.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

#define MS 1e6

/* Time at two or more threads making progress, as a share of the run. */
static double share_above_one(const json_t *report)
{
	double above = 0;
	json_t *level;
	size_t i;

	json_array_foreach(json_at(report, "histogram"), i, level)
		if (json_u64_at(level, "level") > 1)
			above += json_number_at(level, "ns");
	return above / json_number_at(report, "wall_ns");
}

/*
 * A thread's time on cores by the switches, against schedstat. Who computes all the time is hardly ever
 * woken: `share` and `constant_ns` are allowed. Else `woken_ns` for each switch-in after a wake-up: the
 * kernel starts a thread's clock at the wake-up that brought it to the core, up to 10 us before the
 * switch, whether the core was idle or busy with another program (both seen).
 */
static bool on_core_time_is_schedstats(const struct recording *r, double share, double constant_ns,
				       double woken_ns)
{
	double steal_ns = json_number_at(r->report, "quality.steal_ns");
	json_t *thread;
	bool ok = true;
	size_t i;

	json_array_foreach(json_at(r->truth, "per_thread"), i, thread) {
		json_t *ours = report_thread(r->report, json_u64_at(thread, "tid"));
		bool is_main = !strcmp(json_text_at(thread, "name"), "main");
		/* What the main thread's schedstat says begins before its exec: there, less that. */
		double theirs_ns = is_main ? json_number_at(ours, "kernel_run_ns") :
					     json_number_at(thread, "sched_run_ns");

		ok &= within(json_text_at(thread, "name"), json_number_at(ours, "run_ns") - theirs_ns,
			     share * theirs_ns + constant_ns + steal_ns +
			     woken_ns * json_number_at(ours, "woken_switch_ins"));
	}
	return ok;
}

static bool gil_wait_is_the_runtimes(const struct recording *r)
{
	json_t *thread;
	bool ok = true;
	size_t i;

	json_array_foreach(json_at(r->truth, "per_thread"), i, thread) {
		json_t *ours = report_thread(r->report, json_u64_at(thread, "tid"));
		double theirs_ns = json_number_at(thread, "gil_wait_ns");

		ok &= within(json_text_at(thread, "name"),
			     json_number_at(ours, "gil_wait_episode_ns") - theirs_ns,
			     0.02 * theirs_ns + 10e3 * json_number_at(thread, "gil_waits"));
	}
	return ok;
}

static bool check_cpu_bound(void)
{
	struct recording r;
	bool ok;

	record_workload(&r, (const char *const[]){ "cpu_bound", "--threads", "4", "--seconds", "2", NULL });
	assert_identities(r.report);
	assert_string_equal(json_text_at(r.report, "name"), "cpu_bound");
	ok = within("apparent - 4", json_number_at(r.report, "curves.apparent.avg_wall") - 4, 0.2);
	ok &= within("true above 1", share_above_one(r.report), 0.005);
	ok &= within("on a core without progress",
		     1 - json_number_at(r.report, "curves.true.integral_ns") /
		     json_number_at(r.report, "any_on_core_ns"), 0.1);
	ok &= on_core_time_is_schedstats(&r, 0.005, 2 * MS, 0);
	ok &= gil_wait_is_the_runtimes(&r);
	/* It cannot be right by accident: the GIL was contended. */
	assert_true(json_number_at(r.report, "states.wait.gil") > json_number_at(r.report, "wall_ns"));
	record_free(&r);
	return ok;
}

/* The race detector makes every access a call: the figures are not those of the program. */
#ifdef __SANITIZE_THREAD__
#define INSTRUMENTED 1
#else
#define INSTRUMENTED 0
#endif

#define NEED_FIGURES() \
	do { \
		NEED_BPF(); \
		if (INSTRUMENTED) { \
			print_message("SKIP: %s: the workload is slowed down by ThreadSanitizer\n", __func__); \
			skip(); \
		} \
	} while (0)

static void cpu_bound(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_cpu_bound);
}

static bool check_cpu_bound_without_gil(void)
{
	double cores_gave_ns = 0, steal_ns;
	struct recording r;
	json_t *thread;
	bool ok;
	size_t i;

	record_workload(&r, (const char *const[]){ "cpu_bound", "--threads", "4", "--seconds", "2",
		"--gil", "off", NULL });
	assert_identities(r.report);
	json_array_foreach(json_at(r.truth, "per_thread"), i, thread)
		cores_gave_ns += json_number_at(thread, "sched_run_ns");
	steal_ns = json_number_at(r.report, "quality.steal_ns");
	ok = within("true - schedstat", json_number_at(r.report, "curves.true.integral_ns") - cores_gave_ns,
		    0.01 * cores_gave_ns + steal_ns);
	ok &= within("apparent - 4", json_number_at(r.report, "curves.apparent.avg_wall") - 4, 0.2);
	ok &= on_core_time_is_schedstats(&r, 0.005, 2 * MS, 0);
	assert_int_equal(json_u64_at(r.report, "gil_waits"), 0);
	record_free(&r);
	return ok;
}

static void cpu_bound_without_gil(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_cpu_bound_without_gil);
}

static bool check_one_core(void)
{
	struct recording r;
	bool ok;

	record_workload(&r, (const char *const[]){ "cpu_bound", "--threads", "4", "--seconds", "2",
		"--cpus", "0", NULL });
	assert_identities(r.report);
	/* A fact of the machine, not of its mood: one core runs one thread. */
	assert_true(json_number_at(r.report, "curves.scheduled.avg_wall") <= 1);
	assert_true(share_above_one(r.report) == 0);
	ok = within("apparent - 4", json_number_at(r.report, "curves.apparent.avg_wall") - 4, 0.2);
	record_free(&r);
	return ok;
}

static void cpu_bound_on_one_core(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_one_core);
}

static bool check_io_bound(void)
{
	double threads = 4, not_overlapped_ns = 0, wall_ns;
	struct recording r;
	json_t *thread;
	bool ok;
	size_t i;

	record_workload(&r, (const char *const[]){ "io_bound", "--threads", "4", "--seconds", "2", NULL });
	assert_identities(r.report);
	wall_ns = json_number_at(r.report, "wall_ns");
	json_array_foreach(json_at(r.truth, "per_thread"), i, thread) {
		json_t *ours = report_thread(r.report, json_u64_at(thread, "tid"));

		if (strcmp(json_text_at(thread, "name"), "main"))
			not_overlapped_ns += json_number_at(thread, "gil_wait_ns") +
				json_number_at(ours, "states.ready.woken") +
				json_number_at(ours, "states.ready.preempted");
	}
	ok = within("true", json_number_at(r.report, "curves.true.avg_wall"), 0.2);
	ok &= within("overlap - expected", json_number_at(r.report, "curves.overlap.avg_wall") -
		     (threads - not_overlapped_ns / wall_ns), 0.05 * threads);
	ok &= on_core_time_is_schedstats(&r, 0, 0, 10e3);
	ok &= gil_wait_is_the_runtimes(&r);
	record_free(&r);
	return ok;
}

static void io_bound(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_io_bound);
}

static bool check_producer_consumer(void)
{
	struct recording r;
	bool ok;

	record_workload(&r, (const char *const[]){ "producer_consumer", "--threads", "4", "--seconds", "2",
		NULL });
	assert_identities(r.report);
	ok = within("true above 1", share_above_one(r.report), 0.02);
	ok &= on_core_time_is_schedstats(&r, 0, 0, 10e3);
	ok &= gil_wait_is_the_runtimes(&r);
	record_free(&r);
	return ok;
}

static void producer_consumer(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(check_producer_consumer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_bound),
		cmocka_unit_test(cpu_bound_without_gil),
		cmocka_unit_test(cpu_bound_on_one_core),
		cmocka_unit_test(io_bound),
		cmocka_unit_test(producer_consumer),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
