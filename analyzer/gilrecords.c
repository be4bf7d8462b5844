/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which processes have GILs, and what looks and steps say of them and of their threads.
 */
#include "analyzer/gilrecords.h"

#include "analyzer/gilexact.h"
#include "analyzer/life.h"
#include "analyzer/place.h"

void gil_locate(struct timeline *timeline, struct process *process, bool present)
{
	process_pending_end(process, timeline->now_ns);
	process->gil = present ? GIL_LOCATED : GIL_NONE;
}

static bool is_of_window(const struct timeline *timeline)
{
	return stretch_has(&timeline->people->window, timeline->now_ns);
}

int gil_peek_take(struct timeline *timeline, struct thread *thread,
		  const struct gil_peek *peek)
{
	if (!peek->gil)
		return 0;
	/* Threads whose births were lost share a process only in name. */
	if (thread->process->gil != GIL_LOCATED && thread->process->id)
		gil_locate(timeline, thread->process, true);
	return gils_peek(&timeline->gils, peek, is_of_window(timeline));
}

/* One that fork(2) has made is where its parent is; any other has taken no step yet. */
static void exact_begin_one(struct timeline *timeline, struct thread *thread)
{
	const struct thread *parent = idmap_get(&timeline->people->thread_ids, thread->parent);
	bool forked = parent && parent->process != thread->process && !thread->comings;

	if (forked && parent->exact.known)
		exact_inherit(thread, parent, timeline->now_ns);
	else if (forked)
		exact_lose(thread, timeline->now_ns);
	else
		exact_begin(&timeline->queue, thread, timeline->now_ns);
}

/* From the process's begin on, or its program's. */
static void exact_begin_all(struct timeline *timeline, struct process *process)
{
	for (size_t i = 0; i < timeline->alive_cnt; i++) {
		struct thread *thread = timeline->alive[i];

		if (thread->process == process && !thread->exact.known && !thread->exact.missed)
			exact_begin_one(timeline, thread);
	}
}

int gilop_take(struct timeline *timeline, const struct trace_record *record)
{
	struct thread *thread = NULL;
	int err = gils_op(&timeline->gils, &record->gilop, is_of_window(timeline));

	if (!err && record->gilop.thread)
		err = life_sight(timeline, record->gilop.thread, &thread);
	if (err || !thread)
		return err;
	place_seen(timeline, record->stream, thread);
	if (thread->place == PLACE_CORE)
		exact_gil_op(&timeline->queue, thread, &record->gilop, timeline->now_ns);
	return 0;
}

int lockop_take(struct timeline *timeline, const struct trace_record *record)
{
	struct thread *thread = NULL;
	int err = record->lockop.thread ? life_sight(timeline, record->lockop.thread, &thread) : 0;

	if (err || !thread)
		return err;
	place_seen(timeline, record->stream, thread);
	if (thread->place == PLACE_CORE)
		exact_lock_op(&timeline->queue, thread, &record->lockop, timeline->now_ns);
	return 0;
}

int gil_take(struct timeline *timeline, const struct trace_record *record)
{
	struct gil_count *count;
	struct process *process;
	int err = people_process(timeline->people, record->gil.process, &process);

	if (err)
		return err;
	gil_locate(timeline, process, record->gil.id);
	if (!record->gil.id)
		return 0;
	err = gils_find(&timeline->gils, record->gil.id, &count);
	if (err)
		return err;
	count->process = record->gil.process;
	count->address = record->gil.address;
	process->gil_exact |= record->gil.exact;
	/* Where the recorder was late, each thread is exact from its own first step on. */
	if (record->gil.exact && record->stream != TRACE_STREAM_COLLECTOR)
		exact_begin_all(timeline, process);
	return 0;
}
