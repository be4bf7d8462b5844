/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace file being written: made safely on behalf of the invoking user, filled by a thread of its
 * own from a bounded queue, so that neither a slow disk nor compression ever holds up the probes.
 */
#ifndef COLLECTOR_OUTPUT_H
#define COLLECTOR_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/identity.h"
#include "trace/writer.h"

enum output_policy {
	OUTPUT_KEEP_OLD,	/* an older file becomes FILE.old */
	OUTPUT_REFUSE,		/* an older file is an error: -EEXIST */
	OUTPUT_REPLACE,		/* an older file goes */
};

struct output;

/*
 * Makes the file as the identity's user: 0600, never through a link, never over somebody else's file.
 * An older file is set aside until output_commit() or output_abandon(). `path` must live as long as
 * the output.
 */
int output_create(const char *path, enum output_policy policy, const struct identity *identity,
		  struct output **ret_output);
/* Writes the header and starts the writing thread. */
int output_start(struct output *output, const struct trace_fact *facts, size_t facts_cnt);
/*
 * Takes the block, waiting for room in the queue. After a write error blocks are dropped: the error
 * comes from output_finish().
 */
void output_put(struct output *output, struct trace_block *block);
/* Ends the thread and writes the index. The first error of all. */
int output_finish(struct output *output);
/* The recording has begun: an older file goes where the policy says. */
void output_commit(struct output *output);
/* Nothing was recorded: removes the file and puts the older one back. */
void output_abandon(struct output *output);
void output_free(struct output *output);

#endif
