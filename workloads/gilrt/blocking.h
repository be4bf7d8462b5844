/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_BLOCKING_H
#define GILRT_BLOCKING_H

/*
 * System calls as Python's modules make them: the GIL is let go once per call, whether or not the
 * call blocks, and a call that a signal interrupts is made again. Results are the system call's;
 * errors are negative errno values.
 */

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

ssize_t gilrt_read(int fd, void *buffer, size_t size);
ssize_t gilrt_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t gilrt_write(int fd, const void *buffer, size_t size);
int gilrt_poll(struct pollfd *fds, nfds_t fd_cnt, int timeout_ms);
int gilrt_sleep(uint64_t duration_ns);

#endif
