/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_GIL_H
#define GILRT_GIL_H

/* Inside of the runtime: the operations on gilrt_gil. All do nothing as long as there is no GIL. */

#include <stdbool.h>

struct gilrt_thread;

int gil_create(unsigned long interval_us);
void gil_destroy(void);
bool gil_exists(void);

void gil_take(struct gilrt_thread *self);

/* A thread that ends does not wait for a taker: it will not be there to disturb one. */
void gil_drop(struct gilrt_thread *self, bool ending);

#endif
