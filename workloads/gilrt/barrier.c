// SPDX-License-Identifier: BSD-2-Clause
/*
 * Barrier, built as in Python: a state and a counter under a Condition with a lock of its own.
 *
 * It fills until all parties are in, then drains until all have left. Nobody comes in while it
 * drains: a fast thread that is back already would otherwise be counted for one that has yet to
 * leave.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "workloads/gilrt/barrier.h"
#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/gilrt.h"

enum barrier_state {
	BARRIER_FILLING,
	BARRIER_DRAINING,
	BARRIER_RESETTING,	/* drains too, but those inside have failed */
	BARRIER_BROKEN,
};

struct gilrt_barrier {
	struct gilrt_lock *lock;
	struct gilrt_cond *cond;
	unsigned int party_cnt;
	int (*action)(void *arg);
	void *arg;
	_Atomic enum barrier_state state;	/* these written under the lock, read without */
	_Atomic unsigned int inside_cnt;
};

int gilrt_barrier_create(unsigned int party_cnt, int (*action)(void *arg), void *arg,
			 struct gilrt_barrier **ret_barrier)
{
	struct gilrt_barrier *barrier;
	int err;

	if (!party_cnt)
		return -EINVAL;
	barrier = calloc(1, sizeof(*barrier));
	if (!barrier)
		return -ENOMEM;
	barrier->party_cnt = party_cnt;
	barrier->action = action;
	barrier->arg = arg;
	err = gilrt_lock_create_as(barrier, GILRT_BARRIER, &barrier->lock);
	if (!err)
		err = gilrt_cond_create_as(barrier, GILRT_BARRIER, barrier->lock, &barrier->cond);
	if (err) {
		gilrt_barrier_destroy(barrier);
		return err;
	}
	*ret_barrier = barrier;
	return 0;
}

void gilrt_barrier_destroy(struct gilrt_barrier *barrier)
{
	if (!barrier)
		return;
	gilrt_cond_destroy(barrier->cond);
	gilrt_lock_destroy(barrier->lock);
	free(barrier);
}

static bool is_emptying(const struct gilrt_barrier *barrier)
{
	return barrier->state == BARRIER_DRAINING || barrier->state == BARRIER_RESETTING;
}

static bool may_enter(void *arg)
{
	return !is_emptying(arg);
}

static bool is_over(void *arg)
{
	const struct gilrt_barrier *barrier = arg;

	return barrier->state != BARRIER_FILLING;
}

static void set_state(struct gilrt_barrier *barrier, enum barrier_state state)
{
	barrier->state = state;
	gilrt_cond_notify(barrier->cond, GILRT_NOTIFY_ALL);
}

static int enter(struct gilrt_barrier *barrier)
{
	int err;

	err = gilrt_cond_wait_for(barrier->cond, may_enter, barrier, GILRT_FOREVER);
	if (err)
		return err;
	return barrier->state == BARRIER_BROKEN ? -EPIPE : 0;
}

static int let_all_go(struct gilrt_barrier *barrier)
{
	int err = barrier->action ? barrier->action(barrier->arg) : 0;

	set_state(barrier, err ? BARRIER_BROKEN : BARRIER_DRAINING);
	return err;
}

static int wait_for_others(struct gilrt_barrier *barrier, int64_t timeout_ns)
{
	/* One that will not come makes it useless for all. */
	if (gilrt_cond_wait_for(barrier->cond, is_over, barrier, timeout_ns))
		set_state(barrier, BARRIER_BROKEN);
	return barrier->state == BARRIER_DRAINING ? 0 : -EPIPE;
}

static void leave(struct gilrt_barrier *barrier)
{
	barrier->inside_cnt--;
	if (!barrier->inside_cnt && is_emptying(barrier))
		set_state(barrier, BARRIER_FILLING);
}

int gilrt_barrier_wait(struct gilrt_barrier *barrier, int64_t timeout_ns, unsigned int *ret_index)
{
	unsigned int index = 0;
	int err;

	gilrt_checkpoint();
	gilrt_lock_acquire(barrier->lock, GILRT_FOREVER);
	err = enter(barrier);
	if (!err) {
		index = barrier->inside_cnt++;
		err = index + 1 == barrier->party_cnt ? let_all_go(barrier) :
			wait_for_others(barrier, timeout_ns);
		leave(barrier);
	}
	gilrt_lock_release(barrier->lock);
	if (!err && ret_index)
		*ret_index = index;
	return err;
}

void gilrt_barrier_reset(struct gilrt_barrier *barrier)
{
	gilrt_checkpoint();
	gilrt_lock_acquire(barrier->lock, GILRT_FOREVER);
	/* One that drains does so anyway, and its parties have succeeded. */
	if (!barrier->inside_cnt)
		set_state(barrier, BARRIER_FILLING);
	else if (barrier->state != BARRIER_DRAINING)
		set_state(barrier, BARRIER_RESETTING);
	gilrt_lock_release(barrier->lock);
}

void gilrt_barrier_abort(struct gilrt_barrier *barrier)
{
	gilrt_checkpoint();
	gilrt_lock_acquire(barrier->lock, GILRT_FOREVER);
	set_state(barrier, BARRIER_BROKEN);
	gilrt_lock_release(barrier->lock);
}

bool gilrt_barrier_is_broken(const struct gilrt_barrier *barrier)
{
	return barrier->state == BARRIER_BROKEN;
}

unsigned int gilrt_barrier_waiting(const struct gilrt_barrier *barrier)
{
	return barrier->state == BARRIER_FILLING ? barrier->inside_cnt : 0;
}
