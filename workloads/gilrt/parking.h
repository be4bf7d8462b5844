/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_PARKING_H
#define GILRT_PARKING_H

/*
 * Inside of the runtime: where threads sleep that wait for a lock too small to hold a queue.
 *
 * A waiter sleeps on a semaphore on its own stack. Who looks from outside finds what it waits for
 * beside it, as in CPython: the 8 bytes before the semaphore are the address of the lock.
 */

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct parked {
	void *reserved;			/* CPython keeps the argument of the park call here */
	const void *address;
	sem_t sem;
	TAILQ_ENTRY(parked) entry;
	uint64_t fair_ns;		/* from then on whoever unlocks hands over */
	bool handed_over;		/* the lock is the waiter's already */
};

/*
 * Sleeps until unparked, unless *byte is not `expected` any more (false). The caller has filled
 * fair_ns. Call it detached: gilrt_save_thread().
 */
bool parking_sleep(struct parked *self, const _Atomic uint8_t *byte, uint8_t expected);

/*
 * Takes the longest waiting off the queue and wakes it up. Before that, and with the queue locked,
 * calls decide(): first is NULL if nobody waits, `more` says whether others do.
 */
void parking_wake(_Atomic uint8_t *byte,
		  void (*decide)(_Atomic uint8_t *byte, struct parked *first, bool more));

#endif
