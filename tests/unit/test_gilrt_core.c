// SPDX-License-Identifier: BSD-2-Clause
/*
 * The GIL model: its layout, when it changes hands and when not, and what it says of itself.
 *
 * Nothing here depends on how fast the machine is: runs end after a number of events, and where
 * time matters, it is a bound that no delay can break. Only the main thread asserts.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/schedstat.h"
#include "workloads/gilrt/work.h"

#define PATIENT_US	10000000	/* nobody asks for the GIL within a test */
#define THREADS_MAX	4

static void begin(enum gilrt_mode mode, unsigned long switch_interval_us)
{
	const struct gilrt_config config = { .mode = mode, .switch_interval_us = switch_interval_us };

	assert_int_equal(gilrt_init(&config), 0);
}

static void end(void)
{
	assert_int_equal(gilrt_stop(), 0);
	gilrt_fini();
}

static struct gilrt_stats own_stats(void)
{
	struct gilrt_stats stats;

	gilrt_thread_stats(gilrt_thread_current(), &stats);
	return stats;
}

static struct gilrt_thread *start(void (*fn)(void *), void *arg, const char *name)
{
	struct gilrt_thread *thread = NULL;

	assert_int_equal(gilrt_thread_start(fn, arg, name, &thread), 0);
	return thread;
}

/* ---- the object ------------------------------------------------------------------------------ */

static void test_layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(gilrt_gil[0]), 208);
	assert_int_equal(sizeof(gilrt_gil), 208 * GILRT_GIL_MAX);
	assert_int_equal(sizeof(gilrt_gil->last_holder), 8);
	assert_int_equal(sizeof(gilrt_gil->locked), 4);
	assert_int_equal(offsetof(struct gilrt_gil, interval_us), 0);
	assert_int_equal(offsetof(struct gilrt_gil, last_holder), 8);
	assert_int_equal(offsetof(struct gilrt_gil, locked), 16);
	assert_int_equal(offsetof(struct gilrt_gil, switch_number), 24);
	assert_int_equal(offsetof(struct gilrt_gil, cond), 32);
	assert_int_equal(offsetof(struct gilrt_gil, mutex), 80);
	assert_int_equal(offsetof(struct gilrt_gil, switch_cond), 120);
	assert_int_equal(offsetof(struct gilrt_gil, switch_mutex), 168);
}

static void test_life_of_the_object(void **state)
{
	const struct gilrt_config config = { .mode = GILRT_NEW };
	const char *holder;

	(void)state;
	assert_int_equal(gilrt_gil->locked, -1);
	begin(GILRT_NEW, 5000);
	assert_int_equal(gilrt_gil->locked, 1);
	assert_int_equal(gilrt_gil->interval_us, 5000);
	assert_int_equal(gilrt_gil->switch_number, 1);
	holder = (const char *)gilrt_gil->last_holder;
	assert_int_equal(*(const unsigned long *)(holder + 0x98), (unsigned long)pthread_self());
	assert_int_equal(gilrt_init(&config), -EALREADY);

	gilrt_save_thread();
	assert_int_equal(gilrt_gil->locked, 0);
	assert_ptr_equal(gilrt_gil->last_holder, holder);
	gilrt_restore_thread();
	end();
	assert_int_equal(gilrt_gil->locked, -1);
	assert_null(gilrt_thread_next(NULL));
}

static void nothing(void *arg)
{
	(void)arg;
}

static void test_holder_stays_readable(void **state)
{
	struct gilrt_thread *thread;
	const char *holder;

	(void)state;
	begin(GILRT_NEW, PATIENT_US);
	thread = start(nothing, NULL, "short-lived");
	assert_int_equal(gilrt_thread_join(thread), 0);
	assert_int_equal(gilrt_thread_join(thread), 0);		/* as often as one likes */
	assert_int_equal(gilrt_thread_join(gilrt_thread_current()), -EDEADLK);
	/* The address sanitizer would tell if it had been freed. */
	holder = (const char *)thread;
	assert_int_not_equal(*(const unsigned long *)(holder + GILRT_THREAD_ID_OFFSET), 0);
	end();
}

/* ---- changing hands -------------------------------------------------------------------------- */

/* Threads that compute until the GIL has changed hands so many times. */
struct race {
	unsigned long switches_wanted;
	unsigned long first_switch, last_switch;	/* the window measured, and when it was */
	uint64_t first_ns, last_ns;
	bool all_started, measuring;			/* all under the GIL */
	bool idle;					/* nothing but watched checkpoints */
	struct runner {
		struct race *race;
		struct gilrt_work work;
		uint64_t honoured, overtook;	/* checkpoints that handed over; that did not */
	} runners[THREADS_MAX];
};

/* A request that was honoured means that another thread has had the GIL before we have it again. */
static void watched_checkpoint(struct runner *runner)
{
	const uint64_t drops = own_stats().drops;
	const unsigned long switches = gilrt_gil->switch_number;

	gilrt_checkpoint();
	if (own_stats().drops == drops)
		return;
	runner->honoured++;
	if (gilrt_gil->switch_number < switches + 2)
		runner->overtook++;
}

static void runner_run(void *arg)
{
	struct runner *runner = arg;
	struct race *race = runner->race;

	/* Main sets all_started and leaves the GIL for good in one go: nobody else drops freely. */
	for (;;) {
		watched_checkpoint(runner);
		if (!race->idle)
			gilrt_work_run(&runner->work, 1);
		if (race->all_started && !race->measuring) {
			race->measuring = true;
			race->first_switch = gilrt_gil->switch_number;
			race->first_ns = clock_now_ns();
		}
		if (!race->measuring)
			continue;
		if (race->last_ns)
			break;
		if (gilrt_gil->switch_number - race->first_switch >= race->switches_wanted) {
			race->last_switch = gilrt_gil->switch_number;
			race->last_ns = clock_now_ns();
			break;
		}
	}
	gilrt_thread_add_work(runner->work.unit_cnt, gilrt_work_checksum(&runner->work));
}

static void race_run(struct race *race, unsigned int thread_cnt)
{
	struct gilrt_thread *threads[THREADS_MAX];
	unsigned int i;

	for (i = 0; i < thread_cnt; i++) {
		race->runners[i].race = race;
		gilrt_work_init(&race->runners[i].work, i);
		threads[i] = start(runner_run, &race->runners[i], "runner");
	}
	race->all_started = true;
	for (i = 0; i < thread_cnt; i++)
		assert_int_equal(gilrt_thread_join(threads[i]), 0);
}

static void test_contenders_take_turns(void **state)
{
	struct race race = { .switches_wanted = 200 };
	struct gilrt_stats stats[2];
	struct gilrt_thread *thread;
	uint64_t more, less;

	(void)state;
	begin(GILRT_NEW, 500);
	race_run(&race, 2);
	assert_int_equal(gilrt_stop(), 0);
	thread = gilrt_thread_next(gilrt_thread_next(NULL));
	gilrt_thread_stats(thread, &stats[0]);
	gilrt_thread_stats(gilrt_thread_next(thread), &stats[1]);
	gilrt_fini();

	/* Of two, each switch makes it the other's turn; some more while main started them. */
	more = stats[0].gil_holds > stats[1].gil_holds ? stats[0].gil_holds : stats[1].gil_holds;
	less = stats[0].gil_holds + stats[1].gil_holds - more;
	assert_true(more - less <= 10);
	assert_true(less >= 90);
	assert_true(stats[0].units > 0 && stats[1].units > 0);
	assert_true(stats[0].gil_waits >= 90 && stats[1].gil_waits >= 90);
}

static void test_dropper_does_not_overtake(void **state)
{
	struct race race = { .switches_wanted = 200, .idle = true };

	(void)state;
	begin(GILRT_NEW, 200);
	race_run(&race, 2);
	end();
	assert_true(race.runners[0].honoured >= 90);
	assert_true(race.runners[1].honoured >= 90);
	assert_int_equal(race.runners[0].overtook, 0);
	assert_int_equal(race.runners[1].overtook, 0);
}

/*
 * A waiter asks only after an interval in which nobody was switched in, so from one switch to the
 * next there is at least an interval, however many wait. The first one of the window may be due.
 */
static void test_one_switch_per_interval(void **state)
{
	const uint64_t interval_us = 2000;
	struct race race = { .switches_wanted = 50 };
	uint64_t switches;

	(void)state;
	begin(GILRT_NEW, interval_us);
	race_run(&race, 4);
	end();
	switches = race.last_switch - race.first_switch;
	assert_true(switches >= race.switches_wanted);
	assert_true((switches - 1) * interval_us * NSEC_PER_USEC <= race.last_ns - race.first_ns);
}

static void test_accounts_add_up(void **state)
{
	struct race race = { .switches_wanted = 100 };
	const struct gilrt_thread *thread = NULL;
	uint64_t first_ns = UINT64_MAX, last_ns = 0, hold_ns = 0, holds = 0;
	struct gilrt_stats stats;

	(void)state;
	begin(GILRT_NEW, 200);
	race_run(&race, 3);
	assert_int_equal(gilrt_stop(), 0);
	while ((thread = gilrt_thread_next(thread))) {
		gilrt_thread_stats(thread, &stats);
		assert_int_equal(stats.gil_hold_ns + stats.gil_wait_ns + stats.gil_released_ns,
				 stats.end_ns - stats.start_ns);
		assert_int_equal(stats.drops, stats.gil_holds);
		assert_true(stats.forced_switches <= stats.drops);
		first_ns = stats.start_ns < first_ns ? stats.start_ns : first_ns;
		last_ns = stats.end_ns > last_ns ? stats.end_ns : last_ns;
		hold_ns += stats.gil_hold_ns;
		holds += stats.gil_holds;
	}
	/* One holds it at a time. */
	assert_true(hold_ns <= last_ns - first_ns);
	assert_true(gilrt_gil->switch_number <= holds);
	gilrt_fini();
}

static void *read_own_time(void *arg)
{
	volatile unsigned int i;
	uint64_t run_ns = 0, delay_ns;
	bool *behind = arg;
	unsigned int k;

	/* Between two ticks of the scheduler, most of these times. */
	for (k = 0; k < 20; k++) {
		uint64_t before_ns, cpu_ns = 0;

		for (i = 0; i < 1000000; i++)
			;
		before_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
		if (schedstat_read_self(&cpu_ns, &run_ns, &delay_ns) || cpu_ns < before_ns ||
		    run_ns < cpu_ns)
			*behind = true;
	}
	return NULL;
}

static void test_kernel_time_is_not_behind(void **state)
{
	bool behind = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, read_own_time, &behind), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(behind);
}

static void test_kernel_time_is_complete(void **state)
{
	struct race race = { .switches_wanted = 100 };
	const struct gilrt_thread *thread;
	struct gilrt_stats stats;
	unsigned int thread_cnt = 0;

	(void)state;
	begin(GILRT_NEW, 200);
	race_run(&race, 3);
	assert_int_equal(gilrt_stop(), 0);
	for (thread = gilrt_thread_next(gilrt_thread_next(NULL)); thread;
	     thread = gilrt_thread_next(thread)) {
		gilrt_thread_stats(thread, &stats);
		assert_true(stats.cpu_ns > 0);
		assert_true(stats.sched_run_ns >= stats.cpu_ns);
		thread_cnt++;
	}
	gilrt_fini();
	assert_int_equal(thread_cnt, 3);
}

/* ---- without a GIL --------------------------------------------------------------------------- */

struct meeting {
	_Atomic int present;
	_Atomic int locked_seen;
};

/* Spins, and passes no checkpoint: under a GIL the other would never come. */
static void meet(void *arg)
{
	struct meeting *meeting = arg;

	meeting->present++;
	while (meeting->present < 2)
		;
	gilrt_save_thread();
	if (gilrt_gil->locked != -1)
		meeting->locked_seen = 1;
	gilrt_restore_thread();
	gilrt_checkpoint();
}

static void test_gil_off_is_parallel(void **state)
{
	struct meeting meeting = { .present = 0 };
	const struct gilrt_thread *thread = NULL;
	struct gilrt_thread *first, *second;
	struct gilrt_stats stats;

	(void)state;
	begin(GILRT_OFF, 5000);
	assert_int_equal(gilrt_gil->locked, -1);
	first = start(meet, &meeting, "first");
	second = start(meet, &meeting, "second");
	assert_int_equal(gilrt_thread_join(first), 0);
	assert_int_equal(gilrt_thread_join(second), 0);
	assert_int_equal(gilrt_stop(), 0);
	assert_int_equal(meeting.locked_seen, 0);
	assert_int_equal(gilrt_gil->locked, -1);
	assert_null(gilrt_gil->last_holder);
	while ((thread = gilrt_thread_next(thread))) {
		gilrt_thread_stats(thread, &stats);
		assert_int_equal(stats.gil_wait_ns + stats.gil_hold_ns, 0);
		assert_int_equal(stats.gil_waits + stats.gil_holds + stats.drops, 0);
	}
	gilrt_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_life_of_the_object),
		cmocka_unit_test(test_holder_stays_readable),
		cmocka_unit_test(test_contenders_take_turns),
		cmocka_unit_test(test_dropper_does_not_overtake),
		cmocka_unit_test(test_one_switch_per_interval),
		cmocka_unit_test(test_accounts_add_up),
		cmocka_unit_test(test_kernel_time_is_not_behind),
		cmocka_unit_test(test_kernel_time_is_complete),
		cmocka_unit_test(test_gil_off_is_parallel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
