/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goes back through all waits for locks: from its end on it is known who is likely to have held the lock,
 * and that one is watched until the wait's begin.
 */
#include "analyzer/analyses/locks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/history.h"
#include "analyzer/thread.h"

/* A thread, up to the instant that was reached. */
struct back_thread {
	enum thread_state state;
	uint64_t owner;		/* of a wait's lock: 1 + slot, 0 = none */
	bool points;		/* at: */
	uint32_t holder, lock;
};

struct walk_back {
	struct locks *locks;
	struct holders holders;
	struct back_thread *threads;	/* by slot */
};

static int change_back(struct walk_back *walk, const struct history_entry *entry)
{
	struct back_thread *thread = &walk->threads[entry->thread];
	int err = 0;

	if (thread->points)
		err = holders_unpoint(&walk->holders, thread->holder, entry->at_ns, thread->lock);
	if (err)
		return err;
	*thread = (struct back_thread){
		.state = entry->from,
		.owner = entry->awaited,
	};
	return holders_change(&walk->holders, entry->thread, entry->at_ns, entry->from, 0);
}

static int edge_back(struct walk_back *walk, const struct history_entry *entry)
{
	struct back_thread *thread = &walk->threads[entry->thread];
	enum owner_certainty certainty;
	uint64_t holder;
	struct lock *lock;

	if (thread->state != STATE_WAIT_LOCK || !entry->awaited)
		return 0;
	holder = lock_holder(thread->owner, entry->object, &certainty);
	if (certainty != OWNER_LIKELY)
		return 0;
	thread->points = true;
	thread->holder = (uint32_t)holder - 1;
	thread->lock = (uint32_t)entry->awaited - 1;
	lock = thread->lock < walk->locks->locks_cnt ? walk->locks->locks[thread->lock] : NULL;
	if (!lock)
		return identity_check(walk->locks->identity, false, "identity 7: a wait for a lock ended as "
				      "one for a futex word that is none");
	return holders_point(&walk->holders, thread->holder, entry->at_ns, thread->lock,
			     &lock->holder[OWNER_LIKELY]);
}

static int likely_check(const struct locks *locks)
{
	for (size_t i = 0; i < locks->ranking_cnt; i++) {
		const struct lock *lock = locks->ranking[i];
		uint64_t states_ns = 0;
		int err;

		for (int state = 0; state < HOLDER_STATES; state++)
			states_ns += lock->holder[OWNER_LIKELY].state_ns[state];
		err = identity_check(locks->identity, states_ns == lock->certain_ns[OWNER_LIKELY],
				     "identity 7: %" PRIu64 " ns of waits for a lock are blamed on likely"
				     " holders, who did something for %" PRIu64 " ns",
				     lock->certain_ns[OWNER_LIKELY], states_ns);
		if (err)
			return err;
	}
	return 0;
}

static int walk_all(struct walk_back *walk, const struct history *history)
{
	struct history_reader reader;
	struct history_entry entry;
	int err = history_open_at_end(&reader, history);

	while (err >= 0 && (err = history_previous(&reader, &entry)) > 0)
		err = entry.kind == HISTORY_CHANGE ? change_back(walk, &entry) : edge_back(walk, &entry);
	history_close(&reader);
	return err;
}

int locks_look_back(struct locks *locks, const struct history *history, const struct people *people)
{
	struct walk_back walk = { .locks = locks };
	int err;

	if (!locks->certain_ns[OWNER_LIKELY])
		return 0;
	walk.threads = calloc(people->threads_cnt, sizeof(*walk.threads));
	if (!walk.threads)
		return -ENOMEM;
	for (size_t i = 0; i < people->threads_cnt; i++)
		walk.threads[i].state = HOLDER_GONE;
	err = walk_all(&walk, history);
	holders_clear(&walk.holders);
	free(walk.threads);
	return err ? err : likely_check(locks);
}
