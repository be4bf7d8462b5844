/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_NATIVE_LOCK_H
#define GILRT_NATIVE_LOCK_H

/*
 * Locks of native code, as C programs and C extensions of Python have them: a plain pthread mutex
 * or rwlock. It is tried first; if it is taken the thread waits without the GIL, so that the owner
 * can go on, and takes the GIL again when it owns the lock. Unlock with pthread's own functions.
 *
 * The kernel sees such a wait, and glibc keeps the owner beside the word, so a tracer can tell who
 * is waited for.
 */

#include <pthread.h>
#include <stdint.h>

/*
 * How often a try failed, and for how long the thread then waited, until it ran again with the
 * lock; the GIL that it needs then is not in it. The same is added to the thread's lock_waits and
 * lock_wait_ns. Belongs to one thread of the runtime; starts zeroed.
 */
struct native_waits {
	uint64_t cnt, ns;
};

void native_mutex_lock(pthread_mutex_t *mutex, struct native_waits *waits);
void native_rwlock_read(pthread_rwlock_t *lock, struct native_waits *waits);
void native_rwlock_write(pthread_rwlock_t *lock, struct native_waits *waits);

#endif
