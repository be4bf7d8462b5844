/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_INTERPRETER_H
#define GILRT_INTERPRETER_H

/* Inside of the runtime: an interpreter, as far as this runtime has one, is whose GIL it runs under. */

struct gil;

struct gilrt_interpreter {
	struct gil *gil;	/* NULL: runs without */
};

#endif
