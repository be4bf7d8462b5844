/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing the report: a program of its own, which never has our rights. */
#ifndef COLLECTOR_REPORT_H
#define COLLECTOR_REPORT_H

#include "collector/identity.h"

/*
 * Finds the trace-report that lies beside this program, while we may still look everywhere: the user
 * whom we become may not. -1: there is none, and the PATH will be searched.
 */
int report_find(void);

/*
 * Runs it on the file, as the identity's user, its output on our stderr: stdout is the command's.
 * -ENOENT: there is no trace-report. What else goes wrong it says itself.
 */
int report_print(int program_fd, const char *path, const struct identity *identity);

#endif
