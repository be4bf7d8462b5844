// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sockets: their time-outs, their errors, and select.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/unit/gilrt_drops.h"
#include "tests/unit/gilrt_io.h"
#include "workloads/gilrt/blocking.h"

static void test_socket_times_out(void **state)
{
	static char block[65536];
	struct gilrt_socket listener, peer, pair[2];
	struct sockaddr_in name;
	uint64_t before_ns;

	(void)state;
	begin();
	assert_int_equal(gilrt_socket_open(AF_INET, SOCK_STREAM, &listener), 0);
	bind_to_loopback(&listener, &name);
	assert_int_equal(gilrt_socket_listen(&listener, 1), 0);
	assert_int_equal(gilrt_socket_set_timeout(&listener, SHORT_NS), 0);
	before_ns = clock_now_ns();
	assert_int_equal(gilrt_socket_accept(&listener, &peer), -ETIMEDOUT);
	assert_true(clock_now_ns() - before_ns >= SHORT_NS);

	/* A peer that does not read. */
	assert_int_equal(gilrt_socket_pair(SOCK_STREAM, pair), 0);
	assert_int_equal(gilrt_socket_set_timeout(&pair[0], GILRT_NO_WAIT), 0);
	while (gilrt_socket_send(&pair[0], block, sizeof(block)) > 0)
		;
	assert_int_equal(gilrt_socket_send(&pair[0], block, 1), -EAGAIN);
	assert_int_equal(gilrt_socket_set_timeout(&pair[0], SHORT_NS), 0);
	before_ns = clock_now_ns();
	assert_int_equal(gilrt_socket_send(&pair[0], block, 1), -ETIMEDOUT);
	assert_true(clock_now_ns() - before_ns >= SHORT_NS);

	assert_int_equal(gilrt_socket_close(&pair[0]), 0);
	assert_int_equal(gilrt_socket_close(&pair[1]), 0);
	assert_int_equal(gilrt_socket_close(&listener), 0);
	end();
}

static void check_refused(int64_t timeout_ns, const struct sockaddr_in *nobody)
{
	struct gilrt_socket client;

	assert_int_equal(gilrt_socket_open(AF_INET, SOCK_STREAM, &client), 0);
	assert_int_equal(gilrt_socket_set_timeout(&client, timeout_ns), 0);
	assert_int_equal(gilrt_socket_connect(&client, (const struct sockaddr *)nobody,
					      sizeof(*nobody)), -ECONNREFUSED);
	assert_int_equal(gilrt_socket_close(&client), 0);
}

static void test_socket_errors(void **state)
{
	struct gilrt_socket socket, pair[2];
	struct sockaddr_in name;
	char c;

	(void)state;
	begin();
	/* Bound, so that nobody else gets the port, but not listening. */
	assert_int_equal(gilrt_socket_open(AF_INET, SOCK_STREAM, &socket), 0);
	bind_to_loopback(&socket, &name);
	check_refused(GILRT_FOREVER, &name);
	check_refused(LONG_NS, &name);
	assert_int_equal(gilrt_socket_accept(&socket, &pair[0]), -EINVAL);
	assert_int_equal(gilrt_socket_close(&socket), 0);
	assert_int_equal(socket.fd, -1);
	assert_int_equal(gilrt_socket_recv(&socket, &c, 1), -EBADF);

	assert_int_equal(gilrt_socket_pair(SOCK_STREAM, pair), 0);
	assert_int_equal(gilrt_socket_close(&pair[1]), 0);
	assert_int_equal(gilrt_socket_recv(&pair[0], &c, 1), 0);
	assert_int_equal(gilrt_socket_send(&pair[0], "x", 1), -EPIPE);
	assert_int_equal(gilrt_socket_close(&pair[0]), 0);
	end();
}

static void test_select_says_which(void **state)
{
	struct gilrt_socket pair[2];
	fd_set readable, writable;
	uint64_t before_ns;

	(void)state;
	begin();
	assert_int_equal(gilrt_socket_pair(SOCK_STREAM, pair), 0);
	assert_int_equal(gilrt_socket_send(&pair[0], "x", 1), 1);
	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_SET(pair[0].fd, &readable);
	FD_SET(pair[1].fd, &readable);
	FD_SET(pair[1].fd, &writable);
	assert_int_equal(gilrt_select(pair[1].fd + 1, &readable, &writable, NULL, -1), 2);
	assert_false(FD_ISSET(pair[0].fd, &readable));
	assert_true(FD_ISSET(pair[1].fd, &readable) && FD_ISSET(pair[1].fd, &writable));

	before_ns = clock_now_ns();
	assert_int_equal(gilrt_select(0, NULL, NULL, NULL, SHORT_NS), 0);
	assert_true(clock_now_ns() - before_ns >= SHORT_NS);
	assert_int_equal(gilrt_socket_close(&pair[0]), 0);
	assert_int_equal(gilrt_socket_close(&pair[1]), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socket_times_out),
		cmocka_unit_test(test_socket_errors),
		cmocka_unit_test(test_select_says_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
