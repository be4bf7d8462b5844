/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recorder's signals, which are mostly the command's: taken over while it runs, passed on, given
 * back.
 */
#ifndef COLLECTOR_SIGNALS_H
#define COLLECTOR_SIGNALS_H

#include <stdbool.h>
#include <sys/types.h>

#include "collector/command.h"

/*
 * From now on signals come through *ret_fd, which becomes readable. What our caller ignores stays
 * ignored. What was set before is put into `before`, for the command.
 */
int signals_take(struct inheritance *before, int *ret_fd);
/* Closes fd; -1: nothing was taken. */
void signals_give_back(int fd, const struct inheritance *before);

/* Passes on what has come, unless it has reached the command anyway. */
void signals_pass(int fd, pid_t command);
/* Something has come; it is read, and nothing is passed on. */
bool signals_have_come(int fd);

#endif
