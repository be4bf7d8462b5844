/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Phases: planted ones are found where they are, and nothing else is.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analyses/segment.h"
#include "tests/support/random.h"
#include "tests/support/tb.h"

#define MS UINT64_C(1000000)
#define VALUES 500

/* Between 0 and 1. */
static double chance(uint64_t *random)
{
	return (double)(random_next(random) >> 11) / (double)(UINT64_C(1) << 53);
}

/* Cuts a row that has noise of this size around levels, from these values on. */
static size_t cut(const double *levels, const size_t *starts, size_t cnt, double size, uint64_t seed,
		  size_t cuts[PHASES_MAX])
{
	double values[VALUES], weights[VALUES];
	size_t at = 0;

	for (size_t i = 0; i < VALUES; i++) {
		at += at + 1 < cnt && i >= starts[at + 1];
		values[i] = levels[at] + size * (chance(&seed) - 0.5);
		weights[i] = 1;
	}
	return segment_find(values, weights, VALUES, PHASES_MAX, cuts);
}

static void test_one_level(void **state)
{
	size_t cuts[PHASES_MAX];

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++)
		assert_int_equal(cut((double[]){ 3 }, (size_t[]){ 0 }, 1, 0.1 * (double)seed, seed, cuts), 1);
	assert_int_equal(cuts[0], 0);
}

/* Thirty hundredths at 1, the rest at 4. */
static void test_serial_phase(void **state)
{
	size_t cuts[PHASES_MAX];

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		assert_int_equal(cut((double[]){ 1, 4 }, (size_t[]){ 0, 150 }, 2, 2, seed, cuts), 2);
		assert_in_range(cuts[1], 148, 152);
	}
	assert_int_equal(cut((double[]){ 1, 4 }, (size_t[]){ 0, 150 }, 2, 0, 1, cuts), 2);
	assert_int_equal(cuts[1], 150);
}

static void test_dip(void **state)
{
	size_t cuts[PHASES_MAX];

	(void)state;
	assert_int_equal(cut((double[]){ 4, 1, 4 }, (size_t[]){ 0, 200, 215 }, 3, 0.5, 1, cuts), 3);
	assert_int_equal(cuts[1], 200);
	assert_int_equal(cuts[2], 215);
	/* Too short to be one. */
	assert_int_equal(cut((double[]){ 4, 3.8, 4 }, (size_t[]){ 0, 200, 205 }, 3, 0, 1, cuts), 1);
	/* What others take of the cores for a moment is none; if they go on, it is. */
	assert_int_equal(cut((double[]){ 2, 1.4, 2 }, (size_t[]){ 0, 200, 210 }, 3, 0, 1, cuts), 1);
	assert_int_equal(cut((double[]){ 2, 1.4, 2 }, (size_t[]){ 0, 200, 300 }, 3, 0, 1, cuts), 3);
	assert_int_equal(cuts[1], 200);
	assert_int_equal(cuts[2], 300);
}

/* Values that go on from the one before are alike, but no phases. */
static void test_walks(void **state)
{
	double values[VALUES], weights[VALUES], value = 0;
	size_t cuts[PHASES_MAX], found, most = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		uint64_t random = seed;

		for (size_t i = 0; i < VALUES; i++) {
			value = 0.7 * value + chance(&random) - 0.5;
			values[i] = 2 + value;
			weights[i] = 1;
		}
		found = segment_find(values, weights, VALUES, PHASES_MAX, cuts);
		most = found > most ? found : most;
	}
	assert_int_equal(most, 1);
}

static void test_at_most_so_many(void **state)
{
	double values[VALUES], weights[VALUES];
	size_t cuts[PHASES_MAX], found;

	(void)state;
	for (size_t i = 0; i < VALUES; i++) {
		values[i] = i / 20 % 2 ? 1 + (double)i : 4;
		weights[i] = 1;
	}
	found = segment_find(values, weights, VALUES, PHASES_MAX, cuts);
	assert_in_range(found, 1, PHASES_MAX);
	for (size_t i = 1; i < found; i++)
		assert_true(cuts[i] > cuts[i - 1]);
	assert_int_equal(segment_find(values, weights, 1, PHASES_MAX, cuts), 1);
	assert_int_equal(segment_find(values, weights, 0, PHASES_MAX, cuts), 0);
}

/* One thread for 30 ms, four of them for 70 more. */
static void scene(struct tb *tb)
{
	tb_exec(tb, MS, 0, 1);
	for (uint32_t i = 1; i < 4; i++) {
		tb_thread(tb, 31 * MS, 0, 1, 1 + i, 1);
		tb_switch(tb, 31 * MS, i, 0, TRACE_HOW_NONE, 1 + i);
	}
	for (uint32_t i = 0; i < 4; i++)
		tb_switch(tb, 101 * MS, i, 1 + i, TRACE_HOW_DEAD, 0);
	tb_end(tb, 101 * MS, TRACE_END_TREE);
}

static void test_planted(void **state)
{
	struct tb *tb = *state;
	const struct phases *phases = &tb->analysis.phases;

	scene(tb);
	tb_analyze(tb);
	assert_int_equal(phases->phases_cnt, 2);
	assert_int_equal(phases->phases[0].start_ns, MS);
	assert_in_range(phases->phases[1].start_ns, 31 * MS - phases->width_ns, 31 * MS + phases->width_ns);
	assert_int_equal(phases->phases[0].end_ns, phases->phases[1].start_ns);
	assert_int_equal(phases->phases[1].end_ns, 101 * MS);
	assert_int_equal(phases->phases[0].sums.integral_ns[CURVE_TRUE] +
			 phases->phases[1].sums.integral_ns[CURVE_TRUE], 30 * MS + 4 * 70 * MS);
	assert_in_range(phases->buckets_cnt, PHASES_BUCKETS / 2, PHASES_BUCKETS);
}

/* Hours without a word. */
static void test_silence(void **state)
{
	struct tb *tb = *state;
	const struct phases *phases = &tb->analysis.phases;

	tb_exec(tb, 1000, 0, 1);
	tb_switch(tb, 1000 + 86400000 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(phases->phases_cnt, 1);
	assert_int_equal(phases->phases[0].sums.integral_ns[CURVE_TRUE], 86400000 * MS);
}

static void test_nothing(void **state)
{
	struct tb *tb = *state;

	tb_analyze(tb);
	assert_int_equal(tb->analysis.phases.phases_cnt, 0);
}

/* What is lost is not progress, and is said to be lost. */
static void test_gap(void **state)
{
	struct tb *tb = *state;
	char *text;

	tb_exec(tb, MS, 0, 1);
	tb_gap(tb, 101 * MS, 0, 51 * MS, 100 * MS, 1);
	tb_switch(tb, 101 * MS, 0, 1, TRACE_HOW_DEAD, 0);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.phases.phases_cnt, 2);
	assert_int_equal(tb->analysis.phases.phases[0].sums.unknown_ns +
			 tb->analysis.phases.phases[1].sums.unknown_ns, 50 * MS);
	text = tb_text(tb, 0);
	assert_non_null(strstr(text, "  In phase 2, "));
	free(text);
}

static void test_identity(void **state)
{
	struct tb *tb = *state;

	scene(tb);
	tb_analyze(tb);
	tb->analysis.curves.tree.integral_ns[CURVE_OVERLAP]++;
	memset(tb->analysis.phases.phases, 0, sizeof(tb->analysis.phases.phases));
	assert_int_equal(phases_sink.end(&tb->analysis.phases, &tb->analysis.run), -EPROTO);
	assert_non_null(strstr(tb->analysis.identity.broken, "overlap over the phases"));
}

static void test_text(void **state)
{
	struct tb *tb = *state;
	char *text;

	scene(tb);
	tb_analyze(tb);
	text = tb_text(tb, 0);
	assert_non_null(strstr(text, "\n  ::::::::::::::::::::::-####"));
	assert_non_null(strstr(text, "\n  1                     2\n"));
	free(text);
}

#define TEST(function) TB_TEST(function, "4")

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_level),
		cmocka_unit_test(test_serial_phase),
		cmocka_unit_test(test_dip),
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_at_most_so_many),
		TEST(test_planted),
		TEST(test_silence),
		TEST(test_nothing),
		TEST(test_gap),
		TEST(test_identity),
		TEST(test_text),
	};

	return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}
