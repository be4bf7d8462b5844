/* SPDX-License-Identifier: BSD-2-Clause */
/* A signalfd, and who is meant. */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "collector/signals.h"

int signals_take(struct inheritance *before, int *ret_fd)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	struct sigaction action, child_default = { .sa_handler = SIG_DFL };
	sigset_t set;
	int fd, err;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!sigaction(taken[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(&set, taken[i]);
	/* Ignored children cannot be waited for. */
	sigaction(SIGCHLD, &child_default, &before->child_action);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	/* A reader of our stderr that goes away, or a full disk quota, must not kill us. */
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGXFSZ);
	if (sigprocmask(SIG_BLOCK, &set, &before->mask)) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

/* What a write has sent us meanwhile has been told as its error. */
void signals_give_back(int fd, const struct inheritance *before)
{
	struct timespec now = { 0, 0 };
	sigset_t told;

	if (fd < 0)
		return;
	close(fd);
	sigemptyset(&told);
	sigaddset(&told, SIGPIPE);
	sigaddset(&told, SIGXFSZ);
	while (sigtimedwait(&told, NULL, &now) > 0)
		;
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/*
 * Whether a signal has reached the command already: Ctrl-C and the like go to the terminal's whole
 * foreground group, a hang-up only to the session's leader; and what the command itself has sent us is
 * not for it.
 */
static bool signal_is_theirs(pid_t command, const struct signalfd_siginfo *info)
{
	if ((pid_t)info->ssi_pid == command && info->ssi_code != SI_KERNEL)
		return true;
	return info->ssi_code == SI_KERNEL && info->ssi_signo != SIGHUP && getpgid(command) == getpgrp();
}

void signals_pass(int fd, pid_t command)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		if (!signal_is_theirs(command, &info))
			kill(command, info.ssi_signo);
}

bool signals_have_come(int fd)
{
	struct signalfd_siginfo info;
	bool any = false;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		any = true;
	return any;
}
