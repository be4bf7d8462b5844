// SPDX-License-Identifier: BSD-2-Clause
/*
 * Blocking system calls, made without the GIL.
 */

#include <errno.h>
#include <unistd.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/gilrt.h"

/* errno is kept over the taking of the GIL, which makes system calls of its own. */
#define CALL_WITHOUT_GIL(result, call)						\
	do {									\
		gilrt_save_thread();						\
		(result) = (call);						\
		if ((result) < 0)						\
			(result) = -errno;					\
		gilrt_restore_thread();						\
	} while ((result) == -EINTR)

ssize_t gilrt_read(int fd, void *buffer, size_t size)
{
	ssize_t n;

	CALL_WITHOUT_GIL(n, read(fd, buffer, size));
	return n;
}

ssize_t gilrt_pread(int fd, void *buffer, size_t size, off_t offset)
{
	ssize_t n;

	CALL_WITHOUT_GIL(n, pread(fd, buffer, size, offset));
	return n;
}

ssize_t gilrt_write(int fd, const void *buffer, size_t size)
{
	ssize_t n;

	CALL_WITHOUT_GIL(n, write(fd, buffer, size));
	return n;
}

int gilrt_poll(struct pollfd *fds, nfds_t fd_cnt, int timeout_ms)
{
	uint64_t deadline_ns = clock_now_ns() + (uint64_t)timeout_ms * NSEC_PER_MSEC;
	uint64_t now_ns;
	int n;

	/* What is left after an interruption is less than what was asked for. */
	for (;;) {
		gilrt_save_thread();
		n = poll(fds, fd_cnt, timeout_ms);
		if (n < 0)
			n = -errno;
		gilrt_restore_thread();
		if (n != -EINTR)
			return n;
		now_ns = clock_now_ns();
		if (timeout_ms > 0)
			timeout_ms = now_ns < deadline_ns ?
				(int)((deadline_ns - now_ns) / NSEC_PER_MSEC) : 0;
	}
}

int gilrt_sleep(uint64_t duration_ns)
{
	struct timespec deadline = clock_timespec(clock_now_ns() + duration_ns);
	int err;

	/* Returns its error; an absolute time needs no correction after a signal. */
	do {
		gilrt_save_thread();
		err = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL);
		gilrt_restore_thread();
	} while (err == EINTR);
	return -err;
}
