/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of the table in workloads/README.md that are about leaving the GIL: for input and output, for
 * native code, for other processes. As in test_rows.c, a second row says the opposite where an option takes
 * the cause away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

/* Of a thread's life, by its number in the order of starts; 0 is main. */
static double share_in(const struct recording *r, size_t number, const char *state)
{
	json_t *theirs = json_array_get(json_at(r->truth, "per_thread"), number);
	json_t *ours = report_thread(r->report, json_u64_at(theirs, "tid"));
	char path[32];

	snprintf(path, sizeof(path), "states.%s", state);
	return json_number_at(ours, path) /
		(json_number_at(theirs, "end_ns") - json_number_at(theirs, "start_ns"));
}

/* ---- input and output beside computation --------------------------------------------------------- */

/*
 * Some of these threads lose and take the GIL so often that a wait of theirs is shorter than what they do
 * on a core in it, before they sleep and after they are woken. Of that, looks see too little.
 */

/*
 * The thread with the short calls waits for the GIL, those that compute hardly do; how long, depends on
 * what other programs leave of the cores.
 */
static bool the_first_is_starved(const struct recording *r)
{
	return at_least("the first thread's waits for the GIL, for each second of the second's",
			share_in(r, 1, "wait.gil") / share_in(r, 2, "wait.gil"), 3);
}

static bool says_convoy(const struct recording *r)
{
	bool ok = the_first_is_starved(r);

	return ok & at_most("share of true above 1", share_above_one(r->report), 0.05);
}

static struct row convoy = {
	.args = { "convoy", "--threads", "2", "--seconds", "1" },
	.cores = 2,
	.says = says_convoy,
	.exact_waits = true,
};

/* Whoever is woken there does not run before the reader has the GIL again. */
static bool says_convoy_on_one_core(const struct recording *r)
{
	assert_true(share_above_one(r->report) == 0);
	return at_least("reads per switch of the GIL", json_number_at(r->truth, "reads") /
			json_number_at(r->truth, "gil_switches"), 100);
}

static struct row convoy_on_one_core = {
	.args = { "convoy", "--threads", "2", "--seconds", "1", "--cpus", "0" },
	.says = says_convoy_on_one_core,
};

static struct row convoy_without_gil = {
	.args = { "convoy", "--threads", "2", "--seconds", "1", "--gil", "off" },
	.says = no_lock_is_blamed,
};

static struct row udp_echo = {
	.args = { "udp_echo", "--threads", "2", "--seconds", "1" },
	.cores = 2,
	.says = the_first_is_starved,
	.exact_waits = true,
};

/* Nobody else wants the GIL: the server waits for datagrams. */
static bool says_udp_echo_alone(const struct recording *r)
{
	bool ok = at_most("share of the server's waits for the GIL", share_in(r, 1, "wait.gil"), 0.02);

	return ok & at_least("threads that wait for datagrams", threads_in(r, "wait.io"), 0.1);
}

static struct row udp_echo_alone = {
	.args = { "udp_echo", "--threads", "1", "--seconds", "1" },
	.says = says_udp_echo_alone,
	.exact_waits = true,
};

/* A turn of one is a wait of the other, which others' programs on the cores shorten for some. */
static bool says_round_trip(const struct recording *r)
{
	bool ok = at_most("share of true above 1", share_above_one(r->report), 0.1);

	ok &= at_least("threads that wait for others, main too", threads_in(r, "wait.sync"), 1.1);
	return ok & at_least("waits per lap", truth_sum(r, "lock_waits") / json_number_at(r->truth, "laps"),
			     1.5);
}

static struct row round_trip = {
	.args = { "round_trip", "--seconds", "1" },
	.says = says_round_trip,
};

/* ---- ways out -------------------------------------------------------------------------------------- */

/* Several at once, where the cores were there; what is not true is the fight for the GIL on a core. */
static bool cores_are_used(const struct recording *r)
{
	bool ok = on_core_is_schedstats(r, "scheduled", 0.02);

	return ok & at_least("true", json_number_at(r->report, "curves.true.integral_ns"),
			     0.9 * json_number_at(r->report, "curves.scheduled.integral_ns"));
}

static bool says_native_sections(const struct recording *r)
{
	bool ok = at_least("threads that compute without the GIL", threads_in(r, "run.free"),
			   0.5 * json_number_at(r->report, "curves.scheduled.avg_wall"));

	return ok & cores_are_used(r);
}

static struct row native_sections = {
	.args = { "native_sections", "--seconds", "1" },
	.cores = 2,
	.says = says_native_sections,
	.exact_waits = true,
};

/* The threads of the first half wait for one GIL; the processes of the second have one each. */
static bool says_processes(const struct recording *r)
{
	bool ok = cores_are_used(r);
	json_t *thread;
	size_t i;

	json_array_foreach(json_at(r->truth, "per_thread"), i, thread)
		if (!strncmp(json_text_at(thread, "name"), "process-", 8))
			assert_int_equal(json_u64_at(thread, "gil_waits"), 0);
		else if (!strncmp(json_text_at(thread, "name"), "worker-", 7))
			ok &= at_least("share of a thread's waits for the GIL",
				       share_in(r, i, "wait.gil"), 0.1);
	return ok;
}

static struct row processes = {
	.args = { "processes", "--seconds", "1.5" },
	.cores = 2,
	.says = says_processes,
};

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(convoy),
		ROW(convoy_on_one_core),
		ROW(convoy_without_gil),
		ROW(udp_echo),
		ROW(udp_echo_alone),
		ROW(round_trip),
		ROW(native_sections),
		ROW(processes),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
