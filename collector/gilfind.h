/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locating GILs: before the run in the command's own file, so that the probes know the address before
 * the first thread is made; during the run in every other file that a traced process executes.
 */
#ifndef COLLECTOR_GILFIND_H
#define COLLECTOR_GILFIND_H

#include <stdbool.h>

#include "collector/decode.h"
#include "collector/journal.h"
#include "collector/session.h"

/*
 * Looks for `command` as execvp(3) does and tells the probes what its file has; true when that is a
 * GIL. A file that cannot be found or read is no error here: the exec will say so.
 */
bool gilfind_prepare(struct session *session, const char *command);

/*
 * Takes an exec whose file the probes did not know: tells them, and the trace. Execs of one process must
 * come in their order. No error, when the process is gone or has replaced its program again meanwhile.
 */
int gilfind_exec(struct session *session, struct journal *journal, const struct decoded_exec *exec);

#endif
