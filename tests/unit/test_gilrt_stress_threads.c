// SPDX-License-Identifier: BSD-2-Clause
/*
 * Thousands of threads that come and go, are waited for by many, meet at barriers and are timers
 * that are cancelled as they fire, in every mode: everybody ends, and nothing happens twice.
 */

#include "tests/support/stress.h"

#include <errno.h>

#include "workloads/gilrt/barrier.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/timer.h"

/* ---- threads --------------------------------------------------------------------------------- */

#define BATCH	40

static _Atomic unsigned int ended_cnt;

static void count_ended(void *arg)
{
	(void)arg;
	ended_cnt++;
}

/* As most threads are started: by one that is not main, and that waits for it. */
static void start_one(void *arg)
{
	struct gilrt_thread *child;

	must(!gilrt_thread_start(count_ended, arg, "child", &child));
	must(!gilrt_thread_join(child));
	ended_cnt++;
}

static void test_threads_come_and_go(void **state)
{
	const unsigned int batch_cnt = SCALED(16);
	struct gilrt_thread **threads;
	unsigned int i;

	mode_enter(state, "threads that start threads");
	ended_cnt = 0;
	for (i = 0; i < batch_cnt; i++) {
		threads = start_all(start_one, NULL, 0, BATCH);
		join_all(threads, BATCH);
	}
	assert_int_equal(ended_cnt, 2 * BATCH * batch_cnt);
	no_failures();
}

struct joiner {
	struct gilrt_thread *target;
	struct gilrt_event *go;
};

static void wait_to_end(void *arg)
{
	struct joiner *joiner = arg;

	gilrt_event_wait(joiner->go, GILRT_FOREVER);
	ended_cnt++;
}

static void join_target(void *arg)
{
	struct joiner *joiner = arg;

	must(!gilrt_thread_join(joiner->target));
	must(ended_cnt > 0);
}

static void test_many_join_one(void **state)
{
	struct gilrt_thread **threads;
	struct joiner joiner;
	int i;

	mode_enter(state, "joiners");
	for (i = 0; i < SCALED(16); i++) {
		ended_cnt = 0;
		assert_int_equal(gilrt_event_create(&joiner.go), 0);
		joiner.target = start(wait_to_end, &joiner);
		threads = start_all(join_target, &joiner, 0, BATCH);
		gilrt_event_set(joiner.go);
		join_all(threads, BATCH);
		join(joiner.target);
		gilrt_event_destroy(joiner.go);
	}
	no_failures();
}

/* ---- Timer ----------------------------------------------------------------------------------- */

#define TIMERS	32

struct timer_case {
	struct gilrt_timer *timer;
	uint64_t interval_ns, start_ns;
	_Atomic unsigned int fired_cnt;
};

static void fire(void *arg)
{
	struct timer_case *c = arg;

	must(clock_now_ns() - c->start_ns >= c->interval_ns);
	c->fired_cnt++;
}

/* By turns left alone, cancelled about when it fires, and cancelled long before. */
static void start_and_cancel(struct timer_case cases[TIMERS], uint64_t *random)
{
	struct timer_case *c;
	int i;

	for (i = 0; i < TIMERS; i++) {
		c = &cases[i];
		*c = (struct timer_case){ .interval_ns = i % 3 == 2 ? 3600 * NSEC_PER_SEC :
						  (uint64_t)short_time(random) };
		c->start_ns = clock_now_ns();
		assert_int_equal(gilrt_timer_start(c->interval_ns, fire, c, &c->timer), 0);
		if (i % 3 == 1)
			sleep_shortly(random);
		if (i % 3)
			gilrt_timer_cancel(c->timer);
	}
}

static void test_timers_cancelled_as_they_fire(void **state)
{
	struct timer_case cases[TIMERS];
	uint64_t random = 1;
	int i, round;

	mode_enter(state, "timers");
	for (round = 0; round < SCALED(16); round++) {
		start_and_cancel(cases, &random);
		for (i = 0; i < TIMERS; i++) {
			assert_int_equal(gilrt_timer_join(cases[i].timer), 0);
			gilrt_timer_destroy(cases[i].timer);
			assert_in_range(cases[i].fired_cnt, i % 3 == 0, i % 3 != 2);
		}
	}
	no_failures();
}

/* ---- Barrier --------------------------------------------------------------------------------- */

#define PARTIES		5
#define GENERATIONS	SCALED(900)

struct crowd {
	struct gilrt_barrier *barrier;
	_Atomic unsigned int arrived_cnt, generation_cnt, index_sum, passed_cnt;
	_Atomic bool over;
	struct party {
		struct crowd *crowd;
		uint64_t random;
	} parties[PARTIES];
};

static int count_generation(void *arg)
{
	struct crowd *crowd = arg;

	if (++crowd->generation_cnt == GENERATIONS)
		crowd->over = true;
	return 0;
}

static int all_must_be_there(void *arg)
{
	struct crowd *crowd = arg;

	count_generation(arg);
	must(crowd->arrived_cnt == PARTIES * crowd->generation_cnt);
	return 0;
}

static void crowd_run(struct crowd *crowd, int (*action)(void *), void (*fn)(void *),
		      struct gilrt_thread ***ret_threads)
{
	unsigned int i;

	assert_int_equal(gilrt_barrier_create(PARTIES, action, crowd, &crowd->barrier), 0);
	for (i = 0; i < PARTIES; i++)
		crowd->parties[i] = (struct party){ .crowd = crowd, .random = i };
	*ret_threads = start_all(fn, crowd->parties, sizeof(crowd->parties[0]), PARTIES);
}

static void meet_often(void *arg)
{
	struct party *self = arg;
	struct crowd *crowd = self->crowd;
	unsigned int i, index = PARTIES;

	for (i = 1; i <= GENERATIONS; i++) {
		crowd->arrived_cnt++;
		must(!gilrt_barrier_wait(crowd->barrier, GILRT_FOREVER, &index));
		/* The next one needs us too. */
		must(crowd->generation_cnt == i);
		crowd->index_sum += index;
	}
}

static void test_barrier_generations(void **state)
{
	struct crowd crowd = { .arrived_cnt = 0 };
	struct gilrt_thread **threads;

	mode_enter(state, "barrier");
	crowd_run(&crowd, all_must_be_there, meet_often, &threads);
	join_all(threads, PARTIES);
	no_failures();
	assert_int_equal(crowd.index_sum, GENERATIONS * PARTIES * (PARTIES - 1) / 2);
	gilrt_barrier_destroy(crowd.barrier);
}

static void meet_impatiently(void *arg)
{
	struct party *self = arg;
	struct crowd *crowd = self->crowd;
	int64_t timeout_ns;
	int err;

	while (!crowd->over) {
		timeout_ns = random_next(&self->random) % 8 ? GILRT_FOREVER :
			short_time(&self->random);
		err = gilrt_barrier_wait(crowd->barrier, timeout_ns, NULL);
		must(!err || err == -EPIPE);
		if (err)
			sleep_shortly(&self->random);
		else
			crowd->passed_cnt++;
	}
}

/* Whatever breaks it and whenever it is reset: for each generation all pass, or none. */
static void test_barrier_breaks_and_is_reset(void **state)
{
	struct crowd crowd = { .arrived_cnt = 0 };
	struct gilrt_thread **threads;
	uint64_t random = 1;

	mode_enter(state, "broken barrier");
	crowd_run(&crowd, count_generation, meet_impatiently, &threads);
	while (!crowd.over) {
		if (gilrt_barrier_is_broken(crowd.barrier) || random_next(&random) % 4 == 0)
			gilrt_barrier_reset(crowd.barrier);
		sleep_shortly(&random);
	}
	join_all(threads, PARTIES);
	no_failures();
	assert_int_equal(crowd.passed_cnt, PARTIES * crowd.generation_cnt);
	gilrt_barrier_destroy(crowd.barrier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL_MODES(test_threads_come_and_go),
		IN_ALL_MODES(test_many_join_one),
		IN_ALL_MODES(test_timers_cancelled_as_they_fire),
		IN_ALL_MODES(test_barrier_generations),
		IN_ALL_MODES(test_barrier_breaks_and_is_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
