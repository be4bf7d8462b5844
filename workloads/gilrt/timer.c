// SPDX-License-Identifier: BSD-2-Clause
/*
 * Timer, built as in Python: a thread that waits for an Event which only cancelling sets. There is
 * no clock behind it but that of the wait.
 */

#include <errno.h>
#include <stdlib.h>

#include "workloads/gilrt/event.h"
#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/timer.h"

struct gilrt_timer {
	struct gilrt_event *finished;	/* or cancelled */
	struct gilrt_thread *thread;
	int64_t interval_ns;
	void (*fn)(void *arg);
	void *arg;
};

static void timer_run(void *arg)
{
	struct gilrt_timer *timer = arg;

	gilrt_event_wait(timer->finished, timer->interval_ns);
	if (!gilrt_event_is_set(timer->finished))
		timer->fn(timer->arg);
	gilrt_event_set(timer->finished);
}

int gilrt_timer_start(uint64_t interval_ns, void (*fn)(void *arg), void *arg,
		      struct gilrt_timer **ret_timer)
{
	struct gilrt_timer *timer;
	int err;

	timer = calloc(1, sizeof(*timer));
	if (!timer)
		return -ENOMEM;
	timer->interval_ns = interval_ns < INT64_MAX ? (int64_t)interval_ns : INT64_MAX;
	timer->fn = fn;
	timer->arg = arg;
	err = gilrt_event_create_as(timer, GILRT_TIMER, &timer->finished);
	if (!err)
		err = gilrt_thread_start(timer_run, timer, "timer", &timer->thread);
	if (err) {
		gilrt_timer_destroy(timer);
		return err;
	}
	*ret_timer = timer;
	return 0;
}

void gilrt_timer_cancel(struct gilrt_timer *timer)
{
	gilrt_event_set(timer->finished);
}

int gilrt_timer_join(struct gilrt_timer *timer)
{
	return gilrt_thread_join(timer->thread);
}

void gilrt_timer_destroy(struct gilrt_timer *timer)
{
	if (!timer)
		return;
	gilrt_event_destroy(timer->finished);
	free(timer);
}
