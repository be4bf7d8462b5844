/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state machine of one thread. Two things make it more than a table of transitions: a waking
 * may stand before the switch-out that it ends, and events may have been lost.
 */
#include "analyzer/life.h"

#include "analyzer/array.h"
#include "analyzer/believe.h"
#include "analyzer/gilexact.h"
#include "analyzer/place.h"
#include "analyzer/waitclass.h"

static bool gap_is_open(const struct timeline *timeline)
{
	return timeline->now_ns < timeline->gap_until_ns;
}

/*
 * A fork leaves the GIL where it was; an exec or a GIL record will say otherwise. Process 0 is only
 * the name for those whose births were lost: it has nothing to pass on.
 */
static void process_inherit(struct process *process, const struct thread *parent)
{
	if (process->born || !process->id || !parent || !parent->process ||
	    parent->process == process || !parent->process->id)
		return;
	process->gil = parent->process->gil;
}

static void process_add(struct timeline *timeline, struct process *process)
{
	if (!process->born) {
		process->born = true;
		process->birth_ns = timeline->now_ns;
		process->locks = prescan_locks(timeline->prescan, process->id, process->execs);
	}
	if (!process->alive_cnt++ && process->gil == GIL_PENDING) {
		process->gil_pending = true;
		process->gil_pending_since_ns = timeline->now_ns;
	}
}

static void alive_remove(struct timeline *timeline, struct thread *thread)
{
	struct thread *last = timeline->alive[--timeline->alive_cnt];

	timeline->alive[thread->alive_at] = last;
	last->alive_at = thread->alive_at;
}

static int thread_begin(struct timeline *timeline, struct thread *thread, uint64_t process_id)
{
	uint64_t now_ns = timeline->now_ns;
	int err;

	err = people_process(timeline->people, process_id, &thread->process);
	if (!err)
		err = array_reserve(&timeline->alive, &timeline->alive_cap,
				    timeline->alive_cnt + 1, sizeof(struct thread *));
	if (!err && !timeline->run->started)
		err = timeline_begin(timeline, now_ns);
	if (err)
		return err;
	process_inherit(thread->process, idmap_get(&timeline->people->thread_ids, thread->parent));
	thread->born = true;
	thread->first_ns = now_ns;
	thread->birth_ns = stretch_clip(thread->window, now_ns);
	thread->out_ns = now_ns;
	process_add(timeline, thread->process);
	thread->alive_at = timeline->alive_cnt;
	timeline->alive[timeline->alive_cnt++] = thread;
	/* The tree only seemed to be empty, if it did. */
	timeline->queue.limit_ns = UINT64_MAX;
	return 0;
}

int life_sight(struct timeline *timeline, uint64_t id, struct thread **ret_thread)
{
	struct thread *thread;
	int err = people_thread(timeline->people, id, &thread);

	if (err)
		return err;
	if (!thread->born) {
		err = thread_begin(timeline, thread, prescan_process(timeline->prescan, id));
		if (err)
			return err;
		thread->birth_lost = true;
		thread->place = PLACE_LOST;
		exact_lose(thread, timeline->now_ns);
		queue_decide(&timeline->queue, thread, timeline->now_ns, STATE_UNKNOWN);
	}
	if (thread->place == PLACE_GONE) {
		timeline->contradictions++;
		thread = NULL;
	}
	*ret_thread = thread;
	return 0;
}

static void thread_introduce(struct thread *thread, const struct trace_thread *record)
{
	thread->tid = record->tid;
	thread->pid = record->pid;
	thread->parent = record->parent;
	name_copy(thread->comm, &record->comm);
}

static void birth_decide(struct timeline *timeline, struct thread *thread, uint32_t core)
{
	struct queue *queue = &timeline->queue;

	if (!thread->parent) {
		/* COMMAND: its life begins with an exec, on a core. */
		place_was(timeline, core, NULL);
		life_come(timeline, thread, core);
		thread->comings = thread->switch_ins = 0;
		if (thread->place == PLACE_LOST) {
			exact_lose(thread, timeline->now_ns);
			queue_decide(queue, thread, timeline->now_ns, STATE_UNKNOWN);
		}
		place_core_set(timeline, &(struct core_change){
			.at_ns = timeline->now_ns, .core = core, .use = CORE_OURS, .thread = thread,
		});
	} else if (gap_is_open(timeline)) {
		thread->place = PLACE_LOST;
		exact_lose(thread, timeline->now_ns);
		queue_decide(queue, thread, timeline->now_ns, STATE_UNKNOWN);
	} else {
		thread->place = PLACE_READY;
		queue_decide(queue, thread, timeline->now_ns, STATE_READY_WOKEN);
	}
}

int life_birth(struct timeline *timeline, const struct trace_record *record)
{
	const struct trace_thread *birth = &record->thread;
	struct thread *thread;
	int err = people_thread(timeline->people, birth->id, &thread);

	if (err)
		return err;
	thread_introduce(thread, birth);
	if (!thread->born) {
		err = thread_begin(timeline, thread, birth->process);
		if (err)
			return err;
		birth_decide(timeline, thread, record->stream);
		queue_edge(&timeline->queue, &(struct edge){
			.at_ns = timeline->now_ns,
			.wakee = thread,
			.waker = idmap_get(&timeline->people->thread_ids, birth->parent),
			.ended = STATE_CNT,
			.since_ns = timeline->now_ns,
			.cause = birth->parent ? CAUSE_THREAD : CAUSE_PROGRAM,
		});
	}
	/* A birth may stand behind the first switch; then it only says who this is. */
	else if (!thread->birth_lost)
		timeline->contradictions++;
	thread->birth_lost = false;
	thread->process->pid = birth->pid;
	if (thread->tid == thread->pid)
		thread->process->leader = thread;
	return 0;
}

static struct wait_for waits_for(struct timeline *timeline, const struct thread *thread)
{
	const struct wait *wait = &thread->wait;
	struct wait_for result = {
		.sysno = wait->sysno,
		.owner = wait->owner ? thread->wait_owner : NULL,
	};

	if (wait->state == STATE_WAIT_GIL)
		result.gil = thread->gil.id;
	else if ((wait->state == STATE_WAIT_LOCK || wait->state == STATE_WAIT_SYNC) &&
		 wait->kind == WAIT_KIND_FUTEX && !timeline->queue.err)
		timeline->queue.err = words_find(&timeline->words, thread->process, wait->word,
						 &result.word);
	return result;
}

static void wait_decide(struct timeline *timeline, struct thread *thread)
{
	struct wait_for wait = waits_for(timeline, thread);

	queue_decide_wait(&timeline->queue, thread, thread->out_ns, thread->wait.state, &wait);
}

static void wake_edge(struct timeline *timeline, struct thread *thread, uint64_t at_ns,
		      const struct waking *waking)
{
	enum wake_cause cause = wake_judge(waking, &thread->wait, thread->process->id);
	/* As it was when the wait was decided on: the same address may be another word by now. */
	struct wait_for wait = thread->state == thread->wait.state ? thread->waits_for :
								     waits_for(timeline, thread);

	queue_edge(&timeline->queue, &(struct edge){
		.at_ns = at_ns,
		.wakee = thread,
		.waker = cause == CAUSE_THREAD ? waking->waker : NULL,
		.ended = thread->wait.state,
		.since_ns = thread->out_ns,
		.wait = wait,
		.cause = cause,
	});
}

/* The waking before the switch-out ended the wait: it was none. Unless what was lost forgot it. */
static void doubt_was_ready(struct timeline *timeline, struct thread *thread)
{
	if (!thread->has_early) {
		queue_decide(&timeline->queue, thread, thread->out_ns, STATE_UNKNOWN);
		return;
	}
	queue_decide(&timeline->queue, thread, thread->out_ns, STATE_READY_WOKEN);
	wake_edge(timeline, thread, thread->out_ns, &thread->early);
	thread->place = PLACE_READY;
}

/* How the doubt ends is lost. Where none but a forgotten waking raised it, it was a wait until here. */
static void doubt_lost(struct timeline *timeline, struct thread *thread)
{
	if (thread->has_early)
		queue_decide(&timeline->queue, thread, thread->out_ns, STATE_UNKNOWN);
	else
		wait_decide(timeline, thread);
}

static void thread_stray(struct timeline *timeline, struct thread *thread)
{
	if (thread->place == PLACE_CORE)
		thread->on_core_ns += stretch_part(thread->window, thread->in_ns, timeline->now_ns);
	exact_lose(thread, timeline->now_ns);
	episode_end(&thread->lock_wait, timeline->now_ns);
	gil_lose(&timeline->queue, thread, timeline->now_ns);
	queue_decide(&timeline->queue, thread, timeline->now_ns, STATE_UNKNOWN);
	/* What woke it before, and the call that it was in, say nothing of what follows. */
	thread->early_wakings.have = 0;
	thread->before.sysno = 0;
	thread->place = PLACE_LOST;
}

void life_come(struct timeline *timeline, struct thread *thread, uint32_t core)
{
	struct queue *queue = &timeline->queue;

	if (timeline->now_ns < timeline->cores[core].gap_until_ns)
		return;
	if (thread->place == PLACE_DOUBT)
		doubt_was_ready(timeline, thread);
	thread->place = PLACE_CORE;
	thread->core = core;
	thread->in_ns = timeline->now_ns;
	thread->early_wakings.have = 0;
	thread->comings++;
	thread->switch_ins += stretch_has(thread->window, timeline->now_ns);
	queue_unhold(queue, thread);
	if (exact_come(queue, thread, timeline->now_ns))
		return;
	episode_end(&thread->lock_wait, timeline->now_ns);
	gil_come(queue, thread, timeline->now_ns);
}

void life_seen(struct timeline *timeline, struct thread *thread, uint32_t core)
{
	if (thread->place == PLACE_LOST)
		life_come(timeline, thread, core);
}

static void thread_die(struct timeline *timeline, struct thread *thread)
{
	exact_end(thread, timeline->now_ns);
	thread->place = PLACE_GONE;
	thread->death_ns = stretch_clip(thread->window, timeline->now_ns);
	thread->process->death_ns = timeline->now_ns;
	if (!--thread->process->alive_cnt)
		process_pending_end(thread->process, timeline->now_ns);
	alive_remove(timeline, thread);
	queue_decide(&timeline->queue, thread, timeline->now_ns, STATE_CNT);
	/* The run ends here, unless a thread turns up whose birth was lost. */
	if (!timeline->alive_cnt) {
		timeline->run->end_ns = timeline->now_ns;
		timeline->queue.limit_ns = timeline->now_ns;
	}
}

/* What it waits for, and which of the wakings before may have ended that. */
static void wait_begin(struct thread *thread, const struct trace_sched_switch *record)
{
	const struct waking *early;

	wait_classify(record, &thread->before, &thread->wait);
	wait_refine(thread, record, &thread->wait);
	if (record->how != TRACE_HOW_STOPPED)
		thread->before = thread->wait;
	early = early_find(&thread->early_wakings, &thread->wait, thread->process->id,
			   thread->out_ns);
	thread->has_early = early;
	if (early)
		thread->early = *early;
	if (thread->wait.kind == WAIT_KIND_FUTEX && thread->wait.state != STATE_WAIT_GIL &&
	    thread->wait.state != STATE_UNKNOWN && !thread->exact.known)
		episode_begin(&thread->lock_wait, thread->out_ns);
}

/* Blind: it was out of sight until now, and what woke it before is forgotten. */
static void thread_block(struct timeline *timeline, struct thread *thread,
			 const struct trace_sched_switch *record, bool blind)
{
	struct queue *queue = &timeline->queue;

	wait_begin(thread, record);
	/* Who is not known by now was not known when the wait began, though it may be decided on later. */
	thread->wait_owner = idmap_get(&timeline->people->thread_ids, thread->wait.owner);
	thread->place = PLACE_WAIT;
	switch (prescan_verdict(timeline->prescan, thread->id, thread->out_ns,
				&thread->verdict_next)) {
	case VERDICT_UNKNOWN:
		thread->wait.state = STATE_UNKNOWN;
		wait_decide(timeline, thread);
		break;
	case VERDICT_WOKEN_EARLY:
		doubt_was_ready(timeline, thread);
		break;
	case VERDICT_LOST:
		if (thread->has_early)
			thread->wait.state = STATE_UNKNOWN;
		wait_decide(timeline, thread);
		break;
	case VERDICT_NONE:
		if (thread->has_early || blind) {
			thread->place = PLACE_DOUBT;
			queue_hold(queue, thread, thread->out_ns);
			break;
		}
		/* fall through */
	case VERDICT_WAITED:
		wait_decide(timeline, thread);
	}
}

void life_leave(struct timeline *timeline, struct thread *thread,
	       const struct trace_sched_switch *record)
{
	struct gil_peek peek = GIL_PEEK(*record);
	struct queue *queue = &timeline->queue;
	bool blind = thread->place == PLACE_LOST;
	uint64_t now_ns = timeline->now_ns;

	if (thread->place == PLACE_CORE) {
		thread->on_core_ns += stretch_part(thread->window, thread->in_ns, now_ns);
		thread->place = PLACE_READY;
	} else if (thread->place != PLACE_LOST) {
		timeline->contradictions++;
		life_lose(timeline, thread);
	}
	thread->out_ns = now_ns;
	thread->switch_outs += stretch_has(thread->window, now_ns);
	if (!thread->exact.known)
		gil_leave(queue, thread, &peek, record->how, now_ns);
	else if (peek.gil)
		/* Should looks have to do again: what they count from. */
		thread->gil.switches = peek.switches;
	if (record->how == TRACE_HOW_DEAD) {
		thread_die(timeline, thread);
	} else if (gap_is_open(timeline)) {
		thread_stray(timeline, thread);
	} else if (record->how == TRACE_HOW_PREEMPTED || record->how == TRACE_HOW_NONE) {
		thread->place = PLACE_READY;
		queue_decide(queue, thread, now_ns, STATE_READY_PREEMPTED);
	} else {
		thread_block(timeline, thread, record, blind);
	}
}

void life_wake(struct timeline *timeline, struct thread *thread, const struct waking *waking)
{
	struct queue *queue = &timeline->queue;
	uint64_t now_ns = timeline->now_ns;

	switch (thread->place) {
	case PLACE_CORE:
		early_add(&thread->early_wakings, waking);
		return;
	case PLACE_LOST:
		/* It may be on a core of which nothing is known, and this an early waking. */
		if (timeline->lost_cnt)
			return;
		thread->wait = (struct wait){ .state = STATE_UNKNOWN };
		thread->out_ns = thread->since_ns;
		break;
	case PLACE_DOUBT:
		queue_unhold(queue, thread);
		wait_decide(timeline, thread);
		break;
	case PLACE_WAIT:
		break;
	default:
		return;
	}
	wake_edge(timeline, thread, now_ns, waking);
	queue_decide(queue, thread, now_ns, STATE_READY_WOKEN);
	thread->place = PLACE_READY;
}

void life_lose(struct timeline *timeline, struct thread *thread)
{
	if (!thread->born || thread->place == PLACE_GONE || thread->place == PLACE_LOST)
		return;
	if (thread->place == PLACE_DOUBT)
		doubt_lost(timeline, thread);
	thread_stray(timeline, thread);
}

void life_tire(struct timeline *timeline)
{
	struct queue *queue = &timeline->queue;
	struct thread *thread;

	while ((thread = queue->held_first) && timeline->now_ns - thread->hold_ns > TIRED_NS) {
		if (thread->place == PLACE_CORE)
			gil_tire(queue, thread, timeline->now_ns);
		else
			life_lose(timeline, thread);
	}
}

void life_outlast(struct timeline *timeline, struct thread *thread, uint64_t end_ns)
{
	struct queue *queue = &timeline->queue;

	if (!thread->born || thread->place == PLACE_GONE)
		return;
	if (thread->place == PLACE_CORE)
		thread->on_core_ns += stretch_part(thread->window, thread->in_ns, end_ns);
	if (thread->place == PLACE_DOUBT)
		doubt_lost(timeline, thread);
	exact_end(thread, end_ns);
	episode_end(&thread->lock_wait, end_ns);
	gil_end(queue, thread, end_ns);
	queue_unhold(queue, thread);
	thread->left_alive = true;
	thread->place = PLACE_GONE;
	thread->death_ns = stretch_clip(thread->window, end_ns);
	thread->process->death_ns = end_ns;
	queue_decide(queue, thread, end_ns, STATE_CNT);
}
