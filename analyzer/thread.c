/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register of threads and processes.
 */
#include "analyzer/thread.h"

#include <stdlib.h>
#include <string.h>


int people_thread(struct people *people, uint64_t id, struct thread **ret_thread)
{
	struct thread *thread;
	int made = idmap_item(&people->thread_ids, id, IDMAP_LIST(people, threads), ret_thread);

	if (made <= 0)
		return made;
	thread = *ret_thread;
	thread->id = id;
	thread->slot = (uint32_t)people->threads_cnt - 1;
	thread->state = STATE_CNT;
	thread->window = &people->window;
	thread->gil_wait.window = &people->window;
	thread->gil_hold.window = &people->window;
	thread->lock_wait.window = &people->window;
	return 0;
}

int people_process(struct people *people, uint64_t id, struct process **ret_process)
{
	int made = idmap_item(&people->process_ids, id, IDMAP_LIST(people, processes), ret_process);

	if (made <= 0)
		return made;
	(*ret_process)->id = id;
	(*ret_process)->window = &people->window;
	(*ret_process)->slot = (uint32_t)people->processes_cnt - 1;
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
