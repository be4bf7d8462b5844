/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GILs: one line for each, and for those that most was waited for how they were held, waited for and
 * handed over, and who starves.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/analysis.h"
#include "analyzer/json_scope.h"
#include "analyzer/sections/section.h"
#include "analyzer/sections/spread_out.h"
#include "analyzer/wrap.h"

/* So many are told of in detail. */
#define DETAILED 3

/* What is said of one that nobody held or wanted. */
static const struct gil_use no_use;

static bool gils_any(const struct report *report)
{
	return report->analysis->gil.uses_cnt;
}

static uint64_t gaps_ns(const struct gil_use *use)
{
	uint64_t sum_ns = 0;

	for (int i = 0; i < GIL_GAP_CNT; i++)
		sum_ns += use->gap_ns[i];
	return sum_ns;
}

static uint64_t most_wanting(const struct gil_use *use)
{
	return use->levels_cnt ? use->levels_cnt - 1 : 0;
}

static struct text ceiling_text(const struct gil_use *use, uint64_t cores_cnt)
{
	struct text text = { "-" };

	if (use->work_ns)
		snprintf(text.s, sizeof(text.s), "%.20s x",
			 format_hundredths((uint64_t)(gil_ceiling(use, cores_cnt) * 100 + 0.5)).s);
	return text;
}

static int use_row(struct table *table, const struct report *report, const struct gil_use *use,
		   struct style style)
{
	const struct process *process = use->process;
	struct text id, pid;

	snprintf(id.s, sizeof(id.s), "%" PRIu64, use->id);
	snprintf(pid.s, sizeof(pid.s), "%" PRIu64, process->pid);
	return table_cells(table, (const char *const[]){
		id.s, pid.s, format_name(process->leader ? process->leader->comm : "", NAME_WIDTH, style).s,
		format_share(use->held_active_ns, use->active_ns).s,
		format_share(use->off_core_ns, use->active_ns).s,
		format_average(use->wait.sum_ns, use->active_ns).s,
		format_count(most_wanting(use)).s, format_share(gaps_ns(use), use->active_ns).s,
		format_share(use->run_ns, use->work_ns).s, ceiling_text(use, report->cores_cnt).s,
		NULL });
}

static int uses_print(const struct report *report, struct style style, FILE *out)
{
	const struct gil_uses *uses = &report->analysis->gil;
	size_t rows = report_rows(report, uses->uses_cnt);
	struct table *table = table_new("rrnrrrrrrr");
	int err = table ? 0 : -ENOMEM;

	if (!err)
		err = table_cells(table, (const char *const[]){
			"", "", "", "", "off", "", "", "", "work", "",
			"GIL", "pid", "process", "held", "core", "waiting", "most", "gaps", "under", "at most",
			NULL });
	for (size_t i = 0; !err && i < rows; i++)
		err = use_row(table, report, uses->uses[i], style);
	if (!err) {
		table_print(table, style, "  ", out);
		left_out_print(rows, uses->uses_cnt, out);
		sentence_print(out, "  ", "Held, off core, gaps (wanted, and nobody has it): %% of the time"
			       " in which its process has work; waiting: threads on average then. At most:"
			       " with a share s of the work under it, %s make it 1 / (s + (1 - s) / %s)"
			       " times as fast as one, no more.",
			       format_noun(report->cores_cnt, "core", "cores").s,
			       format_count(report->cores_cnt).s);
	}
	table_free(table);
	return err;
}

static int spreads_print(const struct gil_use *use, struct style style, FILE *out)
{
	struct table *table = table_new(SPREAD_COLUMNS);
	int err = table ? spread_head(table, "") : -ENOMEM;

	if (!err)
		err = spread_row(table, "holds", &use->hold, style);
	if (!err)
		err = spread_row(table, "waits", &use->wait, style);
	if (!err)
		err = spread_row(table, "hand-overs", &use->hand_over, style);
	if (!err)
		table_print(table, style, "    ", out);
	table_free(table);
	return err;
}

static void gaps_print(const struct gil_use *use, struct style style, FILE *out)
{
	if (gaps_ns(use))
		sentence_print(out, "  ", "Nobody had it for %s though somebody wanted it: %s while it was"
			       " being taken on a core, %s while who was woken had no core, %s while all"
			       " slept.", format_time(gaps_ns(use), style).s,
			       format_time(use->gap_ns[GIL_GAP_TAKING], style).s,
			       format_time(use->gap_ns[GIL_GAP_READY], style).s,
			       format_time(use->gap_ns[GIL_GAP_ASLEEP], style).s);
}

static const struct gil_count *count_of(const struct report *report, const struct gil_use *use)
{
	return idmap_get(&report->analysis->timeline.gils.ids, use->id);
}

static void drops_print(const struct report *report, const struct gil_use *use, FILE *out)
{
	const struct gil_count *count = count_of(report, use);

	if (count && count->taker)
		sentence_print(out, "  ", "Holders were asked to let go %s.",
			       format_noun(count->requests, "time", "times").s);
	else if (use->yields_cnt)
		sentence_print(out, "  ", "At least %s ended straight in the next wait or fight: made to let go.",
			       format_noun(use->yields_cnt, "hold", "holds").s);
	if (use->overtakes_cnt)
		sentence_print(out, "  ", "%s went past threads that waited.",
			       format_noun(use->overtakes_cnt, "take", "takes").s);
}

static int part_row(struct table *table, const struct gil_use *use, const struct gil_part *part,
		    struct style style)
{
	struct text tid;

	snprintf(tid.s, sizeof(tid.s), "%" PRIu64, part->thread->tid);
	return table_cells(table, (const char *const[]){
		tid.s, format_name(part->thread->comm, NAME_WIDTH, style).s,
		format_share(part->hold_ns, use->hold.sum_ns).s, format_count(part->holds_cnt).s,
		format_share(part->wait_ns, use->wait.sum_ns).s, format_count(part->waits_cnt).s,
		part->waits_cnt ? format_time(part->wait_max_ns, style).s : "", NULL });
}

static int parts_print(const struct report *report, const struct gil_use *use, struct style style,
		       FILE *out)
{
	struct table *table = table_new("rnrrrrr");
	size_t rows = 0, all = 0;
	int err = table ? 0 : -ENOMEM;

	if (!err)
		err = table_cells(table, (const char *const[]){
			"tid", "name", "of holding", "holds", "of waiting", "waits", "longest", NULL });
	for (size_t i = 0; !err && i < use->parts_cnt; i++) {
		if (!report_lists_thread(report, use->parts[i]->thread) || (all++, rows == report->top))
			continue;
		rows++;
		err = part_row(table, use, use->parts[i], style);
	}
	if (!err && rows) {
		fprintf(out, "\n  Its threads, those first that wait most for what they get, in %%\n");
		table_print(table, style, "    ", out);
		left_out_print(rows, all, out);
	}
	if (!err)
		no_thread_print(report, style, out);
	table_free(table);
	return err;
}

static void doubts_print(const struct gil_use *use, struct style style, FILE *out)
{
	uint64_t low_ns = range_low(use->held_ns, use->held);

	if (use->sampled_ns)
		sentence_print(out, "  ", "%s of the time that it was held rests on samples.",
			       format_percent(use->sampled_ns, use->hold.sum_ns).s);
	if (use->held.down_ns || use->held.up_ns)
		sentence_print(out, "  ", "With all that is not certain it was held for %s .. %s.",
			       format_time(low_ns, style).s,
			       format_time(range_high(use->held_ns, use->held), style).s);
	if (use->unknown_ns)
		sentence_print(out, "  ", "For %s some thread of the process was unknown, and may have held or"
			       " wanted it.", format_time(use->unknown_ns, style).s);
}

static int use_print(const struct report *report, const struct gil_use *use, struct style style, FILE *out)
{
	int err;

	fputc('\n', out);
	if (report->analysis->gil.uses_cnt > 1)
		fprintf(out, "  GIL %" PRIu64 ":\n", use->id);
	err = spreads_print(use, style, out);
	if (err)
		return err;
	gaps_print(use, style, out);
	drops_print(report, use, out);
	doubts_print(use, style, out);
	return parts_print(report, use, style, out);
}

static int gils_text(const struct report *report, struct style style, FILE *out)
{
	const struct gil_uses *uses = &report->analysis->gil;
	size_t rows = report_rows(report, uses->uses_cnt);
	int err = uses_print(report, style, out);

	for (size_t i = 0; !err && i < rows && i < DETAILED; i++)
		err = use_print(report, uses->uses[i], style, out);
	return err;
}

static json_t *part_json(struct json_out *out, const struct gil_part *part)
{
	json_t *object = json_object();

	put_number(out, object, "thread", part->thread->id);
	put_number(out, object, "tid", part->thread->tid);
	put_text(out, object, "name", part->thread->comm);
	put_number(out, object, "holds", part->holds_cnt);
	put_number(out, object, "hold_ns", part->hold_ns);
	put_number(out, object, "waits", part->waits_cnt);
	put_number(out, object, "wait_ns", part->wait_ns);
	put_number(out, object, "wait_max_ns", part->wait_max_ns);
	return object;
}

static void lists_put(struct json_out *out, json_t *object, const struct report *report,
		      const struct gil_use *use)
{
	json_t *gaps = json_object(), *levels = json_array(), *threads = json_array();

	for (int i = 0; i < GIL_GAP_CNT; i++)
		put_number(out, gaps, gil_gap_names[i], use->gap_ns[i]);
	for (size_t i = 1; i < use->levels_cnt; i++)
		append(out, levels, json_integer((json_int_t)use->level_ns[i]));
	for (size_t i = 0; i < use->parts_cnt; i++)
		if (report_lists_thread(report, use->parts[i]->thread))
			append(out, threads, part_json(out, use->parts[i]));
	put(out, object, "gap_ns", gaps);
	put(out, object, "waiting_level_ns", levels);
	put(out, object, "threads", threads);
}

static void use_put(struct json_out *out, json_t *object, const struct report *report,
		    const struct gil_use *use)
{
	put_number(out, object, "held_ns", use->held_ns);
	put(out, object, "held_bounds", bounds_json(out, use->held_ns, use->held));
	put_number(out, object, "held_active_ns", use->held_active_ns);
	put_number(out, object, "active_ns", use->active_ns);
	put_number(out, object, "off_core_ns", use->off_core_ns);
	put_number(out, object, "sampled_ns", use->sampled_ns);
	put_number(out, object, "unknown_ns", use->unknown_ns);
	put_number(out, object, "wanted_ns", use->wanted_ns);
	put(out, object, "hold", spread_json(out, &use->hold));
	put(out, object, "wait", spread_json(out, &use->wait));
	put(out, object, "hand_over", spread_json(out, &use->hand_over));
	put_number(out, object, "cut", use->cut_cnt);
	put_number(out, object, "overtakes", use->overtakes_cnt);
	put_number(out, object, "yields", use->yields_cnt);
	put_number(out, object, "work_ns", use->work_ns);
	put(out, object, "ceiling", use->work_ns ? json_real(gil_ceiling(use, report->cores_cnt)) :
						   json_null());
	lists_put(out, object, report, use);
}

static json_t *gil_json(struct json_out *out, const struct report *report, size_t i)
{
	const struct gil_count *gil = report->gils[i];
	const struct gil_use *use = gil_use_of(&report->analysis->gil, gil->id);
	json_t *object = json_object();

	put_number(out, object, "id", gil->id);
	put_number(out, object, "process", gil->process);
	put_number(out, object, "address", gil->address);
	put_number(out, object, "run_ns", gil->run_ns);
	put_number(out, object, "doubled_ns", gil->doubled_ns);
	put_number(out, object, "peeks", gil->peeks);
	put_number(out, object, "switches_seen", gil->seen);
	put_number(out, object, "switches_missed", gil->missed);
	put_number(out, object, "takes", gil->takes);
	put_number(out, object, "changes", gil->changes);
	put_number(out, object, "requests", gil->requests);
	use_put(out, object, report, use ? use : &no_use);
	return object;
}

static size_t gils_rows(const struct report *report)
{
	return report->gils_cnt;
}

const struct section gil_section = {
	.name = "gil",
	.member = "gils",
	.title = "GIL",
	.says = "how long it was held, who waited for it, and how that bounds the speed",
	.any = gils_any,
	.text = gils_text,
	.rows = gils_rows,
	.row = gil_json,
};
