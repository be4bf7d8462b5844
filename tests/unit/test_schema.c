/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever trace-report writes as JSON is documented in docs/report.schema.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/run.h"
#include "tests/support/schema.h"

static void golden_is_valid(void **state)
{
	(void)state;
	NEED_VALIDATOR();
	assert_schema(built("../tests/golden/v1.plx"));
}

static void simulated_are_valid(void **state)
{
	static const char *const sizes[] = { "small", "middle" };

	(void)state;
	NEED_VALIDATOR();
	for (int seed = 1; seed <= 10; seed++) {
		char number[16];
		struct run run;

		snprintf(number, sizeof(number), "%d", seed);
		run_words(&run, built("tests/sim/simulate"), number, "world.plx", sizes[seed % 2]);
		assert_int_equal(run.status, 0);
		run_free(&run);
		assert_schema("world.plx");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_is_valid),
		cmocka_unit_test(simulated_are_valid),
	};

	return cmocka_run_group_tests_name("schema", tests, sandbox_enter, sandbox_leave);
}
