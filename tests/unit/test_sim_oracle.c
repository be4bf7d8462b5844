/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle itself: stories written by hand, with answers worked out by hand, and what must hold of
 * every story.
 *
 * The scene: a run from 1000 to 2000. Thread a (slot 0) lives all the time, thread b (slot 1) from 1100
 * to 1900.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/sim/answer.h"
#include "tests/sim/blame.h"
#include "tests/sim/bottle.h"
#include "tests/sim/instants.h"
#include "tests/sim/memory.h"
#include "tests/sim/path.h"

static struct sim_thread thread_a = { .id = 1, .slot = 0 };
static struct sim_thread thread_b = { .id = 2, .slot = 1 };

static void track_begin(struct sim_track *track, struct sim_thread *thread, uint64_t birth_ns,
			uint64_t death_ns)
{
	*track = (struct sim_track){
		.thread = thread, .process = 1, .begun = true, .birth_ns = birth_ns, .death_ns = death_ns,
	};
}

static int setup(void **state)
{
	static struct sim_story story;

	story = (struct sim_story){ .start_ns = 1000, .end_ns = 2000, .tracks_cnt = 2, .gils_cnt = 2 };
	story.gil_process = zalloc(story.gils_cnt, sizeof(*story.gil_process));
	story.tracks = zalloc(2, sizeof(*story.tracks));
	track_begin(&story.tracks[0], &thread_a, 1000, 2000);
	track_begin(&story.tracks[1], &thread_b, 1100, 1900);
	edge_add(&story, &(struct sim_edge){ 1000, 1000, &thread_a, NULL, SIM_STATE_CNT, SIM_BY_PROGRAM });
	edge_add(&story, &(struct sim_edge){ 1100, 1100, &thread_b, &thread_a, SIM_STATE_CNT,
					     SIM_BY_THREAD });
	*state = &story;
	return 0;
}

static int teardown(void **state)
{
	story_clear(*state);
	return 0;
}

static void paint(struct sim_story *story, size_t slot, uint64_t at_ns, enum sim_state state)
{
	track_paint(&story->tracks[slot], at_ns, state, PAINT_SURE);
}

static void test_share_out(void **state)
{
	const uint64_t weights[] = { 1, 1, 1, 0, 4 };
	uint64_t parts[5];

	(void)state;
	/* 1 3/7 thrice, 0, 5 5/7. */
	share_out(10, weights, 5, parts);
	assert_int_equal(parts[0], 2);
	assert_int_equal(parts[1], 1);
	assert_int_equal(parts[2], 1);
	assert_int_equal(parts[3], 0);
	assert_int_equal(parts[4], 6);
	share_out(7, weights, 5, parts);
	assert_int_equal(parts[4], 4);
	share_out(7, weights + 3, 1, parts);
	assert_int_equal(parts[0], 0);
}

/* a runs all the time but from 1400 to 1500, b from 1101: alone for 200 + 100, together for 700 - 1. */
static void test_bottles(void **state)
{
	struct sim_story *story = *state;
	struct sim_bottle bottles[2];

	paint(story, 0, 1000, SIM_RUN_GIL);
	paint(story, 0, 1400, SIM_WAIT_IO);
	paint(story, 0, 1500, SIM_RUN_FREE);
	paint(story, 1, 1100, SIM_READY_WOKEN);
	paint(story, 1, 1101, SIM_RUN_FREE);
	assert_int_equal(bottles_make(story, SIM_TRUE, bottles), 1000);
	assert_int_equal(bottles[0].active_ns, 900);
	assert_int_equal(bottles[1].active_ns, 799);
	/* 699 do not divide by two: the odd one goes to the lower id. */
	assert_int_equal(bottles[0].height_ns, 201 + 350);
	assert_int_equal(bottles[1].height_ns, 100 + 349);
	/* Ready counts as well, a wait for a device does not. */
	assert_int_equal(bottles_make(story, SIM_APPARENT, bottles), 1000);
	assert_int_equal(bottles[0].height_ns, 200 + 350);
	assert_int_equal(bottles[1].height_ns, 100 + 350);
	/* Half of the nanosecond in which b is ready is nobody's; halves are rounded up. */
	cmetrics_make(story, bottles);
	assert_int_equal(bottles[0].height_ns, 200 + 350);
	assert_int_equal(bottles[1].height_ns, 100 + 350);
	assert_int_equal(bottles[1].active_ns, 799);
}

static void test_nobody_is_active(void **state)
{
	struct sim_story *story = *state;
	struct sim_bottle bottles[2];

	paint(story, 0, 1000, SIM_WAIT_SLEEP);
	paint(story, 1, 1100, SIM_WAIT_SLEEP);
	assert_int_equal(bottles_make(story, SIM_TRUE, bottles), 0);
	assert_int_equal(bottles[0].height_ns, 0);
}

/* b waits for the GIL from 1200 to 1800: a runs with it to 1400, holds it off core to 1450, then nobody. */
static void test_blame_for_a_gil(void **state)
{
	struct sim_story *story = *state;
	struct sim_blame blame;
	struct sim_track *a = &story->tracks[0];

	story->tracks[0].gil = story->tracks[1].gil = 1;
	paint(story, 0, 1000, SIM_RUN_GIL);
	paint(story, 0, 1400, SIM_READY_PREEMPTED);
	paint(story, 0, 1450, SIM_RUN_FREE);
	grow(&a->holds, &a->holds_cap, 1, sizeof(*a->holds));
	a->holds[a->holds_cnt++] = (struct sim_hold){ 1400, 1450, 1, false };
	paint(story, 1, 1100, SIM_READY_WOKEN);
	paint(story, 1, 1200, SIM_WAIT_GIL);
	paint(story, 1, 1800, SIM_READY_WOKEN);
	sim_blame_make(&blame, story);
	assert_int_equal(blame_of(&blame, 1, 0), 250);
	assert_int_equal(blame_of(&blame, 1, 2 + SIM_BLAME_HAND_OVER), 350);
	assert_int_equal(blame.doing_ns[0][SIM_RUN_GIL], 200);
	assert_int_equal(blame.doing_ns[0][SIM_READY_PREEMPTED], 50);
	sim_blame_clear(&blame);
}

/* b waits for the GIL from 1200 to 1800; a has it until 1400, and is lost from sight until 1700. */
static void test_blame_for_a_gil_amid_a_loss(void **state)
{
	struct sim_story *story = *state;
	struct sim_blame blame;

	story->tracks[0].gil = story->tracks[1].gil = 1;
	paint(story, 0, 1000, SIM_RUN_GIL);
	paint(story, 0, 1400, SIM_UNKNOWN);
	paint(story, 0, 1700, SIM_RUN_FREE);
	paint(story, 1, 1100, SIM_READY_WOKEN);
	paint(story, 1, 1200, SIM_WAIT_GIL);
	paint(story, 1, 1800, SIM_READY_WOKEN);
	sim_blame_make(&blame, story);
	assert_int_equal(blame_of(&blame, 1, 0), 200);
	assert_int_equal(blame_of(&blame, 1, 2 + SIM_BLAME_UNCLEAR), 300);
	assert_int_equal(blame_of(&blame, 1, 2 + SIM_BLAME_HAND_OVER), 100);
	sim_blame_clear(&blame);
}

/* Other waits are blamed on whoever ended them. */
static void test_blame_for_waits(void **state)
{
	struct sim_story *story = *state;
	struct sim_blame blame;

	paint(story, 0, 1000, SIM_RUN_FREE);
	paint(story, 0, 1900, SIM_WAIT_SLEEP);
	paint(story, 1, 1100, SIM_WAIT_SYNC);
	paint(story, 1, 1300, SIM_READY_WOKEN);
	paint(story, 1, 1310, SIM_RUN_FREE);
	paint(story, 1, 1400, SIM_WAIT_SLEEP);
	paint(story, 1, 1700, SIM_RUN_FREE);
	edge_add(story, &(struct sim_edge){ 1300, 1100, &thread_b, &thread_a, SIM_WAIT_SYNC,
					    SIM_BY_THREAD });
	edge_add(story, &(struct sim_edge){ 1700, 1400, &thread_b, NULL, SIM_WAIT_SLEEP, SIM_BY_TIMER });
	sim_blame_make(&blame, story);
	assert_int_equal(blame_of(&blame, 1, 0), 200);
	assert_int_equal(blame_of(&blame, 1, 2 + SIM_BLAME_TIMER), 300);
	assert_int_equal(blame_of(&blame, 0, 2 + SIM_BLAME_LASTS), 100);
	sim_blame_clear(&blame);
}

static void assert_segment(const struct sim_path *path, size_t at, uint64_t from_ns, uint64_t to_ns,
			   const struct sim_thread *thread, enum sim_state state)
{
	assert_true(at < path->cnt);
	assert_int_equal(path->segments[at].from_ns, from_ns);
	assert_int_equal(path->segments[at].to_ns, to_ns);
	assert_ptr_equal(path->segments[at].thread, thread);
	assert_int_equal(path->segments[at].state, state);
}

/* a waits for b, which slept: from the end through a to the waking, through b's sleep, to its birth. */
static void test_path(void **state)
{
	struct sim_story *story = *state;
	struct sim_path path;

	paint(story, 0, 1000, SIM_RUN_FREE);
	paint(story, 0, 1150, SIM_WAIT_SYNC);
	paint(story, 0, 1880, SIM_READY_WOKEN);
	paint(story, 0, 1890, SIM_RUN_FREE);
	paint(story, 1, 1100, SIM_READY_WOKEN);
	paint(story, 1, 1110, SIM_RUN_FREE);
	paint(story, 1, 1200, SIM_WAIT_SLEEP);
	paint(story, 1, 1700, SIM_READY_WOKEN);
	paint(story, 1, 1750, SIM_RUN_FREE);
	edge_add(story, &(struct sim_edge){ 1700, 1200, &thread_b, NULL, SIM_WAIT_SLEEP, SIM_BY_TIMER });
	edge_add(story, &(struct sim_edge){ 1880, 1150, &thread_a, &thread_b, SIM_WAIT_SYNC,
					    SIM_BY_THREAD });
	sim_path_find(&path, story, &(struct sim_window){ story->start_ns, story->end_ns });
	assert_int_equal(path.cnt, 8);
	assert_segment(&path, 0, 1890, 2000, &thread_a, SIM_RUN_FREE);
	assert_segment(&path, 1, 1880, 1890, &thread_a, SIM_READY_WOKEN);
	assert_segment(&path, 2, 1750, 1880, &thread_b, SIM_RUN_FREE);
	assert_segment(&path, 3, 1700, 1750, &thread_b, SIM_READY_WOKEN);
	assert_segment(&path, 4, 1200, 1700, &thread_b, SIM_WAIT_SLEEP);
	assert_segment(&path, 5, 1110, 1200, &thread_b, SIM_RUN_FREE);
	assert_segment(&path, 6, 1100, 1110, &thread_b, SIM_READY_WOKEN);
	assert_segment(&path, 7, 1000, 1100, &thread_a, SIM_RUN_FREE);
	sim_path_clear(&path);
}

/* Woken before it slept: there was no wait, and so nobody to go back to. */
static void test_path_of_an_early_waking(void **state)
{
	struct sim_story *story = *state;
	struct sim_path path;

	paint(story, 0, 1000, SIM_RUN_FREE);
	paint(story, 0, 1500, SIM_READY_WOKEN);
	paint(story, 0, 1600, SIM_RUN_FREE);
	paint(story, 1, 1100, SIM_RUN_FREE);
	edge_add(story, &(struct sim_edge){ 1500, 1500, &thread_a, &thread_b, SIM_WAIT_SYNC,
					    SIM_BY_THREAD });
	sim_path_find(&path, story, &(struct sim_window){ story->start_ns, story->end_ns });
	assert_int_equal(path.cnt, 3);
	assert_segment(&path, 2, 1000, 1500, &thread_a, SIM_RUN_FREE);
	sim_path_clear(&path);
}

/* What must hold of any world: the identities, by the oracle's own figures. */

struct world {
	struct sim_script script;
	struct sim_recorder recorder;
	struct sim_world world;
	struct sim_story story;
	struct sim_answer answer;
};

static void world_make(struct world *world, uint64_t seed, enum sim_size size, bool trouble)
{
	script_make(&world->script, seed, size);
	if (!trouble) {
		world->script.setup.loss_ns = world->script.setup.mute = world->script.setup.hidden = 0;
		world->script.setup.unseen_cores = 0;
		if (world->script.setup.gil == SIM_GIL_SOUGHT)
			world->script.setup.gil = SIM_GIL_KNOWN;
	}
	recorder_begin(&world->recorder, world->script.setup.cores);
	world_run(&world->world, &world->script, &world->recorder);
	story_tell(&world->story, &world->recorder, &world->world);
	sim_answer_make(&world->answer, &world->story);
}

static void world_free(struct world *world)
{
	sim_answer_clear(&world->answer);
	story_clear(&world->story);
	world_clear(&world->world);
	recorder_clear(&world->recorder);
	script_clear(&world->script);
}

static void bottles_check(const struct sim_story *story, const struct sim_answer *answer)
{
	struct sim_bottle *bottles = zalloc(story->tracks_cnt, sizeof(*bottles));
	uint64_t active_ns = bottles_make(story, SIM_TRUE, bottles), sum_ns = 0, own_ns = 0;

	for (size_t i = 0; i < story->tracks_cnt; i++) {
		sum_ns += bottles[i].height_ns;
		own_ns += bottles[i].active_ns;
	}
	assert_int_equal(sum_ns, active_ns);
	assert_int_equal(own_ns, answer->tree.integral_ns[SIM_TRUE]);
	assert_int_equal(active_ns, story->end_ns - story->start_ns - answer->tree.level_ns[0]);
	free(bottles);
}

static void blame_check(const struct sim_story *story, const struct sim_answer *answer)
{
	struct sim_blame blame;

	sim_blame_make(&blame, story);
	for (size_t i = 0; i < story->tracks_cnt; i++) {
		uint64_t sum_ns = 0, wait_ns = 0;

		for (size_t j = 0; j < blame.culprits_cnt; j++)
			sum_ns += blame_of(&blame, i, j);
		for (int state = SIM_WAIT_GIL; state <= SIM_WAIT_OTHER; state++)
			wait_ns += answer->threads[i].state_ns[state];
		assert_int_equal(sum_ns, wait_ns);
	}
	sim_blame_clear(&blame);
}

static void path_check(const struct sim_story *story)
{
	uint64_t at_ns = story->end_ns;
	struct sim_path path;

	sim_path_find(&path, story, &(struct sim_window){ story->start_ns, story->end_ns });
	for (size_t i = 0; i < path.cnt; i++) {
		assert_int_equal(path.segments[i].to_ns, at_ns);
		assert_true(path.segments[i].from_ns < at_ns);
		at_ns = path.segments[i].from_ns;
	}
	assert_int_equal(at_ns, story->start_ns);
	sim_path_clear(&path);
}

static void lives_check(const struct sim_story *story, const struct sim_answer *answer)
{
	for (size_t i = 0; i < story->tracks_cnt; i++) {
		const struct sim_track *track = &story->tracks[i];
		uint64_t sum_ns = 0;

		for (int state = 0; state < SIM_STATE_CNT; state++)
			sum_ns += answer->threads[i].state_ns[state];
		assert_int_equal(sum_ns, track->death_ns - track->birth_ns);
	}
	for (size_t i = 0; i < story->cores_cnt; i++) {
		const struct sim_core_sum *core = &answer->cores[i];

		assert_int_equal(core->unknown_ns + core->idle_ns + core->other_ns + core->ours_ns,
				 story->end_ns - story->start_ns);
	}
}

static void test_identities(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct world world;

		world_make(&world, seed, SIM_SMALL, true);
		lives_check(&world.story, &world.answer);
		bottles_check(&world.story, &world.answer);
		blame_check(&world.story, &world.answer);
		path_check(&world.story);
		world_free(&world);
	}
}

/* Where everything is seen, the thread's time on cores is what the world gave it. */
static void test_without_trouble_all_is_known(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct world world;

		world_make(&world, seed, SIM_SMALL, false);
		for (size_t i = 0; i < world.story.tracks_cnt; i++) {
			const struct sim_track *track = &world.story.tracks[i];
			const struct sim_thread *thread = world.world.threads[i];

			assert_false(track->birth_lost);
			assert_int_equal(track->tid, thread->tid);
			if (!track->left_alive)
				assert_int_equal(track->on_core_ns, thread->cpu_ns);
		}
		for (size_t i = 0; i < world.story.cores_cnt; i++)
			assert_int_equal(world.answer.cores[i].unknown_ns, 0);
		world_free(&world);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share_out),
		TEST(test_bottles),
		TEST(test_nobody_is_active),
		TEST(test_blame_for_a_gil),
		TEST(test_blame_for_a_gil_amid_a_loss),
		TEST(test_blame_for_waits),
		TEST(test_path),
		TEST(test_path_of_an_early_waking),
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_without_trouble_all_is_known),
	};

	return cmocka_run_group_tests_name("the oracle", tests, NULL, NULL);
}
