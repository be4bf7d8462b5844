/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_POOL_REPORT_H
#define GILRT_POOL_REPORT_H

/*
 * Inside of the pool: a file in memory, shared by all processes, to which each appends at its end
 * what its threads have measured. A file because it never fills up, and needs neither a lock nor
 * the runtime, which is over by then.
 */

#include <stddef.h>

#include "workloads/gilrt/pool.h"

int pool_report_open(int *ret_fd);

/* After gilrt_stop(). The main thread is given that name instead of its own. */
int pool_report_append(int fd, const char *main_name);

/* All that was appended. The caller frees it. */
int pool_report_read(int fd, struct gilrt_pool_stats **ret_stats, size_t *ret_cnt);

#endif
