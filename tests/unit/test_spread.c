/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Distributions of times: exact where they promise it, elsewhere within their bound of what sorting all
 * values gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyzer/array.h"
#include "analyzer/spread.h"
#include "tests/support/random.h"

static int value_compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Off by no more than a 64th. */
static void assert_near(uint64_t got, uint64_t wanted)
{
	uint64_t apart = got > wanted ? got - wanted : wanted - got;

	if (apart > wanted / 64)
		fail_msg("%llu is not within 1.6 %% of %llu", (unsigned long long)got,
			 (unsigned long long)wanted);
}

/* Against the values themselves, sorted. */
static void spread_is(const struct spread *spread, uint64_t *values, size_t cnt)
{
	uint64_t sum_ns = 0;

	qsort(values, cnt, sizeof(*values), value_compare);
	for (size_t i = 0; i < cnt; i++)
		sum_ns += values[i];
	assert_int_equal(spread->cnt, cnt);
	assert_int_equal(spread->sum_ns, sum_ns);
	assert_int_equal(spread->min_ns, values[0]);
	assert_int_equal(spread->max_ns, values[cnt - 1]);
	for (unsigned int percent = 1; percent <= 100; percent++)
		assert_near(spread_percentile(spread, percent), values[(cnt * percent + 99) / 100 - 1]);
	assert_int_equal(spread_percentile(spread, 0), values[0]);
	assert_int_equal(spread_percentile(spread, 100), values[cnt - 1]);
}

static void test_empty(void **state)
{
	struct spread spread = { 0 };

	(void)state;
	assert_int_equal(spread_percentile(&spread, 0), 0);
	assert_int_equal(spread_percentile(&spread, 50), 0);
	assert_int_equal(spread_percentile(&spread, 100), 0);
	assert_int_equal(spread.cnt, 0);
	assert_null(spread.octaves);
	spread_clear(&spread);
}

static void test_one_value(void **state)
{
	static const uint64_t values[] = { 0, 1, 31, 32, 63, 64, 1000003, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct spread spread = { 0 };

		assert_int_equal(spread_add(&spread, values[i]), 0);
		for (unsigned int percent = 0; percent <= 100; percent++)
			assert_int_equal(spread_percentile(&spread, percent), values[i]);
		spread_clear(&spread);
	}
}

/* Room is taken by the second value, not by the second time. */
static void test_lone_value(void **state)
{
	struct spread spread = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(spread_add(&spread, 1000000), 0);
	assert_null(spread.octaves);
	assert_int_equal(spread_percentile(&spread, 50), 1000000);
	assert_int_equal(spread_add(&spread, 10), 0);
	assert_int_equal(spread_add(&spread, 20), 0);
	assert_int_equal(spread.cnt, 5);
	assert_int_equal(spread_percentile(&spread, 20), 10);
	assert_int_equal(spread_percentile(&spread, 40), 20);
	assert_int_equal(spread_percentile(&spread, 100), 1000000);
	spread_clear(&spread);
}

static void test_small_values_are_exact(void **state)
{
	struct spread spread = { 0 };

	(void)state;
	for (uint64_t ns = 1; ns <= 50; ns++)
		assert_int_equal(spread_add(&spread, ns), 0);
	assert_int_equal(spread_percentile(&spread, 50), 25);
	assert_int_equal(spread_percentile(&spread, 90), 45);
	assert_int_equal(spread_percentile(&spread, 99), 50);
	spread_clear(&spread);
}

/* Each side of every power of two, between two neighbours so that it is no bound. */
static void test_buckets_bound_the_error(void **state)
{
	(void)state;
	for (unsigned int bit = 1; bit < 64; bit++)
		for (uint64_t off = 0; off < 3; off++) {
			uint64_t ns = (UINT64_C(1) << bit) - 1 + off;
			struct spread spread = { 0 };

			assert_int_equal(spread_add(&spread, 0), 0);
			assert_int_equal(spread_add(&spread, ns), 0);
			assert_int_equal(spread_add(&spread, UINT64_MAX), 0);
			assert_near(spread_percentile(&spread, 50), ns);
			spread_clear(&spread);
		}
}

/* Any number of bits, so that all sizes occur. */
static uint64_t value_any(uint64_t *random)
{
	return random_next(random) >> (8 + random_next(random) % 56);
}

static void test_any_values(void **state)
{
	enum { ROUNDS = 200, VALUES = 500 };
	uint64_t random = 1;
	uint64_t values[VALUES];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		size_t cnt = 1 + random_next(&random) % VALUES;
		struct spread whole = { 0 };

		for (size_t i = 0; i < cnt; i++) {
			values[i] = value_any(&random);
			assert_int_equal(spread_add(&whole, values[i]), 0);
		}
		spread_is(&whole, values, cnt);
		spread_clear(&whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_one_value),
		cmocka_unit_test(test_lone_value),
		cmocka_unit_test(test_small_values_are_exact),
		cmocka_unit_test(test_buckets_bound_the_error),
		cmocka_unit_test(test_any_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
