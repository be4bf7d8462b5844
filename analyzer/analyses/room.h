/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Room: cores that stood idle, and whoever had work in hand and could have used them.
 *
 * The speed-up stack (Eyerman, Du Bois, Eeckhout, ISPASS 2012; cores.h) accounts idle cores to all that
 * wait. For what could be gained, only threads with work in hand count: one that joins others would not
 * run on a core that it got. So, at every instant, of the idle cores
 *  - as many as threads are ready: idle while work was ready;
 *  - then as many as threads wait for a GIL, a lock or a kernel lock: lost to these. While more than one
 *    kind is waited for, in proportion to the threads that wait for each, summed over all such time;
 *  - the rest, while any thread has work in hand, were not needed for want of threads with work: as many
 *    as threads wait for other threads, then as many as wait for input or output, then for want of any;
 *  - all, while none has work in hand: quiet.
 * These sum to the idle time of all cores (checked; the part of identity 5 that these figures use).
 */
#ifndef ANALYZER_ANALYSES_ROOM_H
#define ANALYZER_ANALYSES_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/cores.h"
#include "analyzer/identity.h"
#include "analyzer/sink.h"

/* STATE_WAIT_GIL, STATE_WAIT_LOCK, STATE_WAIT_KLOCK. */
#define ROOM_WAITS 3

/* Idle time while just these kinds were waited for: which, by the index's bits. */
struct room_mix {
	uint64_t whole_ns;
	uint64_t thread_ns[ROOM_WAITS];
};

struct room {
	const struct cores *cores;
	struct identity *identity;
	unsigned char *uses;		/* by core: enum core_use */
	uint64_t uses_cnt[CORE_USE_CNT];
	uint64_t in_state[STATE_CNT];
	uint64_t in_hand_cnt, in_hand_slots;	/* threads with work in hand, the sum of their slots */
	uint64_t last_ns;
	struct room_mix mixes[1 << ROOM_WAITS];
	uint64_t *alone_ns;		/* by thread slot: it alone had work in hand */
	size_t alone_cap;

	/* Core time: */
	uint64_t ready_ns;
	uint64_t wait_ns[ROOM_WAITS];	/* at the end */
	uint64_t few_sync_ns, few_io_ns, few_nobody_ns;
	uint64_t quiet_ns;
	uint64_t busy_ns;		/* wall time with work in hand */
	uint64_t busy_cores_ns;		/* meanwhile: cores that were ours or idle */
};

/* ctx: a struct room, zeroed but for `cores` and `identity`. Its end comes after that of the cores. */
extern const struct sink room_sink;
void room_clear(struct room *room);

/* The thread slot that had work in hand alone for longest, and for how long; 0 ns: none. */
uint64_t room_alone(const struct room *room, size_t *ret_slot);

#endif
