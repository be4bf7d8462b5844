// SPDX-License-Identifier: BSD-2-Clause
/*
 * Blocking system calls, made without the GIL.
 */

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/without_gil.h"

int gilrt_open(const char *path, int flags, mode_t mode)
{
	int fd;

	RETRY_WITHOUT_GIL(fd, open(path, flags | O_CLOEXEC, mode));
	return fd;
}

int gilrt_close(int fd)
{
	int err;

	CALL_WITHOUT_GIL(err, close(fd));
	return err;
}

ssize_t gilrt_read(int fd, void *buffer, size_t size)
{
	ssize_t n;

	RETRY_WITHOUT_GIL(n, read(fd, buffer, size));
	return n;
}

ssize_t gilrt_pread(int fd, void *buffer, size_t size, off_t offset)
{
	ssize_t n;

	RETRY_WITHOUT_GIL(n, pread(fd, buffer, size, offset));
	return n;
}

ssize_t gilrt_write(int fd, const void *buffer, size_t size)
{
	ssize_t n;

	RETRY_WITHOUT_GIL(n, write(fd, buffer, size));
	return n;
}

ssize_t gilrt_writev(int fd, const struct iovec *buffers, int buffer_cnt)
{
	ssize_t n;

	RETRY_WITHOUT_GIL(n, writev(fd, buffers, buffer_cnt));
	return n;
}

off_t gilrt_lseek(int fd, off_t offset, int whence)
{
	off_t position;

	CALL_WITHOUT_GIL(position, lseek(fd, offset, whence));
	return position;
}

int gilrt_fstat(int fd, struct stat *ret_stat)
{
	int err;

	CALL_WITHOUT_GIL(err, fstat(fd, ret_stat));
	return err;
}

int gilrt_stat(const char *path, struct stat *ret_stat)
{
	int err;

	CALL_WITHOUT_GIL(err, stat(path, ret_stat));
	return err;
}

int gilrt_isatty(int fd)
{
	int yes;

	CALL_WITHOUT_GIL(yes, isatty(fd));
	return yes;
}

int gilrt_urandom(void *buffer, size_t size)
{
	char *rest = buffer;
	ssize_t n;

	while (size > 0) {
		RETRY_WITHOUT_GIL(n, getrandom(rest, size, 0));
		if (n < 0)
			return (int)n;
		rest += n;
		size -= (size_t)n;
	}
	return 0;
}

pid_t gilrt_getpid(void)
{
	return getpid();
}

/* What is left after an interruption is less than what was asked for. */
static uint64_t time_left_ns(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_now_ns();

	return now_ns < deadline_ns ? deadline_ns - now_ns : 0;
}

/* In the units of a call, and never less than was asked for. */
static uint64_t round_up(uint64_t time_ns, uint64_t unit_ns)
{
	return time_ns / unit_ns + (time_ns % unit_ns != 0);
}

int gilrt_poll(struct pollfd *fds, nfds_t fd_cnt, int timeout_ms)
{
	uint64_t deadline_ns = clock_now_ns() + (uint64_t)timeout_ms * NSEC_PER_MSEC;
	int n;

	for (;;) {
		CALL_WITHOUT_GIL(n, poll(fds, fd_cnt, timeout_ms));
		if (n != -EINTR)
			return n;
		if (timeout_ms > 0)
			timeout_ms = (int)round_up(time_left_ns(deadline_ns), NSEC_PER_MSEC);
	}
}

int gilrt_select(int fd_cnt, fd_set *readable, fd_set *writable, fd_set *exceptional,
		 int64_t timeout_ns)
{
	uint64_t deadline_ns = clock_now_ns() + (uint64_t)timeout_ns;
	const uint64_t usec_per_sec = NSEC_PER_SEC / NSEC_PER_USEC;
	struct timeval timeout;
	uint64_t timeout_us;
	int n;

	for (;;) {
		timeout_us = round_up((uint64_t)timeout_ns, NSEC_PER_USEC);
		timeout = (struct timeval){
			.tv_sec = (time_t)(timeout_us / usec_per_sec),
			.tv_usec = (suseconds_t)(timeout_us % usec_per_sec),
		};
		CALL_WITHOUT_GIL(n, select(fd_cnt, readable, writable, exceptional,
					   timeout_ns < 0 ? NULL : &timeout));
		if (n != -EINTR)
			return n;
		if (timeout_ns > 0)
			timeout_ns = (int64_t)time_left_ns(deadline_ns);
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
