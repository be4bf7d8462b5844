/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_MESSAGE_H
#define GILRT_MESSAGE_H

/*
 * Whole messages through pipes: each is preceded by its length, and may be longer than what a pipe
 * holds. Both functions go on where the last call had to leave off, so they serve blocking and
 * non-blocking descriptors alike. Who shares an end with others needs a lock from the first byte of
 * a message to the last.
 */

#include <stddef.h>
#include <stdint.h>

enum message_kind {
	MESSAGE_TASK,
	MESSAGE_RESULT,
	MESSAGE_END,		/* there will be no more tasks for who gets this one */
};

struct message {
	struct {
		enum message_kind kind;
		int err;		/* of a result: 0 or -errno */
		uint64_t task;		/* its number */
		size_t size;
	} header;			/* what precedes the data on the way */
	void *data;			/* size bytes; the caller's, of a received one to be freed */
	size_t done;			/* bytes that have gone through, 0 in the beginning */
};

/* 1: all of it has gone through. 0: the descriptor would block, call again. Or -errno. */
int message_write(int fd, struct message *message);

/* The same. -EPIPE: nobody has the other end any more. */
int message_read(int fd, struct message *message);

#endif
