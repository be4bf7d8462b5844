/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_GIL_H
#define GILRT_GIL_H

/*
 * Inside of the runtime: a GIL and the operations on it. A thread has a pointer to its GIL; all
 * operations do nothing when that is NULL, which means that there is none.
 */

#include <stdatomic.h>
#include <stdbool.h>

#include "workloads/gilrt/gilrt.h"

struct gil {
	struct gilrt_gil *object;	/* what can be seen from outside */
	bool old;			/* gil_old.c instead of gil_new.c */
	/*
	 * As in CPython up to 3.12 a flag of the interpreter: only the holder ever acts on it. Relaxed
	 * accesses do: what must be ordered is ordered by the mutexes.
	 */
	_Atomic int drop_request;
	int ticks_left, check_interval;	/* old: changed by the holder only */
	_Atomic int daemon_cnt;		/* daemons that take or drop it just now */
};

/* -ENOSPC when there are GILRT_GIL_MAX. */
int gil_create(const struct gilrt_config *config, struct gil **ret_gil);

/* All of them. No thread may use one any more. */
void gil_destroy_all(void);

void gil_take(struct gilrt_thread *self);

/* The same as a step into the runtime: a daemon that comes too late ends there. */
void gil_attach(struct gilrt_thread *self);

/*
 * Has somebody asked for it, or is it time to let go? Inline, for it is in every loop: a request that
 * is seen one loop later is as good. The old one counts this as an instruction.
 */
static inline bool gil_is_wanted(struct gil *gil)
{
	if (gil->old)
		return --gil->ticks_left < 0;
	return atomic_load_explicit(&gil->drop_request, memory_order_relaxed);
}

/* Lets go of it, and takes it again. */
void gil_yield(struct gilrt_thread *self);

/* A thread that ends does not wait for a taker: it will not be there to disturb one. */
void gil_drop(struct gilrt_thread *self, bool ending);

/* The kinds of GIL, below the above. Both write the thread's account. */
void gil_new_take(struct gil *gil, struct gilrt_thread *self);
void gil_new_drop(struct gil *gil, struct gilrt_thread *self, bool ending);
int gil_new_create(struct gilrt_gil *object);
void gil_new_destroy(struct gilrt_gil *object);

void gil_old_take(struct gil *gil, struct gilrt_thread *self);
void gil_old_drop(struct gil *gil, struct gilrt_thread *self);
void gil_old_create(struct gilrt_gil *object);
void gil_old_destroy(struct gilrt_gil *object);

#endif
