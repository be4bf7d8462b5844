/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Worlds by the thousand: what the analyzer makes of their traces is what was true in them, to the
 * nanosecond. A seed that fails is printed, and cut down to a script that people can read.
 *
 * SIM_SEEDS=FIRST..LAST in the environment plays these small ones instead; with SIM_NOSHRINK a failing
 * script is not cut down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/compare.h"
#include "tests/sim/shrink.h"

/* Sanitizers take their time. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWER 10
#else
#define SLOWER 1
#endif

#define SMALL_SEEDS (15000 / SLOWER)
#define MIDDLE_SEEDS (300 / SLOWER)
#define HUGE_SEEDS (3 / SLOWER + 1)

/* In the same way: the same figure of the same kind of thing, whatever the numbers are. */
static bool script_fails(const struct sim_script *script, void *ctx)
{
	const char *wanted = ctx, *got;
	struct sim_verdict verdict;

	if (script_try(script, &verdict))
		return false;
	for (got = verdict.text; strncmp(wanted, " is ", 4); got++, wanted++) {
		got += strspn(got, "0123456789");
		wanted += strspn(wanted, "0123456789");
		if (*got != *wanted)
			return false;
		if (!*got)
			break;
	}
	return true;
}

static void seed_report(struct sim_script *script, const struct sim_verdict *verdict)
{
	struct sim_verdict wanted = *verdict, last;

	print_error("seed %llu: %s\n", (unsigned long long)script->seed, verdict->text);
	if (getenv("SIM_NOSHRINK"))
		return;
	script_shrink(script, script_fails, wanted.text);
	script_try(script, &last);
	print_error("as small as it gets: %s\n", last.text);
	script_print(script, stderr);
}

static void seeds_play(uint64_t first, uint64_t last, enum sim_size size)
{
	for (uint64_t seed = first; seed <= last; seed++) {
		struct sim_script script;
		struct sim_verdict verdict;
		bool equal;

		script_make(&script, seed, size);
		equal = script_try(&script, &verdict);
		if (!equal)
			seed_report(&script, &verdict);
		script_clear(&script);
		assert_true(equal);
	}
}

/* From the environment, or as many as there are. */
static void test_small(void **state)
{
	const char *seeds = getenv("SIM_SEEDS");
	unsigned long first = 1, last = SMALL_SEEDS;

	(void)state;
	if (seeds && sscanf(seeds, "%lu..%lu", &first, &last) == 1)
		last = first;
	seeds_play(first, last, SIM_SMALL);
}

/* Further out, where something was found once: losses at the very instant of another event. */
static void test_once_found(void **state)
{
	static const uint64_t seeds[] = { 20237, 39073, 46964 };

	(void)state;
	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		seeds_play(seeds[i], seeds[i], SIM_SMALL);
}

static void test_middle(void **state)
{
	(void)state;
	if (getenv("SIM_SEEDS"))
		return;
	seeds_play(1, MIDDLE_SEEDS, SIM_MIDDLE);
}

static void test_huge(void **state)
{
	(void)state;
	if (getenv("SIM_SEEDS"))
		return;
	seeds_play(1, HUGE_SEEDS, SIM_HUGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_once_found),
		cmocka_unit_test(test_middle),
		cmocka_unit_test(test_huge),
	};

	return cmocka_run_group_tests_name("simulated worlds", tests, NULL, NULL);
}
