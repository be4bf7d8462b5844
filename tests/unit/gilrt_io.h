/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and sockets to test with. After cmocka.h. */
#ifndef TESTS_UNIT_GILRT_IO_H
#define TESTS_UNIT_GILRT_IO_H

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/socket.h"

#define SHORT_NS	(20 * NSEC_PER_MSEC)	/* for a time-out that is to pass */
#define LONG_NS		(60 * NSEC_PER_SEC)	/* for one that is not */

static inline void bind_to_loopback(struct gilrt_socket *socket, struct sockaddr_in *ret_name)
{
	socklen_t size = sizeof(*ret_name);

	*ret_name = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	assert_int_equal(gilrt_socket_bind(socket, (struct sockaddr *)ret_name, size), 0);
	assert_int_equal(gilrt_socket_name(socket, (struct sockaddr *)ret_name, &size), 0);
}

/* A file of that content, to be unlinked. */
static inline void file_make(char path[64], const void *content, size_t size)
{
	int fd;

	snprintf(path, 64, "/tmp/test_gilrt_io.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), size);
	close(fd);
}

#endif
