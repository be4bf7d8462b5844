/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first pass. Keeps of every thread only whether it is blocked and whether a waking came first.
 */
#include "analyzer/prescan.h"

#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/believe.h"
#include "analyzer/waitclass.h"

static int thread_find(struct prescan *prescan, uint64_t id, struct prescan_thread **ret_thread)
{
	int made = idmap_item(&prescan->thread_ids, id, IDMAP_LIST(prescan, threads), ret_thread);

	return made < 0 ? made : 0;
}

static int process_find(struct prescan *prescan, uint64_t id, struct prescan_process **ret_process)
{
	int made = idmap_item(&prescan->process_ids, id, IDMAP_LIST(prescan, processes), ret_process);

	return made < 0 ? made : 0;
}

/* Where births were lost, nobody knows whose word it is. */
static int lock_add(struct prescan *prescan, uint64_t process_id, uint64_t word)
{
	struct prescan_process *process;
	int err;

	if (!process_id)
		return 0;
	err = process_find(prescan, process_id, &process);
	if (!err)
		err = array_reserve(&process->spaces, &process->spaces_cap, process->execs + 1,
				    sizeof(*process->spaces));
	/* A set: any pointer that is not NULL serves as the value. */
	return err ? err : idmap_put(&process->spaces[process->execs], word, process);
}

static int verdict_add(struct prescan_thread *thread, uint64_t in_ns, enum wait_verdict verdict)
{
	int err = array_reserve(&thread->verdicts, &thread->verdicts_cap, thread->verdicts_cnt + 1,
				sizeof(*thread->verdicts));

	if (err)
		return err;
	thread->verdicts[thread->verdicts_cnt++] = (struct verdict){
		.out_ns = thread->out_ns, .in_ns = in_ns, .verdict = verdict,
	};
	return 0;
}

/* A wait is over, at `ns`, by the given verdict. */
static int wait_end(struct prescan_thread *thread, uint64_t ns, enum wait_verdict verdict)
{
	thread->blocked = false;
	if (verdict != VERDICT_UNKNOWN &&
	    (!thread->has_early || ns - thread->out_ns < PRESCAN_SHORT_NS))
		return 0;
	return verdict_add(thread, ns, verdict);
}

/* From now on the core is a thread's, or is not. */
static void core_turn(struct prescan *prescan, const struct trace_record *record, bool ours)
{
	struct prescan_core *core;

	if (record->stream >= prescan->cores_cnt)
		return;
	core = &prescan->cores[record->stream];
	if (core->ours)
		core->ours_ns += record->ts_ns - core->since_ns;
	core->ours = ours;
	core->since_ns = record->ts_ns;
}

static int scan_block(struct prescan *prescan, struct prescan_thread *thread,
		      const struct trace_sched_switch *sw)
{
	struct wait wait;

	wait_classify(sw, &thread->before, &wait);
	if (sw->how != TRACE_HOW_STOPPED)
		thread->before = wait;
	thread->blocked = true;
	thread->has_early = early_find(&thread->early_wakings, &wait, thread->process,
				       thread->out_ns);
	return wait_shows_lock(sw) ? lock_add(prescan, thread->process, wait.word) : 0;
}

static int scan_switch(struct prescan *prescan, const struct trace_record *record)
{
	const struct trace_sched_switch *sw = &record->sched_switch;
	struct prescan_thread *thread;
	int err = 0;

	core_turn(prescan, record, sw->next);
	if (sw->prev) {
		err = thread_find(prescan, sw->prev, &thread);
		if (err)
			return err;
		if (!thread->on_core)
			thread->early_wakings.have = 0;
		thread->on_core = false;
		thread->blocked = false;
		thread->out_ns = record->ts_ns;
		if (sw->how >= TRACE_HOW_BLOCKED && sw->how != TRACE_HOW_DEAD)
			err = scan_block(prescan, thread, sw);
		if (err)
			return err;
	}
	if (sw->next) {
		err = thread_find(prescan, sw->next, &thread);
		if (err)
			return err;
		if (thread->blocked)
			err = wait_end(thread, record->ts_ns,
				       thread->has_early ? VERDICT_WOKEN_EARLY : VERDICT_UNKNOWN);
		thread->early_wakings.have = 0;
		thread->on_core = true;
		thread->core = record->stream;
		thread->seen_ns = record->ts_ns;
	}
	return err;
}

/* It does something on this core: if nobody saw it come there, that was lost. */
static int scan_seen(struct prescan *prescan, const struct trace_record *record, uint64_t id)
{
	struct prescan_thread *thread;
	int err = id ? thread_find(prescan, id, &thread) : 0;

	if (err || !id)
		return err;
	thread->seen_ns = record->ts_ns;
	if (thread->on_core)
		return 0;
	if (thread->blocked)
		err = wait_end(thread, record->ts_ns, VERDICT_UNKNOWN);
	thread->early_wakings.have = 0;
	thread->on_core = true;
	thread->core = record->stream;
	core_turn(prescan, record, true);
	return err;
}

static int scan_waking(struct prescan *prescan, const struct trace_record *record)
{
	const struct trace_waking *wk = &record->waking;
	struct prescan_thread *thread;
	int err = scan_seen(prescan, record, wk->waker);

	if (!err)
		err = thread_find(prescan, wk->wakee, &thread);
	if (err)
		return err;
	if (thread->blocked)
		return wait_end(thread, record->ts_ns, VERDICT_WAITED);
	if (thread->on_core)
		early_add(&thread->early_wakings, &(struct waking){
			.at_ns = record->ts_ns,
			.waker_id = wk->waker,
			.process = wk->waker ? prescan_process(prescan, wk->waker) : 0,
			.other = wk->other,
			.context = wk->context,
			.sysno = wk->sysno,
			.arg0 = wk->arg0,
			.arg1 = wk->arg1,
		});
	return 0;
}

static int scan_thread(struct prescan *prescan, const struct trace_record *record)
{
	struct prescan_thread *thread;
	int err = scan_seen(prescan, record, record->thread.parent);

	if (!err)
		err = thread_find(prescan, record->thread.id, &thread);
	if (err)
		return err;
	thread->process = record->thread.process;
	/* COMMAND itself is on a core when its record begins. */
	return record->thread.parent ? 0 : scan_seen(prescan, record, record->thread.id);
}

static int scan_exec(struct prescan *prescan, const struct trace_record *record)
{
	uint64_t process_id = prescan_process(prescan, record->exec.thread);
	struct prescan_process *process;
	int err = scan_seen(prescan, record, record->exec.thread);

	if (!err && process_id)
		err = process_find(prescan, process_id, &process);

	if (!err && process_id)
		process->execs++;
	return err;
}

static int gap_add(struct prescan *prescan, const struct gap *gap)
{
	int err = array_reserve(&prescan->gaps, &prescan->gaps_cap, prescan->gaps_cnt + 1,
				sizeof(*prescan->gaps));

	if (!err)
		prescan->gaps[prescan->gaps_cnt++] = *gap;
	return err;
}

/*
 * It was on a core of which events are lost: it is lost from sight, and what woke it before is forgotten.
 * Unless it was seen there when nothing was lost any more: the record of a loss comes late.
 */
static void scan_lose(struct prescan_thread *thread, uint64_t first_ns, uint64_t last_ns)
{
	if (thread->seen_ns >= last_ns)
		early_forget(&thread->early_wakings, first_ns);
	else
		thread->on_core = false;
}

static int scan_gap(struct prescan *prescan, const struct trace_record *record)
{
	const struct trace_gap *gap = &record->gap;
	/* What was lost was lost before. */
	uint64_t first_ns = gap->first < record->ts_ns ? gap->first : record->ts_ns;

	core_turn(prescan, record, false);
	for (size_t i = 0; i < prescan->threads_cnt; i++)
		if (prescan->threads[i]->on_core && prescan->threads[i]->core == record->stream)
			scan_lose(prescan->threads[i], first_ns, gap->last);
	return gap_add(prescan, &(struct gap){
		.first_ns = first_ns,
		.last_ns = gap->last > first_ns ? gap->last : first_ns,
		.cnt = gap->count,
		.core = record->stream,
	});
}

static int scan_core(struct prescan *prescan, const struct trace_record *record)
{
	int err = array_reserve(&prescan->cores, &prescan->cores_cap, record->stream + 1,
				sizeof(*prescan->cores));

	if (err)
		return err;
	if (record->stream >= prescan->cores_cnt)
		prescan->cores_cnt = record->stream + 1;
	prescan->cores[record->stream].last_ns = record->ts_ns;
	return 0;
}

static int scan_record(struct prescan *prescan, const struct trace_record *record)
{
	int err;

	prescan->last_ns = record->ts_ns;
	if (record->stream < TRACE_STREAM_COLLECTOR) {
		err = scan_core(prescan, record);
		if (err)
			return err;
	}
	switch (record->kind) {
	case TRACE_SWITCH:
		return scan_switch(prescan, record);
	case TRACE_WAKING:
		return scan_waking(prescan, record);
	case TRACE_THREAD:
		return scan_thread(prescan, record);
	case TRACE_EXEC:
		return scan_exec(prescan, record);
	case TRACE_SAMPLE:
		return scan_seen(prescan, record, record->sample.thread);
	case TRACE_GILOP:
		return scan_seen(prescan, record, record->gilop.thread);
	case TRACE_LOCKOP:
		return scan_seen(prescan, record, record->lockop.thread);
	case TRACE_EXIT:
		return scan_seen(prescan, record, record->exit.thread);
	case TRACE_GAP:
		return scan_gap(prescan, record);
	case TRACE_CORE:
		core_turn(prescan, record, false);
		return 0;
	case TRACE_END:
		prescan->ended = true;
		return 0;
	default:
		return 0;
	}
}

static int gap_compare(const void *left, const void *right)
{
	const struct gap *a = left, *b = right;

	if (a->first_ns != b->first_ns)
		return a->first_ns < b->first_ns ? -1 : 1;
	return (a->core > b->core) - (a->core < b->core);
}

static void gaps_sort(struct prescan *prescan)
{
	if (prescan->gaps_cnt)
		qsort(prescan->gaps, prescan->gaps_cnt, sizeof(*prescan->gaps), gap_compare);
}

/* Whoever is in doubt to the end stays so. */
static int doubts_end(struct prescan *prescan)
{
	int err = 0;

	for (size_t i = 0; !err && i < prescan->threads_cnt; i++)
		if (prescan->threads[i]->blocked && prescan->threads[i]->has_early)
			err = wait_end(prescan->threads[i], prescan->last_ns, VERDICT_UNKNOWN);
	return err;
}

int prescan_read(struct prescan *prescan, struct trace_reader *reader)
{
	struct trace_record record;
	int err;

	*prescan = (struct prescan){ 0 };
	while ((err = trace_reader_next(reader, &record)) > 0) {
		err = scan_record(prescan, &record);
		if (err)
			break;
	}
	if (!err)
		err = doubts_end(prescan);
	for (uint32_t i = 0; i < prescan->cores_cnt; i++)
		core_turn(prescan, &(struct trace_record){ .ts_ns = prescan->last_ns, .stream = i }, false);
	if (err) {
		prescan_clear(prescan);
		return err;
	}
	gaps_sort(prescan);
	return 0;
}

int prescan_cut(struct prescan *prescan, uint32_t cores_cnt)
{
	uint64_t whole_ns = prescan->last_ns > PRESCAN_TAIL_NS ?
				    prescan->last_ns - PRESCAN_TAIL_NS : 0;
	int err = 0;

	/* Whole but for its index. */
	if (prescan->ended)
		return 0;
	prescan->end_ns = whole_ns;
	for (uint32_t core = 0; core < prescan->cores_cnt; core++)
		if (prescan->cores[core].last_ns > prescan->end_ns)
			prescan->end_ns = prescan->cores[core].last_ns;
	for (uint32_t core = 0; !err && core < cores_cnt; core++) {
		uint64_t own_ns = core < prescan->cores_cnt ? prescan->cores[core].last_ns : 0;
		uint64_t first_ns = own_ns + 1 > whole_ns ? own_ns + 1 : whole_ns;

		if (first_ns < prescan->end_ns)
			err = gap_add(prescan, &(struct gap){
				.first_ns = first_ns, .last_ns = UINT64_MAX, .core = core,
			});
	}
	gaps_sort(prescan);
	return err;
}

void prescan_clear(struct prescan *prescan)
{
	for (size_t i = 0; i < prescan->threads_cnt; i++) {
		free(prescan->threads[i]->verdicts);
		free(prescan->threads[i]);
	}
	for (size_t i = 0; i < prescan->processes_cnt; i++) {
		struct prescan_process *process = prescan->processes[i];

		for (size_t j = 0; j < process->spaces_cap; j++)
			idmap_clear(&process->spaces[j]);
		free(process->spaces);
		free(process);
	}
	free(prescan->threads);
	free(prescan->processes);
	free(prescan->gaps);
	free(prescan->cores);
	idmap_clear(&prescan->thread_ids);
	idmap_clear(&prescan->process_ids);
	*prescan = (struct prescan){ 0 };
}

uint64_t prescan_process(const struct prescan *prescan, uint64_t thread_id)
{
	const struct prescan_thread *thread = idmap_get(&prescan->thread_ids, thread_id);

	return thread ? thread->process : 0;
}

const struct idmap *prescan_locks(const struct prescan *prescan, uint64_t process_id,
				  uint32_t execs)
{
	const struct prescan_process *process = idmap_get(&prescan->process_ids, process_id);

	return process && execs < process->spaces_cap ? &process->spaces[execs] : NULL;
}

enum wait_verdict prescan_verdict(const struct prescan *prescan, uint64_t thread_id,
				  uint64_t out_ns, size_t *next)
{
	const struct prescan_thread *thread = idmap_get(&prescan->thread_ids, thread_id);
	const struct verdict *verdict;

	if (!thread)
		return VERDICT_NONE;
	while (*next < thread->verdicts_cnt && thread->verdicts[*next].out_ns < out_ns)
		(*next)++;
	if (*next == thread->verdicts_cnt || thread->verdicts[*next].out_ns != out_ns)
		return VERDICT_NONE;
	verdict = &thread->verdicts[*next];
	/* Across lost events a verdict is worth nothing, and that is known at once. */
	if (prescan_gap_begins_in(prescan, verdict->out_ns, verdict->in_ns))
		return VERDICT_LOST;
	return verdict->verdict;
}

bool prescan_core_at_work(const struct prescan *prescan, uint32_t core)
{
	uint64_t most_ns = 0;

	for (uint32_t i = 0; i < prescan->cores_cnt; i++)
		if (prescan->cores[i].ours_ns > most_ns)
			most_ns = prescan->cores[i].ours_ns;
	return core < prescan->cores_cnt && prescan->cores[core].ours_ns &&
	       prescan->cores[core].ours_ns >= most_ns / 100;
}

bool prescan_gap_begins_in(const struct prescan *prescan, uint64_t from_ns, uint64_t to_ns)
{
	size_t low = 0, high = prescan->gaps_cnt;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (prescan->gaps[mid].first_ns > from_ns)
			high = mid;
		else
			low = mid + 1;
	}
	return low < prescan->gaps_cnt && prescan->gaps[low].first_ns <= to_ns;
}
