// SPDX-License-Identifier: BSD-2-Clause
/*
 * Queues of sleeping threads, found by the address of what they wait for.
 */

#include <errno.h>
#include <stddef.h>

#include <pthread.h>

#include "workloads/gilrt/parking.h"

_Static_assert(offsetof(struct parked, sem) - offsetof(struct parked, address) == 8,
	       "CPython's layout");

#define BUCKET_CNT	257

/* Threads that wait for different locks may share one. */
static struct bucket {
	pthread_mutex_t mutex;
	TAILQ_HEAD(, parked) queue;
} buckets[BUCKET_CNT];

static void buckets_init(void)
{
	size_t i;

	for (i = 0; i < BUCKET_CNT; i++) {
		pthread_mutex_init(&buckets[i].mutex, NULL);
		TAILQ_INIT(&buckets[i].queue);
	}
}

static struct bucket *bucket_lock(const void *address)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct bucket *bucket = &buckets[(uintptr_t)address % BUCKET_CNT];

	pthread_once(&once, buckets_init);
	pthread_mutex_lock(&bucket->mutex);
	return bucket;
}

bool parking_sleep(struct parked *self, const _Atomic uint8_t *byte, uint8_t expected)
{
	struct bucket *bucket = bucket_lock((const void *)byte);

	if (*byte != expected) {
		pthread_mutex_unlock(&bucket->mutex);
		return false;
	}
	self->reserved = NULL;
	self->address = (const void *)byte;
	self->handed_over = false;
	sem_init(&self->sem, 0, 0);
	TAILQ_INSERT_TAIL(&bucket->queue, self, entry);
	pthread_mutex_unlock(&bucket->mutex);

	while (sem_wait(&self->sem) && errno == EINTR)
		;
	sem_destroy(&self->sem);
	return true;
}

static struct parked *next_on(struct parked *parked, const void *address)
{
	while (parked && parked->address != address)
		parked = TAILQ_NEXT(parked, entry);
	return parked;
}

void parking_wake(_Atomic uint8_t *byte,
		  void (*decide)(_Atomic uint8_t *byte, struct parked *first, bool more))
{
	const void *address = (const void *)byte;
	struct bucket *bucket = bucket_lock(address);
	struct parked *first, *more = NULL;

	first = next_on(TAILQ_FIRST(&bucket->queue), address);
	if (first) {
		more = next_on(TAILQ_NEXT(first, entry), address);
		TAILQ_REMOVE(&bucket->queue, first, entry);
	}
	decide(byte, first, more != NULL);
	pthread_mutex_unlock(&bucket->mutex);
	/* Its stack is its own again as soon as it is awake: this is the last access. */
	if (first)
		sem_post(&first->sem);
}
