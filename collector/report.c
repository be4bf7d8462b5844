/* SPDX-License-Identifier: BSD-2-Clause */
/* Fork, exec trace-report, wait. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/report.h"

enum { NOT_STARTED = 127 };

static void report_exec(const char *path, const struct identity *identity)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - sizeof("trace-report"));
	char *name;

	if (identity_become(identity) || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(NOT_STARTED);
	if (len > 0) {
		self[len] = 0;
		name = strrchr(self, '/') + 1;
		strcpy(name, "trace-report");
		execl(self, "trace-report", "--", path, NULL);
	}
	execlp("trace-report", "trace-report", "--", path, NULL);
	_exit(NOT_STARTED);
}

int report_print(const char *path, const struct identity *identity)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		report_exec(path, identity);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED)
		return -ENOENT;
	/* Any other trouble it has told itself. */
	return 0;
}
