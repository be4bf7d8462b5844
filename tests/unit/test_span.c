/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work and span, on traces whose graph of work can be drawn on a napkin.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

#define FUTEX_WAKE 1

#define WORD 0x100

/*
 * ns        1 (core 0)      2 (core 1)
 * 1000      run             -
 * 2000      run             ready.woken
 * 2100      run             run
 * 3000      waits for WORD  run
 * 4000      "               wait.sleep
 * 6100      "               run
 * 8000      ready.woken     run
 * 8200      run             run
 * 8500      run             dead
 * 9000      dead
 */
static void scene(struct tb *tb, uint64_t owner)
{
	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 2100, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 3000, 0, 1, NR_FUTEX, WORD, 0)->owner = owner;
	tb_block(tb, 4000, 1, 2, NR_NANOSLEEP, 0, 0);
	tb_waking(tb, 6000, 1, 0, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 6100, 1, 0, TRACE_HOW_NONE, 2);
	tb_waking(tb, 8000, 1, 2, 1, NR_FUTEX, WORD, FUTEX_WAKE);
	tb_switch(tb, 8200, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 8500, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 9000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9100, TRACE_END_TREE);
}

static void test_along_wakings(void **state)
{
	struct tb *tb = *state;
	const struct span *span = &tb->analysis.span;

	scene(tb, 0);
	tb_analyze(tb);
	assert_int_equal(span->work_ns, (2000 + 800) + (1900 + 2400));
	/* 1 until the birth of 2, 2 until the waking, 1 to its end. */
	assert_int_equal(span->span_ns, 1000 + (1900 + 1900) + 800);
	assert_int_equal(span->unlocked_ns, span->span_ns);
}

/* The same graph, but the waking only let 1 have a lock: 2 alone has the longest chain. */
static void test_locks_are_no_order(void **state)
{
	struct tb *tb = *state;
	const struct span *span = &tb->analysis.span;

	scene(tb, 2);
	tb_analyze(tb);
	assert_int_equal(span->span_ns, 1000 + (1900 + 1900) + 800);
	assert_int_equal(span->unlocked_ns, 1000 + (1900 + 2400));
}

static void test_alone(void **state)
{
	struct tb *tb = *state;
	const struct span *span = &tb->analysis.span;

	tb_exec(tb, 1000, 0, 1);
	tb_block(tb, 3000, 0, 1, NR_NANOSLEEP, 0, 0);
	tb_waking(tb, 5000, 0, 0, 1, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 5500, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 6000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(span->work_ns, 2500);
	assert_int_equal(span->span_ns, 2500);
	assert_int_equal(span->unlocked_ns, 2500);
}

/* What was lost is no work, and no chain goes through it. */
static void test_gap(void **state)
{
	struct tb *tb = *state;
	const struct span *span = &tb->analysis.span;

	tb_exec(tb, 1000, 0, 1);
	tb_gap(tb, 3000, 0, 2000, 2900, 4);
	tb_sample(tb, 4000, 0, 1);
	tb_switch(tb, 6000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_UNKNOWN, 2000);
	assert_int_equal(span->work_ns, 3000);
	assert_int_equal(span->span_ns, 3000);
}

static void test_nothing(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, 1000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.span.work_ns, 0);
	assert_int_equal(tb->analysis.span.span_ns, 0);
	assert_int_equal(span_bound_ns(&tb->analysis.span, 0), 0);
}

static void test_bound(void **state)
{
	const struct span span = { .work_ns = 1000, .span_ns = 300 };
	const struct span gil = { .work_ns = 1000, .span_ns = 300, .gil_ns = 700 };

	(void)state;
	assert_int_equal(span_bound_ns(&span, 1), 1000);
	assert_int_equal(span_bound_ns(&span, 3), 334);
	assert_int_equal(span_bound_ns(&span, 4), 300);
	assert_int_equal(span_bound_ns(&span, 0), 300);
	assert_int_equal(span_bound_ns(&gil, 4), 700);
	assert_int_equal(span_bound_ns(&gil, 1), 1000);
}

/* One thread makes progress from 1000 to 2000, and `cores` cores for 1000 ns. */
static int laws(struct span *span, uint64_t end_ns, uint32_t cores)
{
	struct run run = { .start_ns = 1000, .end_ns = end_ns, .cores_cnt = cores };
	struct thread thread = { .slot = 0 };
	struct change change = { .at_ns = 1000, .thread = &thread, .from = STATE_CNT, .to = STATE_RUN_FREE };

	assert_int_equal(span_sink.change(span, &change), 0);
	change = (struct change){ .at_ns = 2000, .thread = &thread, .from = STATE_RUN_FREE, .to = STATE_CNT };
	assert_int_equal(span_sink.change(span, &change), 0);
	return span_sink.end(span, &run);
}

static void assert_law(uint64_t end_ns, uint32_t cores, uint64_t work_ns, uint64_t unlocked_ns, const char *law)
{
	struct identity identity = { "" };
	struct gil_count gil = { .id = 1, .run_ns = 1000 };
	struct gil_count *const counts[] = { &gil };
	const struct gils gils = { .counts = (struct gil_count **)counts, .counts_cnt = 1 };
	struct span span = {
		.identity = &identity, .gils = &gils, .work_ns = work_ns, .unlocked_ns = unlocked_ns,
	};
	int err = laws(&span, end_ns, cores);

	span_clear(&span);
	if (!law) {
		assert_int_equal(err, 0);
		return;
	}
	assert_int_equal(err, -EPROTO);
	if (!strstr(identity.broken, law))
		fail_msg("%s", identity.broken);
}

static void test_laws(void **state)
{
	(void)state;
	assert_law(2000, 1, 0, 0, NULL);
	assert_law(1999, 1, 0, 0, "span <= wall time");
	assert_law(2000, 0, 0, 0, "work <= cores * wall time");
	assert_law(2000, 1, 1, 0, "work <= cores * wall time");
	assert_law(2000, 2, (uint64_t)-1, 0, "span <= work");
	assert_law(2000, 1, 0, 1001, "unlocked span <= span");
}

#define TEST(name) TB_TEST(name, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_along_wakings),
		TEST(test_locks_are_no_order),
		TEST(test_alone),
		TEST(test_gap),
		TEST(test_nothing),
		TEST(test_bound),
		TEST(test_laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
