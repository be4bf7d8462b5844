/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_TIMER_H
#define GILRT_TIMER_H

/* Python's Timer: a thread that waits for a while and then calls a function, unless cancelled. */

#include <stdint.h>

struct gilrt_timer;

/* fn(arg) will be called from a thread of its own, called "timer". */
int gilrt_timer_start(uint64_t interval_ns, void (*fn)(void *arg), void *arg,
		      struct gilrt_timer **ret_timer);

/* fn is not called any more, unless it is about to be, or has been. May be called again. */
void gilrt_timer_cancel(struct gilrt_timer *timer);

/* Waits until it has been called or cancelled, and its thread is done. -EDEADLK from fn itself. */
int gilrt_timer_join(struct gilrt_timer *timer);

/* Needs gilrt_timer_join() before. NULL is accepted. */
void gilrt_timer_destroy(struct gilrt_timer *timer);

#endif
