/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a program file keeps its GIL, from its symbols. The only user of libelf. */
#ifndef COLLECTOR_ELFSYM_H
#define COLLECTOR_ELFSYM_H

#include "probes/events.h"

/*
 * Looks for a known GIL object in the ELF file that fd reads; fd stays the caller's. Without one, or
 * if it is no ELF file at all, *ret_gil is all 0 and the result is 0. Negative errno: it could not be
 * read.
 */
int elfsym_find_gil(int fd, struct program_gil *ret_gil);

#endif
