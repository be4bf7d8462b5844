/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What CPython's GILs are known for, on the model: why the old one was changed, what the switch interval
 * costs a thread that reads, and that neither happens without a GIL. Relations of runs that follow each
 * other, so that the machine's speed does not matter; a disturbed attempt is repeated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <sched.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

/* Two cores, as --cpus takes them: who shares one with whom decides what happens. */
static char first_cpu[8], second_cpu[8];

static int choose_cpus(void **state)
{
	char *const texts[] = { first_cpu, second_cpu };
	size_t chosen = 0;
	cpu_set_t cpus;
	int cpu;

	if (sandbox_enter(state) || sched_getaffinity(0, sizeof(cpus), &cpus))
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE && chosen < 2; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			snprintf(texts[chosen++], sizeof(first_cpu), "%d", cpu);
	return 0;
}

#define NEED_TWO_CPUS() \
	do { \
		if (!*second_cpu) { \
			print_message("SKIP: %s: one core only\n", __func__); \
			skip(); \
		} \
	} while (0)

static json_t *result_of(struct run *run)
{
	json_t *result;

	if (run->status)
		fail_msg("status %d: %s", run->status, run->err);
	result = json_parse(run->out);
	run_free(run);
	return result;
}

/* A thread that reads on one core, one that computes on the other. */
static json_t *convoy(const char *gil, const char *interval_us, const char *seconds)
{
	struct run run;

	run_words(&run, built("workloads/convoy"), "--threads", "2", "--seconds", seconds, "--gil",
		  gil, "--switch-interval", interval_us, "--cpus", second_cpu, "--reader-cpus",
		  first_cpu, "--truth");
	return result_of(&run);
}

/* What a thread's work costs when there are two, each on a core of its own; 1 is what it costs alone. */
static double cost_of_two(const char *gil)
{
	struct run run;
	json_t *result;
	double cost;

	run_words(&run, built("tests/fidelity/counting"), "--threads", "2", "--seconds", "0.3", "--gil", gil,
		  "--lock", "no", "--cpus", first_cpu, "--other-cpus", second_cpu);
	result = result_of(&run);
	cost = json_number_at(result, "together_cpu_ns") / json_number_at(result, "alone_cpu_ns");
	json_decref(result);
	return cost;
}

/* Time on cores, not time: other programs take the latter. */
static bool check_old(void)
{
	double old = cost_of_two("old"), new = cost_of_two("new");

	print_message("cost of work by two threads: old GIL %.2f, new GIL %.2f\n", old, new);
	return old > 1.3 * new;
}

static void test_old_gil_slows_threads_down(void **state)
{
	(void)state;
	NEED_TWO_CPUS();
	attempts(check_old);
}

/*
 * On top of the interval a stall lasts as long as the timer, a wake-up and other programs on the cores
 * make it. That is the same for all intervals, so a longer interval adds as much to the stall.
 */
static bool check_interval(void)
{
	json_t *brief = convoy("new", "10000", "0.5"), *patient = convoy("new", "50000", "1");
	double brief_ns = json_number_at(brief, "stall_p50_ns");
	double patient_ns = json_number_at(patient, "stall_p50_ns");

	json_decref(brief);
	json_decref(patient);
	print_message("stalls: %.1f ms at 10 ms, %.1f ms at 50 ms\n", brief_ns / 1e6, patient_ns / 1e6);
	return within("stall per interval", (patient_ns - brief_ns) / 40e6 - 1, 0.25);
}

static void test_interval_sets_the_latency(void **state)
{
	(void)state;
	NEED_TWO_CPUS();
	attempts(check_interval);
}

static bool check_convoy(void)
{
	json_t *with = convoy("new", "5000", "0.5"), *without = convoy("off", "5000", "0.5");
	double reads_with = json_number_at(with, "reads"), reads = json_number_at(without, "reads");
	const json_t *reader = json_array_get(json_at(without, "per_thread"), 1);
	unsigned long long switches = json_u64_at(with, "gil_switches");

	assert_string_equal(json_text_at(reader, "name"), "worker-0");
	assert_int_equal(json_u64_at(without, "gil_switches"), 0);
	assert_int_equal(json_u64_at(reader, "gil_wait_ns"), 0);
	json_decref(with);
	json_decref(without);
	print_message("GIL: %g reads, %llu switches; none: %g reads\n", reads_with, switches, reads);
	return reads > 2 * reads_with && switches > 10;
}

static void test_no_gil_no_convoy(void **state)
{
	(void)state;
	NEED_TWO_CPUS();
	attempts(check_convoy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_old_gil_slows_threads_down),
		cmocka_unit_test(test_interval_sets_the_latency),
		cmocka_unit_test(test_no_gil_no_convoy),
	};

	return cmocka_run_group_tests(tests, choose_cpus, sandbox_leave);
}
