/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting how often an operation lets go of the GIL, when nobody else wants it. After cmocka.h. */
#ifndef TESTS_UNIT_GILRT_DROPS_H
#define TESTS_UNIT_GILRT_DROPS_H

#include "workloads/gilrt/gilrt.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PATIENT_US	10000000	/* nobody asks for the GIL within a test */

static inline void begin(void)
{
	const struct gilrt_config config = { .switch_interval_us = PATIENT_US };

	assert_int_equal(gilrt_init(&config), 0);
}

static inline void end(void)
{
	assert_int_equal(gilrt_stop(), 0);
	gilrt_fini();
}

static inline struct gilrt_stats own_stats(void)
{
	struct gilrt_stats stats;

	gilrt_thread_stats(gilrt_thread_current(), &stats);
	return stats;
}

struct op_case {
	const char *name;
	void (*run)(void *things);
	uint64_t drops;
};

/* Each operation many times: the number of drops is exact, and none of them costs a wait. */
static inline void check_drops(const struct op_case *cases, size_t case_cnt, void *things)
{
	const uint64_t n = 20;
	struct gilrt_stats before, after;
	uint64_t k;
	size_t i;

	for (i = 0; i < case_cnt; i++) {
		before = own_stats();
		for (k = 0; k < n; k++)
			cases[i].run(things);
		after = own_stats();
		if (after.drops - before.drops != n * cases[i].drops)
			fail_msg("%s: %llu drops in %llu", cases[i].name,
				 (unsigned long long)(after.drops - before.drops),
				 (unsigned long long)n);
		assert_int_equal(after.gil_holds - before.gil_holds, after.drops - before.drops);
		assert_int_equal(after.gil_waits, 0);
		assert_int_equal(after.forced_switches, 0);
	}
}

#endif
