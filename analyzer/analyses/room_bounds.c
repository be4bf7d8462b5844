/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What idle cores may have cost at least and at most, instant by instant: as in trust_parts.c each bound
 * is reached with all that is in doubt on one side.
 */
#include "analyzer/analyses/room_bounds.h"

#include "analyzer/analyses/room.h"
#include "analyzer/trust_parts.h"

/* One way in which it may have been otherwise. */
struct view {
	uint64_t idle_least, idle, idle_most;	/* cores */
	uint64_t ready_most;	/* idle cores that ready threads may have found */
	uint64_t any, futex;	/* threads, as in trust.h */
	bool busy_least, busy, busy_most;	/* any thread has work in hand */
	const uint64_t *doubted;	/* threads, by state */
};

static uint64_t less(uint64_t from, uint64_t by)
{
	return from > by ? from - by : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* In small parts of a core. */
static void sum_add(struct trust_sum *sum, uint64_t low, uint64_t seen, uint64_t high, uint64_t passed_ns)
{
	sum->down += (unsigned __int128)less(seen, low) * passed_ns;
	sum->up += (unsigned __int128)less(high, seen) * passed_ns;
}

static void cores_add(struct trust_sum *sum, uint64_t low, uint64_t seen, uint64_t high, uint64_t passed_ns)
{
	sum_add(sum, low << TRUST_BITS, seen << TRUST_BITS, high << TRUST_BITS, passed_ns);
}

static uint64_t share(uint64_t idle, uint64_t mine, uint64_t waiting)
{
	return waiting ? (least(idle, waiting) << TRUST_BITS) * mine / waiting : 0;
}

/* The same, rounded up. */
static uint64_t share_up(uint64_t idle, uint64_t mine, uint64_t waiting)
{
	return waiting ? ((least(idle, waiting) << TRUST_BITS) * mine + waiting - 1) / waiting : 0;
}

static uint64_t ready_now(const struct room *room)
{
	return room->in_state[STATE_READY_WOKEN] + room->in_state[STATE_READY_PREEMPTED];
}

static uint64_t waiting_now(const struct room *room)
{
	return room->in_state[STATE_WAIT_GIL] + room->in_state[STATE_WAIT_LOCK] +
	       room->in_state[STATE_WAIT_KLOCK];
}

static uint64_t waiting_least(const struct room *room, const struct view *view)
{
	return waiting_now(room) - view->doubted[STATE_WAIT_GIL] - view->doubted[STATE_WAIT_LOCK] -
	       view->doubted[STATE_WAIT_KLOCK];
}

/* Cores that are idle for want of threads with work. */
static uint64_t few(const struct room *room, uint64_t idle, uint64_t waiting, uint64_t sync)
{
	uint64_t left = less(idle, ready_now(room) + waiting);

	return left - least(less(left, sync), room->in_state[STATE_WAIT_IO]);
}

static void waits_advance(const struct room *room, const struct view *view, struct trust_sum *sums,
			  uint64_t passed_ns)
{
	uint64_t ready = ready_now(room), waiting = waiting_now(room), sure = waiting_least(room, view);

	for (int i = 0; i < ROOM_WAITS; i++) {
		uint64_t mine = room->in_state[STATE_WAIT_GIL + i];
		uint64_t more = view->any + (i == STATE_WAIT_LOCK - STATE_WAIT_GIL ? view->futex : 0);

		if (!mine && !more)
			continue;
		sum_add(&sums[ROOM_GIL + i],
			share(less(view->idle_least, ready + view->any),
			      less(mine, view->doubted[STATE_WAIT_GIL + i]), waiting + view->futex),
			share(less(view->idle, ready), mine, waiting),
			share_up(less(view->idle_most, ready), mine + more, sure + more), passed_ns);
	}
}

static void view_advance(const struct room *room, const struct view *view, struct trust_sum *sums,
			 uint64_t passed_ns)
{
	uint64_t sync = room->in_state[STATE_WAIT_SYNC], ready = ready_now(room);
	uint64_t waiting = waiting_now(room);
	uint64_t ours = room->uses_cnt[CORE_OURS], busy_cores = view->busy ? view->idle + ours : 0;

	cores_add(&sums[ROOM_READY], least(view->idle_least, ready), least(view->idle, ready),
		  least(view->ready_most, ready + view->any), passed_ns);
	waits_advance(room, view, sums, passed_ns);
	cores_add(&sums[ROOM_FEW],
		  view->busy_least ? less(few(room, view->idle_least, waiting, sync),
					  view->any + view->futex) : 0,
		  view->busy ? few(room, view->idle, waiting, sync) : 0,
		  view->busy_most ? few(room, view->idle_most, waiting_least(room, view),
					sync + view->any) : 0, passed_ns);
	cores_add(&sums[ROOM_BUSY], view->busy_least ? busy_cores : 0, busy_cores,
		  view->busy_most ? view->idle_most + ours : 0, passed_ns);
}

/* Where none may run on cores that were not used, others there take nothing, and idle ones help nobody. */
static void others_away_advance(struct room *room, uint64_t passed_ns)
{
	uint64_t ready = ready_now(room), idle = room->uses_cnt[CORE_IDLE];
	uint64_t others = room->uses_cnt[CORE_OTHER];
	uint64_t seen = least(others, less(ready, idle));
	uint64_t here = least(others - room->other_away_cnt, less(ready, idle - room->idle_away_cnt));

	room->others_away.down_ns += less(seen, here) * passed_ns;
	room->others_away.up_ns += less(here, seen) * passed_ns;
}

void room_bounds_advance(struct room *room, uint64_t until_ns)
{
	const struct trust_counts *now = &room->trust->now;
	uint64_t idle = room->uses_cnt[CORE_IDLE], away = room->idle_away_cnt;
	uint64_t others = room->uses_cnt[CORE_OTHER], unknown = now->uses[CORE_UNKNOWN];
	uint64_t any = trust_any(room->trust, until_ns), passed_ns = until_ns - room->last_ns;
	uint64_t futex = now->doubt[DOUBT_FUTEX];
	bool busy = room->in_hand_cnt, certain = trust_is_certain(room->trust, until_ns);
	uint64_t doubted = now->doubted[STATE_WAIT_GIL] + now->doubted[STATE_WAIT_LOCK] +
			   now->doubted[STATE_WAIT_KLOCK];
	bool busy_least = room->in_hand_cnt > doubted || now->doubt[DOUBT_CORE];
	bool busy_most = busy || now->doubt[DOUBT_CORE] || any || futex;
	static const uint64_t none[STATE_CNT];
	const struct view views[ROOM_DOUBT_CNT] = {
		[ROOM_UNKNOWN] = { idle, idle, idle + unknown, idle + unknown, any, futex,
				   busy_least, busy, busy_most, now->doubted },
		[ROOM_OTHERS] = { idle, idle, idle + others, idle, 0, 0, busy, busy, busy, none },
		[ROOM_AWAY] = { idle - away, idle, idle, idle, 0, 0, busy, busy, busy, none },
		[ROOM_ANY] = { idle - away, idle, idle + unknown + others, idle + unknown, any, futex,
			       busy_least, busy, busy_most, now->doubted },
	};
	const bool open[ROOM_DOUBT_CNT] = {
		[ROOM_UNKNOWN] = !certain, [ROOM_OTHERS] = others, [ROOM_AWAY] = away,
		[ROOM_ANY] = !certain || others || away,
	};

	others_away_advance(room, passed_ns);
	if (!certain)
		room->hidden_ns += (unknown + least(idle, any + futex)) * passed_ns;
	for (int i = 0; i < ROOM_DOUBT_CNT; i++)
		if (open[i])
			view_advance(room, &views[i], room->bounds[i].sums, passed_ns);
}

void room_bounds_settle(struct room *room)
{
	for (int i = 0; i < ROOM_DOUBT_CNT; i++) {
		uint64_t late_ns = i == ROOM_UNKNOWN || i == ROOM_ANY ? room->trust->late_ns : 0;

		for (int part = 0; part < ROOM_PART_CNT; part++) {
			const struct trust_sum *sum = &room->bounds[i].sums[part];
			struct range *range = &room->bounds[i].ranges[part];

			range->down_ns = late_ns + trust_sum_ns(sum->down);
			range->up_ns = late_ns + trust_sum_ns(sum->up);
		}
	}
}
