/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_BLOCKING_H
#define GILRT_BLOCKING_H

/*
 * System calls as Python's os, time and select make them: the GIL is let go once per call, whether
 * or not the call blocks, and a call that a signal interrupts is made again. Results are the system
 * call's; errors are negative errno values.
 */

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Descriptors are not inherited over an exec. `mode` counts with O_CREAT. */
int gilrt_open(const char *path, int flags, mode_t mode);

/* Not made again: after any error but EBADF the descriptor is gone. */
int gilrt_close(int fd);

ssize_t gilrt_read(int fd, void *buffer, size_t size);
ssize_t gilrt_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t gilrt_write(int fd, const void *buffer, size_t size);
ssize_t gilrt_writev(int fd, const struct iovec *buffers, int buffer_cnt);
off_t gilrt_lseek(int fd, off_t offset, int whence);
int gilrt_fstat(int fd, struct stat *ret_stat);
int gilrt_stat(const char *path, struct stat *ret_stat);

/* 1 or 0. */
int gilrt_isatty(int fd);

/* Fills all of the buffer with random bytes: one call, unless the kernel gives fewer at a time. */
int gilrt_urandom(void *buffer, size_t size);

/* Cannot block, so it is the one that keeps the GIL. */
pid_t gilrt_getpid(void);

/* Milliseconds; negative: no limit. Interrupted, it goes on for what is left of them. */
int gilrt_poll(struct pollfd *fds, nfds_t fd_cnt, int timeout_ms);

/* Nanoseconds; otherwise the same. A set may be NULL. */
int gilrt_select(int fd_cnt, fd_set *readable, fd_set *writable, fd_set *exceptional,
		 int64_t timeout_ns);

int gilrt_sleep(uint64_t duration_ns);

#endif
