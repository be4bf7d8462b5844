/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks: for each futex word, who waited, for how long, because of whom, and what that one was doing
 * meanwhile.
 *
 * A wait is a stretch of a thread in wait.lock. All of it is blamed on one thread (blame shifting:
 * Tallent, Mellor-Crummey, Porterfield, PPoPP 2010), as certainly as the trace tells: see
 * lock_holder(). An owner that was exact at the begin may have passed the lock on meanwhile; the wait stays its.
 *
 * Cores that stand idle while a thread waits are lost to what it waits for: its equal part of them, as
 * in the speed-up stack (see cores.h).
 *
 * Checked, for each lock: its waits sum to the time that threads waited for it, counted by how many
 * there were; the parts by certainty, and by what the holder was doing, sum to the waits (identity 7).
 * For all: the waits sum to the threads' wait.lock, the lost cores to the idle time that is put down to
 * that state.
 */
#ifndef ANALYZER_ANALYSES_LOCKS_H
#define ANALYZER_ANALYSES_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/holders.h"
#include "analyzer/analyses/shares.h"
#include "analyzer/cores.h"
#include "analyzer/identity.h"
#include "analyzer/sink.h"
#include "analyzer/spread.h"
#include "analyzer/tally.h"

struct history;
struct people;

#define LOCK_SHARES_MAX ((size_t)1 << 16)

/* The threads that wait for a word, and those that did. */
struct word_waits {
	const struct futex_word *word;
	uint64_t waits_cnt, wait_ns, longest_ns;	/* of those that are over */
	uint64_t cut_cnt;			/* of them, begun before what is looked at, or over after it */
	uint64_t waiters_cnt;			/* now */
	uint64_t before_cnt;			/* just before since_ns */
	uint64_t since_ns;			/* added up to here */
	uint64_t waiters_ns;			/* time, times those that waited */
	uint64_t contended_ns;			/* at least one waited */
	uint64_t waiters_max;
	unsigned __int128 idle_before, idle;	/* core_idle_share's unit */
};

struct lock {
	struct word_waits waits;
	struct spread wait_spread;		/* of waits that are not cut */
	struct spread handoffs;			/* from the waking to the core, where a thread woke it */
	uint64_t wakings_cnt, wakings_waiters;	/* by threads; who waited then, the woken one included */
	uint64_t certain_cnt[OWNER_CNT], certain_ns[OWNER_CNT];
	struct holders_sum holder[OWNER_UNKNOWN];	/* what it was doing, by certainty */
};

/* What is kept of a thread. */
struct lock_thread {
	struct word_waits *waits;	/* for this word; NULL = for none */
	struct lock *lock;		/* the same, where it is a lock */
	uint64_t since_ns;
	bool cut;			/* the wait began before what is looked at */
	struct thread *owner;		/* when the wait began */
	struct thread *waker;		/* that ended it */
	struct lock *woken_from;	/* by a thread; it has not run since */
};

struct locks {
	struct identity *identity;
	const struct cores *cores;
	const struct tally *tally;
	struct lock **locks;		/* by number of the word; NULL: nobody waited for it as a lock */
	size_t locks_cap, locks_cnt;
	struct word_waits **syncs;	/* likewise, in wait.sync */
	size_t syncs_cap, syncs_cnt;
	struct lock_thread *threads;	/* by slot */
	size_t threads_cap, threads_cnt;
	struct holders holders;
	/* Both end at the lock; beyond LOCK_SHARES_MAX they begin at SEVERAL. In the order of shares_by_to(). */
	struct shares blames;		/* thread, lock: by certainty */
	struct shares chains;		/* other lock that its holder waited for, lock: exact */
	/* At the end, those that were waited for longest first: */
	struct lock **ranking;
	size_t ranking_cnt;
	struct word_waits **sync_ranking;
	size_t sync_ranking_cnt;
	/* Of all locks together: */
	uint64_t waits_cnt, wait_ns, idle_ns, certain_ns[OWNER_CNT];
};

/* ctx: a struct locks, zeroed but for `identity`, `cores`, `tally`; behind the sinks of these. */
extern const struct sink locks_sink;
void locks_clear(struct locks *locks);

/*
 * Once the sinks have ended: what the likely holders did, who are only known from a wait's end, so the
 * history is read backwards.
 */
int locks_look_back(struct locks *locks, const struct history *history, const struct people *people);

/* Whether threads waited for the word as a lock. */
bool locks_have(const struct locks *locks, const struct futex_word *word);

/* Idle core time that was lost to the waits for a word. */
uint64_t word_idle_ns(const struct word_waits *waits);

#endif
