/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * At each change the thread's part in its GILs is taken back and put in anew; in between, what all do
 * together is added up.
 */
#include "analyzer/analyses/gil.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/gils.h"
#include "analyzer/run.h"
#include "analyzer/thread.h"

const char *const gil_gap_names[GIL_GAP_CNT] = {
	[GIL_GAP_TAKING] = "taking",
	[GIL_GAP_READY] = "ready",
	[GIL_GAP_ASLEEP] = "asleep",
};

/* Threads whose births were lost share a process only in name: theirs does not tell. */
static const struct process *process_of(const struct gil_uses *uses, uint64_t id,
					const struct change *change)
{
	const struct gil_count *count = idmap_get(&uses->gils->ids, id);
	const struct process *process = NULL;

	if (count && count->process)
		process = idmap_get(&uses->people->process_ids, count->process);
	return process ? process : change->thread->process;
}

static int use_find(struct gil_uses *uses, uint64_t id, const struct change *change, struct gil_use **ret_use)
{
	int made = idmap_item(&uses->ids, id, IDMAP_LIST(uses, uses), ret_use);

	if (made <= 0)
		return made;
	(*ret_use)->id = id;
	(*ret_use)->process = process_of(uses, id, change);
	(*ret_use)->last_ns = change->at_ns;
	return array_reserve(&uses->clocks, &uses->clocks_cap, (size_t)(*ret_use)->process->slot + 1,
			     sizeof(*uses->clocks));
}

static int part_find(struct gil_uses *uses, uint64_t gil, const struct change *change,
		     struct gil_use **ret_use, struct gil_part **ret_part)
{
	uint64_t key = 1 + (uint64_t)change->thread->slot;
	int made = use_find(uses, gil, change, ret_use);

	if (!made)
		made = idmap_item(&(*ret_use)->part_ids, key, IDMAP_LIST(*ret_use, parts), ret_part);
	if (made > 0)
		(*ret_part)->thread = change->thread;
	return made < 0 ? made : 0;
}

static void clock_advance(struct gil_clock *clock, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - clock->last_ns;

	clock->last_ns = now_ns;
	clock->active_ns += clock->active_cnt ? passed_ns : 0;
	clock->work_ns += clock->true_cnt * passed_ns;
	clock->unknown_ns += clock->unknown_cnt ? passed_ns : 0;
}

static unsigned int counts_of(enum thread_state state)
{
	return state < STATE_CNT ? state_infos[state].counts : 0;
}

static bool is_active(enum thread_state state)
{
	return counts_of(state) & (COUNTS_APPARENT | COUNTS_OVERLAP);
}

static bool is_true(enum thread_state state)
{
	return counts_of(state) & COUNTS_TRUE;
}

static void clock_change(struct gil_clock *clock, const struct change *change)
{
	clock_advance(clock, change->at_ns);
	clock->active_cnt += is_active(change->to);
	clock->active_cnt -= is_active(change->from);
	clock->true_cnt += is_true(change->to);
	clock->true_cnt -= is_true(change->from);
	clock->unknown_cnt += change->to == STATE_UNKNOWN;
	clock->unknown_cnt -= change->from == STATE_UNKNOWN;
}

static int level_add(struct gil_use *use, uint64_t passed_ns)
{
	size_t level = use->wanting_cnt;
	int err = array_reserve(&use->level_ns, &use->levels_cap, level + 1, sizeof(*use->level_ns));

	if (err)
		return err;
	if (use->levels_cnt <= level)
		use->levels_cnt = level + 1;
	use->level_ns[level] += passed_ns;
	return 0;
}

static enum gil_gap gap_of(const struct gil_use *use)
{
	if (use->wanting_in[GIL_GAP_TAKING])
		return GIL_GAP_TAKING;
	return use->wanting_in[GIL_GAP_READY] ? GIL_GAP_READY : GIL_GAP_ASLEEP;
}

/*
 * Time goes on from an instant at which some took the GIL without having waited for it: did others wait, before
 * it and after it? Of what begins and ends at one instant nobody knows what came first.
 */
static void taken_settle(struct gil_use *use)
{
	uint64_t fresh_cnt = use->fresh_ns == use->last_ns ? use->fresh_cnt : 0;

	if (use->wanting_cnt > fresh_cnt)
		use->overtakes_cnt += use->taken_cnt;
	use->taken_cnt = 0;
}

static int use_advance(struct gil_use *use, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - use->last_ns;

	if (!passed_ns)
		return 0;
	taken_settle(use);
	use->last_ns = now_ns;
	use->holding_ns += (unsigned __int128)use->holding_cnt * passed_ns;
	if (use->holding_cnt)
		use->held_ns += passed_ns;
	if (use->running_cnt)
		use->run_ns += passed_ns;
	else if (use->holding_cnt)
		use->off_core_ns += passed_ns;
	if (!use->wanting_cnt)
		return 0;
	use->wanted_ns += passed_ns;
	if (use->holding_cnt)
		use->wanted_held_ns += passed_ns;
	else
		use->gap_ns[gap_of(use)] += passed_ns;
	if (use->holding_cnt && !use->running_cnt) {
		use->wanted_off_core_ns += passed_ns;
		use->asleep_off_core_ns += use->wanting_in[GIL_GAP_ASLEEP] * passed_ns;
	}
	return level_add(use, passed_ns);
}

/* What the thread does with GILs from this change on. */
static int doing_next(struct gil_uses *uses, const struct gil_doing *before, const struct change *change,
		      struct gil_doing *ret_next)
{
	uint64_t held = change->to_gil ? change->to_gil : change->to_held;
	struct gil_doing next = { .runs = change->to_gil, .as = GIL_GAP_ASLEEP };
	int err = 0;

	if (held)
		err = part_find(uses, held, change, &next.held, &next.held_part);
	if (!err && change->to == STATE_WAIT_GIL && change->to_wait.gil) {
		err = part_find(uses, change->to_wait.gil, change, &next.wanted, &next.wanted_part);
	} else if (change->to == STATE_RUN_SPIN || change->to == STATE_READY_WOKEN ||
		   change->to == STATE_READY_PREEMPTED) {
		next.wanted = before->wanted;
		next.wanted_part = before->wanted_part;
		next.as = change->to == STATE_RUN_SPIN ? GIL_GAP_TAKING : GIL_GAP_READY;
	}
	if (!err)
		*ret_next = next;
	return err;
}

/* sign: 1 or -1. */
static void doing_count(const struct gil_doing *doing, uint64_t sign)
{
	if (doing->held) {
		doing->held->holding_cnt += sign;
		doing->held->running_cnt += doing->runs ? sign : 0;
	}
	if (doing->wanted) {
		doing->wanted->wanting_cnt += sign;
		doing->wanted->wanting_in[doing->as] += sign;
	}
}

/* Nobody knows when it really ended. */
static bool is_cut(const struct change *change)
{
	return change->to == STATE_UNKNOWN || change->cut ||
	       (change->to == STATE_CNT && change->thread->left_alive);
}

static int hold_end(struct gil_uses *uses, const struct gil_doing *doing, const struct change *change)
{
	struct gil_use *use = doing->held;
	uint64_t ns = change->at_ns - doing->held_part->hold_since_ns;

	doing->held_part->hold_ns += ns;
	use->cut_cnt += doing->held_part->hold_cut || is_cut(change);
	use->yields_cnt += change->to == STATE_RUN_SPIN || change->to == STATE_WAIT_GIL;
	use->released = !is_cut(change);
	use->released_ns = change->at_ns;
	if (!use->holding_cnt)
		use->held_active_ns += uses->clocks[use->process->slot].active_ns - use->held_from_ns;
	return spread_add(&use->hold, ns);
}

/* before: what the thread did until now. */
static int hold_begin(struct gil_uses *uses, const struct gil_doing *before,
		      const struct gil_doing *doing, const struct change *change)
{
	struct gil_use *use = doing->held;
	uint64_t from_ns = use->released_ns, now_ns = change->at_ns;

	doing->held_part->holds_cnt++;
	doing->held_part->hold_since_ns = now_ns;
	doing->held_part->hold_cut = change->cut;
	if (use->holding_cnt == 1)
		use->held_from_ns = uses->clocks[use->process->slot].active_ns;
	if (before->wanted != use) {
		use->taken_cnt += !change->cut;
		return 0;
	}
	if (use->holding_cnt > 1 || !use->released)
		return 0;
	if (from_ns < before->wanted_part->wait_since_ns)
		from_ns = before->wanted_part->wait_since_ns;
	return now_ns > from_ns ? spread_add(&use->hand_over, now_ns - from_ns) : 0;
}

static int wait_end(const struct gil_doing *doing, const struct change *change)
{
	struct gil_part *part = doing->wanted_part;
	uint64_t ns = change->at_ns - part->wait_since_ns;

	part->wait_ns += ns;
	if (ns > part->wait_max_ns)
		part->wait_max_ns = ns;
	doing->wanted->cut_cnt += part->wait_cut || is_cut(change);
	doing->wanted->fresh_cnt -= !ns;
	return spread_add(&doing->wanted->wait, ns);
}

static void wait_begin(const struct gil_doing *doing, const struct change *change)
{
	doing->wanted_part->waits_cnt++;
	doing->wanted_part->wait_since_ns = change->at_ns;
	doing->wanted_part->wait_cut = change->cut;
	if (doing->wanted->fresh_ns != change->at_ns)
		doing->wanted->fresh_cnt = 0;
	doing->wanted->fresh_ns = change->at_ns;
	doing->wanted->fresh_cnt++;
}

static int doing_advance(struct gil_uses *uses, const struct gil_doing *doing, uint64_t now_ns)
{
	int err = 0;

	if (doing->held) {
		clock_advance(&uses->clocks[doing->held->process->slot], now_ns);
		err = use_advance(doing->held, now_ns);
	}
	if (!err && doing->wanted)
		err = use_advance(doing->wanted, now_ns);
	return err;
}

static int doing_change(struct gil_uses *uses, struct gil_doing *doing, const struct change *change)
{
	const struct gil_doing before = *doing;
	struct gil_doing next;
	int err = doing_next(uses, &before, change, &next);

	if (!err)
		err = doing_advance(uses, &before, change->at_ns);
	if (!err)
		err = doing_advance(uses, &next, change->at_ns);
	if (err)
		return err;
	doing_count(&before, (uint64_t)-1);
	doing_count(&next, 1);
	*doing = next;
	if (before.held && before.held != next.held)
		err = hold_end(uses, &before, change);
	if (!err && next.held && next.held != before.held)
		err = hold_begin(uses, &before, &next, change);
	if (!err && before.wanted && before.wanted != next.wanted)
		err = wait_end(&before, change);
	if (!err && next.wanted && next.wanted != before.wanted)
		wait_begin(&next, change);
	return err;
}

/* What the state that is left says of GILs whether or not it is known which. */
static void left_count(struct gil_uses *uses, const struct gil_doing *doing, const struct change *change)
{
	uint64_t passed_ns = change->at_ns - change->since_ns;

	if (change->from == STATE_RUN_GIL && change->from_gil)
		doing->held->sampled_ns += change->sampled ? passed_ns : 0;
	else if (change->from == STATE_RUN_GIL ||
		 (change->from == STATE_WAIT_GIL && !change->from_wait.gil))
		uses->nameless_ns += passed_ns;
}

/* What the state that is left may have been instead, as for the GIL. */
static void doubt_count(struct gil_uses *uses, const struct gil_doing *doing, const struct change *change)
{
	uint64_t passed_ns = change->at_ns - change->since_ns;
	bool ready = change->from == STATE_READY_WOKEN || change->from == STATE_READY_PREEMPTED;
	bool runs = change->from <= STATE_RUN_SPIN;

	/* It may have taken the GIL along into the loss. */
	if (ready && trust_forgot(uses->trust, change->thread->slot))
		uses->clocks[change->thread->process->slot].free_doubt_ns += passed_ns;
	if (trust_doubt(uses->trust, change->thread->slot) != DOUBT_RUN)
		passed_ns = trust_sampled_ns(uses->trust, change);
	if (!runs)
		return;
	if (change->from == STATE_RUN_GIL && change->from_gil)
		doing->held->doubt_ns += passed_ns;
	else
		uses->clocks[change->thread->process->slot].free_doubt_ns += passed_ns;
}

static int uses_change(void *ctx, const struct change *change)
{
	uint32_t process = change->thread->process->slot, thread = change->thread->slot;
	struct gil_uses *uses = ctx;
	int err = array_reserve(&uses->clocks, &uses->clocks_cap, (size_t)process + 1,
				sizeof(*uses->clocks));

	if (!err)
		err = array_reserve(&uses->threads, &uses->threads_cap, (size_t)thread + 1,
				    sizeof(*uses->threads));
	if (err)
		return err;
	clock_change(&uses->clocks[process], change);
	left_count(uses, &uses->threads[thread], change);
	doubt_count(uses, &uses->threads[thread], change);
	return doing_change(uses, &uses->threads[thread], change);
}

static int use_check(struct gil_uses *uses, const struct gil_use *use)
{
	uint64_t gaps_ns = use->wanted_held_ns;
	unsigned __int128 wanting_ns = 0;
	int err;

	for (int i = 0; i < GIL_GAP_CNT; i++)
		gaps_ns += use->gap_ns[i];
	for (size_t i = 1; i < use->levels_cnt; i++)
		wanting_ns += (unsigned __int128)i * use->level_ns[i];
	err = identity_check(uses->identity, !use->holding_cnt && use->holding_ns == use->hold.sum_ns,
			     "GIL %" PRIu64 ": its holds sum to %" PRIu64 " ns, it was held for %" PRIu64
			     " ns by all together", use->id, use->hold.sum_ns, (uint64_t)use->holding_ns);
	if (!err)
		err = identity_check(uses->identity, !use->wanting_cnt && wanting_ns == use->wait.sum_ns,
				     "GIL %" PRIu64 ": waits for it sum to %" PRIu64 " ns, it was wanted"
				     " for %" PRIu64 " ns by all together", use->id, use->wait.sum_ns,
				     (uint64_t)wanting_ns);
	if (err)
		return err;
	return identity_check(uses->identity, gaps_ns == use->wanted_ns,
			      "GIL %" PRIu64 ": wanted for %" PRIu64 " ns, held or in gaps for %" PRIu64
			      " ns of that", use->id, use->wanted_ns, gaps_ns);
}

static int part_compare(const void *left, const void *right)
{
	const struct gil_part *a = *(struct gil_part *const *)left;
	const struct gil_part *b = *(struct gil_part *const *)right;

	if (a->starved != b->starved)
		return a->starved > b->starved ? -1 : 1;
	return (a->thread->slot > b->thread->slot) - (a->thread->slot < b->thread->slot);
}

static void parts_settle(struct gil_use *use)
{
	for (size_t i = 0; i < use->parts_cnt; i++) {
		struct gil_part *part = use->parts[i];

		part->starved = (__int128)part->wait_ns * use->hold.sum_ns -
				(__int128)part->hold_ns * use->wait.sum_ns;
	}
	if (use->parts_cnt)
		qsort(use->parts, use->parts_cnt, sizeof(*use->parts), part_compare);
}

static int use_compare(const void *left, const void *right)
{
	const struct gil_use *a = *(struct gil_use *const *)left;
	const struct gil_use *b = *(struct gil_use *const *)right;

	if (a->wait.sum_ns != b->wait.sum_ns)
		return a->wait.sum_ns > b->wait.sum_ns ? -1 : 1;
	if (a->held_ns != b->held_ns)
		return a->held_ns > b->held_ns ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* Held no longer than there was time, and by whoever is unknown, or whose process is not known. */
static struct range held_range(const struct gil_uses *uses, const struct gil_use *use, uint64_t wall_ns)
{
	const struct gil_clock *clock = &uses->clocks[use->process->slot];
	uint64_t rest_ns = wall_ns - use->held_ns;
	uint64_t up_ns = clock->unknown_ns + clock->free_doubt_ns + uses->nameless_ns;
	uint64_t down_ns = use->doubt_ns < use->held_ns ? use->doubt_ns : use->held_ns;

	if (up_ns > rest_ns || uses->trust->births_lost)
		up_ns = rest_ns;
	return (struct range){ down_ns, up_ns };
}

static int uses_end(void *ctx, const struct run *run)
{
	struct gil_uses *uses = ctx;
	int err = 0;

	for (size_t i = 0; !err && i < uses->uses_cnt; i++) {
		struct gil_use *use = uses->uses[i];
		const struct gil_clock *clock = &uses->clocks[use->process->slot];

		use->active_ns = clock->active_ns;
		use->work_ns = clock->work_ns;
		use->unknown_ns = clock->unknown_ns;
		use->held = held_range(uses, use, run->end_ns - run->start_ns);
		parts_settle(use);
		err = use_check(uses, use);
	}
	if (uses->uses_cnt)
		qsort(uses->uses, uses->uses_cnt, sizeof(*uses->uses), use_compare);
	return err;
}

const struct gil_use *gil_use_of(const struct gil_uses *uses, uint64_t id)
{
	return idmap_get(&uses->ids, id);
}

double gil_ceiling(const struct gil_use *use, uint64_t cores_cnt)
{
	double serial;

	/* Of a thread whose birth was lost it is not known whose work it does. */
	if (!use->work_ns || !cores_cnt || use->run_ns > use->work_ns)
		return 0;
	serial = (double)use->run_ns / (double)use->work_ns;
	return 1 / (serial + (1 - serial) / (double)cores_cnt);
}

static void use_free(struct gil_use *use)
{
	for (size_t i = 0; i < use->parts_cnt; i++)
		free(use->parts[i]);
	free(use->parts);
	free(use->level_ns);
	idmap_clear(&use->part_ids);
	spread_clear(&use->hold);
	spread_clear(&use->wait);
	spread_clear(&use->hand_over);
	free(use);
}

void gil_uses_clear(struct gil_uses *uses)
{
	for (size_t i = 0; i < uses->uses_cnt; i++)
		use_free(uses->uses[i]);
	free(uses->uses);
	free(uses->threads);
	free(uses->clocks);
	idmap_clear(&uses->ids);
	*uses = (struct gil_uses){ 0 };
}

const struct sink gil_sink = {
	.name = "gil",
	.change = uses_change,
	.end = uses_end,
};
