/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses what is worth a replay: the GILs that somebody waited for, the locks and groups of threads that
 * took most time, the numbers of cores up to the one from which on more are of no use.
 */
#include "analyzer/analyses/predict.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/analyses/span.h"
#include "analyzer/array.h"
#include "analyzer/words.h"

#define SHARE 100
/* Of the run's gain: who gains less is not worth mentioning besides. */
#define SOONER_PERMILLE 1250

static int predict_begin(void *ctx, const struct run *run)
{
	struct predict *predict = ctx;

	own_begin(&predict->own, run->start_ns);
	return 0;
}

static int predict_core(void *ctx, const struct core_change *change)
{
	struct predict *predict = ctx;

	return own_core(&predict->own, change);
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

	if (!err)
		err = own_change(&predict->own, change);
	if (err)
		return err;
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
	bool bound = cores->idle_ready_ns * 2 > predict->own.ready_ns && cores->idle_ready_ns > wall_ns / 20;
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

static int groups_work(struct predict *predict, const struct groups *groups)
{
	predict->group_ns = calloc(groups->groups_cnt + 1, sizeof(*predict->group_ns));
	if (!predict->group_ns)
		return -ENOMEM;
	for (size_t i = 0; i < groups->threads_cnt; i++) {
		uint32_t slot = groups->threads[i]->slot;

		if (slot < predict->work_cap)
			predict->group_ns[groups->of_thread[slot]] += predict->work_ns[slot];
	}
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

/* Those with the most time, the most first; returns how many. */
static size_t picks_make(struct pick picks[PREDICT_MOST], const void *items, size_t items_cnt,
			 uint64_t (*ns_of)(const void *items, size_t at), uint64_t least_ns)
{
	struct pick last = { 0 };
	size_t cnt = 0;

	while (cnt < PREDICT_MOST) {
		last = pick_next(&last, items, items_cnt, ns_of, least_ns);
		if (!last.found)
			break;
		picks[cnt++] = last;
	}
	return cnt;
}

static uint64_t ns_at(const void *items, size_t at)
{
	return ((const uint64_t *)items)[at];
}

static uint64_t lock_ns_at(const void *items, size_t at)
{
	return ((const struct predict_lock *)items)[at].wait_ns;
}

/* When the last thread of each group is done; the caller frees it. */
static uint64_t *groups_done(const struct groups *groups, const uint64_t *done_ns)
{
	uint64_t *group_ns = calloc(groups->groups_cnt + 1, sizeof(*group_ns));

	for (size_t i = 0; group_ns && i < groups->threads_cnt; i++) {
		uint32_t slot = groups->threads[i]->slot;

		if (done_ns[slot] > group_ns[groups->of_thread[slot]])
			group_ns[groups->of_thread[slot]] = done_ns[slot];
	}
	return group_ns;
}

static uint64_t permille(uint64_t before_ns, uint64_t after_ns)
{
	return (uint64_t)((unsigned __int128)before_ns * 1000 / (after_ns ? after_ns : 1));
}

static int sooner_find(struct predict *predict, const struct groups *groups, uint64_t without_ns)
{
	uint64_t *base_ns = groups_done(groups, predict->done_ns);
	uint64_t *done_ns = groups_done(groups, predict->gil_done_ns);
	uint64_t *gains = calloc(groups->groups_cnt + 1, sizeof(*gains));
	uint64_t least = permille(predict->base.wall_ns, without_ns) * SOONER_PERMILLE / 1000;
	int err = base_ns && done_ns && gains ? 0 : -ENOMEM;
	struct pick last = { 0 };

	for (size_t i = 0; !err && i < groups->groups_cnt; i++)
		gains[i] = permille(base_ns[i], done_ns[i]);
	while (!err && predict->sooner_cnt < PREDICT_MOST) {
		last = pick_next(&last, gains, groups->groups_cnt, ns_at, least);
		if (!last.found)
			break;
		predict->sooner[predict->sooner_cnt++] = (struct predict_sooner){
			&groups->groups[last.at], base_ns[last.at], done_ns[last.at] };
	}
	free(gains);
	free(done_ns);
	free(base_ns);
	return err;
}

static int gils_predict(struct predict *predict, const struct groups *groups,
			const struct replay_setup *base)
{
	struct replay_setup setup = *base;
	uint64_t least_ns = predict->base.recorded_ns / SHARE + 1;
	struct pick picks[PREDICT_MOST];
	size_t cnt = picks_make(picks, predict->gil_ns, predict->gil_cap, ns_at, least_ns);
	int err;

	if (!cnt)
		return 0;
	setup.without_gil = true;
	setup.gil_cost_permille = predict->gil_cost_permille;
	setup.done_ns = predict->gil_done_ns;
	err = prediction_add(predict, &setup, &(struct prediction){ .kind = PREDICTION_GIL });
	if (!err)
		err = sooner_find(predict, groups, predict->predictions[0].result.wall_ns);
	setup.done_ns = NULL;
	for (size_t i = 0; !err && cnt > 1 && i < cnt; i++) {
		setup.gil_process = base->people->processes[picks[i].at];
		err = prediction_add(predict, &setup, &(struct prediction){
			.kind = PREDICTION_GIL, .process = setup.gil_process });
	}
	return err;
}

static int lock_predict(struct predict *predict, struct replay_setup *setup, uint32_t lock,
			const struct futex_word *word)
{
	setup->lock = lock;
	return prediction_add(predict, setup, &(struct prediction){
		.kind = PREDICTION_LOCK, .word = word });
}

static int locks_predict(struct predict *predict, const struct replay_setup *base)
{
	struct replay_setup setup = *base;
	uint64_t least_ns = predict->base.recorded_ns / SHARE + 1;
	struct pick picks[PREDICT_MOST];
	size_t cnt = picks_make(picks, predict->locks, predict->locks_cap, lock_ns_at, least_ns);
	int err = 0;

	if (cnt > 1)
		err = lock_predict(predict, &setup, REPLAY_ALL_LOCKS, NULL);
	for (size_t i = 0; !err && i < cnt; i++)
		err = lock_predict(predict, &setup, 1 + (uint32_t)picks[i].at,
				   predict->locks[picks[i].at].word);
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

static int groups_predict(struct predict *predict, const struct groups *groups,
			  const struct replay_setup *base)
{
	struct replay_setup setup = *base;
	uint64_t least_ns = predict->base.work_ns / SHARE + 1;
	struct pick last = { 0 };
	int err = 0;

	for (int i = 0; !err && i < PREDICT_MOST; i++) {
		const struct thread_group *group;

		last = pick_next(&last, predict->group_ns, groups->groups_cnt, ns_at, least_ns);
		if (!last.found)
			break;
		group = &groups->groups[last.at];
		setup.halved = 1 + (uint32_t)last.at;
		err = prediction_add(predict, &setup, &(struct prediction){
			.kind = PREDICTION_HALF, .group = group });
	}
	return err;
}

static int base_replay(struct predict *predict, const struct replay_setup *setup)
{
	struct replay_setup base = *setup;

	predict->done_ns = calloc(setup->people->threads_cnt + 1, sizeof(*predict->done_ns));
	predict->gil_done_ns = calloc(setup->people->threads_cnt + 1, sizeof(*predict->gil_done_ns));
	if (!predict->done_ns || !predict->gil_done_ns)
		return -ENOMEM;
	base.done_ns = predict->done_ns;
	return replay_run(&base, &predict->base);
}

int predict_make(struct predict *predict, const struct history *history, const struct people *people,
		 const struct groups *groups, const struct cores *cores, const struct span *span,
		 const struct run *run)
{
	uint64_t wall_ns = run->end_ns - run->start_ns;
	struct replay_setup setup = {
		.history = history,
		.people = people,
		.group_of = groups->of_thread,
		.start_ns = run->start_ns,
		.end_ns = run->end_ns,
		.entries_max = PREDICT_ENTRIES,
	};
	int err;

	if (!history->entries_cnt)
		return 0;
	predict->cores = setup.cores = setup.recorded_cores = cores_usable(predict, cores, wall_ns);
	predict->least_ns = span_bound_ns(span, predict->cores);
	predict->whole = history->entries_cnt <= setup.entries_max;
	err = groups_work(predict, groups);
	if (!err)
		err = base_replay(predict, &setup);
	/* Nothing but threads that wait for each other: nobody knows for what. */
	if (!err && !predict->base.wall_ns)
		return 0;
	if (!err)
		err = gils_predict(predict, groups, &setup);
	if (!err)
		err = locks_predict(predict, &setup);
	if (!err)
		err = cores_predict(predict, &setup);
	if (!err)
		err = groups_predict(predict, groups, &setup);
	return err;
}

uint64_t predict_own_ns(const struct predict *predict)
{
	uint64_t recorded_ns = predict->base.recorded_ns, wall_ns = predict->own.wall_ns, own_ns;
	uint64_t least_ns = predict->whole ? predict->least_ns : 0;

	if (!wall_ns)
		return recorded_ns;
	own_ns = (uint64_t)((unsigned __int128)recorded_ns * (wall_ns - predict->own.lost_ns) / wall_ns);
	if (own_ns < least_ns)
		own_ns = least_ns;
	return own_ns < recorded_ns ? own_ns : recorded_ns;
}

uint64_t predict_error_ns(const struct predict *predict)
{
	uint64_t own_ns = predict_own_ns(predict), wall_ns = predict->base.wall_ns;

	return wall_ns > own_ns ? wall_ns - own_ns : own_ns - wall_ns;
}

void predict_clear(struct predict *predict)
{
	own_clear(&predict->own);
	free(predict->work_ns);
	free(predict->gil_ns);
	free(predict->locks);
	free(predict->group_ns);
	free(predict->done_ns);
	free(predict->gil_done_ns);
	free(predict->predictions);
	*predict = (struct predict){ 0 };
}

const struct sink predict_sink = {
	.name = "predict",
	.begin = predict_begin,
	.change = predict_change,
	.core = predict_core,
};
