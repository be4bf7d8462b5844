/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing the report: a program of its own, which never has our rights. */
#ifndef COLLECTOR_REPORT_H
#define COLLECTOR_REPORT_H

#include "collector/identity.h"

/*
 * Runs the trace-report that lies beside this program (else the one on the PATH) on the file, its
 * output on our stderr: stdout is the command's. -ENOENT: there is no trace-report.
 */
int report_print(const char *path, const struct identity *identity);

#endif
