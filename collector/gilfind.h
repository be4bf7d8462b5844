/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locating GILs: before the run in the command's own file, so that the probes know the address before
 * the first thread is made; during the run in every other file that a traced process executes. Where
 * exactness is wanted, these files' own probes are attached to as well.
 */
#ifndef COLLECTOR_GILFIND_H
#define COLLECTOR_GILFIND_H

#include <stdbool.h>

#include "collector/calibrate.h"
#include "collector/decode.h"
#include "collector/journal.h"
#include "collector/options.h"
#include "collector/session.h"

struct gilfind;

/* The session must outlive it. With GIL_EXACT it is measured what a hit at a probe costs. */
int gilfind_new(struct session *session, enum gil_watch mode, struct gilfind **ret_find);
void gilfind_free(struct gilfind *find);

/* Lets go of all programs; waits for those that are at a probe. */
void gilfind_detach(struct gilfind *find);

/* NULL unless exactness is wanted. */
const struct probe_cost *gilfind_cost(const struct gilfind *find);
/* There is a GIL that only clock samples tell of where nobody contends for it. */
bool gilfind_needs_samples(const struct gilfind *find);

/* One line for the user; empty when there is nothing to say. */
struct gilfind_warning {
	char text[512];
};

/*
 * Looks for `command` as execvp(3) does and tells the probes what its file has. A file that cannot be
 * found or read is no error here: the exec will say so.
 */
void gilfind_prepare(struct gilfind *find, const char *command, struct gilfind_warning *ret_warning);
/* Writes what was found, once there is a journal. */
int gilfind_tell(struct gilfind *find, struct journal *journal);

/*
 * Takes an exec whose file the probes did not know: tells them, and the trace. Execs of one process must
 * come in their order. No error, when the process is gone or has replaced its program again meanwhile.
 */
int gilfind_exec(struct gilfind *find, struct journal *journal, const struct decoded_exec *exec,
		 struct gilfind_warning *ret_warning);

#endif
