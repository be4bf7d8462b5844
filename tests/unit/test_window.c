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
#include <jansson.h>

#include "analyzer/analysis.h"
#include "analyzer/array.h"
#include "analyzer/render.h"
#include "analyzer/report.h"
#include "tests/sim/recorder.h"
#include "tests/sim/script.h"
#include "tests/sim/sides.h"
#include "tests/sim/story.h"
#include "tests/sim/world.h"
#include "tests/support/random.h"
#include "tests/support/tb.h"

/* Sanitizers take their time. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEEDS 60
#else
#define SEEDS 1000
#endif

/* A simulated world, its trace, and what was true in it. */
struct scenery {
	struct sim_script script;
	struct sim_recorder recorder;
	struct sim_world world;
	struct sim_story story;
	void *image;
	size_t len;
};

static void scenery_make(struct scenery *scenery, uint64_t seed)
{
	script_make(&scenery->script, seed, SIM_SMALL);
	recorder_begin(&scenery->recorder, scenery->script.setup.cores);
	world_run(&scenery->world, &scenery->script, &scenery->recorder);
	story_tell(&scenery->story, &scenery->recorder, &scenery->world);
	scenery->image = recorder_image(&scenery->recorder, &scenery->len);
}

static void scenery_free(struct scenery *scenery)
{
	free(scenery->image);
	story_clear(&scenery->story);
	world_clear(&scenery->world);
	recorder_clear(&scenery->recorder);
	script_clear(&scenery->script);
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

	*part = (struct part){ 0 };
	assert_int_equal(trace_reader_open_memory(image, len, &part->reader, NULL), 0);
	err = analysis_run_with(&part->analysis, part->reader, &(struct analysis_setup){ .window = span });
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

/* Who waits for a core waits at the same one, and behind the same, whatever the window. */
static size_t ready_add(struct sums *sums, size_t at, const struct part *part, const struct thread *thread)
{
	static const struct rq_thread none;
	const struct runqueue *rq = &part->analysis.runqueue;
	const struct rq_thread *own = thread->slot < rq->threads_cnt ? &rq->threads[thread->slot] : &none;

	for (int use = 0; use < CORE_USE_CNT; use++)
		sum_add(sums, at++, own->use_ns[use]);
	sum_add(sums, at++, own->nowhere_ns);
	sum_add(sums, at++, own->room_ns);
	sum_add(sums, at++, own->stranded_ns);
	sum_add(sums, at++, own->caused_ns);
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

/* Time in which cores could have run threads, before any of it is divided. */
static size_t room_add(struct sums *sums, size_t at, const struct part *part)
{
	const struct room *room = &part->analysis.room;
	const struct cores *cores = &part->analysis.cores;
	uint64_t waits_ns = 0, idle_ns = 0;

	for (int i = 0; i < ROOM_WAITS; i++)
		waits_ns += room->wait_ns[i];
	for (int i = 0; i < STATE_CNT; i++)
		idle_ns += cores->idle_wait_ns[i];
	sum_add(sums, at++, waits_ns);
	sum_add(sums, at++, idle_ns);
	sum_add(sums, at++, room->ready_ns);
	sum_add(sums, at++, room->few_sync_ns);
	sum_add(sums, at++, room->few_io_ns);
	sum_add(sums, at++, room->few_nobody_ns);
	sum_add(sums, at++, room->quiet_ns);
	sum_add(sums, at++, room->busy_ns);
	sum_add(sums, at++, room->busy_cores_ns);
	return at;
}

/* Parts of the cores' time that need no division. */
static size_t stack_add(struct sums *sums, size_t at, const struct stack *stack)
{
	for (int i = 0; i < STACK_PART_CNT; i++)
		if (i < STACK_IDLE_GIL || i > STACK_IDLE_OTHER)
			sum_add(sums, at++, stack->part_ns[i]);
	sum_add(sums, at++, stack->whole_ns);
	return at;
}

static size_t gil_add(struct sums *sums, size_t at, const struct gil_use *use)
{
	sum_add(sums, at++, use ? use->held_ns : 0);
	sum_add(sums, at++, use ? use->hold.sum_ns : 0);
	sum_add(sums, at++, use ? use->run_ns : 0);
	sum_add(sums, at++, use ? use->off_core_ns : 0);
	sum_add(sums, at++, use ? use->sampled_ns : 0);
	return at;
}

/* By GIL, word and thread: numbers that are the same in all parts. */
static size_t waits_add(struct sums *sums, size_t at, const struct part *part)
{
	const struct analysis *analysis = &part->analysis;

	for (size_t i = 0; i < part->report.gils_cnt; i++) {
		const struct gil_count *gil = part->report.gils[i];

		sum_add(sums, at++, gil->run_ns);
		sum_add(sums, at++, gil->off_core_ns);
		sum_add(sums, at++, gil->doubled_ns);
		at = gil_add(sums, at, gil_use_of(&analysis->gil, gil->id));
	}
	for (size_t i = 0; i < analysis->timeline.words.words_cnt; i++) {
		const struct lock *lock = i < analysis->locks.locks_cnt ? analysis->locks.locks[i] : NULL;
		const struct word_waits *sync = i < analysis->locks.syncs_cnt ?
						analysis->locks.syncs[i] : NULL;

		sum_add(sums, at++, lock ? lock->waits.wait_ns : 0);
		sum_add(sums, at++, sync ? sync->wait_ns : 0);
	}
	for (size_t i = 0; i < analysis->people.threads_cnt; i++)
		for (int kind = 0; kind < SHARE_PART_CNT; kind++)
			sum_add(sums, at++, i < analysis->blame.threads_cnt ?
					    analysis->blame.threads[i].waits_ns[kind] : 0);
	return at;
}

static void part_add(struct sums *sums, const struct part *part)
{
	const struct people *people = &part->analysis.people;
	size_t at = 0;

	sum_add(sums, at++, part->report.tree.wall_ns);
	sum_add(sums, at++, part->analysis.runqueue.wasted_ns);
	at = scope_add(sums, at, &part->analysis.curves.tree);
	at = cores_add(sums, at, &part->analysis.cores);
	for (size_t i = 0; i < people->threads_cnt; i++) {
		at = thread_add(sums, at, part, people->threads[i]);
		at = ready_add(sums, at, part, people->threads[i]);
	}
	at = room_add(sums, at, part);
	at = stack_add(sums, at, &part->analysis.stack);
	at = waits_add(sums, at, part);
	calls_add(sums, at, &part->analysis.tally);
}

static void assert_sums_equal(const struct sums *sums, const struct sums *whole, uint64_t seed)
{
	assert_int_equal(sums->cnt, whole->cnt);
	for (size_t i = 0; i < whole->cnt; i++)
		if (sums->ns[i] != whole->ns[i])
			fail_msg("seed %llu: sum %zu is %llu, should be %llu", (unsigned long long)seed, i,
				 (unsigned long long)sums->ns[i], (unsigned long long)whole->ns[i]);
}

/* The path of a part of the run, against the same part of what was true. */
static void path_check(const struct scenery *scenery, const struct part *part, uint64_t seed)
{
	struct sim_verdict verdict = { "", 0, 0 };
	struct sides sides = {
		.recorder = &scenery->recorder, .story = &scenery->story, .analysis = &part->analysis,
		.report = &part->report, .verdict = &verdict,
	};

	states_match(&sides);
	if (!path_same(&sides))
		fail_msg("seed %llu, from %llu to %llu: %s", (unsigned long long)seed,
			 (unsigned long long)part->analysis.run.start_ns,
			 (unsigned long long)part->analysis.run.end_ns, verdict.text);
}

/* Cuts the run where the seed says, at the ends as well. */
static void parts_check(uint64_t seed, size_t cuts)
{
	struct scenery scenery;
	struct part whole, part;
	struct sums wanted = { 0 }, sums = { 0 };
	uint64_t random = seed, wall_ns, from_ns = 0;

	scenery_make(&scenery, seed);
	part_make(&whole, scenery.image, scenery.len, NULL);
	part_add(&wanted, &whole);
	wall_ns = whole.report.tree.wall_ns;
	for (size_t i = 0; i <= cuts; i++) {
		uint64_t left_ns = wall_ns - from_ns;
		uint64_t until_ns = i == cuts ? UINT64_MAX : from_ns + random_next(&random) % (left_ns + 1);

		part_make(&part, scenery.image, scenery.len, &(struct stretch){ from_ns, until_ns });
		part_add(&sums, &part);
		path_check(&scenery, &part, seed);
		part_free(&part);
		from_ns = until_ns;
	}
	assert_sums_equal(&sums, &wanted, seed);
	part_free(&whole);
	scenery_free(&scenery);
	free(wanted.ns);
	free(sums.ns);
}

static void test_parts_add_up(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		parts_check(seed, 1 + seed % 3);
}

/* The report for machines, but for what says that it is of a window. */
static char *json_of(const struct part *part)
{
	char *text = NULL, *sorted;
	json_t *root;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(render_json(&part->report, "w.plx", out), 0);
	assert_int_equal(fclose(out), 0);
	root = json_loadb(text, len, 0, NULL);
	assert_non_null(root);
	json_object_del(root, "whole_start_ns");
	json_object_del(root, "whole_end_ns");
	sorted = json_dumps(root, JSON_INDENT(1));
	assert_non_null(sorted);
	json_decref(root);
	free(text);
	return sorted;
}

/* Says where they differ, and not just that they do. */
static void assert_json_equal(const char *got, const char *wanted, uint64_t seed)
{
	size_t at = 0, line = 0;

	for (; got[at] && got[at] == wanted[at]; at++)
		line = got[at] == '\n' ? at + 1 : line;
	if (got[at] != wanted[at])
		fail_msg("seed %llu: %.*s\nshould be %.*s", (unsigned long long)seed,
			 (int)strcspn(got + line, "\n"), got + line, (int)strcspn(wanted + line, "\n"),
			 wanted + line);
}

/* A window of all of the run changes nothing. */
static void test_all_of_it(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct scenery scenery;
		struct part whole, part;
		char *wanted, *got;

		scenery_make(&scenery, seed);
		part_make(&whole, scenery.image, scenery.len, NULL);
		part_make(&part, scenery.image, scenery.len,
			  &(struct stretch){ 0, whole.report.tree.wall_ns });
		wanted = json_of(&whole);
		got = json_of(&part);
		assert_json_equal(got, wanted, seed);
		assert_int_equal(part.analysis.history.entries_cnt, whole.analysis.history.entries_cnt);
		free(wanted);
		free(got);
		part_free(&part);
		part_free(&whole);
		scenery_free(&scenery);
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
	struct part part;
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

/*
 * ns        1 (core 0)   2 (core 1)
 * 1000      run          -
 * 2000      run          ready
 * 3000      joins 2      run
 * 5000      "            wait.io
 * 6000      "            run, woken by nobody of ours
 * 20000     ready        dead
 * 21000     dead
 */
static void join(struct tb *tb)
{
	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_block(tb, 3000, 0, 1, 202, 0x100, 0);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
	tb_block(tb, 5000, 1, 2, 0, 0, 0);
	tb_waking(tb, 6000, 1, 0, 2, 0, 0, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_switch(tb, 6000, 1, 0, TRACE_HOW_NONE, 2);
	tb_waking(tb, 20000, 1, 2, 1, 202, 0x100, 1);
	tb_switch(tb, 20000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 20000, 0, 0, TRACE_HOW_NONE, 1);
	tb_switch(tb, 21000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 21000, TRACE_END_TREE);
}

/* Main, which has the lower id, waits all the time: what the wall time is made of is the other. */
static void test_path(void **state)
{
	const struct path *path;
	struct part part;
	struct tb tb;

	(void)state;
	tb_init(&tb, "2");
	join(&tb);
	tb_open(&tb);
	/* From 4000 to 11000. */
	part_make(&part, tb.image, tb.image_len, &(struct stretch){ 3000, 10000 });
	path = &part.analysis.path;
	assert_int_equal(path->length_ns, 7000);
	assert_int_equal(path->ranking_cnt, 1);
	assert_int_equal(path->ranking[0]->thread->id, 2);
	assert_int_equal(path->state_ns[STATE_RUN_FREE], 6000);
	assert_int_equal(path->state_ns[STATE_WAIT_IO], 1000);
	part_free(&part);
	/* From 4000 to 5500: it was the last on a core, though it is on none at the end. */
	part_make(&part, tb.image, tb.image_len, &(struct stretch){ 3000, 4500 });
	path = &part.analysis.path;
	assert_int_equal(path->ranking_cnt, 1);
	assert_int_equal(path->ranking[0]->thread->id, 2);
	assert_int_equal(path->state_ns[STATE_RUN_FREE], 1000);
	assert_int_equal(path->state_ns[STATE_WAIT_IO], 500);
	part_free(&part);
	/* From 5200 to 5800 nobody is: the lowest id. */
	part_make(&part, tb.image, tb.image_len, &(struct stretch){ 4200, 4800 });
	path = &part.analysis.path;
	assert_int_equal(path->ranking[0]->thread->id, 1);
	assert_int_equal(path->length_ns, 600);
	part_free(&part);
	tb_free(&tb);
}

static void gil_record(struct tb *tb, uint64_t ts_ns, uint64_t process)
{
	struct trace_gil *gil = &tb_add(tb, ts_ns, 0, TRACE_GIL)->gil;

	gil->id = 1;
	gil->process = process;
	gil->address = 0x1000;
}

/*
 * Looks at the GIL: by 1 at 2000, by 2 at 4000, 6000, 8000, by 1 at 10000 again; in between 2 always has
 * it, and so it changes hands twice. 7 changes are not seen, 3 of them before 6000.
 */
static void looks(struct tb *tb)
{
	tb_exec(tb, 1000, 0, 1)->gil_state = TRACE_GIL_KNOWN;
	gil_record(tb, 1000, 1);
	tb_thread(tb, 1500, 0, 1, 2, 1);
	tb_switch(tb, 1600, 1, 0, TRACE_HOW_NONE, 2);
	TB_PEEK(tb_sample(tb, 2000, 0, 1), 0, 1, TB_HELD, 1);
	TB_PEEK(tb_sample(tb, 4000, 1, 2), 0, 2, TB_HELD, 2);
	TB_PEEK(tb_sample(tb, 6000, 1, 2), 0, 2, TB_HELD, 5);
	TB_PEEK(tb_sample(tb, 8000, 1, 2), 0, 2, TB_HELD, 9);
	TB_PEEK(tb_sample(tb, 10000, 0, 1), 0, 1, TB_HELD, 10);
	tb_switch(tb, 12000, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 12000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 12000, TRACE_END_TREE);
}

static void looks_expect(const struct tb *tb, uint64_t from_ns, uint64_t until_ns, uint64_t peeks,
			 uint64_t seen, uint64_t missed)
{
	struct part part;

	part_make(&part, tb->image, tb->image_len, &(struct stretch){ from_ns - 1000, until_ns - 1000 });
	assert_int_equal(part.report.gils_cnt, 1);
	assert_int_equal(part.report.gils[0]->peeks, peeks);
	assert_int_equal(part.report.gils[0]->seen, seen);
	assert_int_equal(part.report.gils[0]->missed, missed);
	assert_true(part.report.quality.gil_by_looks || !peeks);
	part_free(&part);
}

static void test_looks(void **state)
{
	struct tb tb;

	(void)state;
	tb_init(&tb, "2");
	looks(&tb);
	tb_open(&tb);
	looks_expect(&tb, 1000, 12000, 5, 2, 7);
	looks_expect(&tb, 1000, 5000, 2, 1, 0);
	looks_expect(&tb, 5000, 9000, 2, 0, 7);
	looks_expect(&tb, 7000, 12000, 2, 1, 4);
	looks_expect(&tb, 10500, 12000, 0, 0, 0);
	tb_free(&tb);
}

/* What was held before the part or is held behind it is cut, and nobody was passed by. */
static void test_holds_are_cut(void **state)
{
	const struct gil_use *use;
	struct part part;
	struct tb tb;

	(void)state;
	tb_init(&tb, "2");
	looks(&tb);
	tb_open(&tb);
	part_make(&part, tb.image, tb.image_len, NULL);
	assert_int_equal(gil_use_of(&part.analysis.gil, 1)->cut_cnt, 0);
	part_free(&part);
	part_make(&part, tb.image, tb.image_len, &(struct stretch){ 4000, 6000 });
	use = gil_use_of(&part.analysis.gil, 1);
	assert_non_null(use);
	/* 1's own looks do not say that it let go. */
	assert_int_equal(use->hold.cnt, 2);
	assert_int_equal(use->cut_cnt, 2);
	assert_int_equal(use->overtakes_cnt, 0);
	part_free(&part);
	tb_free(&tb);
}

/*
 * Waits for a lock from 2000 to 4000, 5000 to 5500 and 6000 to 9000; of what is looked at, from 3000 to
 * 7000, the first and the last are parts.
 */
static void test_waits_for_locks(void **state)
{
	static const uint64_t waits_ns[][2] = { { 2000, 4000 }, { 5000, 5500 }, { 6000, 9000 } };
	const struct lock *lock;
	struct part part;
	struct tb tb;

	(void)state;
	tb_init(&tb, "2");
	tb_exec(&tb, 1000, 0, 1);
	tb_thread(&tb, 1000, 0, 1, 2, 1);
	tb_switch(&tb, 1500, 1, 0, TRACE_HOW_NONE, 2);
	for (size_t i = 0; i < ARRAY_SIZE(waits_ns); i++) {
		tb_block(&tb, waits_ns[i][0], 1, 2, 202, 0x100, 0)->owner = 1;
		tb_waking(&tb, waits_ns[i][1], 0, 1, 2, 202, 0x100, 1);
		tb_switch(&tb, waits_ns[i][1] + 100, 1, 0, TRACE_HOW_NONE, 2);
	}
	tb_end(&tb, 10000, TRACE_END_TREE);
	tb_open(&tb);
	part_make(&part, tb.image, tb.image_len, &(struct stretch){ 2000, 6000 });
	assert_int_equal(part.analysis.locks.ranking_cnt, 1);
	lock = part.analysis.locks.ranking[0];
	assert_int_equal(lock->waits.waits_cnt, 3);
	assert_int_equal(lock->waits.cut_cnt, 2);
	assert_int_equal(lock->waits.wait_ns, 1000 + 500 + 1000);
	assert_int_equal(lock->wait_spread.cnt, 1);
	assert_int_equal(lock->wait_spread.sum_ns, 500);
	part_free(&part);
	tb_free(&tb);
}

/* Of an end that the window does not have, nothing is said. */
static void test_ends(void **state)
{
	struct trace_exit *exit;
	struct part part;
	struct tb tb;

	(void)state;
	tb_init(&tb, "2");
	tb_exec(&tb, 1000, 0, 1);
	exit = &tb_add(&tb, 5000, 0, TRACE_EXIT)->exit;
	exit->thread = 1;
	exit->code = 256;
	tb_switch(&tb, 6000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(&tb, 6000, TRACE_END_TREE);
	tb_open(&tb);
	part_make(&part, tb.image, tb.image_len, &(struct stretch){ 0, 5000 });
	assert_true(part.analysis.people.threads[0]->has_exit);
	part_free(&part);
	part_make(&part, tb.image, tb.image_len, &(struct stretch){ 0, 4500 });
	assert_false(part.analysis.people.threads[0]->has_exit);
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
	assert_int_equal(analysis_run_with(&analysis, tb.reader, &(struct analysis_setup){
		.window = &(struct stretch){ 11001, UINT64_MAX } }), -ERANGE);
	assert_int_equal(analysis.run.whole_end_ns - analysis.run.whole_start_ns, 11000);
	analysis_clear(&analysis);
	tb_free(&tb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_holds_are_cut),
		cmocka_unit_test(test_waits_for_locks),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_too_late),
		cmocka_unit_test(test_parts_add_up),
		cmocka_unit_test(test_all_of_it),
	};

	return cmocka_run_group_tests_name("windows", tests, NULL, NULL);
}
