/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_MUTEX_H
#define GILRT_MUTEX_H

/*
 * The one-byte mutex of CPython 3.13 and later: what the free-threaded build keeps in every object.
 * Zeroed is unlocked; it needs no creation and no destruction. It is not re-entrant, and only its
 * owner may release it.
 */

#include <stdbool.h>
#include <stdint.h>

struct gilrt_mutex {
	_Atomic uint8_t bits;
};

bool gilrt_mutex_try(struct gilrt_mutex *mutex);

/* Waits, if it has to, without the GIL and with the thread's critical sections suspended. */
void gilrt_mutex_lock(struct gilrt_mutex *mutex);

void gilrt_mutex_unlock(struct gilrt_mutex *mutex);

#endif
