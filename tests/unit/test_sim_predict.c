/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "GIL removed" against the same script played without one, in worlds where nothing else happens: threads
 * that compute, compute without the GIL, and read. What is left are the differences of two schedulers: the
 * simulated machine has a queue for each core, and who holds a GIL there pays for every look at it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyzer/analysis.h"
#include "tests/sim/recorder.h"
#include "tests/sim/story.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define SEEDS 200
#define THREADS_MAX 8
#define STEPS 12

static void thread_plan(struct sim_plan *plan, uint64_t *random)
{
	static const enum sim_do kinds[] = { DO_COMPUTE, DO_COMPUTE, DO_NATIVE, DO_READ };

	for (int i = 0; i < STEPS; i++) {
		/* Not among the arguments: compilers differ in their order. */
		uint64_t ns = dice_ns(random, 500 * US, 8 * MS);

		plan_add(plan, kinds[dice(random, 4)], ns, 0);
	}
}

/* Plan 0 starts all others. */
static void scene(struct sim_script *script, uint64_t seed)
{
	uint64_t random = seed * 7919 + 1;
	uint32_t threads = 2 + (uint32_t)dice(&random, THREADS_MAX - 1);

	*script = (struct sim_script){
		.seed = seed,
		.setup = {
			.cores = 1 + (uint32_t)dice(&random, 8), .gil = SIM_GIL_KNOWN, .exact = true,
			.interval_ns = 5 * MS, .check_ns = 10 * US, .slice_ns = 3 * MS, .tick_ns = 1 * MS + 9,
			.preempt = 500, .move = 900,
		},
	};
	for (uint32_t i = 0; i <= threads; i++)
		script_plan_add(script);
	script->plans[0].quiet = true;
	for (uint32_t i = 1; i <= threads; i++) {
		thread_plan(&script->plans[i], &random);
		plan_add(&script->plans[0], DO_SPAWN, 0, i);
	}
}

/* How long the run takes, and the replay; how many times as fast it is said to be without a GIL. */
static uint64_t play(const struct sim_script *script, uint64_t *ret_replay_ns, double *ret_factor)
{
	struct sim_recorder recorder;
	struct sim_world world;
	struct analysis analysis;
	struct trace_reader *reader;
	size_t len;
	void *image;
	uint64_t wall_ns;

	recorder_begin(&recorder, script->setup.cores);
	world_run(&world, script, &recorder);
	image = recorder_image(&recorder, &len);
	assert_int_equal(trace_reader_open_memory(image, len, &reader, NULL), 0);
	assert_int_equal(analysis_run(&analysis, reader), 0);
	wall_ns = analysis.run.end_ns - analysis.run.start_ns;
	*ret_replay_ns = analysis.predict.base.wall_ns;
	*ret_factor = 1;
	if (analysis.predict.predictions_cnt && analysis.predict.predictions[0].kind == PREDICTION_GIL)
		*ret_factor = (double)analysis.predict.base.wall_ns /
			      (double)analysis.predict.predictions[0].result.wall_ns;
	analysis_clear(&analysis);
	trace_reader_free(reader);
	free(image);
	world_clear(&world);
	recorder_clear(&recorder);
	return wall_ns;
}

static double apart(double one, double other)
{
	return one > other ? one / other - 1 : other / one - 1;
}

static void gil_removed(void **state)
{
	double sum = 0, worst = 0, self_sum = 0, self = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_script script;
		double factor, none, error;
		uint64_t with_ns, without_ns, replay_ns, ignored_ns;

		scene(&script, seed);
		with_ns = play(&script, &replay_ns, &factor);
		script.setup.gil = SIM_GIL_NONE;
		without_ns = play(&script, &ignored_ns, &none);
		script_clear(&script);
		error = apart(factor, (double)with_ns / (double)without_ns);
		sum += error;
		worst = error > worst ? error : worst;
		error = apart((double)replay_ns, (double)with_ns);
		self_sum += error;
		self = error > self ? error : self;
	}
	print_message("GIL removed: apart by %.1f %% on average, %.1f %% at worst; nothing changed: %.1f %%,"
		      " %.1f %% at worst\n", 100 * sum / SEEDS, 100 * worst, 100 * self_sum / SEEDS, 100 * self);
	assert_true(sum / SEEDS < 0.10);
	assert_true(worst < 0.45);
	assert_true(self_sum / SEEDS < 0.05);
	assert_true(self < 0.30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gil_removed),
	};

	return cmocka_run_group_tests_name("predictions in simulated worlds", tests, NULL, NULL);
}
