/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of the table in workloads/README.md: each workload is recorded, and the report must say what
 * was planted. Where an option takes the cause away, a second row has to say the opposite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Main's waits for the threads' starts and ends are left out. */
static double workers_sum(const struct recording *r, const char *name)
{
	json_t *main_thread = json_array_get(json_at(r->truth, "per_thread"), 0);

	return truth_sum(r, name) - json_number_at(main_thread, name);
}

/* ---- threads that compute, and what keeps them from it ------------------------------------------- */

/* Workers have work in hand all their lives, as far as they get a core. */
static bool only_cores_are_short(const struct recording *r)
{
	static const char *const states[] = { "states.run.gil", "states.run.free", "states.run.spin",
					      "states.ready.woken", "states.ready.preempted" };
	json_t *threads = json_at(r->truth, "per_thread");
	bool ok = true;
	size_t i, j;

	for (i = 1; i < json_array_size(threads); i++) {
		json_t *worker = report_thread(r->report, json_u64_at(json_array_get(threads, i), "tid"));
		double in_hand_ns = 0;

		for (j = 0; j < ARRAY_SIZE(states); j++)
			in_hand_ns += json_number_at(worker, states[j]);
		ok &= at_least("work in hand", in_hand_ns, 0.98 * (json_number_at(worker, "death_ns") -
								   json_number_at(worker, "birth_ns")));
	}
	ok &= on_core_is_schedstats(r, "true", 0.01);
	return ok & no_lock_is_blamed(r);
}

static bool says_one_core(const struct recording *r)
{
	/* A fact of the machine, not of its mood: one core runs one thread. */
	assert_true(json_number_at(r->report, "curves.scheduled.avg_wall") <= 1);
	assert_true(share_above_one(r->report) == 0);
	return only_cores_are_short(r);
}

static struct row one_core = {
	.args = { "one_core", "--seconds", "1" },
	.says = says_one_core,
};

static bool says_two_cores(const struct recording *r)
{
	bool ok = at_least("cores used", json_number_at(r->report, "cores_used_cnt"), 2);

	return ok & only_cores_are_short(r);
}

static struct row one_core_more = {
	.args = { "one_core", "--seconds", "1", "--cpus", "0-1" },
	.cores = 2,
	.says = says_two_cores,
};

static bool says_oversubscription(const struct recording *r)
{
	assert_int_equal(json_u64_at(r->truth, "threads"), 4 * json_u64_at(r->report, "cores_cnt"));
	return only_cores_are_short(r);
}

static struct row oversubscription = {
	.args = { "oversubscription", "--seconds", "1" },
	.says = says_oversubscription,
};

/* Several at once: each its own. */
static bool says_sub_interpreters(const struct recording *r)
{
	bool ok = only_cores_are_short(r);

	return ok & at_least("threads that hold a GIL, of those on a core", threads_in(r, "run.gil"),
			     0.9 * json_number_at(r->report, "curves.scheduled.avg_wall"));
}

static struct row sub_interpreters = {
	.args = { "sub_interpreters", "--seconds", "1" },
	.cores = 2,
	.says = says_sub_interpreters,
};

static bool one_makes_progress(const struct recording *r)
{
	bool ok = at_most("share of true above 1", share_above_one(r->report), 0.005);

	return ok & at_least("threads that wait for the GIL", threads_in(r, "wait.gil"), 0.5);
}

static struct row sub_interpreters_sharing = {
	.args = { "sub_interpreters", "--seconds", "1", "--gil", "new" },
	.says = one_makes_progress,
};

/* ---- a shared variable --------------------------------------------------------------------------- */

/* Most switches are in the middle of an increment, and each undoes what others do in a turn. */
static bool says_lost_updates(const struct recording *r)
{
	bool ok = at_least("share of lost updates",
			   json_number_at(r->truth, "lost") / json_number_at(r->truth, "increments"),
			   0.25);

	ok &= at_most("threads that wait for a lock", threads_in(r, "wait.lock"), 0.001);
	return ok & one_makes_progress(r);
}

static struct row lost_updates = {
	.args = { "lost_updates", "--seconds", "1" },
	.says = says_lost_updates,
};

static bool says_none_lost(const struct recording *r)
{
	assert_int_equal(json_u64_at(r->truth, "lost"), 0);
	return one_makes_progress(r);
}

static struct row lost_updates_nowhere = {
	.args = { "lost_updates", "--seconds", "1", "--checkpoints", "loops" },
	.says = says_none_lost,
};

static bool says_lost_without_gil(const struct recording *r)
{
	bool ok = at_least("lost updates", json_number_at(r->truth, "lost"), 1);

	return ok & only_cores_are_short(r);
}

static struct row lost_updates_without_gil = {
	.args = { "lost_updates", "--seconds", "1", "--gil", "off" },
	.cores = 2,
	.says = says_lost_without_gil,
};

/* Who never loses the GIL while it has the Lock leaves nobody to wait for it. */
static bool says_locked_counter(const struct recording *r)
{
	assert_true(workers_sum(r, "lock_waits") == 0);
	return says_none_lost(r);
}

static struct row locked_counter = {
	.args = { "locked_counter", "--seconds", "1" },
	.says = says_locked_counter,
};

/* Who loses it in there, as at most switches, makes all others wait. */
static bool says_double_convoy(const struct recording *r)
{
	assert_int_equal(json_u64_at(r->truth, "lost"), 0);
	return at_least("waits for the Lock", workers_sum(r, "lock_waits"),
			0.25 * json_number_at(r->truth, "gil_switches"));
}

static struct row locked_counter_convoy = {
	.args = { "locked_counter", "--seconds", "1", "--checkpoints", "every-op" },
	.says = says_double_convoy,
};

/* ---- threads that work for each other ------------------------------------------------------------ */

/* A thread's waits for others, in primitives and for the GIL, as a share of its life. */
static double wait_share(const struct recording *r, const json_t *theirs)
{
	const json_t *ours = report_thread(r->report, json_u64_at(theirs, "tid"));

	return (json_number_at(ours, "lock_wait_episode_ns") +
		json_number_at(ours, "gil_wait_episode_ns")) /
	       (json_number_at(theirs, "end_ns") - json_number_at(theirs, "start_ns"));
}

/* One stage holds all others up. */
static bool says_pipeline(const struct recording *r)
{
	const json_t *threads = json_at(r->truth, "per_thread");
	const json_t *slow_stage = json_array_get(threads, 3);
	double slow_busy_ns = json_number_at(r->truth, "stage_2_busy_ns");
	double slow = wait_share(r, slow_stage);
	bool ok = at_most("share of the slow stage's waits", slow, 0.4);
	json_t *stage;
	size_t i;

	assert_string_equal(json_text_at(slow_stage, "name"), "stage-2-slow");
	json_array_foreach(threads, i, stage)
		if (stage != slow_stage)
			ok &= at_least(json_text_at(stage, "name"), wait_share(r, stage), 2 * slow);
	ok &= at_least("slow stage", slow_busy_ns, 3 * json_number_at(r->truth, "stage_1_busy_ns"));
	return ok & at_least("slow stage", slow_busy_ns, 3 * json_number_at(r->truth, "stage_3_busy_ns"));
}

static struct row pipeline = {
	.args = { "pipeline", "--seconds", "1" },
	.says = says_pipeline,
};

static bool says_pipeline_without_gil(const struct recording *r)
{
	bool ok = says_pipeline(r);

	return ok & no_lock_is_blamed(r);
}

static struct row pipeline_without_gil = {
	.args = { "pipeline", "--seconds", "1", "--gil", "off" },
	.says = says_pipeline_without_gil,
};

/* Whoever works has the mutex, and it makes the slow stage wait as much as any other. */
static bool says_pipeline_with_one_lock(const struct recording *r)
{
	double busy_ns = 0;
	bool ok;
	char name[32];

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "stage_%d_busy_ns", i);
		busy_ns += json_number_at(r->truth, name);
	}
	/* Main makes the items meanwhile: an eleventh of the stages' work. */
	ok = at_most("stages at work", busy_ns / json_number_at(r->report, "wall_ns"), 1);
	ok &= at_most("share of true above 1", share_above_one(r->report), 0.3);
	return ok & at_least("threads that wait for the lock", threads_in(r, "wait.lock"), 0.05);
}

static struct row pipeline_with_one_lock = {
	.args = { "pipeline", "--seconds", "1", "--gil", "off", "--one-lock", "yes" },
	.says = says_pipeline_with_one_lock,
};

/* Each time, nearly, that a worker had its turn it had to wait for it before. */
static bool all_waited(const struct recording *r, double turns)
{
	return at_least("waits", workers_sum(r, "lock_waits"), 0.9 * turns);
}

static bool says_event_fanout(const struct recording *r)
{
	double wakings = json_number_at(r->truth, "wakings");

	assert_true(wakings == 4 * json_number_at(r->truth, "rounds"));
	return all_waited(r, wakings);
}

/* All are woken at once, and queue up for the GIL. */
static bool says_event_fanout_gil(const struct recording *r)
{
	bool ok = at_most("share of true above 1", share_above_one(r->report), 0.02);

	ok &= at_least("threads that wait for the GIL", threads_in(r, "wait.gil"), 0.2);
	return ok & says_event_fanout(r);
}

static struct row event_fanout = {
	.args = { "event_fanout", "--seconds", "1" },
	.says = says_event_fanout_gil,
};

static bool says_event_fanout_without_gil(const struct recording *r)
{
	bool ok = says_event_fanout(r);

	return ok & no_lock_is_blamed(r);
}

static struct row event_fanout_without_gil = {
	.args = { "event_fanout", "--seconds", "1", "--gil", "off" },
	.says = says_event_fanout_without_gil,
};

/* One of two makes progress, but for the moment in which it hands over, GIL or not. */
static bool says_in_turns(const struct recording *r, double turns)
{
	bool ok = at_most("share of true above 1", share_above_one(r->report), 0.1);

	ok &= at_least("threads that wait for others, main too", threads_in(r, "wait.sync"), 1.2);
	return ok & all_waited(r, turns);
}

static bool says_pingpong(const struct recording *r)
{
	return says_in_turns(r, json_number_at(r->truth, "passes"));
}

static bool says_pingpong_without_gil(const struct recording *r)
{
	bool ok = says_pingpong(r);

	return ok & no_lock_is_blamed(r);
}

static struct row condition_pingpong = {
	.args = { "condition_pingpong", "--seconds", "1" },
	.says = says_pingpong,
};

static struct row condition_pingpong_without_gil = {
	.args = { "condition_pingpong", "--seconds", "1", "--threads", "2", "--gil", "off" },
	.says = says_pingpong_without_gil,
};

static bool says_letters_numbers(const struct recording *r)
{
	double letters = json_number_at(r->truth, "letters"), numbers = json_number_at(r->truth, "numbers");

	assert_true(letters == numbers);
	return says_in_turns(r, letters + numbers);
}

static bool says_letters_numbers_without_gil(const struct recording *r)
{
	bool ok = says_letters_numbers(r);

	return ok & no_lock_is_blamed(r);
}

static struct row letters_numbers = {
	.args = { "letters_numbers", "--seconds", "1" },
	.says = says_letters_numbers,
};

static struct row letters_numbers_without_gil = {
	.args = { "letters_numbers", "--seconds", "1", "--gil", "off" },
	.says = says_letters_numbers_without_gil,
};

/* Idle is not contention. */
static bool says_idle_pool(const struct recording *r)
{
	bool ok = at_most("threads with work in hand",
			  json_number_at(r->report, "curves.apparent.avg_wall"), 0.5);

	ok &= at_least("threads that wait for others", threads_in(r, "wait.sync"), 0.9 * 4);
	ok &= at_least("threads that sleep", threads_in(r, "wait.sleep"), 0.8);
	return ok & no_lock_is_blamed(r);
}

static struct row idle_pool = {
	.args = { "idle_pool", "--seconds", "1" },
	.says = says_idle_pool,
};

static struct row idle_pool_without_gil = {
	.args = { "idle_pool", "--seconds", "1", "--gil", "off" },
	.says = says_idle_pool,
};

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(one_core),
		ROW(one_core_more),
		ROW(oversubscription),
		ROW(sub_interpreters),
		ROW(sub_interpreters_sharing),
		ROW(lost_updates),
		ROW(lost_updates_nowhere),
		ROW(lost_updates_without_gil),
		ROW(locked_counter),
		ROW(locked_counter_convoy),
		ROW(pipeline),
		ROW(pipeline_without_gil),
		ROW(pipeline_with_one_lock),
		ROW(event_fanout),
		ROW(event_fanout_without_gil),
		ROW(condition_pingpong),
		ROW(condition_pingpong_without_gil),
		ROW(letters_numbers),
		ROW(letters_numbers_without_gil),
		ROW(idle_pool),
		ROW(idle_pool_without_gil),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
