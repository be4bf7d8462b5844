/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_BARRIER_H
#define GILRT_BARRIER_H

/*
 * Python's Barrier: threads wait until so many have come (the parties), then all go on; again and
 * again. Once broken, by a time-out, an action that failed or an abort, it lets nobody wait until
 * it is reset. Destroy it only when nobody uses it; NULL is accepted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "workloads/gilrt/lock.h"

struct gilrt_barrier;

/*
 * `action`, which may be NULL, is called by the last to arrive before any goes on, with the
 * barrier locked. It returns 0 or a negative errno value. -EINVAL without parties.
 */
int gilrt_barrier_create(unsigned int party_cnt, int (*action)(void *arg), void *arg,
			 struct gilrt_barrier **ret_barrier);
void gilrt_barrier_destroy(struct gilrt_barrier *barrier);

/*
 * Waits for the others. Each party gets another index, from 0 in the order of arrival; ret_index
 * may be NULL. Who comes before all have left the last time waits for that too, without timeout.
 *
 * -EPIPE for BrokenBarrierError: it is, or while this waited became, broken or reset; also for the
 * one whose time is up, which breaks it (as GILRT_NO_WAIT does for all but the last to arrive). The
 * last to arrive gets the action's own error.
 */
int gilrt_barrier_wait(struct gilrt_barrier *barrier, int64_t timeout_ns, unsigned int *ret_index);

/* Makes it as new. Those who wait get -EPIPE. */
void gilrt_barrier_reset(struct gilrt_barrier *barrier);

/* Breaks it. */
void gilrt_barrier_abort(struct gilrt_barrier *barrier);

bool gilrt_barrier_is_broken(const struct gilrt_barrier *barrier);

/* How many wait for others to arrive now. */
unsigned int gilrt_barrier_waiting(const struct gilrt_barrier *barrier);

#endif
