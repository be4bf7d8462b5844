// SPDX-License-Identifier: BSD-2-Clause
/*
 * The pool, as its parent sees it.
 *
 * One poll() waits for everything that may happen: room for a task, a result, the death of a
 * process. So a parent that puts a task takes results from the other pipe meanwhile, and neither
 * pipe can fill up for good; and a process that dies, be it with a lock in its hand or in the middle
 * of a message, is noticed at once.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/message.h"
#include "workloads/gilrt/pool.h"
#include "workloads/gilrt/pool_process.h"
#include "workloads/gilrt/pool_report.h"

struct received {
	struct received *next;
	struct message message;
};

/* What poll() looks at: first these two, then each process's pidfd. */
enum watch {
	WATCH_TASKS,
	WATCH_RESULTS,
	WATCH_PROCESSES,
};

struct gilrt_pool {
	struct pool_process process;
	int task_fd, result_fd;		/* the parent's ends; it keeps the others open as well */
	unsigned int process_cnt, running_cnt;
	pid_t *pids;
	struct pollfd *watches;		/* the fd of a process that has ended is -1 */
	uint64_t put_cnt, got_cnt;
	struct received *incoming;	/* of which a part may have come */
	struct received *first, **last;
	bool closing, failed;
	struct gilrt_pool_failure failure;
	struct gilrt_pool_stats *stats;
	size_t stats_cnt;
};

/* ---- processes ------------------------------------------------------------------------------- */

static int *pidfd_of(struct gilrt_pool *pool, unsigned int number)
{
	return &pool->watches[WATCH_PROCESSES + number].fd;
}

static void kill_all(struct gilrt_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->process_cnt; i++)
		if (*pidfd_of(pool, i) >= 0)
			kill(pool->pids[i], SIGKILL);
}

static void fail(struct gilrt_pool *pool, unsigned int number, int status)
{
	if (pool->failed)
		return;
	pool->failed = true;
	pool->failure = (struct gilrt_pool_failure){
		.process = number, .pid = pool->pids[number], .status = status,
	};
	kill_all(pool);
}

/* Waits for its end, if need be, and returns how it was. */
static int reap(struct gilrt_pool *pool, unsigned int number)
{
	int *pidfd = pidfd_of(pool, number), status = 0;

	while (waitpid(pool->pids[number], &status, 0) < 0 && errno == EINTR)
		;
	close(*pidfd);
	*pidfd = -1;
	pool->running_cnt--;
	return status;
}

static void become_process(struct gilrt_pool *pool, unsigned int number)
{
	unsigned int i;

	close(pool->task_fd);
	close(pool->result_fd);
	for (i = 0; i < number; i++)
		close(*pidfd_of(pool, i));
	pool_process_run(&pool->process, number);
}

static int start_process(struct gilrt_pool *pool, unsigned int number)
{
	struct pollfd *watch = &pool->watches[WATCH_PROCESSES + number];
	pid_t pid;
	int err;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_process(pool, number);
	*watch = (struct pollfd){ .fd = pidfd_open(pid, 0), .events = POLLIN };
	if (watch->fd < 0) {
		err = -errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return err;
	}
	pool->pids[number] = pid;
	pool->running_cnt++;
	pool->process_cnt++;
	return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* A pipe of which the parent's end does not block, because poll() does. */
static int open_pipe(int *parent_fd, int *process_fd, int parent_end)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	*parent_fd = fds[parent_end];
	*process_fd = fds[!parent_end];
	return fcntl(*parent_fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
}

static int pool_open(struct gilrt_pool *pool, unsigned int process_cnt)
{
	struct pool_process *process = &pool->process;
	int err;

	pool->pids = calloc(process_cnt, sizeof(*pool->pids));
	pool->watches = calloc(WATCH_PROCESSES + process_cnt, sizeof(*pool->watches));
	if (!pool->pids || !pool->watches)
		return -ENOMEM;
	err = open_pipe(&pool->task_fd, &process->task_fd, 1);
	if (!err)
		err = open_pipe(&pool->result_fd, &process->result_fd, 0);
	if (!err)
		err = pool_report_open(&process->report_fd);
	if (!err)
		err = gilrt_lock_create_shared(&process->task_lock);
	if (!err)
		err = gilrt_lock_create_shared(&process->result_lock);
	pool->watches[WATCH_TASKS].fd = pool->task_fd;
	pool->watches[WATCH_RESULTS] = (struct pollfd){ .fd = pool->result_fd, .events = POLLIN };
	return err;
}

int gilrt_pool_create(const struct gilrt_config *config, unsigned int process_cnt,
		      gilrt_pool_fn fn, void *arg, struct gilrt_pool **ret_pool)
{
	struct gilrt_pool *pool;
	unsigned int i;
	int err;

	if (gilrt_thread_next(NULL))
		return -EBUSY;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pool->process = (struct pool_process){
		.config = *config, .fn = fn, .arg = arg, .parent = getpid(),
		.task_fd = -1, .result_fd = -1, .report_fd = -1,
	};
	pool->task_fd = pool->result_fd = -1;
	pool->last = &pool->first;
	err = pool_open(pool, process_cnt);
	for (i = 0; !err && i < process_cnt; i++)
		err = start_process(pool, i);
	if (err) {
		gilrt_pool_destroy(pool);
		return err;
	}
	*ret_pool = pool;
	return 0;
}

static void received_free(struct received *received)
{
	if (received)
		free(received->message.data);
	free(received);
}

void gilrt_pool_destroy(struct gilrt_pool *pool)
{
	struct received *received;
	unsigned int i;

	if (!pool)
		return;
	kill_all(pool);
	for (i = 0; i < pool->process_cnt; i++)
		if (*pidfd_of(pool, i) >= 0)
			reap(pool, i);
	while ((received = pool->first)) {
		pool->first = received->next;
		received_free(received);
	}
	received_free(pool->incoming);
	gilrt_lock_destroy(pool->process.result_lock);
	gilrt_lock_destroy(pool->process.task_lock);
	close(pool->process.report_fd);
	close(pool->process.result_fd);
	close(pool->process.task_fd);
	close(pool->result_fd);
	close(pool->task_fd);
	free(pool->stats);
	free(pool->watches);
	free(pool->pids);
	free(pool);
}

/* ---- tasks and results ----------------------------------------------------------------------- */

/* Takes all results that are there. */
static int collect(struct gilrt_pool *pool)
{
	int result;

	for (;;) {
		if (!pool->incoming)
			pool->incoming = calloc(1, sizeof(*pool->incoming));
		if (!pool->incoming)
			return -ENOMEM;
		result = message_read(pool->result_fd, &pool->incoming->message);
		if (result <= 0)
			return result;
		*pool->last = pool->incoming;
		pool->last = &pool->incoming->next;
		pool->incoming = NULL;
	}
}

/* Waits until something happens: to a process, to the results, or as `events` to the tasks. */
static int pool_wait(struct gilrt_pool *pool, short events)
{
	unsigned int i;
	int err, status;

	pool->watches[WATCH_TASKS].events = events;
	err = gilrt_poll(pool->watches, WATCH_PROCESSES + pool->process_cnt, -1);
	if (err >= 0)
		err = collect(pool);	/* first: who has died may have left some */
	if (err)
		return err;
	for (i = 0; i < pool->process_cnt; i++) {
		if (!pool->watches[WATCH_PROCESSES + i].revents)
			continue;
		status = reap(pool, i);
		if (!pool->closing || status)
			fail(pool, i, status);
	}
	return pool->failed ? -ECHILD : 0;
}

static int send_message(struct gilrt_pool *pool, struct message *message)
{
	int result, err;

	if (pool->failed)
		return -ECHILD;
	while (!(result = message_write(pool->task_fd, message))) {
		err = pool_wait(pool, POLLOUT);
		if (err)
			return err;
	}
	return result < 0 ? result : 0;
}

int gilrt_pool_put(struct gilrt_pool *pool, const void *task, size_t size)
{
	struct message message = {
		.header = { .kind = MESSAGE_TASK, .task = pool->put_cnt, .size = size },
		.data = (void *)task,
	};
	int err;

	err = send_message(pool, &message);
	if (!err)
		pool->put_cnt++;
	return err;
}

int gilrt_pool_get(struct gilrt_pool *pool, struct gilrt_pool_result *ret_result)
{
	struct received *received;
	int err;

	while (!pool->first) {
		if (pool->failed)
			return -ECHILD;
		if (pool->got_cnt == pool->put_cnt)
			return -ENOENT;
		err = pool_wait(pool, 0);
		if (err && !pool->first)
			return err;
	}
	received = pool->first;
	pool->first = received->next;
	if (!pool->first)
		pool->last = &pool->first;
	pool->got_cnt++;
	*ret_result = (struct gilrt_pool_result){
		.task = received->message.header.task,
		.err = received->message.header.err,
		.data = received->message.data,
		.size = received->message.header.size,
	};
	free(received);
	return 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool has_reported(const struct gilrt_pool *pool, pid_t pid)
{
	size_t i;

	for (i = 0; i < pool->stats_cnt; i++)
		if (pool->stats[i].pid == pid)
			return true;
	return false;
}

static int read_reports(struct gilrt_pool *pool)
{
	unsigned int i;
	int err;

	err = pool_report_read(pool->process.report_fd, &pool->stats, &pool->stats_cnt);
	if (err)
		return err;
	/* Who has gone without a word has not been told to go. */
	for (i = 0; i < pool->process_cnt; i++)
		if (!has_reported(pool, pool->pids[i]))
			fail(pool, i, 0);
	if (pool->failed)
		pool->stats_cnt = 0;
	return pool->failed ? -ECHILD : 0;
}

int gilrt_pool_close(struct gilrt_pool *pool)
{
	struct message end;
	unsigned int i;
	int err = 0;

	if (pool->closing)
		return pool->failed ? -ECHILD : 0;
	pool->closing = true;
	for (i = 0; !err && i < pool->process_cnt; i++) {
		end = (struct message){ .header = { .kind = MESSAGE_END } };
		err = send_message(pool, &end);
	}
	while (!err && pool->running_cnt)
		err = pool_wait(pool, 0);
	return err ? err : read_reports(pool);
}

bool gilrt_pool_failed(const struct gilrt_pool *pool, struct gilrt_pool_failure *ret_failure)
{
	if (pool->failed)
		*ret_failure = pool->failure;
	return pool->failed;
}

void gilrt_pool_failure_text(const struct gilrt_pool_failure *failure, char *text, size_t size)
{
	int n;

	n = snprintf(text, size, "process-%u (pid %d) ", failure->process, (int)failure->pid);
	if (n < 0 || (size_t)n >= size)
		return;
	text += n;
	size -= (size_t)n;
	if (WIFSIGNALED(failure->status))
		snprintf(text, size, "was killed by signal %d", WTERMSIG(failure->status));
	else
		snprintf(text, size, "exited with status %d before its end",
			 WEXITSTATUS(failure->status));
}

const struct gilrt_pool_stats *gilrt_pool_stats(const struct gilrt_pool *pool, size_t *ret_cnt)
{
	*ret_cnt = pool->stats_cnt;
	return pool->stats;
}
