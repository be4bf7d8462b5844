// SPDX-License-Identifier: BSD-2-Clause
/*
 * round_trip: threads that hand a turn around; two of them hand it to and fro.
 *
 * A thread can go on only when the one before has finished its turn: whatever the number of cores,
 * with the GIL or without, one at a time makes progress, and little of it. What a turn costs is the
 * way through a primitive: a wake-up, and under the GIL the way to that as well.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/latency.h"
#include "workloads/gilrt/queue.h"
#include "workloads/gilrt/simple_queue.h"
#include "workloads/gilrt/workload.h"

/* What is handed around. Given once, then taken once. */
struct baton {
	union {
		struct gilrt_event *event;
		struct gilrt_lock *lock;
		struct gilrt_queue *queue;
		struct gilrt_simple_queue *simple_queue;
	};
};

struct primitive {
	const char *name;
	int (*create)(struct baton *baton);
	void (*destroy)(struct baton *baton);
	int (*give)(struct baton *baton);
	int (*take)(struct baton *baton);
};

struct player {
	const struct workload *workload;
	struct player *next;
	struct baton turn;		/* given to this player */
	bool leads;			/* the first one: counts the laps, and ends the game */
	int err;
};

/* ---- primitives ------------------------------------------------------------------------------ */

static int event_create(struct baton *baton)
{
	return gilrt_event_create(&baton->event);
}

static void event_destroy(struct baton *baton)
{
	gilrt_event_destroy(baton->event);
}

static int event_give(struct baton *baton)
{
	gilrt_event_set(baton->event);
	return 0;
}

static int event_take(struct baton *baton)
{
	int err = gilrt_event_wait(baton->event, GILRT_FOREVER);

	gilrt_event_clear(baton->event);
	return err;
}

/* Held until it is given. */
static int lock_create(struct baton *baton)
{
	int err = gilrt_lock_create(&baton->lock);

	return err ? err : gilrt_lock_acquire(baton->lock, GILRT_NO_WAIT);
}

static void lock_destroy(struct baton *baton)
{
	gilrt_lock_destroy(baton->lock);
}

static int lock_give(struct baton *baton)
{
	return gilrt_lock_release(baton->lock);
}

static int lock_take(struct baton *baton)
{
	return gilrt_lock_acquire(baton->lock, GILRT_FOREVER);
}

static int queue_create(struct baton *baton)
{
	return gilrt_queue_create(0, &baton->queue);
}

static void queue_destroy(struct baton *baton)
{
	gilrt_queue_destroy(baton->queue);
}

static int queue_give(struct baton *baton)
{
	return gilrt_queue_put(baton->queue, baton, GILRT_FOREVER);
}

static int queue_take(struct baton *baton)
{
	void *item;

	return gilrt_queue_get(baton->queue, GILRT_FOREVER, &item);
}

static int simple_queue_create(struct baton *baton)
{
	return gilrt_simple_queue_create(&baton->simple_queue);
}

static void simple_queue_destroy(struct baton *baton)
{
	gilrt_simple_queue_destroy(baton->simple_queue);
}

static int simple_queue_give(struct baton *baton)
{
	return gilrt_simple_queue_put(baton->simple_queue, baton);
}

static int simple_queue_take(struct baton *baton)
{
	void *item;

	return gilrt_simple_queue_get(baton->simple_queue, GILRT_FOREVER, &item);
}

static const struct primitive primitives[] = {
	{ "event", event_create, event_destroy, event_give, event_take },
	{ "lock", lock_create, lock_destroy, lock_give, lock_take },
	{ "queue", queue_create, queue_destroy, queue_give, queue_take },
	{ "simple-queue", simple_queue_create, simple_queue_destroy, simple_queue_give,
	  simple_queue_take },
};

/* ---- the players ----------------------------------------------------------------------------- */

static struct {
	const struct primitive *primitive;
	struct latency laps;		/* by the first player */
	cpu_set_t other_cpus;
	bool pinned;
	bool over;			/* set before a turn is given, read after it was taken */
} game = { .primitive = &primitives[0] };

static int lead(struct player *player)
{
	const struct primitive *primitive = game.primitive;
	uint64_t last_ns = clock_now_ns(), now_ns;
	int err = 0;

	while (!err && !workload_is_over(player->workload, game.laps.cnt)) {
		err = primitive->give(&player->next->turn);
		if (!err)
			err = primitive->take(&player->turn);
		now_ns = clock_now_ns();
		latency_add(&game.laps, now_ns - last_ns);
		last_ns = now_ns;
	}
	game.over = true;
	primitive->give(&player->next->turn);
	return err;
}

static int follow(struct player *player)
{
	const struct primitive *primitive = game.primitive;
	int err, pin_err = 0;
	bool over;

	/* The others wait for their turns in any case. */
	if (game.pinned && sched_setaffinity(0, sizeof(game.other_cpus), &game.other_cpus))
		pin_err = -errno;
	do {
		err = primitive->take(&player->turn);
		over = game.over;
		primitive->give(&player->next->turn);
	} while (!err && !over);
	return err ? err : pin_err;
}

static void run(void *arg)
{
	struct player *player = arg;

	player->err = player->leads ? lead(player) : follow(player);
}

/*
 * If a thread could not be started, the turn comes to its place and no further. It is handed on once,
 * so that the first player sees that the game is over.
 */
static void meanwhile(void *shared, unsigned int player_cnt)
{
	struct player *players = shared;

	if (player_cnt == 0 || players[player_cnt - 1].next == players)
		return;
	game.primitive->take(&players[player_cnt].turn);
	game.primitive->give(&players[0].turn);
}

/* ---- the program ----------------------------------------------------------------------------- */

static void set_defaults(struct workload_options *options)
{
	options->thread_cnt = 2;
}

static int prepare(struct workload *workload, void *arg)
{
	const unsigned int player_cnt = workload->options.thread_cnt;
	struct player *players = arg;
	unsigned int i;
	int err = 0;

	workload->shared = players;
	for (i = 0; !err && i < player_cnt; i++) {
		players[i].workload = workload;
		players[i].leads = i == 0;
		players[i].next = &players[(i + 1) % player_cnt];
		err = game.primitive->create(&players[i].turn);
	}
	return err;
}

static struct truth_counter counters[] = {
	{ .name = "laps" },
	{ .name = "p50_ns" },
	{ .name = "p99_ns" },
	{ .name = "max_ns" },
};

static int finish(struct workload *workload, void *arg)
{
	const struct player *players = arg;
	unsigned int i;
	int err = 0;

	counters[0].value = game.laps.cnt;
	counters[1].value = latency_quantile(&game.laps, 0.5);
	counters[2].value = latency_quantile(&game.laps, 0.99);
	counters[3].value = game.laps.max_ns;
	for (i = 0; !err && i < workload->options.thread_cnt; i++)
		err = players[i].err;
	return err;
}

static void clean_up(struct workload *workload, void *arg)
{
	struct player *players = arg;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++)
		game.primitive->destroy(&players[i].turn);
}

static bool parse_primitive(const char *text, void *value)
{
	size_t i;

	(void)value;
	for (i = 0; i < sizeof(primitives) / sizeof(primitives[0]); i++) {
		if (!strcmp(primitives[i].name, text)) {
			game.primitive = &primitives[i];
			return true;
		}
	}
	return false;
}

static bool parse_other_cpus(const char *text, void *value)
{
	(void)value;
	game.pinned = options_parse_cpus(text, &game.other_cpus);
	return game.pinned;
}

static const struct workload_option options[] = {
	{ "primitive", "event|lock|queue|simple-queue", "What the turn passes through (event)",
	  parse_primitive, NULL },
	{ "other-cpus", "LIST", "Where all threads but the first run (as --cpus)", parse_other_cpus,
	  NULL },
	{ 0 },
};

static const struct program program = {
	.name = "round_trip",
	.doc = "Threads that hand a turn around, with or without a GIL. A round is a turn of each.",
	.task = "pass the turn",
	.worker_size = sizeof(struct player),
	.options = options,
	.set_defaults = set_defaults,
	.prepare = prepare,
	.run = run,
	.meanwhile = meanwhile,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
