/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thousands of worlds that agree prove little if what is hard never happens in them: every situation that the
 * simulator knows must come up in some of 1,500 worlds, whatever becomes of the generator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/recorder.h"

#define WORLDS 1500
#define WORLDS_MIN 8

static void test_situations_happen(void **state)
{
	uint64_t worlds[SITUATION_CNT] = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct sim_script script;
		struct sim_recorder recorder;
		struct sim_world world;

		script_make(&script, seed, SIM_SMALL);
		recorder_begin(&recorder, script.setup.cores);
		world_run(&world, &script, &recorder);
		for (int i = 0; i < SITUATION_CNT; i++)
			worlds[i] += world.happened[i] != 0;
		world_clear(&world);
		recorder_clear(&recorder);
		script_clear(&script);
	}
	for (int i = 0; i < SITUATION_CNT; i++) {
		if (worlds[i] < WORLDS_MIN)
			print_error("%s: only in %u of %u worlds\n", sim_situation_names[i], (unsigned)worlds[i],
				    WORLDS);
		assert_true(worlds[i] >= WORLDS_MIN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_situations_happen),
	};

	return cmocka_run_group_tests_name("situations in simulated worlds", tests, NULL, NULL);
}
