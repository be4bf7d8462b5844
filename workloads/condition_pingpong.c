// SPDX-License-Identifier: BSD-2-Clause
/*
 * condition_pingpong: threads in pairs, each with a token that its two pass to and fro.
 *
 * Who has not got the token waits in a Condition for it. So one of two has work in hand at any time,
 * GIL or not: the loss is no lock's and no core's, the program has no more parallelism than pairs.
 */

#include <errno.h>
#include <stdlib.h>

#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define UNITS_PER_PASS	2

/* All but the pointers are under the lock. */
struct pair {
	struct gilrt_lock *lock;
	struct gilrt_cond *passed;
	unsigned int side;	/* whose turn it is, 0 or 1 */
	uint32_t token;
	bool over;
};

struct player {
	const struct workload *workload;
	struct pair *pair;
	unsigned int side;
	struct gilrt_work work;
	uint64_t pass_cnt;
	int err;
};

static struct truth_counter counters[] = { { .name = "passes" } };

static bool may_go_on(void *arg)
{
	const struct player *player = arg;

	return player->pair->over || player->pair->side == player->side;
}

/* With the lock and the token. The first of the two watches the time. */
static void pass(struct player *player)
{
	struct pair *pair = player->pair;

	if (player->side == 0 && workload_is_over(player->workload, player->pass_cnt)) {
		pair->over = true;
		return;
	}
	gilrt_work_feed(&player->work, pair->token);
	gilrt_work_run(&player->work, UNITS_PER_PASS);
	pair->token = gilrt_work_checksum(&player->work);
	pair->side = !player->side;
	player->pass_cnt++;
}

/* Returns false when the game is over. */
static bool play(struct player *player)
{
	struct pair *pair = player->pair;
	bool over;

	gilrt_lock_acquire(pair->lock, GILRT_FOREVER);
	player->err = gilrt_cond_wait_for(pair->passed, may_go_on, player, GILRT_FOREVER);
	if (player->err)
		pair->over = true;
	if (!pair->over)
		pass(player);
	over = pair->over;
	gilrt_cond_notify(pair->passed, 1);
	gilrt_lock_release(pair->lock);
	return !over;
}

static void run(void *arg)
{
	struct player *player = arg;

	while (play(player))
		;
	gilrt_thread_add_work(player->work.unit_cnt, gilrt_work_checksum(&player->work));
}

/* Whose partner could not be started is not to wait for it. */
static void call_off(void *shared, unsigned int player_cnt)
{
	struct pair *pair = (struct pair *)shared + player_cnt / 2;

	if (player_cnt % 2 == 0)
		return;
	gilrt_lock_acquire(pair->lock, GILRT_FOREVER);
	pair->over = true;
	gilrt_cond_notify(pair->passed, 1);
	gilrt_lock_release(pair->lock);
}

static int prepare(struct workload *workload, void *workers)
{
	const unsigned int player_cnt = workload->options.thread_cnt;
	struct player *players = workers;
	struct pair *pairs;
	unsigned int i;
	int err = 0;

	pairs = calloc(player_cnt / 2, sizeof(*pairs));
	if (!pairs)
		return -ENOMEM;
	workload->shared = pairs;
	for (i = 0; !err && i < player_cnt / 2; i++) {
		err = gilrt_lock_create(&pairs[i].lock);
		if (!err)
			err = gilrt_cond_create(pairs[i].lock, &pairs[i].passed);
	}
	for (i = 0; i < player_cnt; i++) {
		players[i].workload = workload;
		players[i].pair = &pairs[i / 2];
		players[i].side = i % 2;
		gilrt_work_init(&players[i].work, workload->options.seed + (uint64_t)i);
	}
	return err;
}

static int finish(struct workload *workload, void *workers)
{
	const struct player *player = workers;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++, player++) {
		if (player->err)
			return player->err;
		/* Both have had the token as often. */
		if (i % 2 && player->pass_cnt != player[-1].pass_cnt)
			return -EPROTO;
		counters[0].value += player->pass_cnt;
	}
	return 0;
}

static void clean_up(struct workload *workload, void *workers)
{
	struct pair *pairs = workload->shared;
	unsigned int i;

	(void)workers;
	for (i = 0; pairs && i < workload->options.thread_cnt / 2; i++) {
		gilrt_cond_destroy(pairs[i].passed);
		gilrt_lock_destroy(pairs[i].lock);
	}
	free(pairs);
}

static const struct program program = {
	.name = "condition_pingpong",
	.doc = "Pairs of threads that pass a token to and fro through a Condition. --threads has to be "
	       "even. A round is a pass by one thread.",
	.task = "play in pairs",
	.worker_size = sizeof(struct player),
	.threads_multiple = 2,
	.prepare = prepare,
	.run = run,
	.meanwhile = call_off,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = 1,
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
