/* SPDX-License-Identifier: BSD-2-Clause */
/* Fork, hold, exec, wait. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/command.h"

struct command {
	pid_t pid;
	int pidfd;
	int go_fd;	/* closed or written: the child goes on */
	int err_fd;	/* the child's errno, or end of file when its exec went well */
	bool waited;
};

static void child_run(char *const argv[], const struct identity *identity,
		      const struct inheritance *inheritance, int go_fd, int err_fd)
{
	char go;
	int err;

	/* End of file: the recorder is gone or has given up. */
	if (read(go_fd, &go, 1) != 1)
		_exit(125);
	err = identity_become(identity);
	if (!err) {
		setrlimit(RLIMIT_NOFILE, &inheritance->files);
		sigaction(SIGCHLD, &inheritance->child_action, NULL);
		sigprocmask(SIG_SETMASK, &inheritance->mask, NULL);
		execvp(argv[0], argv);
		err = -errno;
	}
	if (write(err_fd, &err, sizeof(err)) < 0)
		_exit(125);
	_exit(126);
}

int command_hold(char *const argv[], const struct identity *identity,
		 const struct inheritance *inheritance, struct command **ret_command)
{
	struct command *c = calloc(1, sizeof(*c));
	int go[2] = { -1, -1 }, error[2] = { -1, -1 };
	int err;

	if (!c)
		return -ENOMEM;
	c->pidfd = -1;
	if (pipe2(go, O_CLOEXEC) || pipe2(error, O_CLOEXEC)) {
		err = -errno;
		goto fail;
	}
	c->pid = fork();
	if (c->pid < 0) {
		err = -errno;
		goto fail;
	}
	if (!c->pid) {
		close(go[1]);
		child_run(argv, identity, inheritance, go[0], error[1]);
	}
	close(go[0]);
	close(error[1]);
	c->go_fd = go[1];
	c->err_fd = error[0];
	c->pidfd = syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0) {
		err = -errno;
		command_free(c);
		return err;
	}
	*ret_command = c;
	return 0;
fail:
	for (int i = 0; i < 2; i++) {
		if (go[i] >= 0)
			close(go[i]);
		if (error[i] >= 0)
			close(error[i]);
	}
	free(c);
	return err;
}

void command_free(struct command *c)
{
	int status;

	if (!c)
		return;
	if (c->go_fd >= 0)
		close(c->go_fd);
	if (!c->waited)
		command_wait(c, &status);
	if (c->err_fd >= 0)
		close(c->err_fd);
	if (c->pidfd >= 0)
		close(c->pidfd);
	free(c);
}

pid_t command_pid(const struct command *c)
{
	return c->pid;
}

int command_fd(const struct command *c)
{
	return c->pidfd;
}

int command_go(struct command *c)
{
	int err = 0;
	ssize_t n;

	if (write(c->go_fd, "g", 1) != 1)
		return -errno;
	close(c->go_fd);
	c->go_fd = -1;
	do
		n = read(c->err_fd, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	return n == sizeof(err) ? err : 0;
}

int command_wait(struct command *c, int *ret_status)
{
	pid_t pid;

	do
		pid = waitpid(c->pid, ret_status, 0);
	while (pid < 0 && errno == EINTR);
	if (pid < 0)
		return -errno;
	c->waited = true;
	return 0;
}

int command_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
