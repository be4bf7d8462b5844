/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_ACCOUNT_H
#define GILRT_ACCOUNT_H

/*
 * How a thread divides its life by the GIL: at every instant it is in exactly one state, so the
 * times add up to its life without a remainder. Written by the thread itself only.
 *
 * Waiting is entered only where a thread is about to block; an uncontended drop and take costs two
 * readings of the clock and no more.
 */

#include <stdint.h>

enum account_state {
	ACCOUNT_RELEASED,	/* has let go: in a blocking call, or about to */
	ACCOUNT_WAITING,	/* wants the GIL, or is held by a forced switch */
	ACCOUNT_HOLDING,
	ACCOUNT_STATES,
};

struct account {
	enum account_state state;
	uint64_t since_ns;
	uint64_t total_ns[ACCOUNT_STATES];
	uint64_t entry_cnt[ACCOUNT_STATES];
};

static inline void account_begin(struct account *account, uint64_t now_ns)
{
	*account = (struct account){ .state = ACCOUNT_RELEASED, .since_ns = now_ns };
}

/* Returns how long it was in the state that it leaves; 0, and nothing changes, if it is in it. */
static inline uint64_t account_enter(struct account *account, enum account_state state,
				     uint64_t now_ns)
{
	const uint64_t elapsed_ns = now_ns - account->since_ns;

	if (account->state == state)
		return 0;
	account->total_ns[account->state] += elapsed_ns;
	account->since_ns = now_ns;
	account->state = state;
	account->entry_cnt[state]++;
	return elapsed_ns;
}

/* The last moment: closes the state that it is in. */
static inline void account_end(struct account *account, uint64_t now_ns)
{
	account->total_ns[account->state] += now_ns - account->since_ns;
	account->since_ns = now_ns;
}

#endif
