/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_SCHEDSTAT_H
#define GILRT_SCHEDSTAT_H

#include <stdint.h>
#include <sys/types.h>

/* The time a thread of this process spent on a core, and runnable without one, by the kernel. */
int schedstat_read(pid_t tid, uint64_t *ret_run_ns, uint64_t *ret_delay_ns);

/* The same of a thread that is about to go to sleep for good: waits until it is off its core. */
int schedstat_read_asleep(pid_t tid, uint64_t *ret_run_ns, uint64_t *ret_delay_ns);

#endif
