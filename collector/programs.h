/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of programs that are not traced but had a core or woke a traced thread: each (pid, comm) gets
 * one id for the whole trace. Shared by all reader threads.
 */
#ifndef COLLECTOR_PROGRAMS_H
#define COLLECTOR_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/events.h"

struct programs;

int programs_new(struct programs **ret_programs);
void programs_free(struct programs *programs);

/*
 * The id of a task, 0 for the idle task or when memory has run out (its name is then not known).
 * *ret_new: the id was given now, and the caller has to write its name into the trace.
 */
uint64_t programs_id(struct programs *programs, const struct event_task *task, bool *ret_new);

#endif
