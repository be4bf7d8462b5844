/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The traced command: forked early and held before its exec, until the probes are attached; its
 * status; signals for it.
 */
#ifndef COLLECTOR_COMMAND_H
#define COLLECTOR_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "collector/identity.h"

struct command;

/* What the command inherits from whoever called us, and we have changed for ourselves. */
struct inheritance {
	sigset_t mask;
	struct sigaction child_action;	/* of SIGCHLD */
	struct rlimit files;
};

/* Forks. argv must live until command_go(). */
int command_hold(char *const argv[], const struct identity *identity,
		 const struct inheritance *inheritance, struct command **ret_command);
/* Ends one that was never let go. */
void command_free(struct command *command);

pid_t command_pid(const struct command *command);
/* Becomes readable when it has ended. */
int command_fd(const struct command *command);

/* Lets it exec. Negative errno of the exec, or of becoming the user, when that failed. */
int command_go(struct command *command);

/* Waits for its end; its status as wait(2) has it. */
int command_wait(struct command *command, int *ret_status);

/* The status that env(1), timeout(1) and shells give: the command's, or 128 + signal. */
int command_exit_code(int status);

#endif
