// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the processes of a pool have measured of themselves.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads/gilrt/pool_report.h"

int pool_report_open(int *ret_fd)
{
	int fd, err;

	fd = memfd_create("gilrt_pool", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETFL, O_APPEND)) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int pool_report_append(int fd, const char *main_name)
{
	const struct gilrt_thread *main_thread = gilrt_thread_next(NULL), *thread;
	struct gilrt_pool_stats entry;

	for (thread = main_thread; thread; thread = gilrt_thread_next(thread)) {
		memset(&entry, 0, sizeof(entry));
		entry.pid = getpid();
		gilrt_thread_stats(thread, &entry.stats);
		if (!entry.stats.ended)
			continue;
		snprintf(entry.name, sizeof(entry.name), "%s",
			 thread == main_thread ? main_name : entry.stats.name);
		/* In one piece: others append as well. */
		if (write(fd, &entry, sizeof(entry)) != (ssize_t)sizeof(entry))
			return -EIO;
	}
	return 0;
}

int pool_report_read(int fd, struct gilrt_pool_stats **ret_stats, size_t *ret_cnt)
{
	struct gilrt_pool_stats *all;
	struct stat stat;
	size_t size, i;

	if (fstat(fd, &stat))
		return -errno;
	size = (size_t)stat.st_size;
	all = malloc(size + 1);		/* not 0 */
	if (!all)
		return -ENOMEM;
	if (pread(fd, all, size, 0) != (ssize_t)size) {
		free(all);
		return -EIO;
	}
	*ret_cnt = size / sizeof(*all);
	for (i = 0; i < *ret_cnt; i++)
		all[i].stats.name = all[i].name;
	*ret_stats = all;
	return 0;
}
