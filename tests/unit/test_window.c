/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of a part of the run: two that touch add up to the whole, and one of all of it is the whole,
 * in simulated worlds with losses, races and several GILs.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analysis.h"
#include "analyzer/array.h"
#include "analyzer/report.h"
#include "tests/sim/recorder.h"
#include "tests/sim/script.h"
#include "tests/sim/world.h"
#include "tests/support/random.h"
#include "tests/support/tb.h"

/* Sanitizers take their time. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEEDS 60
#else
#define SEEDS 1000
#endif

static void *world_image(uint64_t seed, size_t *ret_len)
{
	struct sim_recorder recorder;
	struct sim_script script;
	struct sim_world world;
	void *image;

	script_make(&script, seed, SIM_SMALL);
	recorder_begin(&recorder, script.setup.cores);
	world_run(&world, &script, &recorder);
	image = recorder_image(&recorder, ret_len);
	world_clear(&world);
	recorder_clear(&recorder);
	script_clear(&script);
	return image;
}

/* A report of [from, until] of an image. */
struct part {
	struct trace_reader *reader;
	struct analysis analysis;
	struct report report;
};

static void part_make(struct part *part, const void *image, size_t len, const struct stretch *span)
{
	int err;

	assert_int_equal(trace_reader_open_memory(image, len, &part->reader, NULL), 0);
	err = analysis_run_window(&part->analysis, part->reader, span);
	if (err)
		fail_msg("error %d: %s", err, part->analysis.identity.broken);
	assert_int_equal(report_make(&part->report, &part->analysis, &(struct report_filter){ 0 }), 0);
}

static void part_free(struct part *part)
{
	report_clear(&part->report);
	analysis_clear(&part->analysis);
	trace_reader_free(part->reader);
}

/* The sums that must add up, one after the other. */
struct sums {
	uint64_t *ns;
	size_t cap, cnt;
};

static void sum_add(struct sums *sums, size_t at, uint64_t ns)
{
	assert_int_equal(array_reserve(&sums->ns, &sums->cap, at + 1, sizeof(*sums->ns)), 0);
	if (sums->cnt <= at)
		sums->cnt = at + 1;
	sums->ns[at] += ns;
}

static size_t scope_add(struct sums *sums, size_t at, const struct scope *scope)
{
	for (int i = 0; i < CURVE_CNT; i++) {
		sum_add(sums, at++, scope->integral_ns[i]);
		sum_add(sums, at++, scope->active_integral_ns[i]);
	}
	sum_add(sums, at++, scope->active_ns);
	sum_add(sums, at++, scope->any_on_core_ns);
	return at;
}

static size_t cores_add(struct sums *sums, size_t at, const struct cores *cores)
{
	for (size_t i = 0; i < cores->cores_cnt; i++) {
		for (int use = 0; use < CORE_USE_CNT; use++)
			sum_add(sums, at++, cores->cores[i].use_ns[use]);
		sum_add(sums, at++, cores->cores[i].true_ns);
		sum_add(sums, at++, cores->cores[i].spin_ns);
		sum_add(sums, at++, cores->cores[i].crowded_ns);
	}
	sum_add(sums, at++, cores->idle_ready_ns);
	sum_add(sums, at++, cores->idle_nobody_ns);
	sum_add(sums, at++, cores->other_ready_ns);
	return at;
}

static size_t thread_add(struct sums *sums, size_t at, const struct part *part,
			 const struct thread *thread)
{
	const struct tally *tally = &part->analysis.tally;
	bool there = thread->born && thread->slot < tally->threads_cnt;

	for (int state = 0; state < STATE_CNT; state++)
		sum_add(sums, at++, there ? tally->threads[thread->slot].state_ns[state] : 0);
	sum_add(sums, at++, there ? tally->threads[thread->slot].sampled_ns : 0);
	sum_add(sums, at++, there ? thread->death_ns - thread->birth_ns : 0);
	sum_add(sums, at++, thread->on_core_ns);
	sum_add(sums, at++, thread->unsure_ns);
	sum_add(sums, at++, thread->gil_held_off_core_ns);
	sum_add(sums, at++, thread->gil_wait.total_ns);
	sum_add(sums, at++, thread->gil_hold.total_ns);
	sum_add(sums, at++, thread->lock_wait.total_ns);
	return at;
}

/* Waits by system call and state, under a number that is the same in all parts. */
static void calls_add(struct sums *sums, size_t at, const struct tally *tally)
{
	for (size_t i = 0; i < tally->calls_cnt; i++)
		for (int state = 0; state < STATE_CNT; state++)
			sum_add(sums, at + tally->calls[i]->sysno * STATE_CNT + (size_t)state,
				tally->calls[i]->wait_ns[state]);
}

static void part_add(struct sums *sums, const struct part *part)
{
	const struct people *people = &part->analysis.people;
	size_t at = 0;

	sum_add(sums, at++, part->report.tree.wall_ns);
	at = scope_add(sums, at, &part->analysis.curves.tree);
	at = cores_add(sums, at, &part->analysis.cores);
	for (size_t i = 0; i < people->threads_cnt; i++)
		at = thread_add(sums, at, part, people->threads[i]);
	for (size_t i = 0; i < part->report.gils_cnt; i++)
		sum_add(sums, at + part->report.gils[i]->id, part->report.gils[i]->run_ns);
	calls_add(sums, at + 64, &part->analysis.tally);
}

static void assert_sums_equal(const struct sums *sums, const struct sums *whole, uint64_t seed)
{
	assert_int_equal(sums->cnt, whole->cnt);
	for (size_t i = 0; i < whole->cnt; i++)
		if (sums->ns[i] != whole->ns[i])
			fail_msg("seed %llu: sum %zu is %llu, should be %llu", (unsigned long long)seed, i,
				 (unsigned long long)sums->ns[i], (unsigned long long)whole->ns[i]);
}

/* Cuts the run where the seed says, at the ends as well. */
static void parts_check(uint64_t seed, size_t cuts)
{
	struct part whole = { 0 }, part = { 0 };
	struct sums wanted = { 0 }, sums = { 0 };
	uint64_t random = seed, wall_ns, from_ns = 0;
	size_t len;
	void *image = world_image(seed, &len);

	part_make(&whole, image, len, NULL);
	part_add(&wanted, &whole);
	wall_ns = whole.report.tree.wall_ns;
	for (size_t i = 0; i <= cuts; i++) {
		uint64_t left_ns = wall_ns - from_ns;
		uint64_t until_ns = i == cuts ? UINT64_MAX : from_ns + random_next(&random) % (left_ns + 1);

		part_make(&part, image, len, &(struct stretch){ from_ns, until_ns });
		part_add(&sums, &part);
		part_free(&part);
		from_ns = until_ns;
	}
	assert_sums_equal(&sums, &wanted, seed);
	part_free(&whole);
	free(wanted.ns);
	free(sums.ns);
	free(image);
}

static void test_parts_add_up(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		parts_check(seed, 1 + seed % 3);
}

/* A window of all of the run changes nothing, to the number of wakings. */
static void test_all_of_it(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct part whole = { 0 }, part = { 0 };
		struct sums wanted = { 0 }, sums = { 0 };
		size_t len;
		void *image = world_image(seed, &len);

		part_make(&whole, image, len, NULL);
		part_make(&part, image, len, &(struct stretch){ 0, whole.report.tree.wall_ns });
		part_add(&wanted, &whole);
		part_add(&sums, &part);
		assert_sums_equal(&sums, &wanted, seed);
		assert_memory_equal(part.analysis.tally.causes, whole.analysis.tally.causes,
				    sizeof(whole.analysis.tally.causes));
		assert_int_equal(part.analysis.history.entries_cnt, whole.analysis.history.entries_cnt);
		assert_int_equal(part.report.threads_cnt, whole.report.threads_cnt);
		assert_memory_equal(part.analysis.stack.part_ns, whole.analysis.stack.part_ns,
				    sizeof(whole.analysis.stack.part_ns));
		part_free(&part);
		part_free(&whole);
		free(wanted.ns);
		free(sums.ns);
		free(image);
	}
}

/*
 * ns        1 (core 0)   2 (core 1)
 * 1000      run          -
 * 2000      run          ready
 * 3000      run          run
 * 5000      run          wait.io
 * 9000      run          ready
 * 9500      run          run
 * 11000     dead         run
 * 12000                  dead
 */
static void scene(struct tb *tb)
{
	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 5000, 1, 2, 0, 0, 0);
	tb_waking(tb, 9000, 0, 1, 2, 1, 0, 0);
	tb_switch(tb, 9500, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 11000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 12000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, 12000, TRACE_END_TREE);
}

static void test_by_hand(void **state)
{
	struct part part = { 0 };
	struct tb tb;

	(void)state;
	tb_init(&tb, "2");
	scene(&tb);
	tb_open(&tb);
	part_make(&part, tb.image, tb.image_len, &(struct stretch){ 3000, 8200 });
	/* From 4000 to 9200. */
	assert_int_equal(part.report.tree.wall_ns, 5200);
	assert_int_equal(part.report.threads_cnt, 2);
	assert_int_equal(part.report.tree.state_ns[STATE_RUN_FREE], 5200 + 1000);
	assert_int_equal(part.report.tree.state_ns[STATE_WAIT_IO], 4000);
	assert_int_equal(part.report.tree.state_ns[STATE_READY_WOKEN], 200);
	assert_int_equal(part.analysis.people.threads[0]->switch_ins, 0);
	assert_int_equal(part.analysis.people.threads[1]->switch_outs, 1);
	part_free(&part);
	/* Nobody but 2 is left. */
	part_make(&part, tb.image, tb.image_len, &(struct stretch){ 10500, UINT64_MAX });
	assert_int_equal(part.report.threads_cnt, 1);
	assert_int_equal(part.report.tree.wall_ns, 500);
	part_free(&part);
	tb_free(&tb);
}

static void test_too_late(void **state)
{
	struct analysis analysis;
	struct tb tb;

	(void)state;
	tb_init(&tb, "2");
	scene(&tb);
	tb_open(&tb);
	assert_int_equal(analysis_run_window(&analysis, tb.reader, &(struct stretch){ 11001, UINT64_MAX }),
			 -ERANGE);
	assert_int_equal(analysis.run.whole_end_ns - analysis.run.whole_start_ns, 11000);
	analysis_clear(&analysis);
	tb_free(&tb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_too_late),
		cmocka_unit_test(test_parts_add_up),
		cmocka_unit_test(test_all_of_it),
	};

	return cmocka_run_group_tests_name("windows", tests, NULL, NULL);
}
