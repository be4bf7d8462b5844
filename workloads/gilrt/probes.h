/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_PROBES_H
#define GILRT_PROBES_H

/*
 * The runtime's static probes, one function each; what they mean is in gilrt.h. Those of the GIL
 * report times that are measured anyhow. Those of locks cost a reading of the clock, or two, at
 * every acquire and release, so that is done only while somebody listens.
 */

#include <stdbool.h>

#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/usdt.h"

/* Counted up by a tracer that listens to locks. */
extern volatile unsigned short gilrt_lock_semaphore;

static inline bool probe_locks_wanted(void)
{
	return __builtin_expect(gilrt_lock_semaphore, 0);
}

static inline void probe_gil_wait(const struct gilrt_gil *gil)
{
	USDT_2("gilrt", "gil_wait", "0", (uintptr_t)gil, 0);
}

static inline void probe_gil_take(const struct gilrt_gil *gil, uint64_t wait_ns)
{
	USDT_2("gilrt", "gil_take", "0", (uintptr_t)gil, wait_ns);
}

static inline void probe_gil_drop(const struct gilrt_gil *gil, uint64_t hold_ns)
{
	USDT_2("gilrt", "gil_drop", "0", (uintptr_t)gil, hold_ns);
}

static inline void probe_gil_resume(const struct gilrt_gil *gil, uint64_t wait_ns)
{
	USDT_2("gilrt", "gil_resume", "0", (uintptr_t)gil, wait_ns);
}

static inline void probe_gil_request(const struct gilrt_gil *gil, const struct gilrt_thread *holder)
{
	USDT_2("gilrt", "gil_request", "0", (uintptr_t)gil, (uintptr_t)holder);
}

static inline void probe_lock_wait(const void *object, enum gilrt_kind kind)
{
	USDT_2("gilrt", "lock_wait", "gilrt_lock_semaphore", (uintptr_t)object, kind);
}

static inline void probe_lock_acquired(const void *object, enum gilrt_kind kind, uint64_t wait_ns)
{
	USDT_3("gilrt", "lock_acquired", "gilrt_lock_semaphore", (uintptr_t)object, kind, wait_ns);
}

static inline void probe_lock_timeout(const void *object, enum gilrt_kind kind, uint64_t wait_ns)
{
	USDT_3("gilrt", "lock_timeout", "gilrt_lock_semaphore", (uintptr_t)object, kind, wait_ns);
}

static inline void probe_lock_release(const void *object, enum gilrt_kind kind, uint64_t hold_ns)
{
	USDT_3("gilrt", "lock_release", "gilrt_lock_semaphore", (uintptr_t)object, kind, hold_ns);
}

#endif
