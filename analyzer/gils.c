/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts for each GIL what peeks and states say of it.
 */
#include "analyzer/gils.h"

#include <stdlib.h>

#include "analyzer/run.h"

int gils_find(struct gils *gils, uint64_t id, struct gil_count **ret_count)
{
	int made = idmap_item(&gils->ids, id, IDMAP_LIST(gils, counts), ret_count);

	if (made > 0)
		(*ret_count)->id = id;
	return made < 0 ? made : 0;
}

int gils_peek(struct gils *gils, const struct gil_peek *peek, bool counts)
{
	struct gil_count *count;
	uint64_t moved, seen;
	int err;

	err = gils_find(gils, peek->gil, &count);
	if (err)
		return err;
	count->peeks += counts;
	if (count->peeked && counts) {
		moved = peek->switches > count->switches ? peek->switches - count->switches : 0;
		/* A holder that has no id yet cannot be told from the one before. */
		seen = moved && peek->last && peek->last != count->last;
		count->seen += seen;
		count->missed += moved - seen;
	}
	count->peeked = true;
	count->last = peek->last;
	count->switches = peek->switches;
	return 0;
}

int gils_op(struct gils *gils, const struct trace_gilop *op, bool counts)
{
	struct gil_count *count;
	int err = op->gil ? gils_find(gils, op->gil, &count) : 0;

	if (err || !op->gil)
		return err;
	if (op->op == TRACE_GIL_OP_TAKE) {
		count->takes += counts;
		count->changes += counts && count->taker && count->taker != op->thread;
		count->taker = op->thread;
	}
	count->requests += counts && op->op == TRACE_GIL_OP_REQUEST;
	return 0;
}

static void gil_advance(struct gil_count *count, uint64_t now_ns)
{
	if (count->running_cnt)
		count->run_ns += now_ns - count->since_ns;
	if (count->running_cnt > 1)
		count->doubled_ns += now_ns - count->since_ns;
	count->off_core_ns += count->off_core_cnt * (now_ns - count->since_ns);
	count->since_ns = now_ns;
}

/* From now on so many more threads run under it, or hold it off core. */
static int gil_move(struct gils *gils, uint64_t id, uint64_t now_ns, int running, int off_core)
{
	struct gil_count *count;
	int err = id ? gils_find(gils, id, &count) : 0;

	if (err || !id)
		return err;
	gil_advance(count, now_ns);
	count->running_cnt += (uint64_t)running;
	count->off_core_cnt += (uint64_t)off_core;
	return 0;
}

static int gils_change(void *ctx, const struct change *change)
{
	uint64_t at_ns = change->at_ns;
	int err = gil_move(ctx, change->from_gil, at_ns, -1, 0);

	if (!err)
		err = gil_move(ctx, change->from_held, at_ns, 0, -1);
	if (!err)
		err = gil_move(ctx, change->to_gil, at_ns, 1, 0);
	return err ? err : gil_move(ctx, change->to_held, at_ns, 0, 1);
}

static int gils_end(void *ctx, const struct run *run)
{
	struct gils *gils = ctx;

	for (size_t i = 0; i < gils->counts_cnt; i++)
		gil_advance(gils->counts[i], run->end_ns);
	return 0;
}

void gils_clear(struct gils *gils)
{
	for (size_t i = 0; i < gils->counts_cnt; i++)
		free(gils->counts[i]);
	free(gils->counts);
	idmap_clear(&gils->ids);
	*gils = (struct gils){ 0 };
}

const struct sink gils_sink = {
	.name = "gils",
	.change = gils_change,
	.end = gils_end,
};
