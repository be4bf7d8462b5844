/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_OBJECT_H
#define GILRT_OBJECT_H

/*
 * The head of an object that threads share, for what it costs without a GIL (PEP 703).
 *
 * Under a GIL a reference count is a plain number, and a critical section is nothing: the GIL
 * protects both. Without one the thread that created the object counts its own references in a plain
 * number and all others in an atomic one, and a critical section locks the object's mutex.
 *
 * Only the costs are modelled: objects are not freed when the count is 0.
 */

#include <stdint.h>

#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/mutex.h"

#define GILRT_LINE_BYTES 128	/* two lines: they are fetched in pairs */

struct gilrt_object {
	/*
	 * Who created it, NULL if that was outside any runtime. No two objects share a line of the cache,
	 * which threads without a GIL would fight for: free-threaded builds give each a heap of its own.
	 */
	_Alignas(GILRT_LINE_BYTES) const struct gilrt_thread *owner;
	int64_t local_cnt;			/* the owner's; under a GIL everybody's */
	_Atomic int64_t shared_cnt;		/* all others'; may be negative, the sum is not */
	struct gilrt_mutex mutex;
};

/* The caller owns it and has one reference. */
void gilrt_object_init(struct gilrt_object *object);

void gilrt_object_ref(struct gilrt_object *object);
void gilrt_object_unref(struct gilrt_object *object);

/* Right only when no other thread counts at the moment. */
int64_t gilrt_object_refs(const struct gilrt_object *object);

/* On the stack of its thread, between begin and end. They nest. */
struct gilrt_critical {
	struct gilrt_mutex *mutex;	/* NULL: about to lock it */
	struct gilrt_critical *outer;
	bool suspended;			/* has let go of it meanwhile */
};

/*
 * A thread that blocks, or waits for a mutex, gives up all its critical sections until it goes on:
 * so threads that lock two objects in different order do not block each other for ever. After any
 * blocking call inside of one, others may have changed what it protects, as under a GIL.
 */
void gilrt_critical_begin(struct gilrt_critical *critical, struct gilrt_object *object);
void gilrt_critical_end(struct gilrt_critical *critical);

#endif
