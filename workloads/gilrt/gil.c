// SPDX-License-Identifier: BSD-2-Clause
/*
 * The GILs there are, and the rules by which threads pass them: checkpoints, and letting go around
 * a blocking call. How a GIL works inside: gil_new.c and gil_old.c.
 */

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/critical.h"
#include "workloads/gilrt/gil.h"
#include "workloads/gilrt/probes.h"
#include "workloads/gilrt/thread.h"

struct gilrt_gil gilrt_gil[GILRT_GIL_MAX] = { [0 ... GILRT_GIL_MAX - 1] = { .locked = -1 } };

/* Behind each of them, what nobody needs to see. */
static struct gil gils[GILRT_GIL_MAX];
static _Atomic unsigned int gil_cnt;

int gil_create(const struct gilrt_config *config, struct gil **ret_gil)
{
	const unsigned int interval = config->check_interval ? config->check_interval : 1;
	struct gilrt_gil *object;
	struct gil *gil;
	int err;

	if (gil_cnt == GILRT_GIL_MAX)
		return -ENOSPC;
	gil = &gils[gil_cnt];
	object = &gilrt_gil[gil_cnt];
	gil->object = object;
	gil->old = config->mode == GILRT_OLD;
	gil->drop_request = 0;
	gil->ticks_left = gil->check_interval = (int)interval;
	object->interval_us = config->switch_interval_us ? config->switch_interval_us : 1;
	object->last_holder = NULL;
	object->switch_number = 0;
	if (gil->old) {
		gil_old_create(object);
	} else {
		err = gil_new_create(object);
		if (err)
			return err;
	}
	object->locked = 0;
	gil_cnt++;
	*ret_gil = gil;
	return 0;
}

void gil_destroy_all(void)
{
	struct gil *gil;

	while (gil_cnt) {
		gil = &gils[--gil_cnt];
		/* One that came too late is on its way out. */
		while (gil->daemon_cnt)
			sched_yield();
		gil->object->locked = -1;
		gil->object->last_holder = NULL;
		gil->object->switch_number = 0;
		if (gil->old)
			gil_old_destroy(gil->object);
		else
			gil_new_destroy(gil->object);
	}
}

unsigned long gilrt_switches(void)
{
	unsigned long switches = 0;
	unsigned int i;

	for (i = 0; i < gil_cnt; i++)
		switches += gilrt_gil[i].switch_number;
	return switches;
}

void gil_take(struct gilrt_thread *self)
{
	struct gil *gil = self->gil;

	if (!gil)
		return;
	if (gil->old)
		gil_old_take(gil, self);
	else
		gil_new_take(gil, self);
}

/* What comes next is not the GIL: a wait in a drop, be it a forced switch, is over. */
static void resume(struct gilrt_thread *self)
{
	if (self->account.state == ACCOUNT_WAITING)
		probe_gil_resume(self->gil->object,
				 account_enter(&self->account, ACCOUNT_RELEASED, clock_now_ns()));
}

void gil_drop(struct gilrt_thread *self, bool ending)
{
	struct gil *gil = self->gil;

	if (!gil)
		return;
	if (gil->old)
		gil_old_drop(gil, self);
	else
		gil_new_drop(gil, self, ending);
	if (ending)
		resume(self);
}

/* While a daemon may touch its GIL it is counted, so that the GIL outlives it. */
static void daemon_enter(struct gilrt_thread *self)
{
	if (self->daemon && self->gil)
		self->gil->daemon_cnt++;
}

static void daemon_leave(struct gilrt_thread *self)
{
	if (self->daemon && self->gil)
		self->gil->daemon_cnt--;
}

static bool is_too_late(const struct gilrt_thread *self)
{
	return self->daemon && thread_runtime_is_over(self);
}

void gil_attach(struct gilrt_thread *self)
{
	bool too_late;

	daemon_enter(self);
	too_late = is_too_late(self);
	if (!too_late) {
		gil_take(self);
		/* It may have waited for main, which then was through. */
		too_late = is_too_late(self);
		if (too_late)
			gil_drop(self, true);
	}
	daemon_leave(self);
	if (too_late)
		pthread_exit(NULL);
}

/* Not for good: a forced switch has its place here. */
static void detach(struct gilrt_thread *self)
{
	daemon_enter(self);
	gil_drop(self, false);
	daemon_leave(self);
}

void gil_yield(struct gilrt_thread *self)
{
	if (self->gil)
		self->gil->ticks_left = self->gil->check_interval;
	detach(self);
	gil_attach(self);
}

void gilrt_checkpoint(void)
{
	struct gilrt_thread *self = gilrt_thread_current();

	/* Work may be done without a runtime, too. */
	if (!self)
		return;
	if (self->gil ? gil_is_wanted(self->gil) : self->daemon)
		gil_yield(self);
}

void gilrt_checkpoint_op(void)
{
	if (gilrt_checkpoint_policy() == GILRT_EVERY_OP)
		gilrt_checkpoint();
}

void gilrt_save_thread(void)
{
	struct gilrt_thread *self = gilrt_thread_current();

	critical_suspend_all(self);
	detach(self);
	resume(self);
}

void gilrt_restore_thread(void)
{
	struct gilrt_thread *self = gilrt_thread_current();

	gil_attach(self);
	critical_resume(self);
}
