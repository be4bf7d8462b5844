/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Worlds played twice, with losses and without: what would have been recorded without them lies within
 * the bounds that the report of the lossy trace states, and these bounds are no wider than what was lost.
 *
 * That the report of a trace without losses is true is shown by test_sim.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyzer/analysis.h"
#include "analyzer/report.h"
#include "tests/sim/recorder.h"

/* Sanitizers take their time. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWER 10
#else
#define SLOWER 1
#endif

#define SEEDS (12000 / SLOWER)

struct told {
	void *image;
	struct trace_reader *reader;
	struct analysis analysis;
	struct report report;
};

static void told_make(struct told *told, const struct sim_script *script)
{
	struct sim_recorder recorder;
	struct sim_world world;
	size_t len;

	recorder_begin(&recorder, script->setup.cores);
	world_run(&world, script, &recorder);
	told->image = recorder_image(&recorder, &len);
	world_clear(&world);
	recorder_clear(&recorder);
	assert_int_equal(trace_reader_open_memory(told->image, len, &told->reader, NULL), 0);
	assert_int_equal(analysis_run(&told->analysis, told->reader), 0);
	assert_int_equal(report_make(&told->report, &told->analysis, &(struct report_filter){ 0 }), 0);
}

static void told_clear(struct told *told)
{
	report_clear(&told->report);
	analysis_clear(&told->analysis);
	trace_reader_free(told->reader);
	free(told->image);
}

/* The same world, and what became of its record. */
struct twice {
	uint64_t seed;
	struct told lossy, whole;
	bool holds;
};

static void within(struct twice *twice, const char *what, const char *of, uint64_t seen, struct range range,
		   uint64_t truth)
{
	if (truth >= range_low(seen, range) && truth <= range_high(seen, range))
		return;
	print_error("seed %" PRIu64 ": %s %s is %" PRIu64 ", within %" PRIu64 " .. %" PRIu64
		    ", should be %" PRIu64 "\n", twice->seed, what, of, seen, range_low(seen, range),
		    range_high(seen, range), truth);
	twice->holds = false;
}

/* Which is not said to be inconclusive would have been the same. */
static void verdict_check(struct twice *twice)
{
	const struct findings *seen = &twice->lossy.report.findings, *truth = &twice->whole.report.findings;

	if (seen->verdict == VERDICT_INCONCLUSIVE || seen->verdict == truth->verdict)
		return;
	print_error("seed %" PRIu64 ": the verdict is %s, should be %s (%s)\n", twice->seed,
		    verdict_names[seen->verdict], verdict_names[truth->verdict],
		    reason_names[truth->reason]);
	twice->holds = false;
}

static void gils_check(struct twice *twice)
{
	const struct gil_uses *uses = &twice->lossy.analysis.gil;

	/* Whose GIL it is that a thread holds is not always known without losses either. */
	if (twice->whole.analysis.gil.nameless_ns)
		return;
	for (size_t i = 0; i < uses->uses_cnt; i++) {
		const struct gil_use *use = uses->uses[i];
		const struct gil_use *truth = gil_use_of(&twice->whole.analysis.gil, use->id);

		within(twice, "GIL", "held", use->held_ns, use->held, truth ? truth->held_ns : 0);
	}
}

static void twice_check(struct twice *twice)
{
	const struct report *seen = &twice->lossy.report, *truth = &twice->whole.report;
	const struct trust *trust = &twice->lossy.analysis.trust;

	for (int i = 0; i < CURVE_CNT; i++)
		within(twice, "curve", curve_names[i], seen->tree.curves->integral_ns[i], trust->curves[i],
		       truth->tree.curves->integral_ns[i]);
	for (int i = 0; i < STATE_UNKNOWN; i++)
		within(twice, "state", state_infos[i].name, seen->tree.state_ns[i], trust->states[i],
		       truth->tree.state_ns[i]);
	for (int i = 0; i < STACK_UNKNOWN; i++) {
		char part[20];

		snprintf(part, sizeof(part), "%d", i);
		within(twice, "part", part, twice->lossy.analysis.stack.part_ns[i], trust->parts[i],
		       twice->whole.analysis.stack.part_ns[i]);
	}
	gils_check(twice);
	verdict_check(twice);
	within(twice, "the", "wall time", seen->tree.wall_ns, (struct range){ trust->wall_down_ns, 0 },
	       truth->tree.wall_ns);
}

struct count {
	uint64_t worlds, vanished, failed;
	unsigned __int128 width_ns, unknown_ns;	/* of true parallelism; of threads, or in doubt */
};

/* How wide the bounds of true parallelism are, against what was lost of the threads' time. */
static void width_add(struct count *count, const struct told *lossy)
{
	const struct trust *trust = &lossy->analysis.trust;

	count->width_ns += trust->curves[CURVE_TRUE].down_ns + trust->curves[CURVE_TRUE].up_ns;
	count->unknown_ns += lossy->report.tree.state_ns[STATE_UNKNOWN] +
			     trust->states[STATE_RUN_SPIN].up_ns;
}

static void twice_play(struct sim_script *script, struct count *count)
{
	struct twice twice = { .seed = script->seed, .holds = true };

	/* Where wakings or arrivals go unseen, not all is known without losses either. */
	script->setup.mute = script->setup.hidden = 0;
	told_make(&twice.lossy, script);
	script->setup.loss_ns = 0;
	told_make(&twice.whole, script);
	/* Of a thread that left no event nothing is told. */
	if (twice.lossy.report.threads_cnt == twice.whole.report.threads_cnt)
		twice_check(&twice);
	else
		count->vanished++;
	width_add(count, &twice.lossy);
	count->worlds++;
	count->failed += !twice.holds;
	told_clear(&twice.lossy);
	told_clear(&twice.whole);
}

/* SIM_SEEDS=FIRST..LAST in the environment plays these instead. */
static void test_truth_lies_within(void **state)
{
	const char *seeds = getenv("SIM_SEEDS");
	unsigned long first = 1, last = SEEDS;
	struct count count = { 0 };

	(void)state;
	if (seeds && sscanf(seeds, "%lu..%lu", &first, &last) == 1)
		last = first;
	for (uint64_t seed = first; seed <= last; seed++) {
		struct sim_script script;

		script_make(&script, seed, SIM_SMALL);
		if (script.setup.loss_ns)
			twice_play(&script, &count);
		script_clear(&script);
	}
	print_message("%" PRIu64 " worlds, in %" PRIu64 " of them a thread vanished\n", count.worlds,
		      count.vanished);
	assert_int_equal(count.failed, 0);
	assert_true(count.vanished <= count.worlds / 100);
	assert_true(count.width_ns <= count.unknown_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth_lies_within),
	};

	return cmocka_run_group_tests_name("trust in simulated worlds", tests, NULL, NULL);
}
