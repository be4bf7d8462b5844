/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of the table in workloads/README.md that are about locks and who holds them: each workload
 * is recorded, and the report must say what was planted and what the threads measured of it. Where an
 * option takes the cause away, a second row has to say the opposite.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

static json_t *truth_thread(const struct recording *r, const char *name)
{
	json_t *thread;
	size_t i;

	json_array_foreach(json_at(r->truth, "per_thread"), i, thread)
		if (!strcmp(json_text_at(thread, "name"), name))
			return thread;
	fail_msg("the truth has no thread %s", name);
	return NULL;
}

static json_t *thread_named(const struct recording *r, const char *name)
{
	return report_thread(r->report, json_u64_at(truth_thread(r, name), "tid"));
}

/* A state, or another time of a thread, as a share of its life. */
static double share_of_life(const json_t *thread, const char *path)
{
	return json_number_at(thread, path) /
		(json_number_at(thread, "death_ns") - json_number_at(thread, "birth_ns"));
}

/* ---- one lock, one thread that makes progress ---------------------------------------------------- */

/*
 * Who is woken in vain runs for a moment, beside the owner. Where all share a core, because other
 * programs have the rest, most are pushed off it by those they have woken, before they want the lock
 * again: then they do not wait for it.
 */
static bool says_lock_convoy(const struct recording *r)
{
	double waiting = threads_in(r, "wait.lock");
	bool ok = at_most("share of true above 1", share_above_one(r->report), 0.1);

	ok &= at_least("threads that wait for the lock", waiting, 0.5);
	ok &= at_least("these, and who is woken from that", waiting + threads_in(r, "ready.woken"), 1);
	/* Main waits for the others; nobody else waits for anything but the lock. */
	return ok & at_most("threads that wait for others", threads_in(r, "wait.sync"), 1);
}

static struct row lock_convoy = {
	.args = { "lock_convoy", "--seconds", "1" },
	.says = says_lock_convoy,
};

static struct row lock_convoy_of_one = {
	.args = { "lock_convoy", "--seconds", "1", "--threads", "1" },
	.says = no_lock_is_blamed,
};

/* Cores that other programs left to us, on average. */
static double room(const struct recording *r)
{
	double others_ns = 0;
	json_t *core;
	size_t i;

	json_array_foreach(json_at(r->report, "cores"), i, core)
		others_ns += json_number_at(core, "other_ns");
	return (double)i - others_ns / json_number_at(r->report, "wall_ns");
}

static bool says_side_by_side(const struct recording *r)
{
	bool ok = at_least("share of true above 1, as far as there was a second core",
			   share_above_one(r->report), 0.5 * (fmin(room(r), 2) - 1));

	assert_int_equal(json_u64_at(r->truth, "mutex_waits"), 0);
	return ok & no_lock_is_blamed(r);
}

static struct row lock_convoy_with_own_locks = {
	.args = { "lock_convoy", "--seconds", "1", "--own-locks", "yes" },
	.cores = 2,
	.says = says_side_by_side,
};

/* ---- a chain of locks ---------------------------------------------------------------------------- */

/* The wait that a thread measured is what it slept and what it then waited for a core. */
static bool waits_for_lock(const struct recording *r, const char *name, double theirs_ns)
{
	json_t *thread = thread_named(r, name);
	double asleep_ns = json_number_at(thread, "states.wait.lock");
	double woken_ns = json_number_at(thread, "states.ready.woken");
	double bar_ns = 0.02 * theirs_ns + 10e3 * json_number_at(truth_thread(r, name), "lock_waits");
	bool ok = at_most(name, asleep_ns, theirs_ns + bar_ns);

	return ok & at_least(name, asleep_ns + woken_ns, theirs_ns - bar_ns);
}

static bool says_lock_chain(const struct recording *r)
{
	double held_ns = json_number_at(r->truth, "last_hold_ns");
	double first_ns = json_number_at(r->truth, "first_wait_ns");
	double middle_ns = json_number_at(r->truth, "middle_wait_ns");
	bool ok;

	/* One holds, and the other two wait for as long. */
	ok = within("first's wait - last's hold", first_ns - held_ns, 0.1 * held_ns);
	ok &= within("middle's wait - last's hold", middle_ns - held_ns, 0.1 * held_ns);
	ok &= waits_for_lock(r, "link-0", first_ns);
	ok &= waits_for_lock(r, "link-1", middle_ns);
	ok &= at_most("share of true above 1", share_above_one(r->report), 0.1);
	/* The last waits for no lock, and it is the one that runs. */
	assert_int_equal(json_u64_at(thread_named(r, "link-2"), "states.wait.lock"), 0);
	return ok & at_least("the last's share of all running",
			     json_number_at(thread_named(r, "link-2"), "run_ns") /
			     json_number_at(r->report, "curves.scheduled.integral_ns"), 0.9);
}

static struct row lock_chain = {
	.args = { "lock_chain", "--seconds", "1" },
	.says = says_lock_chain,
};

static struct row lock_chain_of_one = {
	.args = { "lock_chain", "--seconds", "1", "--threads", "1" },
	.says = no_lock_is_blamed,
};

/* With half as much to do as the last, the others do it meanwhile. */
static struct row lock_chain_without_locks = {
	.args = { "lock_chain", "--seconds", "1", "--no-locks", "yes", "--link-units", "500" },
	.cores = 2,
	.says = says_side_by_side,
};

/* ---- readers and a writer ------------------------------------------------------------------------ */

/*
 * Not told apart yet: readers that a writer keeps out while it waits itself see no owner. These waits
 * are wait.sync, as main's is.
 */
static bool says_reader_writer(const struct recording *r)
{
	double readers = 3;
	double read_wait_ns = json_number_at(r->truth, "read_wait_ns");
	double theirs_ns = read_wait_ns + json_number_at(r->truth, "write_wait_ns");
	double lock_ns = json_number_at(r->report, "states.wait.lock");
	double sync_ns = json_number_at(r->report, "states.wait.sync") -
		json_number_at(thread_named(r, "main"), "states.wait.sync");
	bool ok;

	/* Only a write makes a reader wait, and all of them, unless they wait for a core. */
	ok = at_most("reads that wait", json_number_at(r->truth, "read_waits"),
		     readers * (json_number_at(r->truth, "writes") + 1));
	ok &= at_least("readers that wait while the writer writes",
		      read_wait_ns / json_number_at(r->truth, "write_hold_ns"), 2);
	ok &= at_least("share of true above 1, as far as there was a second core",
		       share_above_one(r->report), 0.2 * (fmin(room(r), 2) - 1));
	ok &= at_most("waits for the lock", lock_ns + sync_ns, 1.02 * theirs_ns);
	return ok & at_least("of these, seen to be for a lock", lock_ns / (lock_ns + sync_ns), 0.1);
}

static struct row reader_writer = {
	.args = { "reader_writer", "--seconds", "1" },
	.cores = 2,
	.says = says_reader_writer,
};

static struct row reader_writer_alone = {
	.args = { "reader_writer", "--seconds", "1", "--threads", "1" },
	.says = no_lock_is_blamed,
};

/* ---- a barrier ----------------------------------------------------------------------------------- */

/* What a worker measures around the barrier has in it what it ran there, and was pushed off there. */
static bool says_barrier_imbalance(const struct recording *r)
{
	double theirs_ns = json_number_at(r->truth, "fast_wait_ns"), ours_ns = 0, pushed_off_ns = 0;
	double bar_ns = 0.02 * theirs_ns + 3 * 10e3 * json_number_at(r->truth, "phases");
	bool ok = true;

	for (int i = 1; i <= 3; i++) {
		char name[16];
		json_t *fast;

		snprintf(name, sizeof(name), "worker-%d", i);
		fast = thread_named(r, name);
		ours_ns += json_number_at(fast, "lock_wait_episode_ns");
		pushed_off_ns += json_number_at(fast, "states.ready.preempted");
		ok &= at_least(name, share_of_life(fast, "lock_wait_episode_ns"), 0.5);
	}
	ok &= at_most("waits at the barrier", ours_ns, theirs_ns + bar_ns);
	ok &= at_least("waits at the barrier", ours_ns + pushed_off_ns, theirs_ns - bar_ns);
	ok &= at_most("worker-0", share_of_life(thread_named(r, "worker-0"), "lock_wait_episode_ns"), 0.2);
	return ok & no_lock_is_blamed(r);
}

static struct row barrier_imbalance = {
	.args = { "barrier_imbalance", "--seconds", "1" },
	.says = says_barrier_imbalance,
};

/* ---- spinning ------------------------------------------------------------------------------------ */

/*
 * Not told apart yet: the report takes spinning for progress. What it does say is right: nobody
 * sleeps, and the time on cores is that of the work and of the spinning, which is about half of it.
 */
static bool says_spin(const struct recording *r)
{
	double spin_ns = json_number_at(r->truth, "spin_ns");
	double free_ns = json_number_at(r->report, "states.run.free");
	bool ok = at_least("spinning, of the time on cores", spin_ns / free_ns, 0.25);

	ok &= at_most("spinning, of the time on cores", spin_ns / free_ns, 0.6);
	ok &= within("run.free - schedstat", free_ns - truth_sum(r, "sched_run_ns"),
		     0.01 * free_ns + json_number_at(r->report, "quality.steal_ns"));
	assert_true(json_number_at(r->report, "states.run.spin") == 0);
	ok &= at_most("threads that wait for others", threads_in(r, "wait.sync"), 1);
	return ok & no_lock_is_blamed(r);
}

static struct row spin = {
	.args = { "spin", "--seconds", "1" },
	.cores = 2,
	.says = says_spin,
};

/* ---- who is not on a core, but should be ---------------------------------------------------------- */

/* A fact of the machine, not of its mood. */
static void assert_one_core(const struct recording *r)
{
	assert_true(json_number_at(r->report, "curves.scheduled.avg_wall") <= 1);
}

static double low_ran_ns(const struct recording *r)
{
	return json_number_at(r->truth, "low_hold_ns") - json_number_at(r->truth, "low_ready_ns");
}

/* What other programs had of the core that all threads share. */
static double others_ns(const struct recording *r)
{
	double most_ns = 0, ns = 0;
	json_t *core;
	size_t i;

	json_array_foreach(json_at(r->report, "cores"), i, core)
		if (json_number_at(core, "ours_ns") > most_ns) {
			most_ns = json_number_at(core, "ours_ns");
			ns = json_number_at(core, "other_ns");
		}
	return ns;
}

static bool says_priority_inversion(const struct recording *r)
{
	double high_wait_ns = json_number_at(r->truth, "high_wait_ns");
	double low_ready_ns = json_number_at(r->truth, "low_ready_ns");
	json_t *low = thread_named(r, "low");
	double delay_ns = json_number_at(low, "kernel_delay_ns");
	bool ok;

	assert_one_core(r);
	/* Not what low did with the lock made high wait. */
	ok = at_least("high's wait, by what low did meanwhile", high_wait_ns / low_ran_ns(r), 10);
	ok &= waits_for_lock(r, "high", high_wait_ns);
	/* Ready with the lock; and then without it, when high has the core again. */
	ok &= at_least("low's time pushed off", json_number_at(low, "states.ready.preempted"),
		       0.98 * low_ready_ns);
	return ok & within("low's time ready - the kernel's",
			   json_number_at(low, "states.ready.preempted") +
			   json_number_at(low, "states.ready.woken") - delay_ns, 0.02 * delay_ns);
}

static struct row priority_inversion = {
	.args = { "priority_inversion", "--seconds", "1" },
	.says = says_priority_inversion,
};

static bool says_no_inversion(const struct recording *r)
{
	double high_wait_ns = json_number_at(r->truth, "high_wait_ns");
	bool ok;

	assert_one_core(r);
	/* Other programs keep low off the core as threads in the middle would. */
	ok = at_most("high's wait that others are not to blame for, by what low did meanwhile",
		     (high_wait_ns - others_ns(r)) / low_ran_ns(r), 2);
	return ok & waits_for_lock(r, "high", high_wait_ns);
}

static struct row priority_inversion_of_two = {
	.args = { "priority_inversion", "--seconds", "1", "--threads", "2" },
	.says = says_no_inversion,
};

static bool says_preempted_holder(const struct recording *r)
{
	double theirs_ns = json_number_at(r->truth, "held_off_core_ns");
	double ours_ns = json_number_at(r->report, "gil_held_off_core_ns");
	double wall_ns = json_number_at(r->report, "wall_ns");
	json_t *hog = thread_named(r, "hog");
	bool ok;

	assert_one_core(r);
	ok = within("GIL held off core", ours_ns - theirs_ns,
		     0.02 * theirs_ns + 10e3 * truth_sum(r, "gil_waits"));
	/* Half of the time, if nobody else wants the core. */
	ok &= at_least("GIL held off core, of the time", ours_ns / wall_ns, 0.2);
	ok &= at_least("threads that wait for the GIL, or for a core to take it",
		       json_number_at(r->report, "gil_wait_episode_ns") / wall_ns, 1);
	return ok & at_least("without the GIL, of what the hog ran",
			     json_number_at(hog, "states.run.free") / json_number_at(hog, "run_ns"), 0.95);
}

static struct row preempted_holder = {
	.args = { "preempted_holder", "--seconds", "1" },
	.says = says_preempted_holder,
};

static bool says_nothing_is_held(const struct recording *r)
{
	assert_int_equal(json_u64_at(r->truth, "held_off_core_ns"), 0);
	assert_int_equal(json_u64_at(r->report, "gil_held_off_core_ns"), 0);
	assert_one_core(r);
	return no_lock_is_blamed(r);
}

static struct row preempted_holder_of_nothing = {
	.args = { "preempted_holder", "--seconds", "1", "--gil", "off" },
	.says = says_nothing_is_held,
};

/* ---- the same work for a seed --------------------------------------------------------------------- */

static json_t *truth_of(const char *program, const char *option, const char *value)
{
	struct run run;
	json_t *truth;

	run_words(&run, built(program), "--rounds", "2", option, value, "--truth");
	if (run.status)
		fail_msg("%s: status %d: %s", program, run.status, run.err);
	truth = json_parse(run.out);
	run_free(&run);
	return truth;
}

static void assert_same_work(const char *program, const char *option, const char *value,
			     const char *other_value)
{
	json_t *one = truth_of(program, option, value), *other = truth_of(program, option, other_value);
	json_t *thread;
	size_t i;

	json_array_foreach(json_at(one, "per_thread"), i, thread) {
		json_t *same = json_array_get(json_at(other, "per_thread"), i);

		assert_string_equal(json_text_at(thread, "name"), json_text_at(same, "name"));
		assert_int_equal(json_u64_at(thread, "units"), json_u64_at(same, "units"));
		assert_int_equal(json_u64_at(thread, "checksum"), json_u64_at(same, "checksum"));
	}
	assert_true(i > 1);
	json_decref(one);
	json_decref(other);
}

static void same_work_for_a_seed(void **state)
{
	static const char *const programs[] = {
		"workloads/lock_convoy", "workloads/lock_chain", "workloads/reader_writer",
		"workloads/barrier_imbalance", "workloads/spin", "workloads/priority_inversion",
		"workloads/preempted_holder",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		assert_same_work(programs[i], "--gil", "off", "new");
}

/* What takes the contention out takes nothing else. */
static void same_work_without_contention(void **state)
{
	(void)state;
	assert_same_work("workloads/lock_convoy", "--own-locks", "no", "yes");
	assert_same_work("workloads/lock_chain", "--no-locks", "no", "yes");
	assert_same_work("workloads/pipeline", "--one-lock", "no", "yes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(lock_convoy),
		ROW(lock_convoy_of_one),
		ROW(lock_convoy_with_own_locks),
		ROW(lock_chain),
		ROW(lock_chain_of_one),
		ROW(lock_chain_without_locks),
		ROW(reader_writer),
		ROW(reader_writer_alone),
		ROW(barrier_imbalance),
		ROW(spin),
		ROW(priority_inversion),
		ROW(priority_inversion_of_two),
		ROW(preempted_holder),
		ROW(preempted_holder_of_nothing),
		cmocka_unit_test(same_work_for_a_seed),
		cmocka_unit_test(same_work_without_contention),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
