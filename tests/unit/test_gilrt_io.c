// SPDX-License-Identifier: BSD-2-Clause
/*
 * Input and output as Python does it: how often each operation lets go of the GIL, and what becomes
 * of a call that a signal interrupts.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/unit/gilrt_drops.h"
#include "tests/unit/gilrt_io.h"
#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/file.h"

struct things {
	char path[64];			/* of a file of one byte */
	struct gilrt_file *at_end, *zeros, *null;
	struct gilrt_socket stream[2], timed[2], empty, expiring;
	struct gilrt_socket datagram, listener;
	struct sockaddr_in datagram_name, listener_name;
};

static void op_stat(void *arg)
{
	struct things *t = arg;
	struct stat stat;

	assert_int_equal(gilrt_stat(t->path, &stat), 0);
	assert_int_equal(stat.st_size, 1);
}

static void op_stat_missing(void *arg)
{
	struct stat stat;

	(void)arg;
	assert_int_equal(gilrt_stat("/nowhere/to/be/found", &stat), -ENOENT);
}

static void op_urandom(void *arg)
{
	char a[64], b[64];

	(void)arg;
	assert_int_equal(gilrt_urandom(a, sizeof(a)), 0);
	assert_int_equal(gilrt_urandom(b, sizeof(b)), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void op_getpid(void *arg)
{
	(void)arg;
	assert_int_equal(gilrt_getpid(), getpid());
}

static void op_os_open_close(void *arg)
{
	struct things *t = arg;
	int fd = gilrt_open(t->path, O_RDONLY, 0);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(gilrt_close(fd), 0);
}

static void op_open_close(void *arg)
{
	struct things *t = arg;
	struct gilrt_file *file;

	assert_int_equal(gilrt_file_open(t->path, O_RDONLY, &file), 0);
	assert_int_equal(gilrt_file_close(file), 0);
}

static void op_read_at_end(void *arg)
{
	struct things *t = arg;
	char c;

	assert_int_equal(gilrt_file_read(t->at_end, &c, 1), 0);
}

static void op_read_buffered(void *arg)
{
	struct things *t = arg;
	char c = 1;

	assert_int_equal(gilrt_file_read(t->zeros, &c, 1), 1);
	assert_int_equal(c, 0);
}

static void op_write_buffered(void *arg)
{
	struct things *t = arg;

	assert_int_equal(gilrt_file_write(t->null, "x", 1), 1);
}

static void transfer(struct gilrt_socket pair[2])
{
	char c = 0;

	assert_int_equal(gilrt_socket_send(&pair[0], "x", 1), 1);
	assert_int_equal(gilrt_socket_recv(&pair[1], &c, 1), 1);
	assert_int_equal(c, 'x');
}

static void op_send_recv(void *arg)
{
	struct things *t = arg;

	transfer(t->stream);
}

static void op_send_recv_timed(void *arg)
{
	struct things *t = arg;

	transfer(t->timed);
}

static void op_recv_no_wait(void *arg)
{
	struct things *t = arg;
	char c;

	assert_int_equal(gilrt_socket_recv(&t->empty, &c, 1), -EAGAIN);
}

static void op_recv_times_out(void *arg)
{
	struct things *t = arg;
	char c;

	assert_int_equal(gilrt_socket_recv(&t->expiring, &c, 1), -ETIMEDOUT);
}

static void op_sendto_recvfrom(void *arg)
{
	struct things *t = arg;
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	char c = 0;

	assert_int_equal(gilrt_socket_sendto(&t->datagram, "x", 1,
					     (const struct sockaddr *)&t->datagram_name,
					     sizeof(t->datagram_name)), 1);
	assert_int_equal(gilrt_socket_recvfrom(&t->datagram, &c, 1, (struct sockaddr *)&from,
					       &size), 1);
	assert_int_equal(c, 'x');
	assert_int_equal(from.sin_port, t->datagram_name.sin_port);
}

static void socket_life(struct things *t, int64_t timeout_ns)
{
	struct gilrt_socket client, peer;

	assert_int_equal(gilrt_socket_open(AF_INET, SOCK_STREAM, &client), 0);
	if (timeout_ns >= 0)
		assert_int_equal(gilrt_socket_set_timeout(&client, timeout_ns), 0);
	assert_int_equal(gilrt_socket_connect(&client,
					      (const struct sockaddr *)&t->listener_name,
					      sizeof(t->listener_name)), 0);
	assert_int_equal(gilrt_socket_accept(&t->listener, &peer), 0);
	assert_int_equal(gilrt_socket_close(&client), 0);
	assert_int_equal(gilrt_socket_close(&peer), 0);
}

static void op_connect(void *arg)
{
	socket_life(arg, GILRT_FOREVER);
}

static void op_connect_timed(void *arg)
{
	socket_life(arg, LONG_NS);
}

static void op_socket_name(void *arg)
{
	struct things *t = arg;
	struct sockaddr_in name;
	socklen_t size = sizeof(name);

	assert_int_equal(gilrt_socket_name(&t->listener, (struct sockaddr *)&name, &size), 0);
	assert_int_equal(name.sin_port, t->listener_name.sin_port);
}

static void op_select_0(void *arg)
{
	(void)arg;
	assert_int_equal(gilrt_select(0, NULL, NULL, NULL, 0), 0);
}

/* Python's own numbers, measured from 3.8 to 3.13. */
static const struct op_case op_cases[] = {
	{ "stat", op_stat, 1 },
	{ "stat of what is not there", op_stat_missing, 1 },
	{ "urandom, twice", op_urandom, 2 },
	{ "getpid", op_getpid, 0 },
	{ "os.open and os.close", op_os_open_close, 2 },
	{ "open and close", op_open_close, 5 },
	{ "read at the end of a file", op_read_at_end, 1 },
	{ "read from the buffer", op_read_buffered, 0 },
	{ "write into the buffer", op_write_buffered, 0 },
	{ "send and recv", op_send_recv, 2 },
	{ "send and recv with a time-out", op_send_recv_timed, 4 },
	{ "non-blocking recv of nothing", op_recv_no_wait, 1 },
	{ "recv that times out", op_recv_times_out, 1 },
	{ "sendto and recvfrom", op_sendto_recvfrom, 2 },
	{ "socket, connect, accept, twice close", op_connect, 5 },
	{ "the same with a time-out", op_connect_timed, 8 },
	{ "getsockname", op_socket_name, 1 },
	{ "select(0)", op_select_0, 1 },
};

static void things_create(struct things *t)
{
	char c;

	file_make(t->path, "x", 1);
	assert_int_equal(gilrt_file_open(t->path, O_RDONLY, &t->at_end), 0);
	assert_int_equal(gilrt_file_read(t->at_end, &c, 1), 1);
	assert_int_equal(gilrt_file_open("/dev/zero", O_RDONLY, &t->zeros), 0);
	assert_int_equal(gilrt_file_read(t->zeros, &c, 1), 1);
	assert_int_equal(gilrt_file_open("/dev/null", O_WRONLY, &t->null), 0);

	assert_int_equal(gilrt_socket_pair(SOCK_STREAM, t->stream), 0);
	assert_int_equal(gilrt_socket_pair(SOCK_STREAM, t->timed), 0);
	assert_int_equal(gilrt_socket_set_timeout(&t->timed[0], LONG_NS), 0);
	assert_int_equal(gilrt_socket_set_timeout(&t->timed[1], LONG_NS), 0);
	assert_int_equal(gilrt_socket_open(AF_INET, SOCK_DGRAM, &t->empty), 0);
	assert_int_equal(gilrt_socket_set_timeout(&t->empty, GILRT_NO_WAIT), 0);
	assert_int_equal(gilrt_socket_open(AF_INET, SOCK_DGRAM, &t->expiring), 0);
	assert_int_equal(gilrt_socket_set_timeout(&t->expiring, 1), 0);
	assert_int_equal(gilrt_socket_open(AF_INET, SOCK_DGRAM, &t->datagram), 0);
	bind_to_loopback(&t->datagram, &t->datagram_name);
	assert_int_equal(gilrt_socket_open(AF_INET, SOCK_STREAM, &t->listener), 0);
	bind_to_loopback(&t->listener, &t->listener_name);
	assert_int_equal(gilrt_socket_listen(&t->listener, 8), 0);
}

static void things_destroy(struct things *t)
{
	struct gilrt_socket *const sockets[] = {
		&t->stream[0], &t->stream[1], &t->timed[0], &t->timed[1], &t->empty, &t->expiring,
		&t->datagram, &t->listener,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sockets); i++)
		assert_int_equal(gilrt_socket_close(sockets[i]), 0);
	assert_int_equal(gilrt_file_close(t->null), 0);
	assert_int_equal(gilrt_file_close(t->zeros), 0);
	assert_int_equal(gilrt_file_close(t->at_end), 0);
	unlink(t->path);
}

static void test_drops_per_operation(void **state)
{
	struct things t;

	(void)state;
	begin();
	things_create(&t);
	check_drops(op_cases, ARRAY_SIZE(op_cases), &t);
	things_destroy(&t);
	end();
}

/* Also if it is less than the kernel's unit. */
static void test_select_takes_its_time(void **state)
{
	const int64_t timeout_ns = 999;
	uint64_t start_ns;
	unsigned int i;

	(void)state;
	begin();
	for (i = 0; i < 1000; i++) {
		start_ns = clock_now_ns();
		assert_int_equal(gilrt_select(0, NULL, NULL, NULL, timeout_ns), 0);
		assert_true(clock_now_ns() - start_ns >= (uint64_t)timeout_ns);
	}
	end();
}

/* ---- signals --------------------------------------------------------------------------------- */

#define SIGNALS		3

static _Atomic int signal_cnt;

static void count_signal(int signal)
{
	(void)signal;
	signal_cnt++;
}

struct waiter {
	const struct blocking_case *blocking;
	struct gilrt_socket socket;
	_Atomic pid_t tid;
	_Atomic pthread_t thread;
	uint64_t drops;
};

static void blocking_read(struct gilrt_socket *socket)
{
	char c;

	assert_int_equal(gilrt_read(socket->fd, &c, 1), 1);
}

static void blocking_recv(struct gilrt_socket *socket)
{
	char c;

	assert_int_equal(gilrt_socket_recv(socket, &c, 1), 1);
}

static void blocking_recv_timed(struct gilrt_socket *socket)
{
	assert_int_equal(gilrt_socket_set_timeout(socket, LONG_NS), 0);
	blocking_recv(socket);
}

static void blocking_poll(struct gilrt_socket *socket)
{
	struct pollfd pollfd = { .fd = socket->fd, .events = POLLIN };

	assert_int_equal(gilrt_poll(&pollfd, 1, LONG_NS / NSEC_PER_MSEC), 1);
}

static void blocking_select(struct gilrt_socket *socket)
{
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(socket->fd, &readable);
	assert_int_equal(gilrt_select(socket->fd + 1, &readable, NULL, NULL, LONG_NS), 1);
}

static const struct blocking_case {
	const char *name;
	void (*run)(struct gilrt_socket *socket);
	long system_call;	/* in which it blocks */
	uint64_t drops;		/* undisturbed */
} blocking_cases[] = {
	{ "read", blocking_read, SYS_read, 1 },
	{ "recv", blocking_recv, SYS_recvfrom, 1 },
	{ "recv with a time-out", blocking_recv_timed, SYS_poll, 3 },
	{ "poll", blocking_poll, SYS_poll, 1 },
	{ "select", blocking_select, SYS_pselect6, 1 },
};

static void waiter_run(void *arg)
{
	struct waiter *waiter = arg;
	uint64_t drops = own_stats().drops;

	waiter->thread = pthread_self();
	waiter->tid = gettid();
	waiter->blocking->run(&waiter->socket);
	waiter->drops = own_stats().drops - drops;
}

/* Without the GIL: the waiter may need it before it blocks. */
static void await_blocked(const struct waiter *waiter)
{
	char path[64], text[32];
	ssize_t n;
	int fd;

	do {
		sched_yield();
		snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)waiter->tid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n < 0 ? 0 : n] = '\0';
	} while (!strncmp(text, "running", 7) || atol(text) != waiter->blocking->system_call ||
		 !strchr(text, ' '));
}

static void interrupt(const struct waiter *waiter)
{
	int i;

	for (i = 0; i < SIGNALS; i++) {
		await_blocked(waiter);
		assert_int_equal(pthread_kill(waiter->thread, SIGUSR1), 0);
		while (signal_cnt == i)
			sched_yield();
	}
	await_blocked(waiter);
}

/* No call ends because of a signal; it lets go of the GIL once more for each. */
static void test_interrupted_calls_are_made_again(void **state)
{
	const struct sigaction action = { .sa_handler = count_signal };	/* no SA_RESTART */
	struct gilrt_thread *thread;
	struct gilrt_socket pair[2];
	struct waiter waiter;
	size_t i;

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	begin();
	for (i = 0; i < ARRAY_SIZE(blocking_cases); i++) {
		assert_int_equal(gilrt_socket_pair(SOCK_STREAM, pair), 0);
		waiter = (struct waiter){ .blocking = &blocking_cases[i], .socket = pair[0] };
		signal_cnt = 0;
		assert_int_equal(gilrt_thread_start(waiter_run, &waiter, "waiter", &thread), 0);
		gilrt_save_thread();
		while (!waiter.tid)
			sched_yield();
		interrupt(&waiter);
		gilrt_restore_thread();
		assert_int_equal(gilrt_socket_send(&pair[1], "x", 1), 1);
		assert_int_equal(gilrt_thread_join(thread), 0);
		if (waiter.drops != blocking_cases[i].drops + SIGNALS)
			fail_msg("%s: %llu drops", blocking_cases[i].name,
				 (unsigned long long)waiter.drops);
		assert_int_equal(gilrt_socket_close(&pair[0]), 0);
		assert_int_equal(gilrt_socket_close(&pair[1]), 0);
	}
	end();
	signal(SIGUSR1, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drops_per_operation),
		cmocka_unit_test(test_select_takes_its_time),
		cmocka_unit_test(test_interrupted_calls_are_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
