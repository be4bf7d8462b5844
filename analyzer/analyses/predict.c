/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses what is worth a replay: the GILs that somebody waited for, the locks and groups of threads that
 * took most time, the numbers of cores up to the one from which on more are of no use.
 */
#include "analyzer/analyses/predict.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/array.h"
#include "analyzer/words.h"

/* Of each kind; what took less than a hundredth of the time is not worth a line. */
#define MOST 3
#define SHARE 100

static int predict_begin(void *ctx, const struct run *run)
{
	struct predict *predict = ctx;

	predict->last_ns = run->start_ns;
	return 0;
}

static void cores_advance(struct predict *predict, uint64_t at_ns)
{
	uint64_t passed_ns = at_ns - predict->last_ns, taken = predict->ready_cnt;

	if (taken > predict->others_cnt)
		taken = predict->others_cnt;
	predict->last_ns = at_ns;
	predict->wall_ns += passed_ns;
	if (taken)
		predict->lost_ns += passed_ns * taken / (taken + predict->running_cnt);
}

static int predict_core(void *ctx, const struct core_change *change)
{
	struct predict *predict = ctx;
	int err = array_reserve(&predict->uses, &predict->uses_cap, change->core + 1, 1);

	if (err)
		return err;
	cores_advance(predict, change->at_ns);
	predict->others_cnt += change->use == CORE_OTHER;
	predict->others_cnt -= predict->uses[change->core] == CORE_OTHER;
	predict->uses[change->core] = (unsigned char)change->use;
	return 0;
}

static bool is_running(enum thread_state state)
{
	return state != STATE_CNT && state_infos[state].counts & COUNTS_SCHEDULED;
}

static bool is_ready(enum thread_state state)
{
	return state == STATE_READY_WOKEN || state == STATE_READY_PREEMPTED;
}

static int room_make(struct predict *predict, const struct change *change)
{
	const struct futex_word *word = change->from_wait.word;
	int err = array_reserve(&predict->work_ns, &predict->work_cap, change->thread->slot + 1,
				sizeof(*predict->work_ns));

	if (!err)
		err = array_reserve(&predict->gil_ns, &predict->gil_cap, change->thread->process->slot + 1,
				    sizeof(*predict->gil_ns));
	if (!err && change->from == STATE_WAIT_LOCK && word)
		err = array_reserve(&predict->locks, &predict->locks_cap, word->slot + 1,
				    sizeof(*predict->locks));
	return err;
}

static void states_add(struct predict *predict, const struct change *change)
{
	const struct process *process = change->thread->process;
	const struct futex_word *word = change->from_wait.word;
	uint64_t passed_ns = change->at_ns - change->since_ns;

	predict->life_ns += passed_ns;
	if (state_infos[change->from].counts & COUNTS_TRUE)
		predict->work_ns[change->thread->slot] += passed_ns;
	else if (is_ready(change->from))
		predict->ready_ns += passed_ns;
	else if (change->from == STATE_UNKNOWN)
		predict->unknown_ns += passed_ns;
	else if (change->from == STATE_WAIT_GIL ||
		 (change->from == STATE_RUN_SPIN && process->gil != GIL_NONE))
		predict->gil_ns[process->slot] += passed_ns;
	else if (change->from == STATE_WAIT_LOCK && word) {
		predict->locks[word->slot].word = word;
		predict->locks[word->slot].wait_ns += passed_ns;
	}
}

static int predict_change(void *ctx, const struct change *change)
{
	struct predict *predict = ctx;
	int err = room_make(predict, change);

	if (err)
		return err;
	cores_advance(predict, change->at_ns);
	predict->running_cnt += is_running(change->to);
	predict->running_cnt -= is_running(change->from);
	predict->ready_cnt += is_ready(change->to);
	predict->ready_cnt -= is_ready(change->from);
	if (change->from != STATE_CNT)
		states_add(predict, change);
	return 0;
}

/*
 * Cores that we never had, though we were ready and they idle, are none that the run could use: the
 * program was bound to others.
 */
static uint32_t cores_usable(const struct predict *predict, const struct cores *cores, uint64_t wall_ns)
{
	bool bound = cores->idle_ready_ns * 2 > predict->ready_ns && cores->idle_ready_ns > wall_ns / 20;
	uint64_t most_ns = 0;
	uint32_t usable = 0;

	for (size_t i = 0; i < cores->cores_cnt; i++)
		if (cores->cores[i].use_ns[CORE_OURS] > most_ns)
			most_ns = cores->cores[i].use_ns[CORE_OURS];
	for (size_t i = 0; i < cores->cores_cnt; i++)
		usable += bound ? cores->cores[i].use_ns[CORE_OURS] > most_ns / SHARE :
			  cores->cores[i].use_ns[CORE_UNKNOWN] < wall_ns;
	return usable ? usable : 1;
}

static size_t stem_len(const char *name)
{
	size_t len = strlen(name);

	while (len && isdigit((unsigned char)name[len - 1]))
		len--;
	return len;
}

static int by_group(const void *a, const void *b)
{
	const struct thread *one = *(struct thread *const *)a, *other = *(struct thread *const *)b;
	size_t len = stem_len(one->comm), other_len = stem_len(other->comm);
	int order;

	if (one->process != other->process)
		return one->process->slot < other->process->slot ? -1 : 1;
	if (len != other_len)
		return len < other_len ? -1 : 1;
	order = memcmp(one->comm, other->comm, len);
	if (order)
		return order;
	return (one->slot > other->slot) - (one->slot < other->slot);
}

static bool same_group(const struct thread *one, const struct thread *other)
{
	size_t len = stem_len(one->comm);

	return one->process == other->process && len == stem_len(other->comm) &&
	       !memcmp(one->comm, other->comm, len);
}

static int groups_make(struct predict *predict, const struct people *people)
{
	struct thread **sorted = calloc(people->threads_cnt + 1, sizeof(struct thread *));

	predict->group_of = calloc(people->threads_cnt + 1, sizeof(*predict->group_of));
	predict->groups = calloc(people->threads_cnt + 1, sizeof(*predict->groups));
	if (!sorted || !predict->group_of || !predict->groups) {
		free(sorted);
		return -ENOMEM;
	}
	memcpy(sorted, people->threads, people->threads_cnt * sizeof(struct thread *));
	qsort(sorted, people->threads_cnt, sizeof(struct thread *), by_group);
	for (size_t i = 0; i < people->threads_cnt; i++) {
		uint32_t slot = sorted[i]->slot;
		struct predict_group *group;

		if (!i || !same_group(sorted[i - 1], sorted[i]))
			predict->groups_cnt++;
		group = &predict->groups[predict->groups_cnt - 1];
		if (!group->members_cnt++)
			group->member = sorted[i];
		predict->group_of[slot] = (uint32_t)(predict->groups_cnt - 1);
		if (slot < predict->work_cap)
			group->work_ns += predict->work_ns[slot];
	}
	free(sorted);
	return 0;
}

static int prediction_add(struct predict *predict, const struct replay_setup *setup,
			  const struct prediction *about)
{
	struct prediction *prediction;
	int err = array_reserve(&predict->predictions, &predict->predictions_cap,
				predict->predictions_cnt + 1, sizeof(*prediction));

	if (err)
		return err;
	prediction = &predict->predictions[predict->predictions_cnt];
	*prediction = *about;
	err = replay_run(setup, &prediction->result);
	predict->predictions_cnt += !err;
	return err;
}

/* The one with the most time below `below`, which was the last; 0 = there is none worth it. */
struct pick {
	uint64_t ns;
	size_t at;
	bool found;
};

static struct pick pick_next(const struct pick *last, const void *items, size_t cnt,
			     uint64_t (*ns_of)(const void *items, size_t at), uint64_t least_ns)
{
	struct pick pick = { 0 };

	for (size_t i = 0; i < cnt; i++) {
		uint64_t ns = ns_of(items, i);

		if (ns < least_ns || (last->found && (ns > last->ns || (ns == last->ns && i <= last->at))))
			continue;
		if (!pick.found || ns > pick.ns)
			pick = (struct pick){ ns, i, true };
	}
	return pick;
}

static uint64_t ns_at(const void *items, size_t at)
{
	return ((const uint64_t *)items)[at];
}

static uint64_t lock_ns_at(const void *items, size_t at)
{
	return ((const struct predict_lock *)items)[at].wait_ns;
}

static uint64_t group_ns_at(const void *items, size_t at)
{
	return ((const struct predict_group *)items)[at].work_ns;
}

static int gils_predict(struct predict *predict, const struct replay_setup *base)
{
	struct replay_setup setup = *base;
	uint64_t least_ns = predict->base.recorded_ns / SHARE + 1;
	struct pick picks[MOST], last = { 0 };
	size_t cnt = 0;
	int err;

	while (cnt < MOST) {
		last = pick_next(&last, predict->gil_ns, predict->gil_cap, ns_at, least_ns);
		if (!last.found)
			break;
		picks[cnt++] = last;
	}
	if (!cnt)
		return 0;
	setup.without_gil = true;
	err = prediction_add(predict, &setup, &(struct prediction){ .kind = PREDICTION_GIL });
	for (size_t i = 0; !err && cnt > 1 && i < cnt; i++) {
		setup.gil_process = base->people->processes[picks[i].at];
		err = prediction_add(predict, &setup, &(struct prediction){
			.kind = PREDICTION_GIL, .process = setup.gil_process });
	}
	return err;
}

static int locks_predict(struct predict *predict, const struct replay_setup *base)
{
	struct replay_setup setup = *base;
	uint64_t least_ns = predict->base.recorded_ns / SHARE + 1;
	struct pick last = { 0 };
	int err = 0;

	for (int i = 0; !err && i < MOST; i++) {
		last = pick_next(&last, predict->locks, predict->locks_cap, lock_ns_at, least_ns);
		if (!last.found)
			break;
		setup.lock = 1 + (uint32_t)last.at;
		err = prediction_add(predict, &setup, &(struct prediction){
			.kind = PREDICTION_LOCK, .word = predict->locks[last.at].word });
	}
	return err;
}

/* As long as somebody has to wait for a core, more of them may help. */
static int cores_predict(struct predict *predict, const struct replay_setup *base)
{
	struct replay_setup setup = *base;
	bool full = true;
	int err = 0;

	for (setup.cores = 1; !err && full && setup.cores <= PREDICT_CORES_MAX; setup.cores *= 2) {
		err = prediction_add(predict, &setup, &(struct prediction){
			.kind = PREDICTION_CORES, .cores = setup.cores });
		if (!err)
			full = predict->predictions[predict->predictions_cnt - 1].result.full;
	}
	return err;
}

static int groups_predict(struct predict *predict, const struct replay_setup *base)
{
	struct replay_setup setup = *base;
	uint64_t least_ns = predict->base.work_ns / SHARE + 1;
	struct pick last = { 0 };
	int err = 0;

	for (int i = 0; !err && i < MOST; i++) {
		const struct predict_group *group;

		last = pick_next(&last, predict->groups, predict->groups_cnt, group_ns_at, least_ns);
		if (!last.found)
			break;
		group = &predict->groups[last.at];
		setup.halved = 1 + (uint32_t)last.at;
		err = prediction_add(predict, &setup, &(struct prediction){
			.kind = PREDICTION_HALF, .member = group->member, .members_cnt = group->members_cnt });
	}
	return err;
}

int predict_make(struct predict *predict, const struct history *history, const struct people *people,
		 const struct cores *cores, const struct run *run)
{
	uint64_t wall_ns = run->end_ns - run->start_ns;
	struct replay_setup setup = {
		.history = history,
		.people = people,
		.start_ns = run->start_ns,
		.end_ns = run->end_ns,
		.entries_max = PREDICT_ENTRIES,
	};
	int err;

	if (!history->entries_cnt)
		return 0;
	predict->cores = setup.cores = setup.recorded_cores = cores_usable(predict, cores, wall_ns);
	predict->whole = history->entries_cnt <= setup.entries_max;
	err = groups_make(predict, people);
	setup.groups = predict->group_of;
	if (!err)
		err = replay_run(&setup, &predict->base);
	if (!err)
		err = gils_predict(predict, &setup);
	if (!err)
		err = locks_predict(predict, &setup);
	if (!err)
		err = cores_predict(predict, &setup);
	if (!err)
		err = groups_predict(predict, &setup);
	return err;
}

uint64_t predict_own_ns(const struct predict *predict)
{
	if (!predict->wall_ns)
		return predict->base.recorded_ns;
	return (uint64_t)((unsigned __int128)predict->base.recorded_ns *
			  (predict->wall_ns - predict->lost_ns) / predict->wall_ns);
}

uint64_t predict_error_ns(const struct predict *predict)
{
	uint64_t own_ns = predict_own_ns(predict), wall_ns = predict->base.wall_ns;

	return wall_ns > own_ns ? wall_ns - own_ns : own_ns - wall_ns;
}

void predict_clear(struct predict *predict)
{
	free(predict->uses);
	free(predict->work_ns);
	free(predict->gil_ns);
	free(predict->locks);
	free(predict->group_of);
	free(predict->groups);
	free(predict->predictions);
	*predict = (struct predict){ 0 };
}

const struct sink predict_sink = {
	.name = "predict",
	.begin = predict_begin,
	.change = predict_change,
	.core = predict_core,
};
