/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts, from one instant to the next, the threads that could have run on the cores of others.
 */
#include "analyzer/analyses/own.h"

#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/thread.h"

void own_begin(struct own *own, uint64_t start_ns)
{
	own->last_ns = start_ns;
}

static void advance(struct own *own, uint64_t at_ns)
{
	uint64_t passed_ns = at_ns - own->last_ns, taken = own->able_cnt;

	if (taken > own->others_cnt)
		taken = own->others_cnt;
	own->last_ns = at_ns;
	own->wall_ns += passed_ns;
	own->ready_ns += own->ready_cnt ? passed_ns : 0;
	if (taken)
		own->lost_ns += passed_ns * taken / (taken + own->running_cnt);
}

int own_core(struct own *own, const struct core_change *change)
{
	int err = array_reserve(&own->uses, &own->uses_cap, change->core + 1, 1);

	if (err)
		return err;
	advance(own, change->at_ns);
	own->others_cnt += change->use == CORE_OTHER;
	own->others_cnt -= own->uses[change->core] == CORE_OTHER;
	own->uses[change->core] = (unsigned char)change->use;
	return 0;
}

static bool is_running(enum thread_state state)
{
	return state != STATE_CNT && state_infos[state].counts & COUNTS_SCHEDULED;
}

static bool is_ready(enum thread_state state)
{
	return state == STATE_READY_WOKEN || state == STATE_READY_PREEMPTED;
}

static uint64_t able(const struct own_gil *gil)
{
	return gil->ready_cnt && !gil->busy_cnt;
}

static int gil_count(struct own *own, uint64_t id, uint64_t ready, uint64_t busy)
{
	struct own_gil *gil;
	int err = id ? idmap_item(&own->ids, id, IDMAP_LIST(own, gils), &gil) : 0;

	if (err < 0 || !id)
		return err;
	own->able_cnt -= able(gil);
	gil->ready_cnt += ready;
	gil->busy_cnt += busy;
	own->able_cnt += able(gil);
	return 0;
}

static int ready_count(struct own *own, uint64_t gil, uint64_t by)
{
	own->ready_cnt += by;
	own->able_cnt += gil ? 0 : by;
	return gil_count(own, gil, by, 0);
}

/* The GIL that nobody else can run under meanwhile. */
static uint64_t busy_gil(enum thread_state state, uint64_t gil, uint64_t held)
{
	return gil ? gil : is_ready(state) ? 0 : held;
}

static void thread_note(struct own_thread *thread, const struct change *change)
{
	if (change->to_gil)
		thread->gil = change->to_gil;
	else if (change->to_held)
		thread->gil = change->to_held;
	else if (change->to_wait.gil)
		thread->gil = change->to_wait.gil;
	/* One kind of ready after the other is still the same wish. */
	if (is_ready(change->to) && !is_ready(change->from))
		thread->ready_gil = change->from == STATE_RUN_FREE && !change->to_held ? 0 : thread->gil;
}

int own_change(struct own *own, const struct change *change)
{
	uint32_t slot = change->thread->slot;
	int err = array_reserve(&own->threads, &own->threads_cap, slot + 1, sizeof(*own->threads));

	if (err)
		return err;
	advance(own, change->at_ns);
	own->running_cnt += is_running(change->to);
	own->running_cnt -= is_running(change->from);
	if (is_ready(change->from))
		err = ready_count(own, own->threads[slot].ready_gil, (uint64_t)-1);
	if (!err)
		err = gil_count(own, busy_gil(change->from, change->from_gil, change->from_held), 0,
				(uint64_t)-1);
	thread_note(&own->threads[slot], change);
	if (!err)
		err = gil_count(own, busy_gil(change->to, change->to_gil, change->to_held), 0, 1);
	if (!err && is_ready(change->to))
		err = ready_count(own, own->threads[slot].ready_gil, 1);
	return err;
}

void own_clear(struct own *own)
{
	for (size_t i = 0; i < own->gils_cnt; i++)
		free(own->gils[i]);
	free(own->gils);
	idmap_clear(&own->ids);
	free(own->threads);
	free(own->uses);
	*own = (struct own){ 0 };
}
