/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lost events: the gap rule of timeline.h, births that nobody saw, files that end too early.
 *
 * The scene: thread 1 on core 0, thread 2 on core 1 since 3000, both threads of process 1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"

static int setup(void **state)
{
	tb_setup_exec(state);
	tb_second(*state, 1);
	return 0;
}

/* Core 1 loses events: who was there is unknown until it is seen again; core 0 is not concerned. */
static void test_other_core_is_exempt(void **state)
{
	struct tb *tb = *state;

	tb_gap(tb, 5500, 1, 4000, 5000, 7);
	tb_switch(tb, 5500, 1, 2, TRACE_HOW_PREEMPTED, 0)->other = 9;
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2)->other = 9;
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_UNKNOWN, 0);
	tb_expect(tb, 1, STATE_RUN_FREE, 7000);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 2000);
	tb_expect(tb, 2, STATE_UNKNOWN, 1500);
	tb_expect(tb, 2, STATE_READY_PREEMPTED, 500);
	assert_int_equal(tb->report.quality.lost, 7);
	assert_true(tb->report.quality.balances);
	assert_int_equal(tb->report.cores[1].unknown_ns, 2000 + 1500);
	assert_int_equal(tb->report.cores[0].unknown_ns, 0);
}

/* Whoever leaves the other core inside the gap may be anywhere then. */
static void test_left_inside_the_gap(void **state)
{
	struct tb *tb = *state;

	tb_gap(tb, 6000, 1, 4000, 5000, 1);
	tb_switch(tb, 4500, 0, 1, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 6500, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 6000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 6600, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_RUN_FREE, 3500 + 1500);
	tb_expect(tb, 1, STATE_UNKNOWN, 2000);
	tb_expect(tb, 1, STATE_READY_PREEMPTED, 0);
}

/* Seen again on a whole core before the gap is over. */
static void test_came_inside_the_gap(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 3500, 0, 1, TRACE_HOW_PREEMPTED, 0);
	tb_gap(tb, 6000, 1, 4000, 5000, 1);
	tb_switch(tb, 4200, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 6000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 6600, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_READY_PREEMPTED, 500);
	tb_expect(tb, 1, STATE_UNKNOWN, 200);
	tb_expect(tb, 1, STATE_RUN_FREE, 2500 + 3800);
}

/* A waiting thread is unknown from the gap on: its waking may be lost, and its switch-in. */
static void test_waiter_is_unknown(void **state)
{
	struct tb *tb = *state;

	tb_block(tb, 3500, 1, 2, NR_READ, 0, 0);
	tb_gap(tb, 5200, 1, 4000, 5000, 3);
	/* A waking inside the gap tells little: it may have got the core since. */
	tb_waking(tb, 4500, 0, 1, 2, NR_WRITE, 1, 0);
	tb_add(tb, 5200, 1, TRACE_CORE)->core.program = 9;
	tb_waking(tb, 5500, 0, 1, 2, NR_WRITE, 1, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 500);
	tb_expect(tb, 2, STATE_UNKNOWN, 1500);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 500);
}

/* While it may be on the core that lost events, a waking may be one before its switch-out. */
static void test_waking_of_one_that_may_run(void **state)
{
	struct tb *tb = *state;

	tb_block(tb, 3500, 1, 2, NR_READ, 0, 0);
	tb_gap(tb, 5700, 1, 4000, 5000, 3);
	tb_waking(tb, 5500, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 5700, 1, 2, NR_READ, 0, 0);
	tb_waking(tb, 5800, 0, 1, 2, NR_WRITE, 1, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 500 + 100);
	tb_expect(tb, 2, STATE_UNKNOWN, 1700);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 200);
	assert_int_equal(tb->report.quality.contradictions, 0);
}

/* What woke it before it was lost from sight says nothing of the wait behind that. */
static void test_early_waking_before_the_gap(void **state)
{
	struct tb *tb = *state;

	tb_waking(tb, 3900, 0, 1, 2, NR_WRITE, 1, 0);
	tb_gap(tb, 5500, 1, 4000, 5000, 3);
	tb_sample(tb, 5500, 1, 2);
	tb_block(tb, 5600, 1, 2, NR_READ, 0, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 0);
	tb_expect(tb, 2, STATE_UNKNOWN, 1500 + 400);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000);
}

/* Its coming was lost, but the waking before its switch-out was not. */
static void test_early_waking_behind_the_gap(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 3500, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_gap(tb, 5500, 1, 4000, 5000, 3);
	tb_sample(tb, 5500, 1, 2);
	tb_waking(tb, 5550, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 5600, 1, 2, NR_READ, 0, 0);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 0);
	tb_expect(tb, 2, STATE_UNKNOWN, 1500);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 400);
}

/* It left the other core while events were being lost: the waking before belongs to that wait. */
static void test_early_waking_of_one_that_left(void **state)
{
	struct tb *tb = *state;

	tb_waking(tb, 4400, 1, 2, 1, NR_WRITE, 1, 0);
	tb_gap(tb, 5500, 1, 4000, 5000, 3);
	tb_block(tb, 4500, 0, 1, NR_READ, 0, 0);
	/* Core 1 is whole again, and it comes from there. */
	tb_block(tb, 5500, 1, 1, NR_READ, 0, 0);
	tb_gap(tb, 5900, 0, 5700, 5700, 1);
	tb_switch(tb, 6000, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_WAIT_IO, 200);
}

/* It left at the very instant of a loss, and so did the memory of what had woken it: no wait, no doubt. */
static void test_early_waking_forgotten_while_leaving(void **state)
{
	struct tb *tb = *state;

	tb_waking(tb, 3900, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 5600, 1, 2, NR_READ, 0, 0);
	tb_gap(tb, 5900, 1, 5600, 5600, 1);
	tb_switch(tb, 5800, 0, 1, TRACE_HOW_PREEMPTED, 2);
	tb_switch(tb, 5900, 1, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 8000, 0, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 1, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8050, TRACE_END_TREE);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 0);
	tb_expect(tb, 2, STATE_UNKNOWN, 200);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000);
}

/* The record of a loss comes with the core's next event: what was seen after the loss still counts. */
static void test_early_waking_before_the_record_of_a_gap(void **state)
{
	struct tb *tb = *state;

	tb_sample(tb, 4000, 1, 2);
	tb_gap(tb, 6000, 1, 4000, 4000, 1);
	tb_waking(tb, 5500, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 6000, 1, 2, NR_READ, 0, 0);
	tb_switch(tb, 6500, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 0);
	tb_expect(tb, 2, STATE_UNKNOWN, 0);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000 + 500);
}

/* A fork is a sign of life, and shows who has the core. */
static void test_fork_behind_the_gap(void **state)
{
	struct tb *tb = *state;

	tb_gap(tb, 5500, 1, 4000, 5000, 3);
	tb_thread(tb, 5500, 1, 2, 3, 1);
	tb_switch(tb, 6000, 1, 2, TRACE_HOW_DEAD, 3);
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 1, 3, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8050, TRACE_END_TREE);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 1500);
	tb_expect(tb, 2, STATE_RUN_FREE, 1000 + 500);
	assert_int_equal(tb->report.cores[1].unknown_ns, 2000 + 1500);
	assert_int_equal(tb->report.quality.contradictions, 0);
}

/* Doubt that meets a gap is unknown from its beginning. */
static void test_doubt_is_unknown_from_the_start(void **state)
{
	struct tb *tb = *state;

	tb_waking(tb, 3400, 0, 1, 2, NR_WRITE, 1, 0);
	tb_block(tb, 3500, 1, 2, NR_READ, 0, 0);
	tb_gap(tb, 6000, 1, 4000, 5000, 3);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 0);
	tb_expect(tb, 2, STATE_READY_WOKEN, 1000);
	tb_expect(tb, 2, STATE_UNKNOWN, 2500);
}

/* A wait without a waking is a wait until the gap that may have swallowed it. */
static void test_missing_waking_explained(void **state)
{
	struct tb *tb = *state;

	tb_block(tb, 3500, 1, 2, NR_READ, 0, 0);
	tb_gap(tb, 6000, 1, 4000, 5000, 3);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_WAIT_IO, 500);
	tb_expect(tb, 2, STATE_UNKNOWN, 2000);
}

/* A gap is applied at its first loss though its record comes later, behind other cores' records. */
static void test_two_gaps(void **state)
{
	struct tb *tb = *state;

	tb_gap(tb, 5000, 1, 3500, 4000, 1);
	tb_gap(tb, 5600, 0, 4200, 5500, 1);
	tb_switch(tb, 5000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 5600, 0, 1, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 6000, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_UNKNOWN, 1400);
	/* Seen at 5000, but the other gap is open: unknown until 6000. */
	tb_expect(tb, 2, STATE_UNKNOWN, 2500);
	assert_int_equal(tb->report.quality.gaps_cnt, 2);
}

/* Its birth was lost: unknown at its first sight, and its process from wherever it is named. */
static void test_birth_lost(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 4000, 1, 2, TRACE_HOW_PREEMPTED, 3);
	tb_switch(tb, 5000, 1, 3, TRACE_HOW_DEAD, 2);
	tb_waking(tb, 5500, 0, 1, 4, NR_WRITE, 1, 0);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.births_lost, 2);
	assert_int_equal(tb_row(tb, 3)->life_ns, 1000);
	tb_expect(tb, 3, STATE_RUN_FREE, 1000);
	assert_true(tb_row(tb, 3)->thread->birth_lost);
	/* Woken once and never seen again: alive to the end, for all the trace says. */
	tb_expect(tb, 4, STATE_READY_WOKEN, 8050 - 5500);
	assert_true(tb_row(tb, 4)->thread->left_alive);
}

/* A birth that is read behind the first switch is not lost. */
static void test_birth_read_late(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 4000, 0, 1, TRACE_HOW_PREEMPTED, 3);
	tb_thread(tb, 4000, 1, 2, 3, 3);
	tb_switch(tb, 5000, 0, 3, TRACE_HOW_DEAD, 1);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.births_lost, 0);
	assert_int_equal(tb_row(tb, 3)->thread->process->pid, 1003);
	assert_int_equal(tb->report.processes_cnt, 2);
}

/* The death was lost: unknown to the end of the run. */
static void test_death_lost(void **state)
{
	struct tb *tb = *state;

	tb_gap(tb, 5500, 1, 4000, 5000, 2);
	tb_add(tb, 5500, 1, TRACE_CORE)->core.program = 9;
	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8100, TRACE_END_TREE);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 4100);
	assert_int_equal(tb->report.tree.wall_ns, 7100);
	assert_int_equal(tb->report.cores[1].unknown_ns, 2000 + 1500);
	assert_int_equal(tb->report.quality.confidence, CONFIDENCE_LOW);
}

static void test_loss_does_not_balance(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 8000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 8000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, 8100, TRACE_END_TREE);
	tb_switch(tb, 3500, 0, 1, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 3600, 0, 0, TRACE_HOW_NONE, 1);
	tb_analyze(tb);
	assert_false(tb->report.quality.balances);
	assert_int_equal(tb->report.quality.confidence, CONFIDENCE_LOW);
}

/* Counted as lost, but no gap says when: nothing was made unknown for it. */
static void test_loss_without_gap(void **state)
{
	struct tb *tb = *state;

	tb_both_die(tb, 8000);
	for (size_t i = 0; i < tb->cnt; i++)
		if (tb->records[i].kind == TRACE_TALLY && !tb->records[i].tally.core) {
			tb->records[i].tally.lost += 3;
			tb->records[i].tally.counted += 3;
		}
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.lost, 3);
	assert_false(tb->report.quality.balances);
	assert_int_equal(tb->report.quality.confidence, CONFIDENCE_LOW);
}

static void steal_add(struct tb *tb, uint64_t ts_ns, uint64_t steal_ns)
{
	tb_add(tb, ts_ns, TRACE_STREAM_COLLECTOR, TRACE_CORESTAT)->corestat.steal_ns = steal_ns;
}

static void test_steal_runs_backwards(void **state)
{
	struct tb *tb = *state;

	steal_add(tb, 3500, 5000);
	steal_add(tb, 4500, 6000);
	steal_add(tb, 5500, 2000);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.steal_ns, 1000);
	assert_int_equal(tb->report.cores[0].steal_ns, 1000);
	assert_non_null(strstr(tb->report.quality.doubts, "steal time ran backwards"));
}

/* Arrivals that had to be inferred are counted by the probes as well. */
static void inferred(struct tb *tb, uint64_t unseen, uint64_t contradictions)
{
	tb_switch(tb, 4000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_switch(tb, 5000, 1, 0, TRACE_HOW_NONE, 2)->inferred = 1;
	tb_both_die(tb, 8000);
	for (size_t i = 0; i < tb->cnt; i++)
		if (tb->records[i].kind == TRACE_TALLY && tb->records[i].tally.core == 1)
			tb->records[i].tally.unseen = unseen;
	tb_analyze(tb);
	assert_int_equal(tb->report.quality.contradictions, contradictions);
}

static void test_inferred_arrivals_agree(void **state)
{
	inferred(*state, 1, 0);
}

static void test_inferred_arrivals_differ(void **state)
{
	inferred(*state, 2, 1);
}

/* A file without its end: the run lasts until the last record, and the report says so. */
static void test_cut_file(void **state)
{
	struct tb *tb = *state;
	char *text;

	tb_switch(tb, 6000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_add(tb, 6000, 0, TRACE_MIGRATE)->migrate.thread = 2;
	tb->cut_bytes = 10;
	tb_analyze(tb);
	assert_non_null(tb->report.run->cut);
	assert_int_equal(tb->report.tree.wall_ns, 5000);
	tb_expect(tb, 1, STATE_RUN_FREE, 5000);
	assert_int_equal(tb->report.quality.left_alive, 2);
	assert_int_equal(tb->report.quality.confidence, CONFIDENCE_MEDIUM);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "The file is cut"));
	free(text);
}

/* Where one core's records end before the other's, they may be missing. */
static void test_cut_tail_is_unknown(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 4000, 0, 1, TRACE_HOW_PREEMPTED, 0)->other = 9;
	tb_switch(tb, 4500, 0, 0, TRACE_HOW_NONE, 1)->other = 9;
	tb_switch(tb, 6000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb->cut_bytes = 10;
	tb_analyze(tb);
	/* On core 0, whose last record is of 4500. */
	tb_expect(tb, 1, STATE_RUN_FREE, 3000 + 1);
	tb_expect(tb, 1, STATE_UNKNOWN, 1499);
	tb_expect(tb, 2, STATE_RUN_FREE, 3000);
	assert_int_equal(tb->report.cores[0].unknown_ns, 1499);
	assert_int_equal(tb->report.quality.lost, 0);
}

/* A core may be quiet for long: what is older than a recorder lets its records become is there. */
static void test_cut_tail_is_short(void **state)
{
	struct tb *tb = *state;
	const uint64_t end_ns = 10 * PRESCAN_TAIL_NS;

	tb_switch(tb, end_ns, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb->cut_bytes = 10;
	tb_analyze(tb);
	tb_expect(tb, 1, STATE_UNKNOWN, PRESCAN_TAIL_NS);
	tb_expect(tb, 1, STATE_RUN_FREE, end_ns - 1000 - PRESCAN_TAIL_NS);
	tb_expect(tb, 2, STATE_UNKNOWN, 0);
}

/* The recorder's own records come behind all cores': of that time nothing is known. */
static void test_cut_before_the_recorder(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 6000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_add(tb, 6000, 0, TRACE_MIGRATE)->migrate.thread = 2;
	tb_add(tb, 500000, TRACE_STREAM_COLLECTOR, TRACE_CORESTAT);
	tb->cut_bytes = 10;
	tb_analyze(tb);
	assert_int_equal(tb->report.tree.wall_ns, 5000);
	tb_expect(tb, 1, STATE_UNKNOWN, 0);
}

/* But if they are much later, the cores were quiet for so long. */
static void test_cut_after_a_silence(void **state)
{
	struct tb *tb = *state;
	const uint64_t end_ns = 10 * PRESCAN_TAIL_NS;

	tb_switch(tb, 6000, 1, 2, TRACE_HOW_PREEMPTED, 0);
	tb_add(tb, end_ns, TRACE_STREAM_COLLECTOR, TRACE_CORESTAT);
	tb->cut_bytes = 10;
	tb_analyze(tb);
	assert_int_equal(tb->report.tree.wall_ns, end_ns - PRESCAN_TAIL_NS - 1000);
	tb_expect(tb, 1, STATE_UNKNOWN, 0);
	tb_expect(tb, 2, STATE_READY_PREEMPTED, end_ns - PRESCAN_TAIL_NS - 6000);
}

/* Only the index is missing: the recording ended in order, nothing else is. */
static void test_cut_behind_the_end(void **state)
{
	struct tb *tb = *state;

	tb_switch(tb, 6000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, 9000, TRACE_END_COMMAND);
	tb->cut_bytes = 10;
	tb_analyze(tb);
	assert_non_null(tb->report.run->cut);
	tb_expect(tb, 1, STATE_RUN_FREE, 8000);
	tb_expect(tb, 1, STATE_UNKNOWN, 0);
}

/* The figures that suffer say by how much. */
static void test_report_says_what_is_unknown(void **state)
{
	struct tb *tb = *state;
	char *text;

	tb_gap(tb, 7500, 1, 4000, 7000, 12);
	tb_switch(tb, 7500, 1, 2, TRACE_HOW_PREEMPTED, 2);
	tb_both_die(tb, 8000);
	tb_analyze(tb);
	tb_expect(tb, 2, STATE_UNKNOWN, 3500);
	text = tb_text(tb, 1);
	assert_non_null(strstr(text, "1.21 .. 1.71   make progress"));
	assert_non_null(strstr(text, "0.50 of 1.86 are unknown"));
	assert_non_null(strstr(text, "12 lost"));
	assert_non_null(strstr(text, "Confidence: low"));
	free(text);
}

#define TEST(name) TB_TEST_AFTER(name, setup, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_other_core_is_exempt),
		TEST(test_left_inside_the_gap),
		TEST(test_came_inside_the_gap),
		TEST(test_waiter_is_unknown),
		TEST(test_waking_of_one_that_may_run),
		TEST(test_early_waking_before_the_gap),
		TEST(test_early_waking_behind_the_gap),
		TEST(test_early_waking_of_one_that_left),
		TEST(test_early_waking_forgotten_while_leaving),
		TEST(test_early_waking_before_the_record_of_a_gap),
		TEST(test_fork_behind_the_gap),
		TEST(test_doubt_is_unknown_from_the_start),
		TEST(test_missing_waking_explained),
		TEST(test_two_gaps),
		TEST(test_birth_lost),
		TEST(test_birth_read_late),
		TEST(test_death_lost),
		TEST(test_loss_does_not_balance),
		TEST(test_loss_without_gap),
		TEST(test_steal_runs_backwards),
		TEST(test_inferred_arrivals_agree),
		TEST(test_inferred_arrivals_differ),
		TEST(test_cut_file),
		TEST(test_cut_tail_is_unknown),
		TEST(test_cut_tail_is_short),
		TEST(test_cut_before_the_recorder),
		TEST(test_cut_after_a_silence),
		TEST(test_cut_behind_the_end),
		TEST(test_report_says_what_is_unknown),
	};

	return cmocka_run_group_tests_name("timeline: lost events", tests, NULL, NULL);
}
