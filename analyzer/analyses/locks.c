/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows each thread from the begin of a wait to its end, and each word from one change of its waiters
 * to the next.
 */
#include "analyzer/analyses/locks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/thread.h"
#include "analyzer/words.h"

uint64_t word_idle_ns(const struct word_waits *waits)
{
	return (uint64_t)(waits->idle >> CORE_SHARE_BITS);
}

bool locks_have(const struct locks *locks, const struct futex_word *word)
{
	return word->slot < locks->locks_cnt && locks->locks[word->slot];
}

static int lock_find(struct locks *locks, const struct futex_word *word, struct lock **ret_lock)
{
	struct lock *lock;
	int err = array_reserve(&locks->locks, &locks->locks_cap, (size_t)word->slot + 1,
				sizeof(struct lock *));

	if (err)
		return err;
	if (locks->locks_cnt <= word->slot)
		locks->locks_cnt = (size_t)word->slot + 1;
	lock = locks->locks[word->slot];
	if (!lock) {
		lock = calloc(1, sizeof(*lock));
		if (!lock)
			return -ENOMEM;
		lock->waits.word = word;
		locks->locks[word->slot] = lock;
	}
	*ret_lock = lock;
	return 0;
}

static int sync_find(struct locks *locks, const struct futex_word *word, struct word_waits **ret_waits)
{
	struct word_waits *waits;
	int err = array_reserve(&locks->syncs, &locks->syncs_cap, (size_t)word->slot + 1,
				sizeof(struct word_waits *));

	if (err)
		return err;
	if (locks->syncs_cnt <= word->slot)
		locks->syncs_cnt = (size_t)word->slot + 1;
	waits = locks->syncs[word->slot];
	if (!waits) {
		waits = calloc(1, sizeof(*waits));
		if (!waits)
			return -ENOMEM;
		waits->word = word;
		locks->syncs[word->slot] = waits;
	}
	*ret_waits = waits;
	return 0;
}

static int thread_find(struct locks *locks, uint32_t slot, struct lock_thread **ret_thread)
{
	int err = array_reserve(&locks->threads, &locks->threads_cap, (size_t)slot + 1,
				sizeof(*locks->threads));

	if (err)
		return err;
	if (locks->threads_cnt <= slot)
		locks->threads_cnt = (size_t)slot + 1;
	*ret_thread = &locks->threads[slot];
	return 0;
}

static void waits_advance(const struct locks *locks, struct word_waits *waits, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - waits->since_ns;

	if (!passed_ns)
		return;
	if (waits->waiters_cnt) {
		waits->waiters_ns += waits->waiters_cnt * passed_ns;
		waits->contended_ns += passed_ns;
		waits->idle += waits->waiters_cnt * (locks->cores->idle_share - waits->idle_before);
	}
	/* Who comes at the instant at which another goes does not wait at its side. */
	if (waits->waiters_cnt > waits->waiters_max)
		waits->waiters_max = waits->waiters_cnt;
	waits->before_cnt = waits->waiters_cnt;
	waits->since_ns = now_ns;
	waits->idle_before = locks->cores->idle_share;
}

static int wait_begin(struct locks *locks, struct lock_thread *thread, const struct change *change)
{
	const struct wait_for *wait = &change->to_wait;
	int err = 0;

	if (!wait->word)
		return 0;
	if (change->to == STATE_WAIT_LOCK) {
		err = lock_find(locks, wait->word, &thread->lock);
		thread->waits = err ? NULL : &thread->lock->waits;
		thread->owner = wait->owner;
	} else if (change->to == STATE_WAIT_SYNC) {
		err = sync_find(locks, wait->word, &thread->waits);
	}
	if (err || !thread->waits)
		return err;
	thread->since_ns = change->at_ns;
	thread->cut = change->cut;
	waits_advance(locks, thread->waits, change->at_ns);
	thread->waits->waiters_cnt++;
	if (!thread->lock || !thread->owner)
		return 0;
	return holders_point(&locks->holders, thread->owner->slot, change->at_ns, wait->word->slot,
			     &thread->lock->holder[OWNER_EXACT]);
}

static uint64_t numbered(const struct thread *thread)
{
	return thread ? 1 + (uint64_t)thread->slot : 0;
}

static int lock_wait_end(struct locks *locks, struct lock_thread *thread, uint64_t now_ns, bool cut)
{
	struct lock *lock = thread->lock;
	uint64_t ns = now_ns - thread->since_ns;
	enum owner_certainty certainty;
	uint64_t holder = lock_holder(numbered(thread->owner), numbered(thread->waker), &certainty);
	int err = cut ? 0 : spread_add(&lock->wait_spread, ns);

	lock->certain_cnt[certainty]++;
	lock->certain_ns[certainty] += ns;
	if (!err && thread->owner)
		err = holders_unpoint(&locks->holders, thread->owner->slot, now_ns,
				      lock->waits.word->slot);
	if (!err && holder)
		err = shares_add(&locks->blames, LOCK_SHARES_MAX, (uint32_t)holder - 1,
				 lock->waits.word->slot, (enum share_part)certainty, ns);
	return err;
}

static int wait_end(struct locks *locks, struct lock_thread *thread, const struct change *change)
{
	struct word_waits *waits = thread->waits;
	uint64_t ns = change->at_ns - thread->since_ns;
	bool cut = thread->cut || change->cut;
	int err = 0;

	if (!waits)
		return 0;
	waits_advance(locks, waits, change->at_ns);
	waits->waiters_cnt--;
	waits->waits_cnt++;
	waits->cut_cnt += cut;
	waits->wait_ns += ns;
	if (ns > waits->longest_ns)
		waits->longest_ns = ns;
	if (thread->lock)
		err = lock_wait_end(locks, thread, change->at_ns, cut);
	/* What is ended so is ready from here on. */
	thread->woken_from = thread->waker ? thread->lock : NULL;
	thread->since_ns = change->at_ns;
	thread->waits = NULL;
	thread->lock = NULL;
	thread->owner = thread->waker = NULL;
	return err;
}

/* Woken to take a lock over, and now it runs; or something else became of it. */
static int handoff_end(struct lock_thread *thread, const struct change *change)
{
	struct lock *lock = thread->woken_from;

	thread->woken_from = NULL;
	if (!lock || change->to == STATE_CNT || !(state_infos[change->to].counts & COUNTS_SCHEDULED))
		return 0;
	return spread_add(&lock->handoffs, change->at_ns - thread->since_ns);
}

static int locks_change(void *ctx, const struct change *change)
{
	struct locks *locks = ctx;
	struct lock_thread *thread;
	uint32_t blocked_on;
	int err = thread_find(locks, change->thread->slot, &thread);

	if (!err)
		err = handoff_end(thread, change);
	if (!err)
		err = wait_end(locks, thread, change);
	if (err)
		return err;
	blocked_on = change->to == STATE_WAIT_LOCK && change->to_wait.word ?
			     change->to_wait.word->slot + 1 : 0;
	err = holders_change(&locks->holders, change->thread->slot, change->at_ns, change->to,
			     blocked_on);
	if (!err)
		err = wait_begin(locks, thread, change);
	return err;
}

static int locks_edge(void *ctx, const struct edge *edge)
{
	struct locks *locks = ctx;
	const struct word_waits *waits;
	struct lock_thread *thread;
	int err = thread_find(locks, edge->wakee->slot, &thread);

	if (err || !thread->lock || !edge->waker)
		return err;
	thread->waker = edge->waker;
	waits = thread->waits;
	thread->lock->wakings_cnt++;
	thread->lock->wakings_waiters += edge->at_ns > waits->since_ns ? waits->waiters_cnt :
									 waits->before_cnt;
	return 0;
}

static int locks_blocked(void *ctx, uint32_t lock, uint32_t blocked_on, uint64_t ns)
{
	struct locks *locks = ctx;

	return shares_add(&locks->chains, LOCK_SHARES_MAX, blocked_on, lock, (enum share_part)OWNER_EXACT, ns);
}

static int locks_begin(void *ctx, const struct run *run)
{
	struct locks *locks = ctx;

	(void)run;
	locks->holders.blocked = locks_blocked;
	locks->holders.ctx = locks;
	return 0;
}

static int lock_check(struct identity *identity, const struct lock *lock)
{
	const struct word_waits *waits = &lock->waits;
	uint64_t certain_ns = 0, states_ns = 0;
	int err;

	for (int i = 0; i < OWNER_CNT; i++)
		certain_ns += lock->certain_ns[i];
	for (int i = 0; i < HOLDER_STATES; i++)
		states_ns += lock->holder[OWNER_EXACT].state_ns[i];
	err = identity_check(identity, waits->waiters_ns == waits->wait_ns,
			     "the waits for a lock are %" PRIu64 " ns, its waiters waited %"
			     PRIu64 " ns", waits->wait_ns, waits->waiters_ns);
	if (!err)
		err = identity_check(identity, certain_ns == waits->wait_ns,
				     "identity 7: the waits for a lock are %" PRIu64 " ns, blamed are %"
				     PRIu64 " ns", waits->wait_ns, certain_ns);
	if (!err)
		err = identity_check(identity, states_ns == lock->certain_ns[OWNER_EXACT],
				     "identity 7: %" PRIu64 " ns of waits for a lock are blamed on its"
				     " owners, who did something for %" PRIu64 " ns",
				     lock->certain_ns[OWNER_EXACT], states_ns);
	return err;
}

/* What all locks together are, counted by others. */
static int locks_check(struct locks *locks)
{
	uint64_t threads_ns = 0, cores_ns = locks->cores->idle_wait_ns[STATE_WAIT_LOCK];
	uint64_t apart_ns = locks->idle_ns > cores_ns ? locks->idle_ns - cores_ns :
							cores_ns - locks->idle_ns;
	int err;

	for (size_t i = 0; i < locks->tally->threads_cnt; i++)
		threads_ns += locks->tally->threads[i].state_ns[STATE_WAIT_LOCK];
	err = identity_check(locks->identity, locks->wait_ns == threads_ns,
			     "identity 1: threads waited for locks for %" PRIu64 " ns, the locks say %"
			     PRIu64 " ns", threads_ns, locks->wait_ns);
	if (err)
		return err;
	/* Whole nanoseconds: one for each part that was rounded. */
	return identity_check(locks->identity, apart_ns <= locks->ranking_cnt + locks->cores->splits_cnt,
			      "identity 5: cores were idle for %" PRIu64
			      " ns while threads waited for locks, the locks say %" PRIu64 " ns",
			      cores_ns, locks->idle_ns);
}

static int waits_compare(const struct word_waits *a, const struct word_waits *b)
{
	if (a->wait_ns != b->wait_ns)
		return a->wait_ns > b->wait_ns ? -1 : 1;
	return (a->word->slot > b->word->slot) - (a->word->slot < b->word->slot);
}

static int lock_compare(const void *left, const void *right)
{
	return waits_compare(&(*(struct lock *const *)left)->waits,
			     &(*(struct lock *const *)right)->waits);
}

static int sync_compare(const void *left, const void *right)
{
	return waits_compare(*(struct word_waits *const *)left, *(struct word_waits *const *)right);
}

/* Those that there are, and in their order. */
static int locks_rank(struct locks *locks)
{
	locks->ranking = calloc(locks->locks_cnt + 1, sizeof(struct lock *));
	locks->sync_ranking = calloc(locks->syncs_cnt + 1, sizeof(struct word_waits *));
	if (!locks->ranking || !locks->sync_ranking)
		return -ENOMEM;
	for (size_t i = 0; i < locks->locks_cnt; i++)
		if (locks->locks[i])
			locks->ranking[locks->ranking_cnt++] = locks->locks[i];
	for (size_t i = 0; i < locks->syncs_cnt; i++)
		if (locks->syncs[i])
			locks->sync_ranking[locks->sync_ranking_cnt++] = locks->syncs[i];
	qsort(locks->ranking, locks->ranking_cnt, sizeof(struct lock *), lock_compare);
	qsort(locks->sync_ranking, locks->sync_ranking_cnt, sizeof(struct word_waits *), sync_compare);
	shares_sort(&locks->blames, shares_by_to);
	shares_sort(&locks->chains, shares_by_to);
	return 0;
}

static int locks_end(void *ctx, const struct run *run)
{
	struct locks *locks = ctx;
	int err = locks_rank(locks);

	(void)run;
	for (size_t i = 0; !err && i < locks->ranking_cnt; i++) {
		const struct lock *lock = locks->ranking[i];

		err = lock_check(locks->identity, lock);
		locks->waits_cnt += lock->waits.waits_cnt;
		locks->wait_ns += lock->waits.wait_ns;
		locks->idle_ns += word_idle_ns(&lock->waits);
		for (int j = 0; j < OWNER_CNT; j++)
			locks->certain_ns[j] += lock->certain_ns[j];
	}
	return err ? err : locks_check(locks);
}

void locks_clear(struct locks *locks)
{
	for (size_t i = 0; i < locks->locks_cnt; i++) {
		if (!locks->locks[i])
			continue;
		spread_clear(&locks->locks[i]->wait_spread);
		spread_clear(&locks->locks[i]->handoffs);
		free(locks->locks[i]);
	}
	for (size_t i = 0; i < locks->syncs_cnt; i++)
		free(locks->syncs[i]);
	free(locks->locks);
	free(locks->syncs);
	free(locks->threads);
	free(locks->ranking);
	free(locks->sync_ranking);
	holders_clear(&locks->holders);
	shares_clear(&locks->blames);
	shares_clear(&locks->chains);
	*locks = (struct locks){ 0 };
}

const struct sink locks_sink = {
	.name = "locks",
	.begin = locks_begin,
	.change = locks_change,
	.edge = locks_edge,
	.end = locks_end,
};
