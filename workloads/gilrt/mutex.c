// SPDX-License-Identifier: BSD-2-Clause
/*
 * A lock of two bits. Who finds it taken spins for a moment, where threads do run in parallel, and
 * then parks. Usually a waiter has to compete for the lock once it is awake; after a millisecond of
 * waiting it is handed over.
 *
 * There are probes for waits only: every object has a mutex, and most accesses lock one.
 */

#include <sched.h>
#include <stdatomic.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/mutex.h"
#include "workloads/gilrt/parking.h"
#include "workloads/gilrt/probes.h"
#include "workloads/gilrt/thread.h"

#define LOCKED		1
#define HAS_PARKED	2
#define SPINS_MAX	40
#define FAIR_AFTER_NS	NSEC_PER_MSEC

bool gilrt_mutex_try(struct gilrt_mutex *mutex)
{
	uint8_t bits = 0;

	return atomic_compare_exchange_strong(&mutex->bits, &bits, LOCKED);
}

/* One sleep, which may end without the lock. */
static bool sleep_once(struct gilrt_mutex *mutex, struct gilrt_thread *self, struct parked *parked)
{
	uint64_t start_ns, wait_ns;
	bool slept;

	gilrt_save_thread();
	probe_lock_wait(mutex, GILRT_MUTEX);
	start_ns = clock_now_ns();
	slept = parking_sleep(parked, &mutex->bits, LOCKED | HAS_PARKED);
	wait_ns = clock_now_ns() - start_ns;
	if (slept) {
		self->lock_wait_ns += wait_ns;
		self->lock_wait_cnt++;
	}
	gilrt_restore_thread();
	return slept && parked->handed_over;
}

static void lock_slowly(struct gilrt_mutex *mutex)
{
	struct gilrt_thread *self = gilrt_thread_current();
	const unsigned int spins_max = self->gil ? 0 : SPINS_MAX;
	struct parked parked = { .fair_ns = clock_now_ns() + FAIR_AFTER_NS };
	uint8_t bits = mutex->bits;
	unsigned int spins = 0;

	for (;;) {
		if (!(bits & LOCKED)) {
			if (atomic_compare_exchange_strong(&mutex->bits, &bits, bits | LOCKED))
				return;
			continue;
		}
		if (!(bits & HAS_PARKED)) {
			if (spins++ < spins_max) {
				sched_yield();
				bits = mutex->bits;
				continue;
			}
			if (!atomic_compare_exchange_strong(&mutex->bits, &bits, bits | HAS_PARKED))
				continue;
		}
		if (sleep_once(mutex, self, &parked))
			return;
		bits = mutex->bits;
	}
}

void gilrt_mutex_lock(struct gilrt_mutex *mutex)
{
	uint64_t start_ns;

	if (gilrt_mutex_try(mutex))
		return;
	start_ns = clock_now_ns();
	lock_slowly(mutex);
	if (probe_locks_wanted())
		probe_lock_acquired(mutex, GILRT_MUTEX, clock_now_ns() - start_ns);
}

static void give_to(_Atomic uint8_t *bits, struct parked *first, bool more)
{
	uint8_t left = more ? HAS_PARKED : 0;

	if (first && clock_now_ns() > first->fair_ns) {
		first->handed_over = true;
		left |= LOCKED;
	}
	*bits = left;
}

void gilrt_mutex_unlock(struct gilrt_mutex *mutex)
{
	uint8_t bits = LOCKED;

	if (!atomic_compare_exchange_strong(&mutex->bits, &bits, 0))
		parking_wake(&mutex->bits, give_to);
}
