/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the cores' time, where a thread may be in any state and a core may be anything. A thread
 * in doubt takes most from idle cores' time if it was ready; it adds most to a part if it waited for just
 * that. So each bound is reached with all of the threads in doubt on one side.
 */
#include "analyzer/trust_parts.h"

#include "analyzer/trust.h"

/* So many, now; and what may be there on top. */
struct view {
	uint64_t idle, other, ready, waiting;
	uint64_t waiting_least;
	uint64_t any, cores;
};

static uint64_t less(uint64_t from, uint64_t by)
{
	return from > by ? from - by : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The part of so many of all that wait, in small parts of a core. */
static uint64_t share(uint64_t idle, uint64_t mine, uint64_t waiting)
{
	return waiting ? (least(idle, waiting) << TRUST_BITS) * mine / waiting : 0;
}

/* The same, rounded up. */
static uint64_t share_up(uint64_t idle, uint64_t mine, uint64_t waiting)
{
	return waiting ? ((least(idle, waiting) << TRUST_BITS) * mine + waiting - 1) / waiting : 0;
}

static void sum_add(struct trust_sum *sum, uint64_t low, uint64_t seen, uint64_t high, uint64_t passed_ns)
{
	sum->down += (unsigned __int128)less(seen, low) * passed_ns;
	sum->up += (unsigned __int128)less(high, seen) * passed_ns;
}

static void cores_add(struct trust_sum *sum, uint64_t low, uint64_t seen, uint64_t high, uint64_t passed_ns)
{
	sum_add(sum, low << TRUST_BITS, seen << TRUST_BITS, high << TRUST_BITS, passed_ns);
}

static void waits_advance(struct trust *trust, const struct view *view, uint64_t passed_ns)
{
	const struct trust_counts *now = &trust->now;
	uint64_t left = less(view->idle, view->ready);
	uint64_t left_most = less(view->idle + view->cores, view->ready);

	for (int state = STATE_WAIT_GIL; state <= STATE_WAIT_OTHER; state++) {
		uint64_t mine = now->in_state[state], perhaps = mine + view->any;
		struct trust_sum *sum = &trust->part_sums[STACK_IDLE_GIL + state - STATE_WAIT_GIL];

		if (state == STATE_WAIT_LOCK)
			perhaps += now->doubt[DOUBT_FUTEX];
		sum_add(sum, share(less(left, view->any), mine - now->doubted[state], view->waiting),
			share(left, mine, view->waiting),
			share_up(left_most, perhaps, view->waiting_least + view->any), passed_ns);
	}
}

static void others_advance(struct trust *trust, const struct view *view, uint64_t passed_ns)
{
	uint64_t other = view->other, seen = least(other, less(view->ready, view->idle));
	uint64_t low = least(other, less(view->ready, view->idle + view->cores));
	uint64_t lacking = less(view->ready + view->any, view->idle);

	cores_add(&trust->part_sums[STACK_OTHERS_READY], low, seen, least(other + view->cores, lacking),
		  passed_ns);
	cores_add(&trust->part_sums[STACK_OTHERS], other - least(other, lacking), other - seen,
		  less(other + view->cores, less(view->ready, view->idle)), passed_ns);
}

static void idle_advance(struct trust *trust, const struct view *view, uint64_t passed_ns)
{
	uint64_t seen = least(view->idle, view->ready), waiting = view->ready + view->waiting;

	cores_add(&trust->part_sums[STACK_IDLE_READY], seen, seen,
		  least(view->idle + view->cores, view->ready + view->any), passed_ns);
	cores_add(&trust->part_sums[STACK_IDLE_NOBODY], less(view->idle, waiting + view->any),
		  less(view->idle, waiting),
		  less(view->idle + view->cores, view->ready + view->waiting_least), passed_ns);
}

void trust_parts_advance(struct trust *trust, uint64_t any, uint64_t passed_ns)
{
	const struct trust_counts *now = &trust->now;
	struct view view = {
		.idle = now->uses[CORE_IDLE], .other = now->uses[CORE_OTHER], .any = any,
		.cores = now->uses[CORE_UNKNOWN],
		.ready = now->in_state[STATE_READY_WOKEN] + now->in_state[STATE_READY_PREEMPTED],
	};

	/* One that may wait for a lock as well does wait. */
	view.waiting_least = now->doubt[DOUBT_FUTEX];
	for (int state = STATE_WAIT_GIL; state <= STATE_WAIT_OTHER; state++) {
		view.waiting += now->in_state[state];
		view.waiting_least += now->in_state[state] - now->doubted[state];
	}
	waits_advance(trust, &view, passed_ns);
	others_advance(trust, &view, passed_ns);
	idle_advance(trust, &view, passed_ns);
}

/* Parts of a nanosecond count as one. */
uint64_t trust_sum_ns(unsigned __int128 sum)
{
	return (uint64_t)((sum + ((unsigned __int128)1 << TRUST_BITS) - 1) >> TRUST_BITS);
}

uint64_t trust_most_ns(const struct trust *trust)
{
	const struct stack *stack = trust->stack;

	return stack->whole_ns - range_low(stack->part_ns[STACK_TRUE], trust->parts[STACK_TRUE]);
}

void trust_parts_settle(struct trust *trust)
{
	/* What is split is rounded to a nanosecond, once for each number of waiting threads. */
	uint64_t rounded = 0, after_ns = trust->cores_cnt * trust->wall_down_ns;

	for (int part = STACK_OTHERS_READY; part < STACK_UNKNOWN; part++)
		if (trust->part_sums[part].down || trust->part_sums[part].up)
			rounded = trust->cores->splits_cnt;
	trust->parts[STACK_TRUE] = trust->curves[CURVE_TRUE];
	trust->parts[STACK_SPIN] = trust->states[STATE_RUN_SPIN];
	for (int part = STACK_OTHERS_READY; part < STACK_UNKNOWN; part++) {
		const struct trust_sum *sum = &trust->part_sums[part];
		bool wait = part >= STACK_IDLE_GIL && part <= STACK_IDLE_OTHER;

		trust->parts[part] = range_cap(trust->stack->part_ns[part], (struct range){
			trust->late_ns + after_ns + trust_sum_ns(sum->down) + (wait ? rounded : 0),
			trust->late_ns + trust_sum_ns(sum->up) + (wait ? rounded : 0),
		}, trust_most_ns(trust));
	}
}
