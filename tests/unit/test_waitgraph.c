/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wait-for graph, held against numbers worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/words.h"
#include "tests/support/tb.h"

#define OP_WAIT 0
#define OP_WAKE 1
#define COND 0x20

static uint32_t slot_of(const struct tb *tb, uint64_t id)
{
	return tb_row(tb, id)->thread->slot;
}

static struct wait_edge edge_of(const struct tb *tb, uint32_t from, uint32_t to)
{
	const struct waitgraph *graph = &tb->analysis.waitgraph;

	for (size_t i = 0; i < graph->edges_cnt; i++)
		if (graph->edges[i].from == from && graph->edges[i].to == to)
			return graph->edges[i];
	return (struct wait_edge){ 0 };
}

static void assert_edge(const struct tb *tb, uint64_t from, uint64_t to, uint64_t waits_ns, uint64_t handed_ns)
{
	struct wait_edge edge = edge_of(tb, slot_of(tb, from), slot_of(tb, to));

	assert_int_equal(edge.waits_ns, waits_ns);
	assert_int_equal(edge.handed_ns, handed_ns);
}

static void assert_nobody(const struct tb *tb, uint64_t from, enum blame_nobody code, uint64_t waits_ns,
			  uint64_t handed_ns)
{
	struct wait_edge edge = edge_of(tb, slot_of(tb, from), (uint32_t)tb->analysis.blame.threads_cnt + code);

	assert_int_equal(edge.waits_ns, waits_ns);
	assert_int_equal(edge.handed_ns, handed_ns);
}

/* Threads 1 to cnt of one process, each on a core of its own. */
static void threads_begin(struct tb *tb, uint64_t cnt)
{
	tb_exec(tb, 1000, 0, 1);
	for (uint64_t id = 2; id <= cnt; id++) {
		tb_thread(tb, 1000, 0, 1, id, 1);
		tb_switch(tb, 1000, (uint32_t)id - 1, 0, TRACE_HOW_NONE, id);
	}
}

/* Reads a pipe, until the waker writes to it; runs again soon after. */
static void piped(struct tb *tb, uint64_t from_ns, uint64_t to_ns, uint64_t id, uint64_t waker)
{
	tb_block(tb, from_ns, (uint32_t)id - 1, id, NR_READ, 3, 0);
	tb_waking(tb, to_ns, (uint32_t)waker - 1, waker, id, NR_WRITE, 4, 0);
	tb_switch(tb, to_ns + 100, (uint32_t)id - 1, 0, TRACE_HOW_NONE, id);
}

static void finish(struct tb *tb, uint64_t at_ns)
{
	tb_end(tb, at_ns, TRACE_END_COMMAND);
	tb_analyze(tb);
}

/*
 * 3 sleeps from 3000 to 6000, then writes to 2, which has waited since 2500 and writes to 1 at 9000, which
 * has waited since 2000.
 */
static void test_chain(void **state)
{
	struct tb *tb = *state;

	threads_begin(tb, 3);
	piped(tb, 2000, 9000, 1, 2);
	piped(tb, 2500, 7000, 2, 3);
	tb_block(tb, 3000, 2, 3, NR_NANOSLEEP, 0, 0);
	tb_waking(tb, 6000, 2, 0, 3, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 6000, 2, 0, TRACE_HOW_NONE, 3);
	finish(tb, 10000);
	/* Before 2500 and from 7000 on for 2 itself. */
	assert_edge(tb, 1, 2, 7000, 500 + 2000);
	/* Both, but for the sleep. */
	assert_edge(tb, 2, 3, 4500, 2 * (500 + 1000));
	assert_nobody(tb, 3, BLAME_TIMER, 3000, 3 * 3000);
	assert_int_equal(tb->analysis.waitgraph.knots_cnt, 0);
}

/* What the owner waits for once the lock is passed on is not what the lock was waited for. */
static void test_outlasted(void **state)
{
	struct tb *tb = *state;

	threads_begin(tb, 3);
	tb_block(tb, 2000, 1, 2, NR_FUTEX, 0x100, OP_WAIT)->owner = 1;
	tb_waking(tb, 6000, 2, 3, 2, NR_FUTEX, 0x100, OP_WAKE);
	tb_switch(tb, 6100, 1, 0, TRACE_HOW_NONE, 2);
	/* One wait is over when that of 2 is not yet, one outlasts it. */
	piped(tb, 2500, 3500, 1, 3);
	piped(tb, 5000, 8000, 1, 3);
	finish(tb, 10000);
	assert_edge(tb, 2, 1, 4000, 3000);
	assert_edge(tb, 1, 3, 1000 + 3000, 1000 + 3000 + 1000);
}

static void test_ends_together(void **state)
{
	struct tb *tb = *state;

	threads_begin(tb, 3);
	tb_block(tb, 2000, 1, 2, NR_FUTEX, 0x100, OP_WAIT)->owner = 1;
	tb_waking(tb, 6000, 2, 3, 2, NR_FUTEX, 0x100, OP_WAKE);
	tb_switch(tb, 6100, 1, 0, TRACE_HOW_NONE, 2);
	piped(tb, 5000, 6000, 1, 3);
	finish(tb, 10000);
	assert_edge(tb, 2, 1, 4000, 4000);
	assert_edge(tb, 1, 3, 1000, 1000);
}

/* A deadlock: each has the lock that the other waits for. */
static void test_deadlock(void **state)
{
	const struct waitgraph *graph;
	struct tb *tb = *state;

	threads_begin(tb, 3);
	tb_block(tb, 2000, 0, 1, NR_FUTEX, 0x100, OP_WAIT)->owner = 2;
	tb_block(tb, 3000, 1, 2, NR_FUTEX, 0x200, OP_WAIT)->owner = 1;
	piped(tb, 4000, 5000, 3, 3);
	finish(tb, 10000);
	graph = &tb->analysis.waitgraph;
	assert_edge(tb, 1, 2, 8000, 8000);
	assert_edge(tb, 2, 1, 7000, 7000);
	assert_int_equal(graph->knots_cnt, 1);
	assert_int_equal(graph->knots[0].members_cnt, 2);
	assert_int_equal(graph->knots[0].waits_ns, 15000);
	assert_int_equal(graph->knots[0].word->address, 0x100);
}

/* The holder sleeps with the GIL: what others wait for is its timer. */
static void test_gil(void **state)
{
	struct trace_gil *gil;
	struct tb *tb = *state;

	threads_begin(tb, 2);
	tb->records[0].exec.gil_state = TRACE_GIL_KNOWN;
	gil = &tb_add(tb, 1000, 0, TRACE_GIL)->gil;
	gil->id = 1;
	gil->process = 1;
	TB_PEEK(tb_sample(tb, 1000, 0, 1), 0, 1, TB_HELD, 1);
	TB_PEEK(tb_block(tb, 2000, 1, 2, NR_FUTEX, COND, OP_WAIT), TRACE_GIL_PART_COND, 1, TB_HELD, 1);
	TB_PEEK(tb_block(tb, 3000, 0, 1, NR_NANOSLEEP, 0, 0), 0, 1, TB_HELD, 1);
	tb_waking(tb, 7000, 0, 0, 1, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 7000, 0, 0, TRACE_HOW_NONE, 1);
	TB_PEEK(tb_switch(tb, 9000, 0, 1, TRACE_HOW_PREEMPTED, 0), 0, 1, TB_HELD, 1);
	finish(tb, 10000);
	assert_edge(tb, 2, 1, 8000, 4000);
	assert_nobody(tb, 1, BLAME_TIMER, 4000, 8000);
}

/*
 * 4 waits for GIL 1, held by 3, who waits for a lock of 2, who waits for GIL 2, held by 1, who sleeps.
 *
 *   1   sleeps  2000..8000   holds GIL 2 until 8200
 *   2   GIL 2   3000..8200
 *   3   lock    3500..8500   holds GIL 1 until 9000
 *   4   GIL 1   4000..9000
 *
 * What came by GIL 1 is not handed on by GIL 2: of 4 nothing reaches the timer.
 */
static void test_two_gils(void **state)
{
	struct tb *tb = *state;

	threads_begin(tb, 4);
	tb->records[0].exec.gil_state = TRACE_GIL_KNOWN;
	tb_gil(tb, 1000, 0, 1, 1)->exact = 1;
	tb_gil(tb, 1000, 0, 2, 1)->exact = 1;
	tb_gil_step(tb, 1000, 0, 1, 2, TRACE_GIL_OP_TAKE);
	tb_gil_step(tb, 1000, 2, 3, 1, TRACE_GIL_OP_TAKE);
	tb_block(tb, 2000, 0, 1, NR_NANOSLEEP, 0, 0);
	tb_gil_step(tb, 3000, 1, 2, 2, TRACE_GIL_OP_WAIT);
	tb_block(tb, 3000, 1, 2, NR_FUTEX, COND, OP_WAIT);
	tb_block(tb, 3500, 2, 3, NR_FUTEX, 0x100, OP_WAIT)->owner = 2;
	tb_gil_step(tb, 4000, 3, 4, 1, TRACE_GIL_OP_WAIT);
	tb_block(tb, 4000, 3, 4, NR_FUTEX, COND, OP_WAIT);
	tb_waking(tb, 8000, 0, 0, 1, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 8000, 0, 0, TRACE_HOW_NONE, 1);
	tb_gil_step(tb, 8200, 0, 1, 2, TRACE_GIL_OP_DROP);
	tb_waking(tb, 8200, 0, 1, 2, NR_FUTEX, COND, OP_WAKE);
	tb_switch(tb, 8200, 1, 0, TRACE_HOW_NONE, 2);
	tb_gil_step(tb, 8200, 1, 2, 2, TRACE_GIL_OP_TAKE);
	tb_waking(tb, 8500, 1, 2, 3, NR_FUTEX, 0x100, OP_WAKE);
	tb_switch(tb, 8500, 2, 0, TRACE_HOW_NONE, 3);
	tb_gil_step(tb, 9000, 2, 3, 1, TRACE_GIL_OP_DROP);
	tb_waking(tb, 9000, 2, 3, 4, NR_FUTEX, COND, OP_WAKE);
	tb_switch(tb, 9000, 3, 0, TRACE_HOW_NONE, 4);
	tb_gil_step(tb, 9000, 3, 4, 1, TRACE_GIL_OP_TAKE);
	finish(tb, 10000);
	assert_edge(tb, 4, 3, 5000, 500);
	/* While 2 has its GIL again and 3 waits: of 3 itself and of 4. */
	assert_edge(tb, 3, 2, 5000, 2 * 300);
	/* All of 4 from 4000 on, and of 2 and 3 what comes behind the sleep. */
	assert_edge(tb, 2, 1, 5200, 4200 + 2 * 200);
	assert_nobody(tb, 1, BLAME_TIMER, 6000, 6000 + 5000 + 4500);
}

/* Two circles, of which one leads to the other, and a vertex that leads to both; sorted by `from`. */
static void test_components(void **state)
{
	static const uint32_t pairs[][2] = { { 0, 2 }, { 0, 5 }, { 1, 2 }, { 2, 3 }, { 3, 1 }, { 3, 4 },
					     { 4, 5 }, { 5, 6 }, { 6, 4 } };
	struct wait_edge edges[9];
	uint32_t components[8];

	(void)state;
	for (size_t i = 0; i < 9; i++)
		edges[i] = (struct wait_edge){ .from = pairs[i][0], .to = pairs[i][1] };
	assert_int_equal(components_find(edges, 9, 8, components), 0);
	assert_int_equal(components[1], components[2]);
	assert_int_equal(components[1], components[3]);
	assert_int_equal(components[4], components[5]);
	assert_int_equal(components[4], components[6]);
	assert_true(components[4] < components[1] && components[1] < components[0]);
	assert_true(components[7] != components[0] && components[7] != components[4]);
}

/* A chain of as many threads as a run may have. */
static void test_long_chain(void **state)
{
	uint32_t cnt = 100000, *components = calloc(cnt, sizeof(*components));
	struct wait_edge *edges = calloc(cnt, sizeof(*edges));

	(void)state;
	assert_true(components && edges);
	for (uint32_t i = 0; i + 1 < cnt; i++)
		edges[i] = (struct wait_edge){ .from = i, .to = i + 1 };
	assert_int_equal(components_find(edges, cnt - 1, cnt, components), 0);
	assert_int_equal(components[0], cnt - 1);
	edges[cnt - 1] = (struct wait_edge){ .from = cnt - 1, .to = 0 };
	assert_int_equal(components_find(edges, cnt, cnt, components), 0);
	assert_int_equal(components[cnt / 2], 0);
	free(components);
	free(edges);
}

static void test_nothing(void **state)
{
	struct tb *tb = *state;

	finish(tb, 5000);
	assert_int_equal(tb->analysis.waitgraph.edges_cnt, 0);
	assert_int_equal(tb->analysis.waitgraph.knots_cnt, 0);
}

static void test_text(void **state)
{
	struct tb *tb = *state;
	char *text;

	test_deadlock(state);
	text = tb_text(tb, 0);
	assert_non_null(strstr(text, "wait for each other and for no other thread"));
	assert_non_null(strstr(text, "mostly for lock 0x100"));
	free(text);
}

#define TEST(name) TB_TEST(name, "4")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_chain),
		TEST(test_outlasted),
		TEST(test_ends_together),
		TEST(test_deadlock),
		TEST(test_gil),
		TEST(test_two_gils),
		cmocka_unit_test(test_components),
		cmocka_unit_test(test_long_chain),
		TEST(test_nothing),
		TEST(test_text),
	};

	return cmocka_run_group_tests_name("waitgraph", tests, NULL, NULL);
}
