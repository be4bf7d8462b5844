// SPDX-License-Identifier: BSD-2-Clause
/*
 * Latencies in buckets: quantiles are exact within a bucket, from nothing to the largest number.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "workloads/gilrt/latency.h"

static struct latency latency;

static void fill_one(uint64_t ns)
{
	memset(&latency, 0, sizeof(latency));
	latency_add(&latency, ns);
}

static void fill(uint64_t from, uint64_t to, uint64_t step)
{
	uint64_t ns;

	memset(&latency, 0, sizeof(latency));
	for (ns = from; ns <= to; ns += step)
		latency_add(&latency, ns);
}

static void assert_near(uint64_t ns, uint64_t expected)
{
	assert_in_range(ns, expected - expected / 200, expected + expected / 200);
}

static void test_empty(void **state)
{
	(void)state;
	memset(&latency, 0, sizeof(latency));
	assert_int_equal(latency_quantile(&latency, 0.5), 0);
}

static void test_small_values_are_exact(void **state)
{
	(void)state;
	fill(1, 100, 1);
	assert_int_equal(latency.cnt, 100);
	assert_int_equal(latency.max_ns, 100);
	assert_int_equal(latency_quantile(&latency, 0.001), 1);
	assert_int_equal(latency_quantile(&latency, 0.5), 50);
	assert_int_equal(latency_quantile(&latency, 0.99), 99);
	assert_int_equal(latency_quantile(&latency, 1), 100);
}

static void test_large_values_are_near(void **state)
{
	(void)state;
	fill(1000, 10000000, 1000);
	assert_near(latency_quantile(&latency, 0.5), 5000000);
	assert_near(latency_quantile(&latency, 0.99), 9900000);
	assert_int_equal(latency.max_ns, 10000000);
}

static void test_every_power_of_two(void **state)
{
	unsigned int bit;

	(void)state;
	for (bit = 0; bit < 64; bit++) {
		const uint64_t ns = UINT64_C(1) << bit;

		fill_one(ns);
		assert_near(latency_quantile(&latency, 1), ns);
		fill_one(ns - 1);
		assert_near(latency_quantile(&latency, 1), ns - 1);
	}
	fill_one(UINT64_MAX);
	assert_true(latency_quantile(&latency, 1) > UINT64_MAX - UINT64_MAX / 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_small_values_are_exact),
		cmocka_unit_test(test_large_values_are_near),
		cmocka_unit_test(test_every_power_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
