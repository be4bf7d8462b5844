/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The replay's rules for GILs, for locks and for what nobody can wake, on histories made by hand: two or
 * three threads of one process, born at 0 or by thread 0.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/replay.h"
#include "analyzer/words.h"

#define MS UINT64_C(1000000)
#define THREADS 3
#define LOCKS 2

struct scene {
	struct history history;
	struct process processes[THREADS];
	struct thread threads[THREADS];
	struct thread *list[THREADS];
	struct futex_word words[LOCKS];
	struct people people;
	struct replay_setup setup;
	struct replay_result result;
};

static int setup(void **state)
{
	static struct scene scene;

	scene = (struct scene){ .people = { .threads = scene.list, .threads_cnt = THREADS } };
	for (uint32_t i = 0; i < LOCKS; i++)
		scene.words[i].slot = i;
	for (uint32_t i = 0; i < THREADS; i++) {
		scene.processes[i].slot = i;
		scene.threads[i] = (struct thread){
			.slot = i, .state = STATE_CNT, .process = &scene.processes[0] };
		scene.list[i] = &scene.threads[i];
	}
	scene.setup = (struct replay_setup){
		.history = &scene.history, .people = &scene.people, .entries_max = UINT64_MAX,
		.recorded_cores = 2, .cores = 2,
	};
	*state = &scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	history_clear(&scene->history);
	return 0;
}

static void goes(struct scene *scene, uint64_t at_ns, uint32_t slot, enum thread_state to, uint64_t gil,
		 struct futex_word *word)
{
	struct thread *thread = &scene->threads[slot];
	struct change change = {
		.at_ns = at_ns, .thread = thread, .from = thread->state, .since_ns = thread->since_ns,
		.to = to, .to_gil = gil, .to_wait = { .gil = gil, .word = word },
	};

	assert_int_equal(history_sink.change(&scene->history, &change), 0);
	thread->state = to;
	thread->since_ns = at_ns;
}

static void turns(struct scene *scene, uint64_t at_ns, uint32_t slot, enum thread_state to, uint64_t gil)
{
	goes(scene, at_ns, slot, to, gil, NULL);
}

static void wakes_from(struct scene *scene, uint64_t at_ns, uint32_t waker, uint32_t wakee,
		       enum thread_state wait, struct futex_word *word)
{
	struct thread *thread = &scene->threads[wakee];
	struct edge edge = {
		.at_ns = at_ns, .wakee = thread, .waker = &scene->threads[waker], .ended = wait,
		.since_ns = thread->since_ns, .wait = { .word = word }, .cause = CAUSE_THREAD,
	};

	assert_int_equal(history_sink.edge(&scene->history, &edge), 0);
}

static void wakes(struct scene *scene, uint64_t at_ns, uint32_t waker, uint32_t wakee)
{
	wakes_from(scene, at_ns, waker, wakee, scene->threads[wakee].state, NULL);
}

static uint64_t play(struct scene *scene)
{
	assert_int_equal(replay_run(&scene->setup, &scene->result), 0);
	return scene->result.wall_ns;
}

static void finish(struct scene *scene)
{
	assert_int_equal(history_sink.end(&scene->history, NULL), 0);
}

/* They change places every 5 ms: 0 has 9 ms to do under the GIL, 1 has 6 of which 2 without it. */
static void two_under_a_gil(struct scene *scene)
{
	turns(scene, 0, 0, STATE_RUN_GIL, 7);
	turns(scene, 0, 1, STATE_WAIT_GIL, 7);
	turns(scene, 5 * MS, 1, STATE_RUN_GIL, 7);
	turns(scene, 5 * MS, 0, STATE_WAIT_GIL, 7);
	turns(scene, 9 * MS, 1, STATE_RUN_FREE, 0);
	turns(scene, 9 * MS, 0, STATE_RUN_GIL, 7);
	turns(scene, 11 * MS, 1, STATE_CNT, 0);
	turns(scene, 13 * MS, 0, STATE_CNT, 0);
	finish(scene);
}

static void gil_is_exclusive(void **state)
{
	struct scene *scene = *state;

	two_under_a_gil(scene);
	assert_int_equal(play(scene), 13 * MS);
	assert_int_equal(scene->result.recorded_ns, 13 * MS);
	assert_int_equal(scene->result.work_ns, 15 * MS);
	assert_int_equal(scene->result.stuck, 0);
	scene->setup.cores = 1;
	assert_int_equal(play(scene), 15 * MS);
}

static void gil_is_gone(void **state)
{
	struct scene *scene = *state;
	uint64_t done_ns[THREADS];

	two_under_a_gil(scene);
	scene->setup.done_ns = done_ns;
	play(scene);
	assert_int_equal(done_ns[0], 13 * MS);
	assert_int_equal(done_ns[1], 11 * MS);
	scene->setup.without_gil = true;
	assert_int_equal(play(scene), 9 * MS);
	assert_int_equal(done_ns[0], 9 * MS);
	assert_int_equal(done_ns[1], 6 * MS);
	assert_false(scene->result.full);
	/* Another process's changes nothing. */
	scene->setup.gil_process = &scene->processes[1];
	assert_int_equal(play(scene), 13 * MS);
}

/* What stands in for the GIL costs half of the work under it; what needed none costs what it did. */
static void no_gil_has_its_price(void **state)
{
	struct scene *scene = *state;

	two_under_a_gil(scene);
	scene->setup.gil_cost_permille = 500;
	assert_int_equal(play(scene), 13 * MS);
	scene->setup.without_gil = true;
	assert_int_equal(play(scene), 13 * MS + MS / 2);
	assert_int_equal(scene->result.work_ns, 13 * MS + MS / 2 + 8 * MS);
}

/* Spinning for the GIL takes core time while there is a GIL. */
static void spinning_goes_with_the_gil(void **state)
{
	struct scene *scene = *state;

	turns(scene, 0, 0, STATE_RUN_GIL, 7);
	turns(scene, 3 * MS, 0, STATE_RUN_SPIN, 0);
	turns(scene, 4 * MS, 0, STATE_RUN_GIL, 7);
	turns(scene, 6 * MS, 0, STATE_CNT, 0);
	finish(scene);
	assert_int_equal(play(scene), 6 * MS);
	scene->setup.without_gil = true;
	assert_int_equal(play(scene), 5 * MS);
}

/* Two processes, or interpreters: each GIL by itself. */
static void several_gils(void **state)
{
	struct scene *scene = *state;

	for (uint32_t i = 0; i < 2; i++)
		turns(scene, 0, i, STATE_RUN_GIL, 7 + i);
	for (uint32_t i = 0; i < 2; i++)
		turns(scene, 8 * MS, i, STATE_CNT, 0);
	finish(scene);
	assert_int_equal(play(scene), 8 * MS);
}

/* A wait lasts until the waker has done as much as it had: half of its work, half of the wait. */
static void waits_follow_their_waker(void **state)
{
	struct scene *scene = *state;
	static const size_t groups[THREADS] = { 0, 1, 1 };

	turns(scene, 0, 0, STATE_RUN_FREE, 0);
	turns(scene, 0, 1, STATE_WAIT_SYNC, 0);
	wakes(scene, 8 * MS, 0, 1);
	turns(scene, 8 * MS, 1, STATE_RUN_FREE, 0);
	turns(scene, 9 * MS, 0, STATE_CNT, 0);
	turns(scene, 11 * MS, 1, STATE_CNT, 0);
	finish(scene);
	assert_int_equal(play(scene), 11 * MS);
	scene->setup.group_of = groups;
	scene->setup.halved = 1;
	assert_int_equal(play(scene), 7 * MS);
	scene->setup.halved = 2;
	assert_int_equal(play(scene), 9 * MS + MS / 2);
}

/*
 * 2 holds lock 1 for 4 ms. 1 holds lock 0, waits for lock 1 and then has 2 ms to do; 0 waits for lock 0
 * all the while, and has 3 ms to do then.
 */
static void chain_of_locks(struct scene *scene)
{
	struct futex_word *words = scene->words;

	turns(scene, 0, 2, STATE_RUN_FREE, 0);
	turns(scene, 0, 1, STATE_RUN_FREE, 0);
	goes(scene, 0, 1, STATE_WAIT_LOCK, 0, &words[1]);
	turns(scene, 0, 0, STATE_RUN_FREE, 0);
	goes(scene, 0, 0, STATE_WAIT_LOCK, 0, &words[0]);
	wakes_from(scene, 4 * MS, 2, 1, STATE_WAIT_LOCK, &words[1]);
	turns(scene, 4 * MS, 1, STATE_RUN_FREE, 0);
	turns(scene, 4 * MS, 2, STATE_CNT, 0);
	wakes_from(scene, 6 * MS, 1, 0, STATE_WAIT_LOCK, &words[0]);
	turns(scene, 6 * MS, 0, STATE_RUN_FREE, 0);
	turns(scene, 6 * MS, 1, STATE_CNT, 0);
	turns(scene, 9 * MS, 0, STATE_CNT, 0);
	finish(scene);
	scene->setup.cores = 3;
}

static void one_lock_of_a_chain(void **state)
{
	struct scene *scene = *state;

	chain_of_locks(scene);
	assert_int_equal(play(scene), 9 * MS);
	/* The first waits for nobody, but the second still does. */
	scene->setup.lock = 1 + 0;
	assert_int_equal(play(scene), 6 * MS);
	/* The second does not wait, and so the first waits for less. */
	scene->setup.lock = 1 + 1;
	assert_int_equal(play(scene), 5 * MS);
	scene->setup.lock = REPLAY_ALL_LOCKS;
	assert_int_equal(play(scene), 4 * MS);
	scene->setup.cores = 1;
	assert_int_equal(play(scene), 9 * MS);
}

/*
 * 1 waits for lock 0 until 3 ms. When it wants lock 1, at 5 ms, it is woken before it has come to sleep:
 * that it would have waited is in the waking alone.
 */
static void a_lock_that_was_let_go_early(void **state)
{
	struct scene *scene = *state;
	struct futex_word *words = scene->words;

	turns(scene, 0, 0, STATE_RUN_FREE, 0);
	turns(scene, 0, 1, STATE_RUN_FREE, 0);
	goes(scene, 0, 1, STATE_WAIT_LOCK, 0, &words[0]);
	wakes_from(scene, 3 * MS, 0, 1, STATE_WAIT_LOCK, &words[0]);
	turns(scene, 3 * MS, 1, STATE_RUN_FREE, 0);
	turns(scene, 5 * MS, 1, STATE_READY_WOKEN, 0);
	wakes_from(scene, 5 * MS, 0, 1, STATE_WAIT_LOCK, &words[1]);
	turns(scene, 6 * MS, 1, STATE_RUN_FREE, 0);
	turns(scene, 7 * MS, 0, STATE_CNT, 0);
	turns(scene, 9 * MS, 1, STATE_CNT, 0);
	finish(scene);
	/* It is there at 2 ms, and has to wait and to come back to a core. */
	scene->setup.lock = 1 + 0;
	assert_int_equal(play(scene), 9 * MS);
	scene->setup.lock = 1 + 1;
	assert_int_equal(play(scene), 8 * MS);
	scene->setup.lock = REPLAY_ALL_LOCKS;
	assert_int_equal(play(scene), 7 * MS);
}

/* Cut before the waker's end: the wait ends with what is known, and it is counted. */
static void cut_histories_end(void **state)
{
	struct scene *scene = *state;

	turns(scene, 0, 0, STATE_RUN_FREE, 0);
	turns(scene, 0, 1, STATE_WAIT_SYNC, 0);
	wakes(scene, 8 * MS, 0, 1);
	turns(scene, 8 * MS, 1, STATE_RUN_FREE, 0);
	turns(scene, 9 * MS, 0, STATE_CNT, 0);
	turns(scene, 11 * MS, 1, STATE_CNT, 0);
	finish(scene);
	for (uint64_t i = 1; i < 6; i++) {
		scene->setup.entries_max = i;
		assert_true(play(scene) <= scene->result.recorded_ns);
	}
}

/* The end cuts 0 off in its sleep: time went by. 1 waits for 0, and nobody knows how long it would have. */
static void cut_sleeps_last(void **state)
{
	struct scene *scene = *state;

	turns(scene, 0, 0, STATE_RUN_FREE, 0);
	turns(scene, 0, 1, STATE_WAIT_SYNC, 0);
	turns(scene, 2 * MS, 0, STATE_WAIT_SLEEP, 0);
	turns(scene, 9 * MS, 0, STATE_CNT, 0);
	turns(scene, 12 * MS, 1, STATE_CNT, 0);
	finish(scene);
	assert_int_equal(play(scene), 9 * MS);
	assert_int_equal(scene->result.kept_ns, 7 * MS);
}

/* Input that came from another thread before would have come from there. */
static void cut_input_lasts(void **state)
{
	struct scene *scene = *state;

	turns(scene, 0, 0, STATE_RUN_FREE, 0);
	turns(scene, 0, 1, STATE_WAIT_IO, 0);
	turns(scene, 0, 2, STATE_WAIT_IO, 0);
	wakes(scene, 2 * MS, 0, 1);
	turns(scene, 2 * MS, 1, STATE_RUN_FREE, 0);
	turns(scene, 3 * MS, 1, STATE_WAIT_IO, 0);
	turns(scene, 4 * MS, 0, STATE_CNT, 0);
	turns(scene, 7 * MS, 2, STATE_CNT, 0);
	turns(scene, 9 * MS, 1, STATE_CNT, 0);
	finish(scene);
	assert_int_equal(play(scene), 7 * MS);
}

/*
 * 2 is woken while 1 is on its way to the core that is free: its own way takes 0.4 ms nevertheless. Then it
 * has 20 ms to do.
 */
static void ways_to_a_free_core_take_their_time(void **state)
{
	struct scene *scene = *state;

	turns(scene, 0, 0, STATE_RUN_FREE, 0);
	for (uint32_t i = 1; i < THREADS; i++) {
		turns(scene, 0, i, STATE_RUN_FREE, 0);
		turns(scene, 0, i, STATE_WAIT_SYNC, 0);
	}
	wakes(scene, 2 * MS, 0, 1);
	turns(scene, 2 * MS, 1, STATE_READY_WOKEN, 0);
	wakes(scene, 2 * MS + MS / 10, 0, 2);
	turns(scene, 2 * MS + MS / 10, 2, STATE_READY_WOKEN, 0);
	turns(scene, 2 * MS + MS / 2, 2, STATE_RUN_FREE, 0);
	turns(scene, 3 * MS, 0, STATE_CNT, 0);
	turns(scene, 3 * MS, 1, STATE_RUN_FREE, 0);
	turns(scene, 4 * MS, 1, STATE_CNT, 0);
	turns(scene, 22 * MS + MS / 2, 2, STATE_CNT, 0);
	finish(scene);
	scene->setup.cores = 3;
	assert_int_equal(play(scene), 22 * MS + MS / 2);
}

/* Twelve threads' worth of slices: all have their work done, on one core one after the other. */
static void one_core_is_shared(void **state)
{
	struct scene *scene = *state;

	for (uint32_t i = 0; i < THREADS; i++)
		turns(scene, 0, i, STATE_RUN_FREE, 0);
	for (uint32_t i = 0; i < THREADS; i++)
		turns(scene, 10 * MS, i, STATE_CNT, 0);
	finish(scene);
	scene->setup.cores = 3;
	assert_int_equal(play(scene), 10 * MS);
	assert_false(scene->result.full);
	scene->setup.cores = 1;
	assert_int_equal(play(scene), 30 * MS);
	assert_true(scene->result.full);
}

/* 2 was on the core that 1 has now: whom it pushes off for 3 ms is 1, though 0 has had more. */
static void everybody_has_a_core(void **state)
{
	struct scene *scene = *state;
	uint64_t done_ns[THREADS];

	turns(scene, 0, 0, STATE_RUN_FREE, 0);
	turns(scene, 0, 2, STATE_RUN_FREE, 0);
	turns(scene, 1 * MS, 2, STATE_WAIT_SLEEP, 0);
	turns(scene, 2 * MS, 1, STATE_RUN_FREE, 0);
	turns(scene, 10 * MS, 2, STATE_RUN_FREE, 0);
	turns(scene, 13 * MS, 2, STATE_CNT, 0);
	turns(scene, 18 * MS, 1, STATE_CNT, 0);
	turns(scene, 20 * MS, 0, STATE_CNT, 0);
	finish(scene);
	scene->setup.done_ns = done_ns;
	assert_int_equal(play(scene), 21 * MS);
	assert_int_equal(done_ns[0], 20 * MS);
	assert_int_equal(done_ns[1], 21 * MS);
	assert_int_equal(done_ns[2], 13 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gil_is_exclusive, setup, teardown),
		cmocka_unit_test_setup_teardown(gil_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(no_gil_has_its_price, setup, teardown),
		cmocka_unit_test_setup_teardown(spinning_goes_with_the_gil, setup, teardown),
		cmocka_unit_test_setup_teardown(several_gils, setup, teardown),
		cmocka_unit_test_setup_teardown(waits_follow_their_waker, setup, teardown),
		cmocka_unit_test_setup_teardown(one_lock_of_a_chain, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lock_that_was_let_go_early, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_histories_end, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_sleeps_last, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_input_lasts, setup, teardown),
		cmocka_unit_test_setup_teardown(ways_to_a_free_core_take_their_time, setup, teardown),
		cmocka_unit_test_setup_teardown(one_core_is_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(everybody_has_a_core, setup, teardown),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
