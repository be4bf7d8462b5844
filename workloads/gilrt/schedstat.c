// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel's own count of a thread's time, from /proc/thread-self/schedstat.
 *
 * The file tells of a running thread what was true at its last switch or scheduler tick. Reading the
 * thread's clock makes the kernel bring the same count up to date, so that comes first.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/schedstat.h"

int schedstat_read_self(uint64_t *ret_cpu_ns, uint64_t *ret_run_ns, uint64_t *ret_delay_ns)
{
	uint64_t cpu_ns, run_ns, delay_ns;
	char text[80];
	ssize_t n;
	int fd, err = 0;

	fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		err = -errno;
	close(fd);
	if (err)
		return err;
	text[n] = '\0';
	if (sscanf(text, "%" SCNu64 " %" SCNu64, &run_ns, &delay_ns) != 2)
		return -EBADMSG;
	*ret_cpu_ns = cpu_ns;
	*ret_run_ns = run_ns;
	*ret_delay_ns = delay_ns;
	return 0;
}
