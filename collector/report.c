/* SPDX-License-Identifier: BSD-2-Clause */
/* Fork, exec trace-report, wait. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/report.h"

enum { NOT_STARTED = 127 };

int report_find(void)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - sizeof("trace-report"));

	if (len <= 0)
		return -1;
	self[len] = 0;
	strcpy(strrchr(self, '/') + 1, "trace-report");
	return open(self, O_PATH | O_CLOEXEC);
}

static void report_exec(int program_fd, const char *path, const struct identity *identity)
{
	char *const argv[] = { "trace-report", "--", (char *)path, NULL };

	if (identity_become(identity) || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(NOT_STARTED);
	if (program_fd >= 0)
		fexecve(program_fd, argv, environ);
	execvp(argv[0], argv);
	_exit(NOT_STARTED);
}

int report_print(int program_fd, const char *path, const struct identity *identity)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		report_exec(program_fd, path, identity);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED ? -ENOENT : 0;
}
