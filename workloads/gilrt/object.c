// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reference counts and critical sections of objects.
 */

#include <stdatomic.h>

#include "workloads/gilrt/critical.h"
#include "workloads/gilrt/object.h"
#include "workloads/gilrt/thread.h"

/* By a GIL, or by there being no other thread of a runtime. */
static bool is_protected(const struct gilrt_thread *self)
{
	return !self || self->gil;
}

void gilrt_object_init(struct gilrt_object *object)
{
	*object = (struct gilrt_object){ .owner = gilrt_thread_current(), .local_cnt = 1 };
}

static void count(struct gilrt_object *object, int64_t change)
{
	const struct gilrt_thread *self = gilrt_thread_current();

	if (object->owner == self || is_protected(self))
		object->local_cnt += change;
	else
		atomic_fetch_add(&object->shared_cnt, change);
}

void gilrt_object_ref(struct gilrt_object *object)
{
	count(object, 1);
}

void gilrt_object_unref(struct gilrt_object *object)
{
	count(object, -1);
}

int64_t gilrt_object_refs(const struct gilrt_object *object)
{
	return object->local_cnt + object->shared_cnt;
}

/* ---- critical sections ------------------------------------------------------------------------ */

/*
 * Its mutex is NULL while a section is being entered: waiting for that mutex is a blocking call too,
 * which gives up the sections around it, but has nothing to give up or to get back itself.
 */
static void enter(struct gilrt_critical *critical, struct gilrt_mutex *mutex)
{
	critical->mutex = NULL;
	gilrt_mutex_lock(mutex);
	critical->mutex = mutex;
	critical->suspended = false;
}

void critical_suspend_all(struct gilrt_thread *self)
{
	struct gilrt_critical *critical;

	for (critical = self->critical; critical; critical = critical->outer) {
		if (!critical->mutex || critical->suspended)
			continue;
		critical->suspended = true;
		gilrt_mutex_unlock(critical->mutex);
	}
}

void critical_resume(struct gilrt_thread *self)
{
	struct gilrt_critical *critical = self->critical;

	if (critical && critical->mutex && critical->suspended)
		enter(critical, critical->mutex);
}

void gilrt_critical_begin(struct gilrt_critical *critical, struct gilrt_object *object)
{
	struct gilrt_thread *self = gilrt_thread_current();

	if (is_protected(self))
		return;
	critical->outer = self->critical;
	self->critical = critical;
	enter(critical, &object->mutex);
}

void gilrt_critical_end(struct gilrt_critical *critical)
{
	struct gilrt_thread *self = gilrt_thread_current();

	if (is_protected(self))
		return;
	gilrt_mutex_unlock(critical->mutex);
	self->critical = critical->outer;
	critical_resume(self);
}
