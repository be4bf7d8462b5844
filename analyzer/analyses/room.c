/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adds up idle cores by who could have used them, one stretch after the other.
 */
#include "analyzer/analyses/room.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/array.h"
#include "analyzer/run.h"
#include "analyzer/share.h"
#include "analyzer/thread.h"

static uint64_t take(uint64_t *left, uint64_t wanted)
{
	uint64_t taken = wanted < *left ? wanted : *left;

	*left -= taken;
	return taken;
}

/* The kinds that are waited for share what cores they could use. */
static void mix_advance(struct room *room, uint64_t *idle, uint64_t passed_ns)
{
	uint64_t waiting = 0;
	unsigned int kinds = 0;

	for (int i = 0; i < ROOM_WAITS; i++) {
		uint64_t cnt = room->in_state[STATE_WAIT_GIL + i];

		waiting += cnt;
		kinds |= (unsigned int)(cnt > 0) << i;
	}
	room->mixes[kinds].whole_ns += take(idle, waiting) * passed_ns;
	for (int i = 0; i < ROOM_WAITS; i++)
		room->mixes[kinds].thread_ns[i] += room->in_state[STATE_WAIT_GIL + i] * passed_ns;
}

static void advance(struct room *room, uint64_t now_ns)
{
	const uint64_t *in_state = room->in_state;
	uint64_t passed_ns = now_ns - room->last_ns;
	uint64_t idle = room->uses_cnt[CORE_IDLE];

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
	mix_advance(room, &idle, passed_ns);
	room->few_sync_ns += take(&idle, in_state[STATE_WAIT_SYNC]) * passed_ns;
	room->few_io_ns += take(&idle, in_state[STATE_WAIT_IO]) * passed_ns;
	room->few_nobody_ns += idle * passed_ns;
}

static int room_begin(void *ctx, const struct run *run)
{
	struct room *room = ctx;

	room->last_ns = run->start_ns;
	room->uses = malloc(run->cores_cnt + 1);
	if (!room->uses)
		return -ENOMEM;
	memset(room->uses, CORE_UNKNOWN, run->cores_cnt + 1);
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

static int room_core(void *ctx, const struct core_change *change)
{
	struct room *room = ctx;

	advance(room, change->at_ns);
	room->uses_cnt[room->uses[change->core]]--;
	room->uses[change->core] = (unsigned char)change->use;
	room->uses_cnt[change->use]++;
	return 0;
}

static int mix_settle(struct room *room, const struct room_mix *mix)
{
	uint64_t parts_ns[ROOM_WAITS];
	int err = share_split(mix->whole_ns, mix->thread_ns, ROOM_WAITS, parts_ns);

	for (int i = 0; !err && i < ROOM_WAITS; i++)
		room->wait_ns[i] += parts_ns[i];
	return err;
}

static int room_end(void *ctx, const struct run *run)
{
	struct room *room = ctx;
	uint64_t idle_ns = 0, sum_ns;
	int err = 0;

	advance(room, run->end_ns);
	for (size_t i = 0; !err && i < ARRAY_SIZE(room->mixes); i++)
		err = mix_settle(room, &room->mixes[i]);
	if (err)
		return err;
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
