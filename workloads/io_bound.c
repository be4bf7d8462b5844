// SPDX-License-Identifier: BSD-2-Clause
/*
 * io_bound: threads that wait for messages, and think about each for a moment.
 *
 * Every thread reads from a pipe of its own. The other ends are with a peer, a child process that
 * takes its time: it sleeps until a message is due, writes it, and sleeps again. True parallelism
 * is next to nothing, with the GIL or without, but all threads make headway at once.
 *
 * The peer never waits for the threads: it sleeps on a schedule, and a message that does not fit in
 * its pipe is written later. So what the threads wait for is time, never a lock or a core.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

static const char doc[] = "Threads that wait for messages from another process, with or without a "
	"GIL. A round is a message to one thread.";

#define MESSAGE_PERIOD_NS	(8 * NSEC_PER_MSEC)	/* between the messages of a thread */
#define MESSAGE_STEP_MIN_NS	(250 * NSEC_PER_USEC)	/* between any: the peer has to sleep */
#define UNITS_PER_MESSAGE	4
#define PEER_GRACE_NS		NSEC_PER_SEC		/* it may outlive the deadline by this */

struct message {
	uint64_t number;
};

struct client {
	const struct workload *workload;
	int read_fd;
	int write_fd;			/* the peer's, closed in this process */
	uint64_t message_cnt;
	int err;
	struct gilrt_work work;
};

/* ---- the peer -------------------------------------------------------------------------------- */

/* Returns false when the client has gone. */
static bool peer_write(struct client *client)
{
	const struct message message = { .number = client->message_cnt };

	if (write(client->write_fd, &message, sizeof(message)) == (ssize_t)sizeof(message))
		client->message_cnt++;
	else if (errno != EAGAIN && errno != EINTR)
		return false;
	return true;
}

static void peer_run(struct client *clients, unsigned int client_cnt, uint64_t deadline_ns)
{
	uint64_t step_ns = MESSAGE_PERIOD_NS / client_cnt;
	uint64_t now_ns = clock_now_ns(), due_ns = now_ns;
	unsigned int i, open_cnt = client_cnt;
	struct timespec due;

	if (step_ns < MESSAGE_STEP_MIN_NS)
		step_ns = MESSAGE_STEP_MIN_NS;
	for (i = 0; open_cnt && now_ns < deadline_ns; i = (i + 1) % client_cnt) {
		due_ns += step_ns;
		if (due_ns < now_ns)
			due_ns = now_ns;	/* late: do not make up for it in a burst */
		due = clock_timespec(due_ns);
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
			;
		if (clients[i].write_fd >= 0 && !peer_write(&clients[i])) {
			close(clients[i].write_fd);
			clients[i].write_fd = -1;
			open_cnt--;
		}
		now_ns = clock_now_ns();
	}
}

/* Before there are threads: a child of a process with threads may hardly do anything. */
static int peer_fork(struct client *clients, const struct workload_options *options,
		     pid_t *ret_pid)
{
	const unsigned int client_cnt = options->thread_cnt;
	uint64_t deadline_ns = UINT64_MAX;
	unsigned int i;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		prctl(PR_SET_NAME, "io_peer");
		for (i = 0; i < client_cnt; i++)
			close(clients[i].read_fd);
		if (options->duration_ns != UINT64_MAX)
			deadline_ns = clock_now_ns() + options->duration_ns + PEER_GRACE_NS;
		peer_run(clients, client_cnt, deadline_ns);
		_exit(EXIT_SUCCESS);
	}
	for (i = 0; i < client_cnt; i++) {
		close(clients[i].write_fd);
		clients[i].write_fd = -1;
	}
	*ret_pid = pid;
	return 0;
}

/* The peer ends by itself once all pipes are closed. */
static int peer_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? 0 : -ECHILD;
}

/* ---- the clients ----------------------------------------------------------------------------- */

static int client_receive(struct client *client)
{
	struct message message;
	ssize_t n;

	n = gilrt_read(client->read_fd, &message, sizeof(message));
	if (n < 0)
		return (int)n;
	if (n != (ssize_t)sizeof(message) || message.number != client->message_cnt)
		return -EPROTO;
	client->message_cnt++;
	gilrt_work_feed(&client->work, message.number);
	gilrt_work_run(&client->work, UNITS_PER_MESSAGE);
	return 0;
}

static void client_run(void *arg)
{
	struct client *client = arg;

	while (!client->err && !workload_is_over(client->workload, client->message_cnt))
		client->err = client_receive(client);
	/* This is how the peer learns that nobody reads any more. */
	close(client->read_fd);
	client->read_fd = -1;
	gilrt_thread_add_work(client->work.unit_cnt, gilrt_work_checksum(&client->work));
}

static int client_open(struct client *client)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	client->read_fd = fds[0];
	client->write_fd = fds[1];
	return fcntl(client->write_fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
}

static void clients_close(struct client *clients, unsigned int client_cnt)
{
	unsigned int i;

	for (i = 0; i < client_cnt; i++) {
		if (clients[i].read_fd >= 0)
			close(clients[i].read_fd);
		if (clients[i].write_fd >= 0)
			close(clients[i].write_fd);
	}
}

static int clients_open(struct client *clients, const struct workload *workload)
{
	const struct workload_options *options = &workload->options;
	struct rlimit limit;
	unsigned int i;
	int err;

	/* Two descriptors per thread: the usual soft limit is too low for many threads. */
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (i = 0; i < options->thread_cnt; i++) {
		clients[i].workload = workload;
		clients[i].read_fd = clients[i].write_fd = -1;
		gilrt_work_init(&clients[i].work, options->seed + (uint64_t)i);
	}
	for (i = 0; i < options->thread_cnt; i++) {
		err = client_open(&clients[i]);
		if (err)
			return err;
	}
	return 0;
}

static int converse(struct workload *workload, struct client *clients, uint64_t *ret_messages)
{
	const unsigned int client_cnt = workload->options.thread_cnt;
	uint64_t messages = 0;
	unsigned int i;
	pid_t peer = 0;
	int err, peer_err;

	err = clients_open(clients, workload);
	if (!err)
		err = peer_fork(clients, &workload->options, &peer);
	if (!err)
		err = workload_start(workload);
	if (!err) {
		err = workload_run(workload, client_run, clients, sizeof(*clients), NULL, NULL);
		err = workload_stop(workload, err);
	}
	clients_close(clients, client_cnt);
	peer_err = peer ? peer_wait(peer) : 0;
	for (i = 0; i < client_cnt; i++) {
		messages += clients[i].message_cnt;
		if (!err)
			err = clients[i].err;
	}
	*ret_messages = messages;
	return err ? err : peer_err;
}

int main(int argc, char **argv)
{
	struct truth_counter counters[] = { { .name = "messages" } };
	struct workload workload;
	struct client *clients;
	int err;

	workload_setup(&workload, "io_bound", doc, argc, argv);
	clients = workload_workers(&workload, sizeof(*clients));
	err = clients ? converse(&workload, clients, &counters[0].value) : -ENOMEM;
	free(clients);
	if (err)
		return workload_exit_status(&workload, "talk to the peer", err);
	err = workload_report(&workload, counters, 1);
	return workload_exit_status(&workload, "write the result", err);
}
