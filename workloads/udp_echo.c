// SPDX-License-Identifier: BSD-2-Clause
/*
 * udp_echo: a thread that answers datagrams, next to threads that compute.
 *
 * The client is a child process, which sends a datagram and waits for the answer before it sends
 * the next. A server thread alone answers thousands in a second. Next to threads that compute it
 * lets go of the GIL twice for every datagram, and gets it back after a switch interval or several.
 *
 * With --connect it is only the client, of whatever server listens on that port.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/latency.h"
#include "workloads/gilrt/socket.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define LAST_NUMBER	UINT64_MAX	/* the client has gone: not answered */
#define PATIENCE_SEC	10		/* with a silent peer; then something is wrong */

struct message {
	uint64_t number;
};

/* What the client has seen. Travels through a pipe. */
struct client_report {
	uint64_t request_cnt, window_ns;
	uint64_t p50_ns, p99_ns, max_ns;
	int err;
};

struct worker {
	bool serves;			/* the first one; the others compute */
	int err;
	struct gilrt_work work;
};

static struct {
	struct gilrt_socket socket;	/* opened before there is a runtime, the client is forked then */
	cpu_set_t cpus;
	bool pinned;
	_Atomic bool over;		/* the client has gone, or something failed */
} server = { .socket = { .fd = -1, .timeout_ns = GILRT_FOREVER } };

/* What each of the others computes; 0: as long as there is a client. */
static uint32_t other_units;

static struct {
	pid_t pid;
	uint16_t port;			/* of a server elsewhere; 0: ours */
	int go_fd;			/* a byte: begin. The end: there is nothing to begin */
	int report_fd;			/* its report comes from here */
} client = { .go_fd = -1, .report_fd = -1 };

/* ---- the client ------------------------------------------------------------------------------ */

static int socket_open(uint16_t port, bool connects)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };
	int fd, err;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) &&
	    !(connects ? connect : bind)(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int request(int fd, uint64_t number)
{
	struct message message = { .number = number };

	if (send(fd, &message, sizeof(message), 0) != (ssize_t)sizeof(message))
		return -errno;
	if (recv(fd, &message, sizeof(message), 0) != (ssize_t)sizeof(message))
		return errno ? -errno : -EPROTO;
	return message.number == number ? 0 : -EPROTO;
}

static void client_converse(const struct workload_options *options, uint16_t port, bool begins,
			    struct client_report *ret_report)
{
	static struct latency latency;
	struct message last = { .number = LAST_NUMBER };
	uint64_t first_ns = clock_now_ns(), last_ns = first_ns, now_ns;
	int fd, err = 0;

	*ret_report = (struct client_report){ .err = fd = socket_open(port, true) };
	if (fd < 0)
		return;
	while (begins && !err && (!options->round_cnt || latency.cnt < options->round_cnt) &&
	       last_ns - first_ns < options->duration_ns) {
		err = request(fd, latency.cnt);
		now_ns = clock_now_ns();
		if (!err)
			latency_add(&latency, now_ns - last_ns);
		last_ns = now_ns;
	}
	if (send(fd, &last, sizeof(last), 0) < 0 && !err)
		err = -errno;
	close(fd);
	*ret_report = (struct client_report){
		.request_cnt = latency.cnt,
		.window_ns = last_ns - first_ns,
		.p50_ns = latency_quantile(&latency, 0.5),
		.p99_ns = latency_quantile(&latency, 0.99),
		.max_ns = latency.max_ns,
		.err = err,
	};
}

static int client_main(const struct workload *workload)
{
	struct client_report report;

	client_converse(&workload->options, client.port, true, &report);
	if (!report.err)
		printf("{\"requests\":%" PRIu64 ",\"window_ns\":%" PRIu64 ",\"p50_ns\":%" PRIu64
		       ",\"p99_ns\":%" PRIu64 ",\"max_ns\":%" PRIu64 "}\n", report.request_cnt,
		       report.window_ns, report.p50_ns, report.p99_ns, report.max_ns);
	return workload_exit_status(workload, "talk to the server", report.err);
}

static void client_child(const struct workload_options *options, uint16_t port, int go_fd,
			 int report_fd)
{
	struct client_report report;
	bool begins;
	char byte;

	prctl(PR_SET_NAME, "udp_client");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	begins = read(go_fd, &byte, 1) == 1;
	client_converse(options, port, begins, &report);
	_exit(write(report_fd, &report, sizeof(report)) == sizeof(report) ? EXIT_SUCCESS :
	      EXIT_FAILURE);
}

/* Before there are threads: a child of a process with threads may hardly do anything. */
static int client_fork(const struct workload_options *options)
{
	struct sockaddr_in address;
	socklen_t address_size = sizeof(address);
	int report_fds[2], go_fds[2];

	if (getsockname(server.socket.fd, (struct sockaddr *)&address, &address_size) ||
	    pipe2(report_fds, O_CLOEXEC))
		return -errno;
	client.report_fd = report_fds[0];
	if (pipe2(go_fds, O_CLOEXEC))
		return -errno;
	client.go_fd = go_fds[1];
	client.pid = fork();
	if (client.pid < 0)
		return -errno;
	if (client.pid == 0) {
		close(go_fds[1]);
		client_child(options, ntohs(address.sin_port), go_fds[0], report_fds[1]);
	}
	close(report_fds[1]);
	close(go_fds[0]);
	return 0;
}

/* ---- the server ------------------------------------------------------------------------------ */

/* Lets go of the GIL twice. */
static int answer(void)
{
	struct sockaddr_storage peer;
	socklen_t peer_size = sizeof(peer);
	struct message message;
	ssize_t n;

	n = gilrt_socket_recvfrom(&server.socket, &message, sizeof(message),
				  (struct sockaddr *)&peer, &peer_size);
	if (n != (ssize_t)sizeof(message))
		return n < 0 ? (int)n : -EPROTO;
	if (message.number == LAST_NUMBER) {
		server.over = true;
		return 0;
	}
	n = gilrt_socket_sendto(&server.socket, &message, sizeof(message),
				(const struct sockaddr *)&peer, peer_size);
	return n < 0 ? (int)n : 0;
}

static int serve(void)
{
	int err = 0;

	if (server.pinned && sched_setaffinity(0, sizeof(server.cpus), &server.cpus))
		err = -errno;
	while (!err && !server.over)
		err = answer();
	server.over = true;
	return err;
}

static void compute(struct gilrt_work *work)
{
	while (other_units ? work->unit_cnt < other_units : !server.over)
		gilrt_work_run(work, 1);
}

static void run(void *arg)
{
	struct worker *worker = arg;

	if (worker->serves)
		worker->err = serve();
	else
		compute(&worker->work);
	gilrt_thread_add_work(worker->work.unit_cnt, gilrt_work_checksum(&worker->work));
}

/* If a thread could not be started, the client is there only to tell the server to end. */
static void meanwhile(void *shared, unsigned int worker_cnt)
{
	const struct workload *workload = shared;

	if (worker_cnt == workload->options.thread_cnt && write(client.go_fd, "", 1) != 1)
		server.over = true;
	close(client.go_fd);
	client.go_fd = -1;
}

static int prepare(struct workload *workload, void *arg)
{
	struct worker *workers = arg;
	unsigned int i;

	workload->shared = workload;
	if (client.port)
		exit(client_main(workload));	/* there is nothing to serve here */
	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].serves = i == 0;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	server.socket.fd = socket_open(0, false);
	return server.socket.fd < 0 ? server.socket.fd : client_fork(&workload->options);
}

enum counter { REQUESTS, WINDOW, P50, P99, MAX };

static struct truth_counter counters[] = {
	[REQUESTS] = { .name = "requests" },
	[WINDOW] = { .name = "window_ns" },
	[P50] = { .name = "p50_ns" },
	[P99] = { .name = "p99_ns" },
	[MAX] = { .name = "max_ns" },
};

static int finish(struct workload *workload, void *arg)
{
	const struct worker *workers = arg;
	struct client_report report;

	(void)workload;
	if (workers[0].err)
		return workers[0].err;
	if (read(client.report_fd, &report, sizeof(report)) != (ssize_t)sizeof(report))
		return -ECHILD;
	counters[REQUESTS].value = report.request_cnt;
	counters[WINDOW].value = report.window_ns;
	counters[P50].value = report.p50_ns;
	counters[P99].value = report.p99_ns;
	counters[MAX].value = report.max_ns;
	return report.err;
}

static void clean_up(struct workload *workload, void *workers)
{
	(void)workload;
	(void)workers;
	if (client.go_fd >= 0)
		close(client.go_fd);
	if (client.report_fd >= 0)
		close(client.report_fd);
	if (server.socket.fd >= 0)
		close(server.socket.fd);
	while (client.pid > 0 && waitpid(client.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static bool parse_server_cpus(const char *text, void *value)
{
	(void)value;
	server.pinned = options_parse_cpus(text, &server.cpus);
	return server.pinned;
}

static const struct workload_option options[] = {
	{ "server-cpus", "LIST", "Where the thread that answers runs (as --cpus)",
	  parse_server_cpus, NULL },
	{ "connect", "PORT", "Be the client of the UDP server on this port, and print what it saw",
	  options_parse_port, &client.port },
	{ "units", "N", "What each of the other threads computes (as much as it can meanwhile)",
	  options_parse_count, &other_units },
	{ 0 },
};

static const struct program program = {
	.name = "udp_echo",
	.doc = "One thread that answers datagrams of a child process and others that compute, with or "
	       "without a GIL. A round is a datagram.",
	.task = "serve",
	.threads_max = 17,	/* starting more takes longer than the client is patient */
	.worker_size = sizeof(struct worker),
	.options = options,
	.prepare = prepare,
	.run = run,
	.meanwhile = meanwhile,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
