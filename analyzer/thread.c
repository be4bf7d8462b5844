/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register of threads and processes.
 */
#include "analyzer/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/array.h"

int people_thread(struct people *people, uint64_t id, struct thread **ret_thread)
{
	struct thread *thread = idmap_get(&people->thread_ids, id);
	int err;

	if (thread) {
		*ret_thread = thread;
		return 0;
	}
	err = array_reserve(&people->threads, &people->threads_cap, people->threads_cnt + 1,
			    sizeof(*people->threads));
	if (err)
		return err;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return -ENOMEM;
	err = idmap_put(&people->thread_ids, id, thread);
	if (err) {
		free(thread);
		return err;
	}
	thread->id = id;
	thread->slot = (uint32_t)people->threads_cnt;
	thread->state = STATE_CNT;
	thread->window = &people->window;
	thread->gil_wait.window = &people->window;
	thread->gil_hold.window = &people->window;
	thread->lock_wait.window = &people->window;
	people->threads[people->threads_cnt++] = thread;
	*ret_thread = thread;
	return 0;
}

int people_process(struct people *people, uint64_t id, struct process **ret_process)
{
	struct process *process = idmap_get(&people->process_ids, id);
	int err;

	if (process) {
		*ret_process = process;
		return 0;
	}
	err = array_reserve(&people->processes, &people->processes_cap, people->processes_cnt + 1,
			    sizeof(*people->processes));
	if (err)
		return err;
	process = calloc(1, sizeof(*process));
	if (!process)
		return -ENOMEM;
	err = idmap_put(&people->process_ids, id, process);
	if (err) {
		free(process);
		return err;
	}
	process->id = id;
	process->window = &people->window;
	process->slot = (uint32_t)people->processes_cnt;
	people->processes[people->processes_cnt++] = process;
	*ret_process = process;
	return 0;
}

void process_pending_end(struct process *process, uint64_t now_ns)
{
	if (!process->gil_pending)
		return;
	process->gil_pending = false;
	if (now_ns > process->gil_pending_since_ns)
		process->gil_pending_ns += stretch_part(process->window, process->gil_pending_since_ns,
						     now_ns);
}

void people_clear(struct people *people)
{
	for (size_t i = 0; i < people->threads_cnt; i++)
		free(people->threads[i]);
	for (size_t i = 0; i < people->processes_cnt; i++) {
		idmap_clear(&people->processes[i]->words);
		free(people->processes[i]);
	}
	free(people->threads);
	free(people->processes);
	idmap_clear(&people->thread_ids);
	idmap_clear(&people->process_ids);
	*people = (struct people){ 0 };
}

void name_copy(char dst[NAME_BYTES], const struct trace_bytes *src)
{
	size_t len = src->data ? strnlen(src->data, src->len) : 0;

	if (len > NAME_BYTES - 1)
		len = NAME_BYTES - 1;
	if (len)
		memcpy(dst, src->data, len);
	dst[len] = '\0';
}
