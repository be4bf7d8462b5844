/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_SCHEDSTAT_H
#define GILRT_SCHEDSTAT_H

#include <stdint.h>

/*
 * What the kernel says of the calling thread, up to now: its time on a core by the thread's clock
 * and by the scheduler's statistics, read right after it, and its time runnable without a core.
 */
int schedstat_read_self(uint64_t *ret_cpu_ns, uint64_t *ret_run_ns, uint64_t *ret_delay_ns);

#endif
