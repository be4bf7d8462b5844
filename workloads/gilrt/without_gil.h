/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_WITHOUT_GIL_H
#define GILRT_WITHOUT_GIL_H

/* Inside of the runtime: how its wrappers of system calls let go of the GIL. */

#include <errno.h>

#include "workloads/gilrt/gilrt.h"

/*
 * One system call, one drop. result is what the call returns, or -errno, which is read before the
 * GIL is taken again: that makes system calls of its own.
 */
#define CALL_WITHOUT_GIL(result, call)						\
	do {									\
		gilrt_save_thread();						\
		(result) = (call);						\
		if ((result) < 0)						\
			(result) = -errno;					\
		gilrt_restore_thread();						\
	} while (0)

/* A call that a signal interrupts is made again, with the GIL taken in between as in Python. */
#define RETRY_WITHOUT_GIL(result, call)						\
	do									\
		CALL_WITHOUT_GIL(result, call);					\
	while ((result) == -EINTR)

#endif
