/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings on traces where the answer is known by head; and how they give way to doubt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/findings/kinds.h"
#include "analyzer/sections/section.h"
#include "tests/support/tb.h"

#define SECOND UINT64_C(1000000000)

static int setup(void **state)
{
	static struct tb tb;

	tb_init(&tb, "2");
	*state = &tb;
	return 0;
}

static int teardown(void **state)
{
	tb_free(*state);
	return 0;
}

static void core_idle(struct tb *tb, uint64_t at_ns, uint32_t core)
{
	tb_add(tb, at_ns, core, TRACE_CORE);
}

static void core_other(struct tb *tb, uint64_t at_ns, uint32_t core)
{
	tb_add(tb, at_ns, core, TRACE_CORE)->core.program = 7;
}

static const struct finding *found(const struct tb *tb, const struct finding_kind *kind)
{
	for (size_t i = 0; i < tb->report.findings.cnt; i++)
		if (tb->report.findings.list[i].kind == kind)
			return &tb->report.findings.list[i];
	return NULL;
}

/* Whatever may be otherwise has a reason, and nothing else has. */
static void analyze(struct tb *tb)
{
	tb_analyze(tb);
	for (size_t i = 0; i < tb->report.findings.cnt; i++) {
		const struct finding *finding = &tb->report.findings.list[i];
		const struct range *any = &finding->bounds[ROOM_ANY];

		assert_int_equal(*finding->doubt != 0, any->down_ns || any->up_ns);
	}
}

/* From second 1 on, thread 1 on core 0; 2 runs on core 1 until it waits for a lock that 1 has. */
static void lock_scene(struct tb *tb, uint64_t wait_from_ns)
{
	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, wait_from_ns, 1, 2, NR_FUTEX, 0x100, 0)->owner = 1;
}

static void lock_scene_end(struct tb *tb, uint64_t at_ns)
{
	tb_waking(tb, at_ns, 0, 1, 2, NR_FUTEX, 0x100, 1);
	tb_switch(tb, at_ns, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, at_ns, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, at_ns, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, at_ns, TRACE_END_TREE);
}

static void test_no_threads(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, SECOND, TRACE_END_COMMAND);
	analyze(tb);
	assert_int_equal(tb->report.findings.cnt, 0);
	assert_int_equal(tb->report.findings.verdict, VERDICT_NOTHING);
}

static void test_two_busy_threads_are_fine(void **state)
{
	struct tb *tb = *state;
	const char *wrong;
	size_t len;
	char *text;

	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 3 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
	analyze(tb);
	assert_int_equal(tb->report.findings.cnt, 0);
	assert_int_equal(tb->report.findings.verdict, VERDICT_NOTHING);
	assert_int_equal(tb->report.findings.time.all_ns, 4 * SECOND);
	assert_int_equal(tb->report.findings.time.lost_ns, 0);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "What would help\n  Nothing to fix.\n"));
	free(text);
	tb->report.filter.sections = sections_find("findings", &wrong, &len);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "the most expensive first\n  Nothing to fix.\n"));
	free(text);
}

/* Without the other program, there may have been too few threads. */
static void test_one_thread_beside_another_program(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1);
	core_other(tb, SECOND, 1);
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
	analyze(tb);
	assert_int_equal(tb->report.findings.verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(tb->report.findings.reason, REASON_OTHERS);
	finding = found(tb, &serial_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, 0);
	assert_int_equal(finding_high(finding), 2 * SECOND);
	assert_true(finding->inconclusive);
}

/* Core 1 stands idle for 1 of 4 core-seconds while 2 waits. */
static void test_lock_costs_the_idle_core(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	lock_scene(tb, 2 * SECOND);
	lock_scene_end(tb, 3 * SECOND);
	analyze(tb);
	assert_int_equal(tb->report.findings.cnt, 1);
	finding = found(tb, &lock_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, SECOND);
	assert_int_equal(finding_low(finding), SECOND);
	assert_int_equal(finding_high(finding), SECOND);
	assert_false(finding->inconclusive);
	assert_int_equal(tb->report.findings.verdict, VERDICT_FOUND);
	assert_int_equal(tb->report.findings.time.lost_ns, SECOND);
}

/* Most wait for a lock whose holder waits for another: that one is to be fixed. */
static void test_lock_at_the_end_of_a_chain(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_thread(tb, SECOND, 0, 1, 3, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 3);
	tb_block(tb, SECOND + SECOND / 5, 1, 3, NR_FUTEX, 0x200, 0)->owner = 2;
	tb_switch(tb, SECOND + SECOND / 5, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, SECOND + 2 * SECOND / 5, 1, 2, NR_FUTEX, 0x100, 0)->owner = 1;
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_COMMAND);
	analyze(tb);
	finding = found(tb, &lock_kind);
	assert_non_null(finding);
	assert_string_equal(finding->place, "0x100");
	assert_non_null(strstr(finding->evidence, "a chain of 2 locks"));
	assert_non_null(strstr(finding->evidence, "most of the waits for 0x200"));
	assert_non_null(strstr(finding->evidence, "(tid 1001) for 100 %"));
}

/* A twentieth of the core time, and just less than that. */
static void test_small_losses_are_no_findings(void **state)
{
	struct tb *tb = *state;

	for (uint64_t less = 0; less < 2; less++) {
		lock_scene(tb, 3 * SECOND - SECOND / 5 + less);
		lock_scene_end(tb, 3 * SECOND);
		analyze(tb);
		assert_int_equal(tb->report.findings.cnt, less ? 0 : 1);
		tb_free(tb);
		setup(state);
	}
}

/* Another program has core 1 meanwhile: without it, the lock would have cost a core. */
static void test_other_programs_make_it_uncertain(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	lock_scene(tb, 2 * SECOND);
	core_other(tb, 2 * SECOND, 1);
	lock_scene_end(tb, 3 * SECOND);
	analyze(tb);
	finding = found(tb, &lock_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, 0);
	assert_int_equal(finding_high(finding), SECOND);
	assert_true(finding->inconclusive);
	assert_int_equal(tb->report.findings.verdict, VERDICT_INCONCLUSIVE);
}

/*
 * The fight for a GIL on a core, and then a core that stood idle, are just too little; with what another
 * program had of that core they would not be.
 */
static void test_other_programs_beside_spinning(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;
	const uint64_t part_ns = SECOND / 50;

	tb_exec(tb, SECOND, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	tb_gil(tb, SECOND, 0, 1, 1)->exact = 1;
	tb_gil_step(tb, SECOND, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_gil_step(tb, 3 * SECOND - 15 * part_ns, 1, 2, 1, TRACE_GIL_OP_WAIT);
	tb_block(tb, 3 * SECOND - 9 * part_ns, 1, 2, NR_FUTEX, 0x5000, 0);
	core_other(tb, 3 * SECOND - 6 * part_ns, 1);
	tb_gil_step(tb, 3 * SECOND, 0, 1, 1, TRACE_GIL_OP_DROP);
	tb_waking(tb, 3 * SECOND, 0, 1, 2, NR_FUTEX, 0x5000, 1);
	tb_switch(tb, 3 * SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 3 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
	analyze(tb);
	finding = found(tb, &gil_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, 9 * part_ns);
	assert_int_equal(finding_high(finding), 15 * part_ns);
	assert_true(finding->inconclusive);
	assert_int_equal(tb->report.findings.verdict, VERDICT_INCONCLUSIVE);
}

/* 2 never ran on core 1 nor does anybody else: perhaps they may not. */
static void test_cores_not_used_make_it_uncertain(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;
	char *text;

	tb_exec(tb, SECOND, 0, 1);
	core_idle(tb, SECOND, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 0, 1, TRACE_HOW_PREEMPTED, 2);
	tb_block(tb, SECOND, 0, 2, NR_FUTEX, 0x100, 0)->owner = 1;
	tb_switch(tb, SECOND, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_COMMAND);
	analyze(tb);
	finding = found(tb, &lock_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, 2 * SECOND);
	assert_int_equal(finding_low(finding), 0);
	assert_true(finding->inconclusive);
	assert_non_null(strstr(finding->doubt, "used 1 of 2 cores"));
	assert_int_equal(tb->report.findings.verdict, VERDICT_INCONCLUSIVE);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "1. Lock: anything from 0 ns to 2.00 s of core time\n"));
	free(text);
}

/* It looks as if both had run all the time: what was lost is not more than all, nor nothing. */
static void test_steal_is_a_loss(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, SECOND, 0, 1);
	tb_add(tb, SECOND, TRACE_STREAM_COLLECTOR, TRACE_CORESTAT)->corestat.steal_ns = 0;
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_add(tb, 3 * SECOND, TRACE_STREAM_COLLECTOR, TRACE_CORESTAT)->corestat.steal_ns = SECOND;
	tb_switch(tb, 3 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
	analyze(tb);
	assert_non_null(found(tb, &steal_kind));
	assert_int_equal(found(tb, &steal_kind)->cost_ns, SECOND);
	assert_int_equal(tb->report.findings.time.lost_ns, SECOND);
}

/* Known of the recording alone: of half of it, half is what is lost, and not all. */
static void test_steal_of_a_part_of_the_run(void **state)
{
	static const struct stretch half = { 0, SECOND };
	struct tb *tb = *state;

	tb_exec(tb, SECOND, 0, 1);
	tb_add(tb, SECOND, TRACE_STREAM_COLLECTOR, TRACE_CORESTAT)->corestat.steal_ns = 0;
	tb_add(tb, 3 * SECOND, TRACE_STREAM_COLLECTOR, TRACE_CORESTAT)->corestat.steal_ns = SECOND;
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
	tb_open(tb);
	assert_int_equal(analysis_run_with(&tb->analysis, tb->reader,
			 &(struct analysis_setup){ .window = &half }), 0);
	assert_int_equal(report_make(&tb->report, &tb->analysis, &(struct report_filter){ 0 }), 0);
	assert_non_null(found(tb, &steal_kind));
	assert_int_equal(found(tb, &steal_kind)->cost_ns, SECOND / 2);
}

/* Six cores that it never used leave what the lock costs on the two that it did. */
static void test_cores_not_used_leave_what_is_certain(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb->cores = "8";
	for (uint32_t core = 2; core < 8; core++)
		core_idle(tb, SECOND, core);
	lock_scene(tb, 2 * SECOND);
	lock_scene_end(tb, 3 * SECOND);
	analyze(tb);
	finding = found(tb, &lock_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, SECOND);
	assert_int_equal(finding_low(finding), SECOND);
	assert_false(finding->inconclusive);
}

/*
 * For a second its holder has no core, and for the first half of that nobody wants the GIL: only the
 * other half is lost to that.
 */
static void test_gil_held_off_core_costs_who_waits(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	tb_gil(tb, SECOND, 0, 1, 1)->exact = 1;
	tb_gil_step(tb, SECOND, 0, 1, 1, TRACE_GIL_OP_TAKE);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 2 * SECOND, 0, 1, TRACE_HOW_PREEMPTED, 0)->other = 7;
	tb_gil_step(tb, 2 * SECOND + SECOND / 2, 1, 2, 1, TRACE_GIL_OP_WAIT);
	tb_block(tb, 2 * SECOND + SECOND / 2, 1, 2, NR_FUTEX, 0x5000, 0);
	tb_switch(tb, 3 * SECOND, 0, 0, TRACE_HOW_NONE, 1)->other = 7;
	tb_gil_step(tb, 3 * SECOND, 0, 1, 1, TRACE_GIL_OP_DROP);
	tb_waking(tb, 3 * SECOND, 0, 1, 2, NR_FUTEX, 0x5000, 1);
	tb_switch(tb, 3 * SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 3 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
	analyze(tb);
	assert_int_equal(tb->report.gil_held_off_core_ns, SECOND);
	assert_int_equal(tb->analysis.gil.uses[0]->wanted_off_core_ns, SECOND / 2);
	assert_null(found(tb, &gil_kind));
	finding = found(tb, &gil_off_core_kind);
	assert_non_null(finding);
	assert_non_null(strstr(finding->place, "tid 1001"));
	assert_non_null(strstr(finding->evidence, "For 500 ms, 25.0 % of the run"));
}

/* One thread for two cores; and one of many that has all the work while the others wait for it. */
static void test_one_thread_with_work(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	for (int waits = 0; waits < 2; waits++) {
		tb_exec(tb, SECOND, 0, 1);
		core_idle(tb, SECOND, 1);
		if (waits) {
			tb_thread(tb, SECOND, 0, 1, 2, 1);
			tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
			tb_block(tb, SECOND, 1, 2, NR_FUTEX, 0x100, 0);
			tb_waking(tb, 3 * SECOND, 0, 1, 2, NR_FUTEX, 0x100, 1);
			tb_switch(tb, 3 * SECOND, 1, 0, TRACE_HOW_NONE, 2);
			tb_switch(tb, 3 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
		}
		tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
		tb_end(tb, 3 * SECOND, TRACE_END_TREE);
		analyze(tb);
		assert_int_equal(tb->report.findings.cnt, 1);
		finding = found(tb, &serial_kind);
		assert_non_null(finding);
		assert_int_equal(finding->cost_ns, 2 * SECOND);
		assert_non_null(strstr(finding->place, "tid 1001"));
		assert_non_null(strstr(finding->next, waits ? "share its work" : "more threads"));
		tb_free(tb);
		setup(state);
	}
}

/* One thread for half a second, then two for three and a half: too little for "too few threads". */
static void test_serial_phase(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1);
	core_idle(tb, SECOND, 1);
	tb_thread(tb, SECOND + SECOND / 2, 0, 1, 2, 1);
	tb_switch(tb, SECOND + SECOND / 2, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 5 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 5 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 5 * SECOND, TRACE_END_TREE);
	analyze(tb);
	finding = found(tb, &serial_phase_kind);
	assert_non_null(finding);
	assert_in_range(finding->cost_ns, SECOND / 2 - SECOND / 100, SECOND / 2);
	assert_non_null(strstr(finding->place, "from 0 ns to 50"));
	assert_non_null(strstr(finding->place, " (tid 1001)"));
	assert_non_null(strstr(finding->evidence, "This thread alone had work for 500 ms."));
	assert_non_null(strstr(finding->evidence, " times as fast at most, on any number of cores"));
	assert_null(found(tb, &serial_kind));
	assert_int_equal(tb->report.findings.verdict, VERDICT_FOUND);
}

/* One thread that never needs a second core is not therefore bound to the one that it has. */
static void test_one_thread_is_not_bound(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1);
	core_idle(tb, SECOND, 1);
	tb_switch(tb, 2 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 2 * SECOND, TRACE_END_TREE);
	analyze(tb);
	finding = found(tb, &serial_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, SECOND);
	assert_int_equal(finding->bounds[ROOM_AWAY].down_ns, 0);
	assert_int_equal(finding->bounds[ROOM_ANY].down_ns, 0);
	assert_int_equal(tb->report.findings.verdict, VERDICT_FOUND);
}

/*
 * 2 sleeps for 3 of 20 ms, again and again: too few threads for a twentieth of the core time, and less than
 * a tenth. Once another program has the core meanwhile, which turns nothing.
 */
static void test_other_programs_while_too_few_have_work(void **state)
{
	const uint64_t ms_ns = SECOND / 1000;
	struct tb *tb = *state;

	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	for (uint64_t i = 1; i <= 100; i++) {
		uint64_t at_ns = SECOND + i * 20 * ms_ns;

		tb_block(tb, at_ns - 3 * ms_ns, 1, 2, NR_NANOSLEEP, 0, 0);
		if (i == 50) {
			core_other(tb, at_ns - 2 * ms_ns, 1);
			core_idle(tb, at_ns - 1 * ms_ns, 1);
		}
		tb_waking(tb, at_ns, 1, 0, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
		tb_switch(tb, at_ns, 1, 0, TRACE_HOW_NONE, 2);
	}
	tb_switch(tb, 3 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
	analyze(tb);
	assert_int_equal(tb->analysis.room.few_nobody_ns, 299 * ms_ns);
	assert_int_equal(tb->report.findings.verdict, VERDICT_NOTHING);
}

/* Idle, with a little work every second: nobody waits for that. */
static void test_idle_pool_is_fine(void **state)
{
	struct tb *tb = *state;

	tb_exec(tb, SECOND, 0, 1);
	core_idle(tb, SECOND, 1);
	for (uint64_t i = 1; i < 10; i++) {
		tb_block(tb, i * SECOND + 1000000, 0, 1, 35, 0, 0);
		tb_waking(tb, (i + 1) * SECOND, 0, 0, 1, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
		tb_switch(tb, (i + 1) * SECOND, 0, 0, TRACE_HOW_NONE, 1);
	}
	tb_switch(tb, 10 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 10 * SECOND, TRACE_END_TREE);
	analyze(tb);
	assert_int_equal(tb->report.findings.cnt, 0);
	assert_int_equal(tb->report.findings.verdict, VERDICT_NOTHING);
}

/* Four threads in turns on two full cores: no core time is lost. */
static void test_oversubscribed_blames_no_lock(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb->cores = "1";
	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	for (uint64_t i = 0; i < 100; i++)
		tb_switch(tb, SECOND + i * 4000000, 0, 1 + i % 2, TRACE_HOW_PREEMPTED, 2 - i % 2);
	tb_end(tb, SECOND + 100 * 4000000, TRACE_END_COMMAND);
	analyze(tb);
	assert_int_equal(tb->report.findings.cnt, 1);
	finding = found(tb, &oversubscribed_kind);
	assert_non_null(finding);
	assert_true(finding->note);
	assert_int_equal(finding->cost_ns, 0);
	assert_non_null(strstr(finding->evidence, "No lock is at fault"));
	assert_int_equal(tb->report.findings.verdict, VERDICT_NOTHING);
}

/* The same, but a program that is not traced has the core: that is what costs. */
static void test_other_programs(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1);
	core_idle(tb, SECOND, 1);
	tb_switch(tb, 2 * SECOND, 0, 1, TRACE_HOW_PREEMPTED, 0)->other = 7;
	core_other(tb, 2 * SECOND, 1);
	tb_switch(tb, 4 * SECOND, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 5 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 5 * SECOND, TRACE_END_TREE);
	analyze(tb);
	finding = found(tb, &others_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, 2 * SECOND);
}

/* Two take turns on core 0, which is all that they may use for all that is known. */
static void test_other_programs_where_none_of_its_threads_ran(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	core_other(tb, SECOND, 1);
	for (uint64_t i = 0; i < 100; i++)
		tb_switch(tb, SECOND + i * SECOND / 100, 0, 1 + i % 2, TRACE_HOW_PREEMPTED, 2 - i % 2);
	tb_end(tb, 2 * SECOND, TRACE_END_COMMAND);
	analyze(tb);
	finding = found(tb, &others_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, SECOND);
	assert_int_equal(finding_low(finding), 0);
	assert_true(finding->inconclusive);
	assert_non_null(strstr(finding->doubt, "used 1 of 2 cores"));
}

/* Other programs have a core, and then nobody knows for half a second whether thread 1 is ready. */
static void test_other_programs_and_a_gap(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 2 * SECOND, 0, 1, TRACE_HOW_PREEMPTED, 0)->other = 7;
	tb_gap(tb, 3 * SECOND, 0, 3 * SECOND, 3 * SECOND, 1);
	core_other(tb, 3 * SECOND, 0);
	tb_switch(tb, 3 * SECOND + SECOND / 2, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 4 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 4 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 4 * SECOND, TRACE_END_TREE);
	analyze(tb);
	finding = found(tb, &others_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, SECOND);
	assert_int_equal(finding_high(finding), SECOND + SECOND / 2);
	assert_non_null(strstr(finding->doubt, "unknown"));
}

/* The verdict that all is well turns where so much is unknown that a finding could hide there. */
static void test_unknown_turns_the_verdict(void **state)
{
	struct tb *tb = *state;

	for (int lossy = 0; lossy < 2; lossy++) {
		uint64_t gap_ns = lossy ? SECOND / 2 : SECOND / 1000;

		tb_exec(tb, SECOND, 0, 1);
		tb_thread(tb, SECOND, 0, 1, 2, 1);
		tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
		tb_gap(tb, 2 * SECOND + gap_ns, 0, 2 * SECOND, 2 * SECOND + gap_ns, 9);
		tb_switch(tb, 2 * SECOND + gap_ns, 0, 1, TRACE_HOW_PREEMPTED, 1);
		tb_switch(tb, 3 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
		tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
		tb_end(tb, 3 * SECOND, TRACE_END_TREE);
		analyze(tb);
		assert_true(tb->report.tree.state_ns[STATE_UNKNOWN] > 0);
		assert_int_equal(tb->report.findings.verdict,
				 lossy ? VERDICT_INCONCLUSIVE : VERDICT_NOTHING);
		if (lossy)
			assert_non_null(strstr(found(tb, &unknown_kind)->next, "larger buffers"));
		tb_free(tb);
		setup(state);
	}
}

/* Nothing was lost: larger buffers are of no use to a file that is cut. And its threads have no names. */
static void test_cut_file(void **state)
{
	const uint64_t ms_ns = SECOND / 1000;
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1)->comm = (struct trace_bytes){ 0 };
	tb_thread(tb, SECOND, 0, 1, 2, 1)->comm = (struct trace_bytes){ 0 };
	tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, SECOND + ms_ns, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb->cut_bytes = 10;
	tb_analyze(tb);
	finding = found(tb, &unknown_kind);
	assert_non_null(finding);
	assert_null(strstr(finding->next, "buffers"));
	assert_non_null(strstr(finding->evidence, "0 events were lost, and the file is cut."));
	assert_string_equal(thread_place(tb->analysis.people.threads[0]).s, "unnamed (tid 1001)");
	assert_string_equal(process_place(&tb->report.processes[0]).s, "unnamed (pid 1001)");
}

/* Two cores, and a thread that comes to the idle one 5 ms after each waking. */
static void test_slow_wake_ups(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	core_idle(tb, SECOND, 1);
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t at_ns = SECOND + i * 10000000;

		tb_switch(tb, at_ns + 4000000, 1, 0, TRACE_HOW_NONE, 2);
		tb_block(tb, at_ns + 9000000, 1, 2, NR_FUTEX, 0x100, 0);
		tb_waking(tb, at_ns + 9000000, 0, 1, 2, NR_FUTEX, 0x100, 1);
	}
	tb_switch(tb, 2 * SECOND, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 2 * SECOND, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 2 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 2 * SECOND, TRACE_END_TREE);
	analyze(tb);
	finding = found(tb, &wake_up_kind);
	assert_non_null(finding);
	assert_int_equal(finding->cost_ns, 100 * UINT64_C(5000000));
	assert_null(found(tb, &idle_ready_kind));
}

/* The holder of a lock is pushed off the only core: it costs none, and still holds up who waits. */
static void test_holder_off_core_is_a_note(void **state)
{
	struct tb *tb = *state;
	const struct finding *finding;

	tb->cores = "1";
	tb_exec(tb, SECOND, 0, 1);
	tb_thread(tb, SECOND, 0, 1, 2, 1);
	tb_thread(tb, SECOND, 0, 1, 3, 1);
	tb_switch(tb, SECOND, 0, 1, TRACE_HOW_PREEMPTED, 2);
	tb_block(tb, SECOND + 1000, 0, 2, NR_FUTEX, 0x100, 0)->owner = 1;
	tb_switch(tb, SECOND + 1000, 0, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 2 * SECOND, 0, 3, TRACE_HOW_DEAD, 1);
	tb_waking(tb, 2 * SECOND, 0, 1, 2, NR_FUTEX, 0x100, 1);
	tb_switch(tb, 2 * SECOND, 0, 1, TRACE_HOW_DEAD, 2);
	tb_switch(tb, 2 * SECOND, 0, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, 2 * SECOND, TRACE_END_TREE);
	analyze(tb);
	finding = found(tb, &lock_off_core_kind);
	assert_non_null(finding);
	assert_true(finding->note);
	assert_ptr_equal(finding, &tb->report.findings.list[0]);
	assert_null(found(tb, &lock_kind));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_threads),
		TEST(test_two_busy_threads_are_fine),
		TEST(test_one_thread_beside_another_program),
		TEST(test_lock_costs_the_idle_core),
		TEST(test_lock_at_the_end_of_a_chain),
		TEST(test_small_losses_are_no_findings),
		TEST(test_other_programs_make_it_uncertain),
		TEST(test_other_programs_beside_spinning),
		TEST(test_cores_not_used_make_it_uncertain),
		TEST(test_steal_is_a_loss),
		TEST(test_steal_of_a_part_of_the_run),
		TEST(test_cores_not_used_leave_what_is_certain),
		TEST(test_gil_held_off_core_costs_who_waits),
		TEST(test_one_thread_with_work),
		TEST(test_serial_phase),
		TEST(test_one_thread_is_not_bound),
		TEST(test_other_programs_while_too_few_have_work),
		TEST(test_idle_pool_is_fine),
		TEST(test_oversubscribed_blames_no_lock),
		TEST(test_other_programs),
		TEST(test_other_programs_where_none_of_its_threads_ran),
		TEST(test_other_programs_and_a_gap),
		TEST(test_unknown_turns_the_verdict),
		TEST(test_cut_file),
		TEST(test_slow_wake_ups),
		TEST(test_holder_off_core_is_a_note),
	};

	return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
