/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks back along the critical path in one pass over the history, and adds up what it meets.
 *
 * The walk is on one thread at a time. It goes over from a segment to the one before it where it meets
 * the change between the two, and to another thread where it meets the edge that set this one going.
 */
#include "analyzer/analyses/path.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/history.h"
#include "analyzer/run.h"
#include "analyzer/thread.h"

struct walk {
	const struct people *people;
	const struct path_visitor *visitor;
	unsigned char *states;		/* by thread slot: at the time at hand; STATE_CNT = not alive */
	const struct thread *thread;	/* NULL: the trace does not say who came before */
	uint64_t to_ns;			/* all that is later was passed */
	struct path_segment segment;	/* that may go on; empty: there was none yet */
	uint64_t with_ns;		/* when the path left this thread, for the later ones */
	struct path_hop hop;		/* there; wakee NULL = it is the run's end */
	uint64_t since_ns;		/* when the wait that it ended began */
};

/* Nothing more belongs to the segment at hand. */
static int segment_close(struct walk *walk)
{
	const struct path_segment *segment = &walk->segment;

	if (segment->from_ns == segment->to_ns || !walk->visitor->segment)
		return 0;
	return walk->visitor->segment(walk->visitor->ctx, segment);
}

/* From to_ns back to from_ns. */
static int segment_extend(struct walk *walk, uint64_t from_ns, enum thread_state state,
			  uint64_t object)
{
	struct path_segment *segment = &walk->segment;
	int err;

	if (from_ns >= walk->to_ns)
		return 0;
	if (state == STATE_CNT)
		state = STATE_UNKNOWN;
	/* States that lasted for no time are none: what is before and after may be one. */
	if (segment->thread != walk->thread || segment->state != state || segment->object != object) {
		err = segment_close(walk);
		if (err)
			return err;
		*segment = (struct path_segment){
			.to_ns = walk->to_ns, .thread = walk->thread, .state = state, .object = object,
		};
	}
	segment->from_ns = from_ns;
	walk->to_ns = from_ns;
	return 0;
}

/* How long the path has been with the waker is known where it leaves it. */
static int hop_visit(struct walk *walk)
{
	struct path_hop *hop = &walk->hop;
	uint64_t from_ns = walk->since_ns > walk->to_ns ? walk->since_ns : walk->to_ns;

	if (!hop->wakee || !walk->visitor->hop)
		return 0;
	hop->wait_ns = hop->at_ns > from_ns ? hop->at_ns - from_ns : 0;
	return walk->visitor->hop(walk->visitor->ctx, hop);
}

static int edge_pass(struct walk *walk, const struct history_entry *edge)
{
	int err;

	if (!walk->thread || edge->thread != walk->thread->slot || !edge->object ||
	    edge->object - 1 == edge->thread || edge->at_ns >= walk->with_ns)
		return 0;
	/* Woken before it slept: it did not wait. */
	if (edge->from != STATE_CNT && edge->since_ns == edge->at_ns)
		return 0;
	/* At a birth the edge stands behind the change: that one was not passed yet. */
	err = segment_extend(walk, edge->at_ns, walk->states[edge->thread], 0);
	if (!err)
		err = hop_visit(walk);
	walk->hop = (struct path_hop){
		.at_ns = edge->at_ns,
		.waker = walk->people->threads[edge->object - 1],
		.wakee = walk->thread,
		.ended = edge->from,
		.object = edge->awaited,
	};
	walk->since_ns = edge->since_ns;
	walk->with_ns = edge->at_ns;
	walk->thread = walk->hop.waker;
	return err;
}

static int change_pass(struct walk *walk, const struct history_entry *change)
{
	int err = 0;

	if (walk->thread && change->thread == walk->thread->slot) {
		err = segment_extend(walk, change->at_ns, change->to, change->object);
		/* Its birth, and no edge led to it: COMMAND's, or one that was lost. */
		if (change->from == STATE_CNT)
			walk->thread = NULL;
	}
	walk->states[change->thread] = change->from;
	return err;
}

static int walk_back(struct walk *walk, const struct history *history)
{
	struct history_reader reader;
	struct history_entry entry;
	int err = history_open_at_end(&reader, history);

	while (!err && (err = history_previous(&reader, &entry)) > 0)
		err = entry.kind == HISTORY_EDGE ? edge_pass(walk, &entry) : change_pass(walk, &entry);
	history_close(&reader);
	return err;
}

static bool is_running(enum thread_state state)
{
	return state < STATE_CNT && state_infos[state].counts & COUNTS_SCHEDULED;
}

/* Of those that live until `end_ns`: the one with the lowest id. */
static const struct thread *first_of(const struct people *people, uint64_t end_ns)
{
	const struct thread *first = NULL;

	for (size_t i = 0; i < people->threads_cnt; i++) {
		const struct thread *thread = people->threads[i];

		if (thread->born && thread->death_ns == end_ns && (!first || thread->id < first->id))
			first = thread;
	}
	return first;
}

/* Where the path ends; NULL: there was no thread. */
static int last_find(const struct history *history, const struct people *people,
		     const struct thread **ret_last)
{
	struct history_reader reader;
	struct history_entry entry;
	uint64_t end_ns = 0, ran_ns = 0;
	const struct thread *last;
	int err;

	for (size_t i = 0; i < people->threads_cnt; i++)
		if (people->threads[i]->born && people->threads[i]->death_ns > end_ns)
			end_ns = people->threads[i]->death_ns;
	last = first_of(people, end_ns);
	err = history_open_at_end(&reader, history);
	while (!err && (err = history_previous(&reader, &entry)) > 0 && entry.at_ns >= ran_ns) {
		const struct thread *thread = people->threads[entry.thread];

		err = 0;
		if (entry.kind != HISTORY_CHANGE || !is_running(entry.from) ||
		    entry.since_ns == entry.at_ns || thread->death_ns < end_ns)
			continue;
		if (!ran_ns || thread->id < last->id)
			last = thread;
		ran_ns = entry.at_ns;
	}
	history_close(&reader);
	*ret_last = last;
	return err < 0 ? err : 0;
}

int path_walk(const struct history *history, const struct run *run, const struct people *people,
	      const struct path_visitor *visitor)
{
	struct walk walk = {
		.people = people,
		.visitor = visitor,
		.states = malloc(people->threads_cnt + 1),
		.to_ns = run->end_ns,
		.with_ns = run->end_ns,
	};
	int err = walk.states ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < people->threads_cnt; i++)
		walk.states[i] = STATE_CNT;
	if (!err)
		err = last_find(history, people, &walk.thread);
	if (!err)
		err = walk_back(&walk, history);
	walk.thread = NULL;
	if (!err)
		err = hop_visit(&walk);
	if (!err)
		err = segment_extend(&walk, run->start_ns, STATE_UNKNOWN, 0);
	if (!err)
		err = segment_close(&walk);
	free(walk.states);
	return err;
}

static int object_find(struct path *path, bool gil, uint64_t id, struct path_object **ret_object)
{
	int made = idmap_item(gil ? &path->gil_ids : &path->word_ids, id, IDMAP_LIST(path, objects), ret_object);

	if (made > 0) {
		(*ret_object)->gil = gil;
		(*ret_object)->id = id;
	}
	return made < 0 ? made : 0;
}

/* *ret_object: NULL where the history names none. */
static int object_of(struct path *path, enum thread_state state, uint64_t object,
		     struct path_object **ret_object)
{
	bool gil = state == STATE_RUN_GIL || state == STATE_WAIT_GIL;

	*ret_object = NULL;
	return object ? object_find(path, gil, gil ? object : object - 1, ret_object) : 0;
}

static uint64_t segment_ns(const struct path_segment *segment)
{
	return segment->to_ns - segment->from_ns;
}

/* Keeps the longest, in order. */
static void longest_insert(struct path *path, const struct path_segment *segment)
{
	uint64_t ns = segment_ns(segment);
	size_t at;

	if (path->longest_cnt < PATH_LONGEST)
		path->longest_cnt++;
	else if (segment_ns(&path->longest[PATH_LONGEST - 1]) >= ns)
		return;
	for (at = path->longest_cnt - 1; at && segment_ns(&path->longest[at - 1]) < ns; at--)
		path->longest[at] = path->longest[at - 1];
	path->longest[at] = *segment;
}

static void thread_add(struct path_thread *row, const struct path_segment *segment)
{
	row->thread = segment->thread;
	row->ns += segment_ns(segment);
	row->state_ns[segment->state] += segment_ns(segment);
	row->segments_cnt++;
}

static int segment_add(void *ctx, const struct path_segment *segment)
{
	uint64_t ns = segment_ns(segment);
	struct path_object *object;
	struct path *path = ctx;
	int err = object_of(path, segment->state, segment->object, &object);

	if (err)
		return err;
	path->length_ns += ns;
	path->state_ns[segment->state] += ns;
	path->segments_cnt++;
	if (segment->thread)
		thread_add(&path->threads[segment->thread->slot], segment);
	else
		path->nobody_ns += ns;
	if (object && segment->state == STATE_RUN_GIL)
		object->run_ns += ns;
	else if (object)
		object->wait_ns += ns;
	longest_insert(path, segment);
	return 0;
}

static void hops_add(struct path_hops *hops, uint64_t wait_ns)
{
	hops->cnt++;
	hops->wait_ns += wait_ns;
}

static int hop_add(void *ctx, const struct path_hop *hop)
{
	struct path_object *object;
	struct path *path = ctx;
	int err = object_of(path, hop->ended, hop->object, &object);

	if (err)
		return err;
	hops_add(&path->hops[hop->ended], hop->wait_ns);
	if (object)
		hops_add(&object->hops, hop->wait_ns);
	return 0;
}

static int path_check(struct path *path, const struct run *run)
{
	uint64_t wall_ns = run->end_ns - run->start_ns, threads_ns = path->nobody_ns, waits_ns = 0;
	int err = identity_check(path->identity, path->length_ns == wall_ns,
				 "identity 6: the critical path is %" PRIu64 " ns long, the wall time is %"
				 PRIu64 " ns", path->length_ns, wall_ns);

	for (size_t i = 0; i < path->threads_cnt; i++)
		for (int state = 0; state < STATE_CNT; state++)
			threads_ns += path->threads[i].state_ns[state];
	for (int i = 0; i <= STATE_CNT; i++)
		waits_ns += path->hops[i].wait_ns;
	if (!err)
		err = identity_check(path->identity, threads_ns == wall_ns,
				     "identity 6: the threads' shares of the critical path sum to %" PRIu64
				     " ns, the wall time is %" PRIu64 " ns", threads_ns, wall_ns);
	if (err)
		return err;
	return identity_check(path->identity, waits_ns <= wall_ns,
			      "identity 6: hops waited for %" PRIu64 " ns, the wall time is %" PRIu64
			      " ns", waits_ns, wall_ns);
}

static int thread_compare(const void *left, const void *right)
{
	const struct path_thread *a = *(struct path_thread *const *)left;
	const struct path_thread *b = *(struct path_thread *const *)right;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	return a->thread->id < b->thread->id ? -1 : 1;
}

static int object_compare(const void *left, const void *right)
{
	const struct path_object *a = *(struct path_object *const *)left;
	const struct path_object *b = *(struct path_object *const *)right;
	uint64_t a_ns = a->hops.wait_ns + a->wait_ns, b_ns = b->hops.wait_ns + b->wait_ns;

	if (a_ns != b_ns)
		return a_ns > b_ns ? -1 : 1;
	if (a->gil != b->gil)
		return a->gil ? -1 : 1;
	return a->id < b->id ? -1 : 1;
}

static int path_rank(struct path *path)
{
	path->ranking = calloc(path->threads_cnt + 1, sizeof(struct path_thread *));
	if (!path->ranking)
		return -ENOMEM;
	for (size_t i = 0; i < path->threads_cnt; i++)
		if (path->threads[i].ns)
			path->ranking[path->ranking_cnt++] = &path->threads[i];
	qsort(path->ranking, path->ranking_cnt, sizeof(struct path_thread *), thread_compare);
	if (path->objects_cnt)
		qsort(path->objects, path->objects_cnt, sizeof(struct path_object *), object_compare);
	return 0;
}

int path_find(struct path *path, const struct history *history, const struct run *run,
	      const struct people *people)
{
	int err;

	path->threads = calloc(people->threads_cnt + 1, sizeof(*path->threads));
	if (!path->threads)
		return -ENOMEM;
	path->threads_cnt = people->threads_cnt;
	err = path_walk(history, run, people, &(struct path_visitor){ segment_add, hop_add, path });
	if (!err)
		err = path_check(path, run);
	return err ? err : path_rank(path);
}

const struct path_object *path_word(const struct path *path, uint32_t slot)
{
	return idmap_get(&path->word_ids, slot);
}

const struct path_object *path_gil(const struct path *path, uint64_t id)
{
	return idmap_get(&path->gil_ids, id);
}

void path_clear(struct path *path)
{
	for (size_t i = 0; i < path->objects_cnt; i++)
		free(path->objects[i]);
	free(path->objects);
	idmap_clear(&path->word_ids);
	idmap_clear(&path->gil_ids);
	free(path->threads);
	free(path->ranking);
	*path = (struct path){ 0 };
}
