/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Room: cores that stood idle, and whoever had work in hand and could have used them.
 *
 * The speed-up stack (Eyerman, Du Bois, Eeckhout, ISPASS 2012; cores.h) accounts idle cores to all that
 * wait. For what could be gained, only threads with work in hand count: one that joins others would not
 * run on a core that it got. So, at every instant, of the idle cores
 *  - as many as threads are ready: idle while work was ready;
 *  - then as many as threads wait for a GIL, a lock or a kernel lock: lost to these, in equal parts over
 *    those threads;
 *  - the rest, while any thread has work in hand, were not needed for want of threads with work: as many
 *    as threads wait for other threads, then as many as wait for input or output, then for want of any;
 *  - all, while none has work in hand: quiet.
 * These sum to the idle time of all cores (checked; the part of identity 5 that these figures use).
 *
 * What may cost more or less than that, at the same instant:
 *  - threads and cores of which it is not known what they did (trust.h);
 *  - cores of other programs, that threads could have used on a quiet machine;
 *  - idle cores that no thread was on for long: perhaps they may not run there.
 */
#ifndef ANALYZER_ANALYSES_ROOM_H
#define ANALYZER_ANALYSES_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/cores.h"
#include "analyzer/identity.h"
#include "analyzer/sink.h"
#include "analyzer/trust.h"

struct prescan;

/* STATE_WAIT_GIL, STATE_WAIT_LOCK, STATE_WAIT_KLOCK. */
#define ROOM_WAITS 3

/* What idle cores are lost to. */
enum room_part {
	ROOM_READY,
	ROOM_GIL,		/* in the order of the states */
	ROOM_LOCK,
	ROOM_KLOCK,
	ROOM_FEW,		/* few_sync_ns and few_nobody_ns */
	ROOM_BUSY,		/* no loss: busy_cores_ns */
	ROOM_PART_CNT
};

/* What may have been otherwise. */
enum room_doubt {
	ROOM_UNKNOWN,
	ROOM_OTHERS,
	ROOM_AWAY,
	ROOM_ANY,		/* all of these at once */
	ROOM_DOUBT_CNT
};

struct room_bounds {
	struct trust_sum sums[ROOM_PART_CNT];
	struct range ranges[ROOM_PART_CNT];	/* at the end */
};

struct room {
	const struct cores *cores;
	const struct prescan *prescan;
	const struct trust *trust;	/* of the changes before the one at hand */
	struct identity *identity;
	unsigned char *uses;		/* by core: enum core_use */
	bool *at_work;			/* by core: see prescan_core_at_work() */
	uint64_t uses_cnt[CORE_USE_CNT];
	uint64_t idle_away_cnt, other_away_cnt;	/* of the cores in such use, those not at work */
	uint64_t in_state[STATE_CNT];
	uint64_t in_hand_cnt, in_hand_slots;	/* threads with work in hand, the sum of their slots */
	uint64_t last_ns;
	unsigned __int128 shares[ROOM_WAITS];	/* while several kinds are waited for */
	uint64_t shared_ns;
	struct room_bounds bounds[ROOM_DOUBT_CNT];
	struct range others_away;	/* of STACK_OTHERS_READY, as to ROOM_AWAY */
	uint64_t *alone_ns;		/* by thread slot: it alone had work in hand */
	size_t alone_cap;

	/* Core time: */
	uint64_t ready_ns;
	uint64_t wait_ns[ROOM_WAITS];	/* at the end */
	uint64_t few_sync_ns, few_io_ns, few_nobody_ns;
	uint64_t quiet_ns;
	uint64_t busy_ns;		/* wall time with work in hand */
	uint64_t busy_cores_ns;		/* meanwhile: cores that were ours or idle */
	uint64_t hidden_ns;		/* not known whose it was, or idle and perhaps missed */
};

/*
 * ctx: a struct room, zeroed but for `cores`, `prescan`, `trust` and `identity`. Its end comes after that
 * of the cores, its other calls before those of the trust.
 */
extern const struct sink room_sink;
void room_clear(struct room *room);

/* What was lost, as it was seen. */
uint64_t room_part_ns(const struct room *room, enum room_part part);
/* The thread slot that had work in hand alone for longest, and for how long; 0 ns: none. */
uint64_t room_alone(const struct room *room, size_t *ret_slot);

#endif
