/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who held the lock that a thread waited for: decided here and nowhere else, so that no two analyses can
 * name two holders for one wait. And what the holders do meanwhile: whoever is pointed at as the holder of
 * a lock is watched, and the time that it spends in each state is added to the lock, once for each thread
 * that waits.
 *
 * All changes of all threads go through here, in the order of time or against it: who holds a lock is
 * told by the begin of some waits, of others only by the end.
 */
#ifndef ANALYZER_ANALYSES_HOLDERS_H
#define ANALYZER_ANALYSES_HOLDERS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/state.h"

/* How certainly the trace tells who held a lock during a wait. */
enum owner_certainty {
	OWNER_EXACT,	/* the owner that was read in the lock's memory when the wait began */
	OWNER_LIKELY,	/* none was to be read: who ended the wait, as it let go of the lock then */
	OWNER_UNKNOWN,	/* neither: a time-out, a signal, events that were lost, the end of the run */
	OWNER_CNT
};
extern const char *const owner_certainty_names[OWNER_CNT];

/* All three: 1 + slot of a thread, 0 = none. The owner that was read, who ended the wait; the holder. */
uint64_t lock_holder(uint64_t owner, uint64_t waker, enum owner_certainty *ret_certainty);

/* A holder that has not been born yet, or is dead. */
#define HOLDER_GONE STATE_CNT
#define HOLDER_STATES (STATE_CNT + 1)

/* Where the time goes. */
struct holders_sum {
	uint64_t state_ns[HOLDER_STATES];
};

struct holding;

struct holder {
	enum thread_state state;
	uint32_t blocked_on;		/* 1 + number of the lock that it waits for itself, 0 = none */
	uint64_t since_ns;		/* added up to here */
	struct holding *holdings;	/* locks with threads that wait because of it */
};

struct holders {
	/* Called where the holder waits for another lock meanwhile; may be NULL. */
	int (*blocked)(void *ctx, uint32_t lock, uint32_t blocked_on, uint64_t ns);
	void *ctx;
	struct holder *threads;		/* by slot */
	size_t threads_cap, threads_cnt;
	struct holding *spare;		/* used before, linked */
};

/* From at_ns on, in the direction of reading, the thread is in this state; blocked_on: as above. */
int holders_change(struct holders *holders, uint32_t slot, uint64_t at_ns, enum thread_state state,
		   uint32_t blocked_on);
/* One more thread waits for the lock because of this one; sum: of that lock, it must stay in place. */
int holders_point(struct holders *holders, uint32_t slot, uint64_t at_ns, uint32_t lock,
		  struct holders_sum *sum);
/* One less. */
int holders_unpoint(struct holders *holders, uint32_t slot, uint64_t at_ns, uint32_t lock);
void holders_clear(struct holders *holders);

#endif
