// SPDX-License-Identifier: BSD-2-Clause
/*
 * A process of a pool: takes tasks until it is told to end, then says what it has measured.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "workloads/gilrt/message.h"
#include "workloads/gilrt/pool_process.h"
#include "workloads/gilrt/pool_report.h"

static int receive(const struct pool_process *process, struct message *ret_task)
{
	struct message task = { .done = 0 };
	int result;

	gilrt_lock_acquire(process->task_lock, GILRT_FOREVER);
	result = message_read(process->task_fd, &task);
	gilrt_lock_release(process->task_lock);
	if (result < 0)
		return result;
	*ret_task = task;
	return 0;
}

static int reply(const struct pool_process *process, struct message *message)
{
	int result;

	gilrt_lock_acquire(process->result_lock, GILRT_FOREVER);
	result = message_write(process->result_fd, message);
	gilrt_lock_release(process->result_lock);
	return result < 0 ? result : 0;
}

static int serve(const struct pool_process *process)
{
	struct message task, result;
	int err;

	for (;;) {
		err = receive(process, &task);
		if (err || task.header.kind == MESSAGE_END)
			return err;
		result = (struct message){
			.header = { .kind = MESSAGE_RESULT, .task = task.header.task },
		};
		result.header.err = process->fn(process->arg, task.data, task.header.size,
						&result.data, &result.header.size);
		err = reply(process, &result);
		free(result.data);
		free(task.data);
		if (err)
			return err;
	}
}

void pool_process_run(const struct pool_process *process, unsigned int number)
{
	char name[16];

	snprintf(name, sizeof(name), "process-%u", number);
	prctl(PR_SET_NAME, name);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	/* The parent may be gone already. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != process->parent)
		_exit(EXIT_FAILURE);

	if (gilrt_init(&process->config) || serve(process) || gilrt_stop() ||
	    pool_report_append(process->report_fd, name))
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}
