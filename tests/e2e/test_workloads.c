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

static bool says_cpu_bound(const struct recording *r)
{
	const json_t *report = r->report;
	bool ok;

	assert_string_equal(json_text_at(report, "name"), "cpu_bound");
	ok = within("apparent - 4", json_number_at(report, "curves.apparent.avg_wall") - 4, 0.2);
	ok &= at_most("true above 1", share_above_one(report), 0.005);
	ok &= within("on a core without progress",
		     1 - json_number_at(report, "curves.true.integral_ns") /
		     json_number_at(report, "any_on_core_ns"), 0.1);
	ok &= on_core_time_is_schedstats(r, 0.005, 2 * MS, 0);
	/* It cannot be right by accident: the GIL was contended. */
	assert_true(json_number_at(report, "states.wait.gil") > json_number_at(report, "wall_ns"));
	return ok;
}

static struct row cpu_bound = {
	.args = { "cpu_bound", "--threads", "4", "--seconds", "2" },
	.says = says_cpu_bound,
};

static bool says_cpu_bound_without_gil(const struct recording *r)
{
	double cores_gave_ns = truth_sum(r, "sched_run_ns");
	bool ok;

	ok = within("true - schedstat",
		    json_number_at(r->report, "curves.true.integral_ns") - cores_gave_ns,
		    0.01 * cores_gave_ns + json_number_at(r->report, "quality.steal_ns"));
	ok &= within("apparent - 4", json_number_at(r->report, "curves.apparent.avg_wall") - 4, 0.2);
	ok &= on_core_time_is_schedstats(r, 0.005, 2 * MS, 0);
	assert_int_equal(json_u64_at(r->report, "gil_waits"), 0);
	return ok;
}

static struct row cpu_bound_without_gil = {
	.args = { "cpu_bound", "--threads", "4", "--seconds", "2", "--gil", "off" },
	.says = says_cpu_bound_without_gil,
};

static bool says_cpu_bound_on_one_core(const struct recording *r)
{
	/* A fact of the machine, not of its mood: one core runs one thread. */
	assert_true(json_number_at(r->report, "curves.scheduled.avg_wall") <= 1);
	assert_true(share_above_one(r->report) == 0);
	return within("apparent - 4", json_number_at(r->report, "curves.apparent.avg_wall") - 4, 0.2);
}

static struct row cpu_bound_on_one_core = {
	.args = { "cpu_bound", "--threads", "4", "--seconds", "2", "--cpus", "0" },
	.says = says_cpu_bound_on_one_core,
};

static bool says_io_bound(const struct recording *r)
{
	double threads = 4, not_overlapped_ns = 0, wall_ns = json_number_at(r->report, "wall_ns");
	json_t *thread;
	bool ok;
	size_t i;

	json_array_foreach(json_at(r->truth, "per_thread"), i, thread) {
		json_t *ours = report_thread(r->report, json_u64_at(thread, "tid"));

		if (strcmp(json_text_at(thread, "name"), "main"))
			not_overlapped_ns += json_number_at(thread, "gil_wait_ns") +
				json_number_at(ours, "states.ready.woken") +
				json_number_at(ours, "states.ready.preempted");
	}
	ok = within("true", json_number_at(r->report, "curves.true.avg_wall"), 0.2);
	ok &= within("overlap - expected", json_number_at(r->report, "curves.overlap.avg_wall") -
		     (threads - not_overlapped_ns / wall_ns), 0.05 * threads);
	ok &= on_core_time_is_schedstats(r, 0, 0, 10e3);
	return ok;
}

static struct row io_bound = {
	.args = { "io_bound", "--threads", "4", "--seconds", "2" },
	.says = says_io_bound,
};

static bool says_producer_consumer(const struct recording *r)
{
	bool ok = at_most("true above 1", share_above_one(r->report), 0.02);

	return ok & on_core_time_is_schedstats(r, 0, 0, 10e3);
}

static struct row producer_consumer = {
	.args = { "producer_consumer", "--threads", "4", "--seconds", "2" },
	.says = says_producer_consumer,
};

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(cpu_bound),
		ROW(cpu_bound_without_gil),
		ROW(cpu_bound_on_one_core),
		ROW(io_bound),
		ROW(producer_consumer),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
