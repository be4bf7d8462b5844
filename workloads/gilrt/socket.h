/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_SOCKET_H
#define GILRT_SOCKET_H

/*
 * Sockets as in Python's socket module, with its three ways to wait:
 *
 *  - GILRT_FOREVER, the default: a call blocks as long as it takes;
 *  - GILRT_NO_WAIT: a call that would block fails with -EAGAIN;
 *  - a time-out in nanoseconds: for the kernel the socket is non-blocking, and each call is preceded
 *    by a poll() for the time that is left. It fails with -ETIMEDOUT.
 *
 * Every system call lets go of the GIL once, so with a time-out that is twice per operation. Errors
 * are negative errno values; a call that a signal interrupts is made again. Writing to a peer that
 * has gone is -EPIPE, and no signal.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "workloads/gilrt/lock.h"

/* Belongs to the caller, who may read but not write it. Valid from open, pair or accept to close. */
struct gilrt_socket {
	int fd;
	int64_t timeout_ns;
};

/* type: SOCK_STREAM or SOCK_DGRAM. */
int gilrt_socket_open(int family, int type, struct gilrt_socket *ret_socket);
int gilrt_socket_pair(int type, struct gilrt_socket ret_pair[2]);
int gilrt_socket_close(struct gilrt_socket *socket);

int gilrt_socket_set_timeout(struct gilrt_socket *socket, int64_t timeout_ns);

int gilrt_socket_bind(struct gilrt_socket *socket, const struct sockaddr *address, socklen_t size);
int gilrt_socket_listen(struct gilrt_socket *socket, int backlog);

/* The socket's own address, such as the port that the kernel chose. *size: of the space, then of it. */
int gilrt_socket_name(struct gilrt_socket *socket, struct sockaddr *ret_address, socklen_t *size);

int gilrt_socket_connect(struct gilrt_socket *socket, const struct sockaddr *address,
			 socklen_t size);

/* The new socket waits for ever, whatever this one does. */
int gilrt_socket_accept(struct gilrt_socket *socket, struct gilrt_socket *ret_peer);

/* How many bytes; 0 from recv when the peer of a stream has ended it. */
ssize_t gilrt_socket_send(struct gilrt_socket *socket, const void *data, size_t size);
ssize_t gilrt_socket_recv(struct gilrt_socket *socket, void *buffer, size_t size);
ssize_t gilrt_socket_sendto(struct gilrt_socket *socket, const void *data, size_t size,
			    const struct sockaddr *to, socklen_t to_size);
ssize_t gilrt_socket_recvfrom(struct gilrt_socket *socket, void *buffer, size_t size,
			      struct sockaddr *ret_from, socklen_t *from_size);

#endif
