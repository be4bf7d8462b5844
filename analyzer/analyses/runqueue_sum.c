/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When all is over: whether what the threads' clocks say is what the cores' say, who was worst off, and
 * what kept them.
 */
#include "analyzer/analyses/runqueue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/thread.h"

static int antagonist_compare(const void *left, const void *right)
{
	const struct rq_antagonist *a = left, *b = right;

	if (a->caused_ns != b->caused_ns)
		return a->caused_ns > b->caused_ns ? -1 : 1;
	if (!a->group != !b->group)
		return a->group ? -1 : 1;
	if (a->group)
		return (a->group > b->group) - (a->group < b->group);
	return (a->program > b->program) - (a->program < b->program);
}

/* Those of one name together, and who had most of it first. */
static int program_compare(const void *left, const void *right)
{
	const struct rq_antagonist *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : antagonist_compare(left, right);
}

static int ranking_compare(const void *left, const void *right)
{
	const struct rq_thread *a = *(const struct rq_thread *const *)left;
	const struct rq_thread *b = *(const struct rq_thread *const *)right;

	if (a->ready_ns != b->ready_ns)
		return a->ready_ns > b->ready_ns ? -1 : 1;
	return (a->thread->slot > b->thread->slot) - (a->thread->slot < b->thread->slot);
}

/* Returns how many there are, once those of one name are one. */
static size_t programs_fill(const struct runqueue *rq, struct rq_antagonist *programs)
{
	struct rq_antagonist *last = programs;

	for (size_t i = 0; i < rq->programs_cnt; i++) {
		const struct program *program = run_program(rq->run, rq->programs[i]->program);

		programs[i] = (struct rq_antagonist){
			.name = program ? program->comm : "", .program = rq->programs[i]->program,
			.programs_cnt = 1, .caused_ns = rq->programs[i]->caused_ns,
		};
	}
	qsort(programs, rq->programs_cnt, sizeof(*programs), program_compare);
	for (size_t i = 1; i < rq->programs_cnt; i++) {
		if (strcmp(last->name, programs[i].name)) {
			*++last = programs[i];
		} else if (programs[i].caused_ns) {
			last->programs_cnt++;
			last->caused_ns += programs[i].caused_ns;
		}
	}
	return rq->programs_cnt ? (size_t)(last - programs) + 1 : 0;
}

/* Those without anything stand last, and are left out. */
static void antagonists_fill(struct runqueue *rq)
{
	const struct groups *groups = rq->groups;
	size_t cnt = groups->groups_cnt;

	for (size_t i = 0; i < cnt; i++) {
		rq->antagonists[i].group = &groups->groups[i];
		rq->antagonists[i].name = groups->groups[i].name;
	}
	for (size_t i = 0; i < rq->threads_cnt; i++)
		if (rq->threads[i].caused_ns)
			rq->antagonists[groups->of_thread[i]].caused_ns += rq->threads[i].caused_ns;
	cnt += programs_fill(rq, rq->antagonists + cnt);
	rq->antagonists[cnt] = (struct rq_antagonist){ 0 };
	qsort(rq->antagonists, cnt, sizeof(*rq->antagonists), antagonist_compare);
	while (rq->antagonists[rq->antagonists_cnt].caused_ns)
		rq->antagonists_cnt++;
}

static int lists_make(struct runqueue *rq)
{
	/* One more, with nothing, ends the list. */
	rq->antagonists = calloc(rq->groups->groups_cnt + rq->programs_cnt + 1, sizeof(*rq->antagonists));
	rq->ranking = calloc(rq->threads_cnt + 1, sizeof(*rq->ranking));
	if (!rq->antagonists || !rq->ranking)
		return -ENOMEM;
	antagonists_fill(rq);
	for (size_t i = 0; i < rq->threads_cnt; i++)
		if (rq->threads[i].ready_ns)
			rq->ranking[rq->ranking_cnt++] = &rq->threads[i];
	qsort(rq->ranking, rq->ranking_cnt, sizeof(*rq->ranking), ranking_compare);
	return 0;
}

static int thread_sum(struct runqueue *rq, const struct rq_thread *thread)
{
	uint64_t sum_ns = thread->nowhere_ns;

	for (int use = 0; use < CORE_USE_CNT; use++) {
		rq->use_ns[use] += thread->use_ns[use];
		sum_ns += thread->use_ns[use];
	}
	rq->ready_ns += thread->ready_ns;
	rq->nowhere_ns += thread->nowhere_ns;
	rq->elsewhere_cnt += thread->elsewhere_cnt;
	rq->moves_cnt += thread->moves_cnt;
	rq->ready_moves_cnt += thread->ready_moves_cnt;
	return identity_check(rq->identity, !thread->ready && sum_ns == thread->ready_ns,
			      "thread %" PRIu64 " was ready for %" PRIu64 " ns, by what had its cores"
			      " meanwhile for %" PRIu64 " ns", thread->thread->id, thread->ready_ns,
			      sum_ns);
}

static int same_check(struct runqueue *rq, const char *what, uint64_t suffered_ns, uint64_t caused_ns)
{
	return identity_check(rq->identity, suffered_ns == caused_ns,
			      "%s: by the threads %" PRIu64 " ns, by the cores %" PRIu64 " ns", what,
			      suffered_ns, caused_ns);
}

static int causes_check(struct runqueue *rq)
{
	uint64_t caused_ns = 0, stranded_ns = 0, room_ns = 0;
	int err;

	for (size_t i = 0; i < rq->antagonists_cnt; i++)
		caused_ns += rq->antagonists[i].caused_ns;
	for (size_t i = 0; i < rq->threads_cnt; i++) {
		stranded_ns += rq->threads[i].stranded_ns;
		room_ns += rq->threads[i].room_ns;
	}
	err = same_check(rq, "ready time behind somebody", rq->use_ns[CORE_OURS] + rq->use_ns[CORE_OTHER],
			 caused_ns);
	if (!err)
		err = same_check(rq, "ready time", rq->ready_ns, rq->woken.sum_ns + rq->preempted.sum_ns);
	if (!err)
		err = same_check(rq, "stranded time", stranded_ns, rq->stranded_ns);
	return err ? err : same_check(rq, "ready time with an idle core", room_ns, rq->room_threads_ns);
}

int runqueue_sum(struct runqueue *rq)
{
	int err = 0;

	for (size_t i = 0; !err && i < rq->threads_cnt; i++)
		if (rq->threads[i].thread)
			err = thread_sum(rq, &rq->threads[i]);
	if (!err)
		err = lists_make(rq);
	return err ? err : causes_check(rq);
}

const struct rq_antagonist *rq_worst_program(const struct runqueue *rq)
{
	for (size_t i = 0; i < rq->antagonists_cnt; i++)
		if (!rq->antagonists[i].group)
			return &rq->antagonists[i];
	return NULL;
}
