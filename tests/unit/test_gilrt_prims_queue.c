// SPDX-License-Identifier: BSD-2-Clause
/*
 * LifoQueue, PriorityQueue, shutdown and SimpleQueue behave as Python's, in every mode. What is
 * common to all kinds of Queue is in test_gilrt_sync.c. Only the main thread asserts.
 */

#include "tests/support/gilrt_modes.h"

#include <errno.h>
#include <stdatomic.h>

#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/simple_queue.h"

#define SOON_NS		1000
#define ITEMS		300

/* Items are numbers in disguise. */
static void *item(uintptr_t number)
{
	return (void *)number;
}

static int compare_numbers(const void *a, const void *b)
{
	return (uintptr_t)a < (uintptr_t)b ? -1 : (uintptr_t)a > (uintptr_t)b;
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static void put_numbers(struct gilrt_queue *queue, uintptr_t from, uintptr_t to)
{
	while (from < to)
		assert_int_equal(gilrt_queue_put(queue, item(from++), GILRT_NO_WAIT), 0);
}

static uintptr_t get_number(struct gilrt_queue *queue)
{
	void *got = &got;

	assert_int_equal(gilrt_queue_get(queue, GILRT_NO_WAIT, &got), 0);
	return (uintptr_t)got;
}

/* Full, empty, and too often done: the same for all. */
static void check_bounds(struct gilrt_queue *queue, size_t maxsize)
{
	void *got = queue;

	put_numbers(queue, 0, maxsize);
	assert_int_equal(gilrt_queue_size(queue), maxsize);
	assert_int_equal(gilrt_queue_put(queue, NULL, GILRT_NO_WAIT), -EAGAIN);
	assert_int_equal(gilrt_queue_put(queue, NULL, SOON_NS), -ETIMEDOUT);
	assert_int_equal(gilrt_queue_size(queue), maxsize);
	while (maxsize--) {
		get_number(queue);
		assert_int_equal(gilrt_queue_task_done(queue), 0);
	}
	assert_int_equal(gilrt_queue_get(queue, GILRT_NO_WAIT, &got), -EAGAIN);
	assert_int_equal(gilrt_queue_get(queue, SOON_NS, &got), -ETIMEDOUT);
	assert_ptr_equal(got, queue);
	assert_int_equal(gilrt_queue_task_done(queue), -EINVAL);
	assert_int_equal(gilrt_queue_join(queue), 0);
}

static void test_lifo(void **state)
{
	struct gilrt_queue *queue;
	uintptr_t i;

	(void)state;
	assert_int_equal(gilrt_lifo_queue_create(5, &queue), 0);
	check_bounds(queue, 5);
	gilrt_queue_destroy(queue);

	assert_int_equal(gilrt_lifo_queue_create(0, &queue), 0);
	put_numbers(queue, 0, ITEMS);
	for (i = ITEMS; i-- > ITEMS / 2;)
		assert_int_equal(get_number(queue), i);
	put_numbers(queue, 1000, 1100);
	for (i = 1100; i-- > 1000;)
		assert_int_equal(get_number(queue), i);
	for (i = ITEMS / 2; i--;)
		assert_int_equal(get_number(queue), i);
	gilrt_queue_destroy(queue);
}

/* All numbers below ITEMS, each twice, in disorder; some are got while others are still to come. */
static void test_priority(void **state)
{
	struct gilrt_queue *queue;
	uintptr_t i, got, last = 0, sum = 0;

	(void)state;
	assert_int_equal(gilrt_priority_queue_create(7, compare_numbers, &queue), 0);
	check_bounds(queue, 7);
	gilrt_queue_destroy(queue);

	assert_int_equal(gilrt_priority_queue_create(0, compare_numbers, &queue), 0);
	for (i = 0; i < 2 * ITEMS; i++)
		put_numbers(queue, i * 7 % ITEMS, i * 7 % ITEMS + 1);
	for (i = 0; i < ITEMS; i++) {
		got = get_number(queue);
		assert_int_equal(got, i / 2);
		sum += got;
	}
	/* One that is smaller than all that is left, one greater, one in between. */
	put_numbers(queue, ITEMS, ITEMS + 1);
	put_numbers(queue, 3, 4);
	put_numbers(queue, ITEMS - 10, ITEMS - 9);
	assert_int_equal(get_number(queue), 3);
	for (i = 0; i < ITEMS + 2; i++) {
		got = get_number(queue);
		assert_true(got >= last);
		last = got;
		sum += got;
	}
	assert_int_equal(last, ITEMS);
	assert_int_equal(sum, ITEMS * (ITEMS - 1) + ITEMS + ITEMS - 10);
	assert_int_equal(gilrt_queue_size(queue), 0);
	gilrt_queue_destroy(queue);
}

/* ---- shutdown -------------------------------------------------------------------------------- */

static void test_shutdown_drains(void **state)
{
	struct gilrt_queue *queue;
	void *got = NULL;

	(void)state;
	assert_int_equal(gilrt_queue_create(3, &queue), 0);
	put_numbers(queue, 1, 4);
	gilrt_queue_shutdown(queue, false, NULL);
	gilrt_queue_shutdown(queue, false, NULL);
	assert_int_equal(gilrt_queue_size(queue), 3);
	assert_int_equal(gilrt_queue_put(queue, NULL, GILRT_FOREVER), -ESHUTDOWN);
	assert_int_equal(get_number(queue), 1);
	/* Room does not help. */
	assert_int_equal(gilrt_queue_put(queue, NULL, GILRT_NO_WAIT), -ESHUTDOWN);
	assert_int_equal(get_number(queue), 2);
	assert_int_equal(gilrt_queue_get(queue, GILRT_FOREVER, &got), 0);
	assert_ptr_equal(got, item(3));
	assert_int_equal(gilrt_queue_get(queue, GILRT_FOREVER, &got), -ESHUTDOWN);
	assert_int_equal(gilrt_queue_get(queue, GILRT_NO_WAIT, &got), -ESHUTDOWN);
	assert_int_equal(gilrt_queue_get(queue, SOON_NS, &got), -ESHUTDOWN);
	assert_ptr_equal(got, item(3));
	gilrt_queue_destroy(queue);
}

static uintptr_t discarded[3], discarded_cnt;

static void note_discarded(void *got)
{
	discarded[discarded_cnt++ % 3] = (uintptr_t)got;
}

static void test_shutdown_immediate(void **state)
{
	struct gilrt_queue *queue;
	void *got = NULL;

	(void)state;
	discarded_cnt = 0;
	assert_int_equal(gilrt_priority_queue_create(0, compare_numbers, &queue), 0);
	put_numbers(queue, 2, 4);
	put_numbers(queue, 0, 2);
	assert_int_equal(get_number(queue), 0);
	gilrt_queue_shutdown(queue, true, note_discarded);
	assert_int_equal(discarded_cnt, 3);
	assert_int_equal(discarded[0], 1);
	assert_int_equal(discarded[1], 2);
	assert_int_equal(discarded[2], 3);
	assert_int_equal(gilrt_queue_size(queue), 0);
	assert_int_equal(gilrt_queue_get(queue, GILRT_FOREVER, &got), -ESHUTDOWN);
	/* The one that was got is still to be reported done, those discarded are not. */
	assert_int_equal(gilrt_queue_task_done(queue), 0);
	assert_int_equal(gilrt_queue_task_done(queue), -EINVAL);
	assert_int_equal(gilrt_queue_join(queue), 0);
	gilrt_queue_shutdown(queue, true, note_discarded);
	assert_int_equal(discarded_cnt, 3);
	gilrt_queue_destroy(queue);
}

#define BLOCKED	3

/* The threads of one kind are at one queue: they all put, get or join. */
struct blocked {
	struct gilrt_queue *queue;
	_Atomic int begun_cnt;
	_Atomic int error_cnt;		/* of those expected */
	int expected;
};

static void blocked_end(struct blocked *b, int err)
{
	b->error_cnt += err == b->expected;
}

static void put_blocked(void *arg)
{
	struct blocked *b = arg;

	b->begun_cnt++;
	blocked_end(b, gilrt_queue_put(b->queue, NULL, GILRT_FOREVER));
}

static void get_blocked(void *arg)
{
	struct blocked *b = arg;
	void *got;

	b->begun_cnt++;
	blocked_end(b, gilrt_queue_get(b->queue, b->begun_cnt % 2 ? GILRT_FOREVER : INT64_MAX, &got));
}

static void join_blocked(void *arg)
{
	struct blocked *b = arg;

	b->begun_cnt++;
	blocked_end(b, gilrt_queue_join(b->queue));
}

static void block(struct blocked *b, void (*fn)(void *), int expected,
		  struct gilrt_thread *threads[BLOCKED])
{
	int i;

	b->begun_cnt = 0;
	b->error_cnt = 0;
	b->expected = expected;
	for (i = 0; i < BLOCKED; i++)
		threads[i] = start(fn, b);
	while (b->begun_cnt < BLOCKED)
		let_others_run();
	let_others_run();
	assert_int_equal(b->error_cnt, 0);
}

static void unblocked(struct blocked *b, struct gilrt_thread *threads[BLOCKED])
{
	int i;

	for (i = 0; i < BLOCKED; i++)
		join(threads[i]);
	assert_int_equal(b->error_cnt, BLOCKED);
}

static void test_shutdown_unblocks(void **state)
{
	struct gilrt_thread *threads[BLOCKED];
	struct blocked b;
	int immediate;

	for (immediate = 0; immediate < 2; immediate++) {
		mode_enter(state, "getters");
		assert_int_equal(gilrt_queue_create(2, &b.queue), 0);
		block(&b, get_blocked, -ESHUTDOWN, threads);
		gilrt_queue_shutdown(b.queue, immediate, NULL);
		unblocked(&b, threads);
		gilrt_queue_destroy(b.queue);

		mode_enter(state, "putters");
		assert_int_equal(gilrt_queue_create(2, &b.queue), 0);
		put_numbers(b.queue, 0, 2);
		block(&b, put_blocked, -ESHUTDOWN, threads);
		gilrt_queue_shutdown(b.queue, immediate, NULL);
		unblocked(&b, threads);
		assert_int_equal(gilrt_queue_size(b.queue), immediate ? 0 : 2);
		gilrt_queue_destroy(b.queue);
	}
}

/* Joiners go on as soon as everything is either done or discarded, and not before. */
static void test_shutdown_and_join(void **state)
{
	struct gilrt_thread *threads[BLOCKED];
	struct blocked b;

	mode_enter(state, "joiners");
	assert_int_equal(gilrt_queue_create(0, &b.queue), 0);
	put_numbers(b.queue, 0, 10);
	block(&b, join_blocked, 0, threads);
	gilrt_queue_shutdown(b.queue, false, NULL);
	let_others_run();
	assert_int_equal(b.error_cnt, 0);
	assert_int_equal(get_number(b.queue), 0);
	gilrt_queue_shutdown(b.queue, true, NULL);
	let_others_run();
	assert_int_equal(b.error_cnt, 0);
	assert_int_equal(gilrt_queue_task_done(b.queue), 0);
	unblocked(&b, threads);
	gilrt_queue_destroy(b.queue);

	mode_enter(state, "joiners, immediate");
	assert_int_equal(gilrt_queue_create(0, &b.queue), 0);
	put_numbers(b.queue, 0, 10);
	block(&b, join_blocked, 0, threads);
	gilrt_queue_shutdown(b.queue, true, NULL);
	unblocked(&b, threads);
	gilrt_queue_destroy(b.queue);
}

/* ---- SimpleQueue ----------------------------------------------------------------------------- */

static void test_simple_queue_is_fifo(void **state)
{
	struct gilrt_simple_queue *queue;
	uintptr_t in = 0, out = 0;
	void *got = &in;

	(void)state;
	assert_int_equal(gilrt_simple_queue_create(&queue), 0);
	while (in < ITEMS) {
		/* Every look at an empty queue leaves its lock taken: that must not matter. */
		if (in == out) {
			assert_int_equal(gilrt_simple_queue_get(queue, GILRT_NO_WAIT, &got), -EAGAIN);
			assert_int_equal(gilrt_simple_queue_get(queue, SOON_NS, &got), -ETIMEDOUT);
			assert_int_equal(gilrt_simple_queue_get(queue, GILRT_NO_WAIT, &got), -EAGAIN);
		}
		assert_int_equal(gilrt_simple_queue_put(queue, item(in++)), 0);
		if (in % 3)
			assert_int_equal(gilrt_simple_queue_put(queue, item(in++)), 0);
		assert_int_equal(gilrt_simple_queue_size(queue), in - out);
		assert_int_equal(gilrt_simple_queue_get(queue, GILRT_FOREVER, &got), 0);
		assert_ptr_equal(got, item(out++));
	}
	while (out < in) {
		assert_int_equal(gilrt_simple_queue_get(queue, GILRT_NO_WAIT, &got), 0);
		assert_ptr_equal(got, item(out++));
	}
	assert_int_equal(gilrt_simple_queue_get(queue, GILRT_NO_WAIT, &got), -EAGAIN);
	assert_ptr_equal(got, item(out - 1));
	gilrt_simple_queue_destroy(queue);
	gilrt_simple_queue_destroy(NULL);
}

struct getters {
	struct gilrt_simple_queue *queue;
	_Atomic uintptr_t got_cnt, got_sum;
};

static void get_one(void *arg)
{
	struct getters *g = arg;
	void *got = NULL;

	if (gilrt_simple_queue_get(g->queue, GILRT_FOREVER, &got))
		return;
	g->got_sum += (uintptr_t)got;
	g->got_cnt++;
}

/* Each item wakes one: two at once two, although there is but one lock to be let go. */
static void test_simple_queue_wakes(void **state)
{
	struct gilrt_thread *threads[BLOCKED];
	struct getters g = { .got_cnt = 0 };
	int i;

	mode_enter(state, "getters");
	assert_int_equal(gilrt_simple_queue_create(&g.queue), 0);
	for (i = 0; i < BLOCKED; i++)
		threads[i] = start(get_one, &g);
	let_others_run();
	assert_int_equal(g.got_cnt, 0);
	assert_int_equal(gilrt_simple_queue_put(g.queue, item(1)), 0);
	while (g.got_cnt < 1)
		let_others_run();
	assert_int_equal(gilrt_simple_queue_size(g.queue), 0);
	assert_int_equal(gilrt_simple_queue_put(g.queue, item(10)), 0);
	assert_int_equal(gilrt_simple_queue_put(g.queue, item(100)), 0);
	for (i = 0; i < BLOCKED; i++)
		join(threads[i]);
	assert_int_equal(g.got_cnt, BLOCKED);
	assert_int_equal(g.got_sum, 111);
	gilrt_simple_queue_destroy(g.queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL_MODES(test_lifo),
		IN_ALL_MODES(test_priority),
		IN_ALL_MODES(test_shutdown_drains),
		IN_ALL_MODES(test_shutdown_immediate),
		IN_ALL_MODES(test_shutdown_unblocks),
		IN_ALL_MODES(test_shutdown_and_join),
		IN_ALL_MODES(test_simple_queue_is_fifo),
		IN_ALL_MODES(test_simple_queue_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
