/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adds up idle cores by who could have used them, one stretch after the other.
 */
#include "analyzer/analyses/room.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/room_bounds.h"
#include "analyzer/array.h"
#include "analyzer/prescan.h"
#include "analyzer/run.h"
#include "analyzer/thread.h"

static uint64_t take(uint64_t *left, uint64_t wanted)
{
	uint64_t taken = wanted < *left ? wanted : *left;

	*left -= taken;
	return taken;
}

/* So many idle cores, in equal parts over the threads that wait. */
static void waits_advance(struct room *room, uint64_t *idle, uint64_t passed_ns)
{
	uint64_t waiting = 0, whole_ns;
	int kinds = 0, last = 0;

	for (int i = 0; i < ROOM_WAITS; i++) {
		uint64_t cnt = room->in_state[STATE_WAIT_GIL + i];

		waiting += cnt;
		kinds += cnt > 0;
		last = cnt ? i : last;
	}
	whole_ns = take(idle, waiting) * passed_ns;
	if (kinds <= 1) {
		room->wait_ns[last] += whole_ns;
		return;
	}
	room->shared_ns += whole_ns;
	for (int i = 0; i < ROOM_WAITS; i++)
		room->shares[i] += ((unsigned __int128)whole_ns * room->in_state[STATE_WAIT_GIL + i] <<
				    CORE_SHARE_BITS) / waiting;
}

static void advance(struct room *room, uint64_t now_ns)
{
	const uint64_t *in_state = room->in_state;
	uint64_t passed_ns = now_ns - room->last_ns;
	uint64_t idle = room->uses_cnt[CORE_IDLE];

	if (!passed_ns)
		return;
	room_bounds_advance(room, now_ns);
	room->last_ns = now_ns;
	if (!room->in_hand_cnt) {
		room->quiet_ns += idle * passed_ns;
		return;
	}
	room->busy_ns += passed_ns;
	room->busy_cores_ns += (idle + room->uses_cnt[CORE_OURS]) * passed_ns;
	if (room->in_hand_cnt == 1)
		room->alone_ns[room->in_hand_slots] += passed_ns;
	room->ready_ns += take(&idle, in_state[STATE_READY_WOKEN] +
			       in_state[STATE_READY_PREEMPTED]) * passed_ns;
	waits_advance(room, &idle, passed_ns);
	room->few_sync_ns += take(&idle, in_state[STATE_WAIT_SYNC]) * passed_ns;
	room->few_io_ns += take(&idle, in_state[STATE_WAIT_IO]) * passed_ns;
	room->few_nobody_ns += idle * passed_ns;
}

static int room_begin(void *ctx, const struct run *run)
{
	struct room *room = ctx;

	room->last_ns = run->start_ns;
	room->uses = malloc(run->cores_cnt + 1);
	room->at_work = calloc(run->cores_cnt + 1, sizeof(*room->at_work));
	if (!room->uses || !room->at_work)
		return -ENOMEM;
	memset(room->uses, CORE_UNKNOWN, run->cores_cnt + 1);
	for (uint32_t i = 0; i < run->cores_cnt; i++)
		room->at_work[i] = prescan_core_at_work(room->prescan, i);
	room->uses_cnt[CORE_UNKNOWN] = run->cores_cnt;
	return 0;
}

static void count(struct room *room, enum thread_state state, uint32_t slot, uint64_t by)
{
	if (state == STATE_CNT)
		return;
	room->in_state[state] += by;
	if (state_infos[state].counts & COUNTS_APPARENT) {
		room->in_hand_cnt += by;
		room->in_hand_slots += by * slot;
	}
}

static int room_change(void *ctx, const struct change *change)
{
	struct room *room = ctx;
	uint32_t slot = change->thread->slot;
	int err = array_reserve(&room->alone_ns, &room->alone_cap, slot + 1, sizeof(*room->alone_ns));

	if (err)
		return err;
	advance(room, change->at_ns);
	count(room, change->from, slot, (uint64_t)-1);
	count(room, change->to, slot, 1);
	return 0;
}

static void use_count(struct room *room, uint32_t core, uint64_t by)
{
	enum core_use use = (enum core_use)room->uses[core];

	room->uses_cnt[use] += by;
	if (!room->at_work[core] && use == CORE_IDLE)
		room->idle_away_cnt += by;
	if (!room->at_work[core] && use == CORE_OTHER)
		room->other_away_cnt += by;
}

static int room_core(void *ctx, const struct core_change *change)
{
	struct room *room = ctx;

	advance(room, change->at_ns);
	use_count(room, change->core, (uint64_t)-1);
	room->uses[change->core] = (unsigned char)change->use;
	use_count(room, change->core, 1);
	return 0;
}

/* Whole nanoseconds, the largest remainders first. */
static void waits_settle(struct room *room)
{
	const unsigned __int128 whole = (unsigned __int128)1 << CORE_SHARE_BITS;
	unsigned __int128 rests[ROOM_WAITS];
	uint64_t left_ns = room->shared_ns;

	for (int i = 0; i < ROOM_WAITS; i++) {
		uint64_t part_ns = (uint64_t)(room->shares[i] / whole);

		room->wait_ns[i] += part_ns;
		left_ns -= part_ns;
		rests[i] = room->shares[i] % whole;
	}
	for (; left_ns; left_ns--) {
		int most = 0;

		for (int i = 1; i < ROOM_WAITS; i++)
			if (rests[i] > rests[most])
				most = i;
		rests[most] = 0;
		room->wait_ns[most]++;
	}
}

static int room_end(void *ctx, const struct run *run)
{
	struct room *room = ctx;
	uint64_t idle_ns = 0, sum_ns;

	advance(room, run->end_ns);
	waits_settle(room);
	room_bounds_settle(room);
	for (size_t i = 0; i < room->cores->cores_cnt; i++)
		idle_ns += room->cores->cores[i].use_ns[CORE_IDLE];
	sum_ns = room->ready_ns + room->few_sync_ns + room->few_io_ns + room->few_nobody_ns +
		 room->quiet_ns;
	for (int i = 0; i < ROOM_WAITS; i++)
		sum_ns += room->wait_ns[i];
	return identity_check(room->identity, sum_ns == idle_ns && room->ready_ns ==
			      room->cores->idle_ready_ns,
			      "identity 5: the cores were idle for %" PRIu64 " ns, %" PRIu64
			      " ns of it with work ready; the room sums to %" PRIu64 " ns, %" PRIu64
			      " ns of it with work ready", idle_ns, room->cores->idle_ready_ns, sum_ns,
			      room->ready_ns);
}

uint64_t room_part_ns(const struct room *room, enum room_part part)
{
	switch (part) {
	case ROOM_READY:
		return room->ready_ns;
	case ROOM_FEW:
		return room->few_sync_ns + room->few_nobody_ns;
	case ROOM_BUSY:
		return room->busy_cores_ns;
	default:
		return room->wait_ns[part - ROOM_GIL];
	}
}

uint64_t room_alone(const struct room *room, size_t *ret_slot)
{
	uint64_t most_ns = 0;

	for (size_t i = 0; i < room->alone_cap; i++) {
		if (room->alone_ns[i] <= most_ns)
			continue;
		most_ns = room->alone_ns[i];
		*ret_slot = i;
	}
	return most_ns;
}

void room_clear(struct room *room)
{
	free(room->uses);
	free(room->at_work);
	free(room->alone_ns);
	*room = (struct room){ 0 };
}

const struct sink room_sink = {
	.name = "room",
	.begin = room_begin,
	.change = room_change,
	.core = room_core,
	.end = room_end,
};
