/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_POOL_PROCESS_H
#define GILRT_POOL_PROCESS_H

/* Inside of the pool: the life of one of its processes. */

#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/pool.h"

/* What a process inherits. The ends of pipes are its own and those of all its siblings. */
struct pool_process {
	struct gilrt_config config;
	gilrt_pool_fn fn;
	void *arg;
	int task_fd, result_fd;
	struct gilrt_lock *task_lock, *result_lock;
	int report_fd;			/* see pool_report.h */
	pid_t parent;
};

/* In the child. Ends with exit status 0 after a MESSAGE_END, and with EXIT_FAILURE otherwise. */
_Noreturn void pool_process_run(const struct pool_process *process, unsigned int number);

#endif
