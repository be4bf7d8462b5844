// SPDX-License-Identifier: BSD-2-Clause
/*
 * Event, built as in Python: a flag under a Condition with a lock of its own.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/gilrt.h"

struct gilrt_event {
	struct gilrt_lock *lock;
	struct gilrt_cond *cond;
	_Atomic bool flag;	/* written under the lock, read without */
};

int gilrt_event_create_as(const void *object, enum gilrt_kind kind, struct gilrt_event **ret_event)
{
	struct gilrt_event *event;
	int err;

	event = calloc(1, sizeof(*event));
	if (!event)
		return -ENOMEM;
	if (!object)
		object = event;
	err = gilrt_lock_create_as(object, kind, &event->lock);
	if (!err)
		err = gilrt_cond_create_as(object, kind, event->lock, &event->cond);
	if (err) {
		gilrt_event_destroy(event);
		return err;
	}
	*ret_event = event;
	return 0;
}

int gilrt_event_create(struct gilrt_event **ret_event)
{
	return gilrt_event_create_as(NULL, GILRT_EVENT, ret_event);
}

void gilrt_event_destroy(struct gilrt_event *event)
{
	if (!event)
		return;
	gilrt_cond_destroy(event->cond);
	gilrt_lock_destroy(event->lock);
	free(event);
}

void gilrt_event_set(struct gilrt_event *event)
{
	gilrt_checkpoint();
	gilrt_lock_acquire(event->lock, GILRT_FOREVER);
	event->flag = true;
	gilrt_cond_notify(event->cond, GILRT_NOTIFY_ALL);
	gilrt_lock_release(event->lock);
}

void gilrt_event_clear(struct gilrt_event *event)
{
	gilrt_checkpoint();
	gilrt_lock_acquire(event->lock, GILRT_FOREVER);
	event->flag = false;
	gilrt_lock_release(event->lock);
}

bool gilrt_event_is_set(struct gilrt_event *event)
{
	return event->flag;
}

int gilrt_event_wait(struct gilrt_event *event, int64_t timeout_ns)
{
	int err = 0;

	gilrt_checkpoint();
	gilrt_lock_acquire(event->lock, GILRT_FOREVER);
	if (!event->flag)
		err = gilrt_cond_wait(event->cond, timeout_ns);
	gilrt_lock_release(event->lock);
	return err;
}
