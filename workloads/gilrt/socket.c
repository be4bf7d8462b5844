// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sockets: what Python's socket module does around each call that may block.
 *
 * A time-out is not the kernel's. The socket is made non-blocking, polled, and only then used; and
 * since another thread may have been faster, "would block" then means: poll again.
 */

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/footprint.h"
#include "workloads/gilrt/socket.h"
#include "workloads/gilrt/without_gil.h"

/* A system call on a socket, with its arguments: it may have to be made more than once. */
struct call {
	ssize_t (*make)(int fd, const struct call *call);
	void *data;
	size_t size;
	struct sockaddr *address;
	socklen_t *address_size;
};

/*
 * Returns -ETIMEDOUT when the deadline passes first. UINT64_MAX: there is none. Asks the kernel in
 * any case: what is ready is not too late.
 */
static int await_ready(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd pollfd = { .fd = fd, .events = events };
	uint64_t now_ns, left_ms;
	int timeout_ms = -1, n;

	if (deadline_ns != UINT64_MAX) {
		now_ns = clock_now_ns();
		if (now_ns > deadline_ns)
			now_ns = deadline_ns;
		/* Rounded up: a shorter wait would end before the time-out. */
		left_ms = (deadline_ns - now_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
		timeout_ms = left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
	}
	n = gilrt_poll(&pollfd, 1, timeout_ms);
	return n ? n : -ETIMEDOUT;
}

static uint64_t deadline_of(const struct gilrt_socket *socket)
{
	return socket->timeout_ns > 0 ? clock_now_ns() + (uint64_t)socket->timeout_ns : UINT64_MAX;
}

/* Each has code of its own: the one is cold although the other has just run. */
static const struct footprint receiving = FOOTPRINT_INIT, sending = FOOTPRINT_INIT;

static ssize_t make_call(struct gilrt_socket *socket, short events, const struct call *call)
{
	uint64_t deadline_ns = deadline_of(socket);
	ssize_t n;
	int err;

	footprint_touch(events == POLLIN ? &receiving : &sending);
	do {
		if (socket->timeout_ns > 0) {
			err = await_ready(socket->fd, events, deadline_ns);
			if (err < 0)
				return err;
		}
		RETRY_WITHOUT_GIL(n, call->make(socket->fd, call));
	} while (n == -EAGAIN && socket->timeout_ns > 0);
	return n;
}

int gilrt_socket_open(int family, int type, struct gilrt_socket *ret_socket)
{
	int fd;

	CALL_WITHOUT_GIL(fd, socket(family, type | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	*ret_socket = (struct gilrt_socket){ .fd = fd, .timeout_ns = GILRT_FOREVER };
	return 0;
}

int gilrt_socket_pair(int type, struct gilrt_socket ret_pair[2])
{
	int fds[2], err;

	CALL_WITHOUT_GIL(err, socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds));
	if (err)
		return err;
	ret_pair[0] = (struct gilrt_socket){ .fd = fds[0], .timeout_ns = GILRT_FOREVER };
	ret_pair[1] = (struct gilrt_socket){ .fd = fds[1], .timeout_ns = GILRT_FOREVER };
	return 0;
}

int gilrt_socket_close(struct gilrt_socket *socket)
{
	int fd = socket->fd;

	socket->fd = -1;
	return gilrt_close(fd);
}

int gilrt_socket_set_timeout(struct gilrt_socket *socket, int64_t timeout_ns)
{
	int non_blocking = timeout_ns >= 0, err;

	CALL_WITHOUT_GIL(err, ioctl(socket->fd, FIONBIO, &non_blocking));
	if (!err)
		socket->timeout_ns = timeout_ns;
	return err;
}

int gilrt_socket_bind(struct gilrt_socket *socket, const struct sockaddr *address, socklen_t size)
{
	int err;

	CALL_WITHOUT_GIL(err, bind(socket->fd, address, size));
	return err;
}

int gilrt_socket_listen(struct gilrt_socket *socket, int backlog)
{
	int err;

	CALL_WITHOUT_GIL(err, listen(socket->fd, backlog));
	return err;
}

int gilrt_socket_name(struct gilrt_socket *socket, struct sockaddr *ret_address, socklen_t *size)
{
	int err;

	CALL_WITHOUT_GIL(err, getsockname(socket->fd, ret_address, size));
	return err;
}

static int connection_outcome(int fd)
{
	socklen_t size = sizeof(int);
	int outcome;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &outcome, &size))
		return -1;
	errno = outcome;
	return outcome && outcome != EISCONN ? -1 : 0;
}

int gilrt_socket_connect(struct gilrt_socket *socket, const struct sockaddr *address,
			 socklen_t size)
{
	uint64_t deadline_ns = deadline_of(socket);
	int err;

	CALL_WITHOUT_GIL(err, connect(socket->fd, address, size));
	/* Under way, be it that we did not want to wait or that a signal cut the waiting short. */
	if (!(err == -EINPROGRESS && socket->timeout_ns > 0) &&
	    !(err == -EINTR && socket->timeout_ns != GILRT_NO_WAIT))
		return err;
	err = await_ready(socket->fd, POLLOUT | POLLERR, deadline_ns);
	if (err < 0)
		return err;
	CALL_WITHOUT_GIL(err, connection_outcome(socket->fd));
	return err;
}

static ssize_t make_accept(int fd, const struct call *call)
{
	(void)call;
	return accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

int gilrt_socket_accept(struct gilrt_socket *socket, struct gilrt_socket *ret_peer)
{
	const struct call call = { .make = make_accept };
	int fd;

	fd = (int)make_call(socket, POLLIN, &call);
	if (fd < 0)
		return fd;
	*ret_peer = (struct gilrt_socket){ .fd = fd, .timeout_ns = GILRT_FOREVER };
	return 0;
}

static ssize_t make_send(int fd, const struct call *call)
{
	return send(fd, call->data, call->size, MSG_NOSIGNAL);
}

ssize_t gilrt_socket_send(struct gilrt_socket *socket, const void *data, size_t size)
{
	const struct call call = { .make = make_send, .data = (void *)data, .size = size };

	return make_call(socket, POLLOUT, &call);
}

static ssize_t make_recv(int fd, const struct call *call)
{
	return recv(fd, call->data, call->size, 0);
}

ssize_t gilrt_socket_recv(struct gilrt_socket *socket, void *buffer, size_t size)
{
	const struct call call = { .make = make_recv, .data = buffer, .size = size };

	return make_call(socket, POLLIN, &call);
}

static ssize_t make_sendto(int fd, const struct call *call)
{
	return sendto(fd, call->data, call->size, MSG_NOSIGNAL, call->address,
		      *call->address_size);
}

ssize_t gilrt_socket_sendto(struct gilrt_socket *socket, const void *data, size_t size,
			    const struct sockaddr *to, socklen_t to_size)
{
	const struct call call = {
		.make = make_sendto, .data = (void *)data, .size = size,
		.address = (struct sockaddr *)to, .address_size = &to_size,
	};

	return make_call(socket, POLLOUT, &call);
}

static ssize_t make_recvfrom(int fd, const struct call *call)
{
	return recvfrom(fd, call->data, call->size, 0, call->address, call->address_size);
}

ssize_t gilrt_socket_recvfrom(struct gilrt_socket *socket, void *buffer, size_t size,
			      struct sockaddr *ret_from, socklen_t *from_size)
{
	const struct call call = {
		.make = make_recvfrom, .data = buffer, .size = size,
		.address = ret_from, .address_size = from_size,
	};

	return make_call(socket, POLLIN, &call);
}
