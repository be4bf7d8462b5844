/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_CRITICAL_H
#define GILRT_CRITICAL_H

/* Inside of the runtime: critical sections (object.h) when their thread leaves and comes back. */

struct gilrt_thread;

void critical_suspend_all(struct gilrt_thread *self);

/* Only the innermost: those around it follow as it ends. */
void critical_resume(struct gilrt_thread *self);

#endif
