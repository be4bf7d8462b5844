// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel's own count of a thread's time, from /proc/self/task/TID/schedstat.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workloads/gilrt/schedstat.h"

/* Reads a short file of /proc into a string. */
static int task_file_read(pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		err = -errno;
	else
		text[n] = '\0';
	close(fd);
	return err;
}

int schedstat_read(pid_t tid, uint64_t *ret_run_ns, uint64_t *ret_delay_ns)
{
	uint64_t run_ns, delay_ns;
	char text[80];
	int err;

	err = task_file_read(tid, "schedstat", text, sizeof(text));
	if (err)
		return err;
	if (sscanf(text, "%" SCNu64 " %" SCNu64, &run_ns, &delay_ns) != 2)
		return -EBADMSG;
	*ret_run_ns = run_ns;
	*ret_delay_ns = delay_ns;
	return 0;
}

/*
 * To answer which system call a thread blocks in, the kernel waits until it really is off its core;
 * of one that has work to do it says "running". The state letter in `stat` turns S earlier.
 */
static int await_asleep(pid_t tid)
{
	char text[256];
	int err;

	for (;;) {
		err = task_file_read(tid, "syscall", text, sizeof(text));
		if (err || strncmp(text, "running", strlen("running")) != 0)
			return err;
		sched_yield();
	}
}

int schedstat_read_asleep(pid_t tid, uint64_t *ret_run_ns, uint64_t *ret_delay_ns)
{
	int err;

	err = await_asleep(tid);
	return err ? err : schedstat_read(tid, ret_run_ns, ret_delay_ns);
}
