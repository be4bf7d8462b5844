// SPDX-License-Identifier: BSD-2-Clause
/*
 * The GIL before Python 3.2: a plain lock, here as there a semaphore, which the holder lets go and
 * takes again every so many instructions.
 *
 * Whoever waits is woken by every release, and finds, as it gets to a core, that the holder has it
 * again: on several cores the same thread tends to win for long, and both pay for the attempts. On
 * one core a release only marks the waiter runnable, and the scheduler's time slices decide.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/gil.h"
#include "workloads/gilrt/probes.h"
#include "workloads/gilrt/thread.h"

void gil_old_create(struct gilrt_gil *object)
{
	sem_init(&object->old, 0, 1);
}

void gil_old_destroy(struct gilrt_gil *object)
{
	sem_destroy(&object->old);
}

/* The semaphore is ours: says so to those who look from outside. */
static void mark_held(struct gilrt_gil *object, struct gilrt_thread *self)
{
	atomic_store_explicit(&object->locked, 1, memory_order_relaxed);
	if (object->last_holder != self) {
		atomic_store_explicit(&object->last_holder, self, memory_order_release);
		object->switch_number++;
	}
}

static void let_go(struct gilrt_gil *object)
{
	atomic_store_explicit(&object->locked, 0, memory_order_relaxed);
	sem_post(&object->old);
}

void gil_old_take(struct gil *gil, struct gilrt_thread *self)
{
	struct gilrt_gil *object = gil->object;
	uint64_t wait_ns = 0;

	if (sem_trywait(&object->old)) {
		account_enter(&self->account, ACCOUNT_WAITING, clock_now_ns());
		probe_gil_wait(object);
		while (sem_wait(&object->old) && errno == EINTR)
			;
		mark_held(object, self);
		wait_ns = account_enter(&self->account, ACCOUNT_HOLDING, clock_now_ns());
	} else {
		mark_held(object, self);
		account_enter(&self->account, ACCOUNT_HOLDING, clock_now_ns());
	}
	probe_gil_take(object, wait_ns);
}

void gil_old_drop(struct gil *gil, struct gilrt_thread *self)
{
	probe_gil_drop(gil->object,
		       account_enter(&self->account, ACCOUNT_RELEASED, clock_now_ns()));
	self->drop_cnt++;
	let_go(gil->object);
}
