// SPDX-License-Identifier: BSD-2-Clause
/*
 * Messages, piece by piece.
 */

#include <errno.h>
#include <stdlib.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/message.h"

/* In one call if it fits: a reader woken by a header alone would have to sleep again. */
static ssize_t write_rest(int fd, const struct message *message)
{
	const size_t header_size = sizeof(message->header);
	struct iovec rest[2];

	if (message->done >= header_size)
		return gilrt_write(fd, (const char *)message->data + message->done - header_size,
				   header_size + message->header.size - message->done);
	rest[0].iov_base = (char *)&message->header + message->done;
	rest[0].iov_len = header_size - message->done;
	rest[1].iov_base = message->data;
	rest[1].iov_len = message->header.size;
	return gilrt_writev(fd, rest, 2);
}

int message_write(int fd, struct message *message)
{
	ssize_t n;

	while (message->done < sizeof(message->header) + message->header.size) {
		n = write_rest(fd, message);
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		message->done += (size_t)n;
	}
	return 1;
}

/* Reads on until so many bytes of the message are there, of which `to` takes those from `from` on. */
static int read_until(int fd, struct message *message, void *to, size_t from, size_t until)
{
	ssize_t n;

	while (message->done < until) {
		n = gilrt_read(fd, (char *)to + message->done - from, until - message->done);
		if (n == 0)
			return -EPIPE;
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		message->done += (size_t)n;
	}
	return 1;
}

int message_read(int fd, struct message *message)
{
	const size_t header_size = sizeof(message->header);
	int result;

	result = read_until(fd, message, &message->header, 0, header_size);
	if (result <= 0 || message->header.size == 0)
		return result;
	if (!message->data)
		message->data = malloc(message->header.size);
	if (!message->data)
		return -ENOMEM;
	return read_until(fd, message, message->data, header_size,
			  header_size + message->header.size);
}
