/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_DEADLINE_H
#define GILRT_DEADLINE_H

/*
 * Inside of the runtime: a timeout that covers several waits. Who is woken and finds that others
 * were faster waits again, but only for what is left.
 */

#include <errno.h>
#include <stdint.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/lock.h"

struct deadline {
	int64_t timeout_ns;	/* as in lock.h */
	uint64_t end_ns;	/* if that is positive */
};

static inline struct deadline deadline_after(int64_t timeout_ns)
{
	return (struct deadline){
		.timeout_ns = timeout_ns,
		.end_ns = timeout_ns > 0 ? clock_now_ns() + (uint64_t)timeout_ns : 0,
	};
}

/* What is left, for the next wait. -ETIMEDOUT if nothing is. */
static inline int deadline_left(const struct deadline *deadline, int64_t *ret_timeout_ns)
{
	uint64_t now_ns;

	*ret_timeout_ns = deadline->timeout_ns;
	if (deadline->timeout_ns <= 0)
		return 0;
	now_ns = clock_now_ns();
	if (now_ns >= deadline->end_ns)
		return -ETIMEDOUT;
	*ret_timeout_ns = (int64_t)(deadline->end_ns - now_ns);
	return 0;
}

#endif
