// SPDX-License-Identifier: BSD-2-Clause
/*
 * event_fanout: the main thread sets an Event, and all others, who wait for it, start at once.
 *
 * One is woken for each that waits, and all have work in hand in the same instant: without a GIL they
 * run as far as there are cores, under it they queue up for it. Then all wait for the next Event.
 *
 * Two Events take turns, so that nobody can be late: the one that is cleared is the one that all have
 * left behind. A waiter that missed a round, or ran one twice, fails the run.
 */

#include <errno.h>

#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define UNITS_TO_ANNOUNCE	10
#define UNITS_PER_WAITER	20

struct waiter {
	struct fanout *fanout;
	struct gilrt_work work;
	uint64_t round_cnt;
	int err;
};

struct fanout {
	const struct workload *workload;
	struct gilrt_event *events[2];
	struct gilrt_lock *lock;
	struct gilrt_cond *all_done;		/* this and the counts are under the lock */
	unsigned int waiter_cnt, done_cnt;
	bool over;				/* written before the last event is set */
	uint64_t round_cnt;
	struct gilrt_work work;
	int err;
};

static struct truth_counter counters[] = {
	{ .name = "rounds" },
	{ .name = "wakings" },
};

static struct gilrt_event *event_of(const struct fanout *fanout, uint64_t round)
{
	return fanout->events[round % 2];
}

/* Done with a round, or for good. */
static void report_done(struct fanout *fanout, bool leaves)
{
	gilrt_lock_acquire(fanout->lock, GILRT_FOREVER);
	if (leaves)
		fanout->waiter_cnt--;
	else
		fanout->done_cnt++;
	gilrt_cond_notify(fanout->all_done, 1);
	gilrt_lock_release(fanout->lock);
}

static void run(void *arg)
{
	struct waiter *waiter = arg;
	struct fanout *fanout = waiter->fanout;

	for (;;) {
		waiter->err = gilrt_event_wait(event_of(fanout, waiter->round_cnt), GILRT_FOREVER);
		if (waiter->err || fanout->over)
			break;
		gilrt_work_feed(&waiter->work, waiter->round_cnt);
		gilrt_work_run(&waiter->work, UNITS_PER_WAITER);
		waiter->round_cnt++;
		report_done(fanout, false);
	}
	if (waiter->err)
		report_done(fanout, true);
	gilrt_thread_add_work(waiter->work.unit_cnt, gilrt_work_checksum(&waiter->work));
}

static bool all_are_done(void *arg)
{
	const struct fanout *fanout = arg;

	return fanout->done_cnt >= fanout->waiter_cnt;
}

static int await_waiters(struct fanout *fanout)
{
	int err;

	gilrt_lock_acquire(fanout->lock, GILRT_FOREVER);
	err = gilrt_cond_wait_for(fanout->all_done, all_are_done, fanout, GILRT_FOREVER);
	fanout->done_cnt = 0;
	gilrt_lock_release(fanout->lock);
	return err;
}

static void announce(void *arg, unsigned int waiter_cnt)
{
	struct fanout *fanout = arg;

	gilrt_lock_acquire(fanout->lock, GILRT_FOREVER);
	fanout->waiter_cnt -= fanout->workload->options.thread_cnt - waiter_cnt;
	gilrt_lock_release(fanout->lock);
	while (!fanout->err && !workload_is_over(fanout->workload, fanout->round_cnt)) {
		gilrt_work_run(&fanout->work, UNITS_TO_ANNOUNCE);
		gilrt_event_clear(event_of(fanout, fanout->round_cnt + 1));
		gilrt_event_set(event_of(fanout, fanout->round_cnt));
		fanout->round_cnt++;
		fanout->err = await_waiters(fanout);
	}
	fanout->over = true;
	gilrt_event_set(event_of(fanout, fanout->round_cnt));
	gilrt_thread_add_work(fanout->work.unit_cnt, gilrt_work_checksum(&fanout->work));
}

static int prepare(struct workload *workload, void *workers)
{
	const struct workload_options *options = &workload->options;
	static struct fanout fanout;
	struct waiter *waiters = workers;
	unsigned int i;
	int err;

	workload->shared = &fanout;
	fanout.workload = workload;
	fanout.waiter_cnt = options->thread_cnt;
	gilrt_work_init(&fanout.work, options->seed);
	for (i = 0; i < options->thread_cnt; i++) {
		waiters[i].fanout = &fanout;
		gilrt_work_init(&waiters[i].work, options->seed + 1 + (uint64_t)i);
	}
	err = gilrt_event_create(&fanout.events[0]);
	if (!err)
		err = gilrt_event_create(&fanout.events[1]);
	if (!err)
		err = gilrt_lock_create(&fanout.lock);
	if (!err)
		err = gilrt_cond_create(fanout.lock, &fanout.all_done);
	return err;
}

static int finish(struct workload *workload, void *workers)
{
	const struct fanout *fanout = workload->shared;
	const struct waiter *waiters = workers;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		if (waiters[i].err)
			return waiters[i].err;
		if (waiters[i].round_cnt != fanout->round_cnt)
			return -EPROTO;
		counters[1].value += waiters[i].round_cnt;
	}
	counters[0].value = fanout->round_cnt;
	return fanout->err;
}

static void clean_up(struct workload *workload, void *workers)
{
	const struct fanout *fanout = workload->shared;

	(void)workers;
	gilrt_cond_destroy(fanout->all_done);
	gilrt_lock_destroy(fanout->lock);
	gilrt_event_destroy(fanout->events[1]);
	gilrt_event_destroy(fanout->events[0]);
}

static const struct program program = {
	.name = "event_fanout",
	.doc = "A thread that sets an Event, and threads that wait for it, compute a little, and wait "
	       "for the next. A round is an Event set.",
	.task = "wake all threads in all rounds",
	.worker_size = sizeof(struct waiter),
	.prepare = prepare,
	.run = run,
	.meanwhile = announce,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
