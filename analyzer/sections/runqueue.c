/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long threads waited for a core, and what had it meanwhile.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/analysis.h"
#include "analyzer/sections/party.h"
#include "analyzer/sections/section.h"
#include "analyzer/sections/spread_out.h"
#include "analyzer/wrap.h"

/* In the JSON: there may be a million, and this member is made in one piece. */
#define ROWS_MAX 10

static bool runqueue_any(const struct report *report)
{
	return report->analysis->runqueue.ranking_cnt;
}

/* "most of it NAME", where programs of one name have more than half of what all of them had. */
static const char *programs_say(const struct report *report, struct style style, struct text *text)
{
	const struct runqueue *rq = &report->analysis->runqueue;
	const struct rq_antagonist *worst = rq_worst_program(rq);

	if (!worst || !*worst->name || worst->caused_ns <= rq->use_ns[CORE_OTHER] / 2)
		return "";
	snprintf(text->s, sizeof(text->s), " (most of it %.40s)",
		 format_name(worst->name, NAME_WIDTH, style).s);
	return text->s;
}

static void answer_print(const struct report *report, struct style style, FILE *out)
{
	const struct runqueue *rq = &report->analysis->runqueue;
	uint64_t unclear_ns = rq->use_ns[CORE_UNKNOWN] + rq->nowhere_ns, all_ns = rq->ready_ns;
	struct text programs;

	sentence_print(out, "  ", "Threads were ready, without a core, for %s, %s of their lives: %s behind"
		       " others of these threads, %s behind other programs%s, %s on the way to an idle"
		       " core, %s it is not known.", format_time(all_ns, style).s,
		       format_percent(all_ns, report->tree.curves->integral_ns[CURVE_ALIVE]).s,
		       format_percent(rq->use_ns[CORE_OURS], all_ns).s,
		       format_percent(rq->use_ns[CORE_OTHER], all_ns).s,
		       programs_say(report, style, &programs),
		       format_percent(rq->use_ns[CORE_IDLE], all_ns).s,
		       format_percent(unclear_ns, all_ns).s);
}

static int latencies_print(const struct runqueue *rq, struct style style, FILE *out)
{
	struct table *table = table_new(SPREAD_COLUMNS);
	int err = table ? spread_head(table, "") : -ENOMEM;

	if (!err)
		err = spread_row(table, "after a wake-up", &rq->woken, style);
	if (!err)
		err = spread_row(table, "pushed off a core", &rq->preempted, style);
	if (!err)
		err = spread_row(table, "a core idle then", &rq->room.spread, style);
	if (!err)
		err = spread_row(table, "a core left over", &rq->waste.spread, style);
	if (!err)
		table_print(table, style, "    ", out);
	table_free(table);
	return err;
}

static void moves_print(const struct runqueue *rq, FILE *out)
{
	if (rq->cut_cnt)
		sentence_print(out, "  ",
			       "%s longer than is known: the end was lost or lies after the run's.",
			       format_noun(rq->cut_cnt, "wait was", "waits were").s);
	sentence_print(out, "  ", "Of %s %s were to another core than the last; %s between cores, %s of them"
		       " while ready.", format_noun(rq->comings_cnt, "switch-in", "switch-ins").s,
		       format_percent(rq->elsewhere_cnt, rq->comings_cnt).s,
		       format_noun(rq->moves_cnt, "move", "moves").s,
		       format_count(rq->ready_moves_cnt).s);
}

static int thread_row(struct table *table, const struct rq_thread *thread, struct style style)
{
	uint64_t unclear_ns = thread->use_ns[CORE_UNKNOWN] + thread->nowhere_ns;
	struct text tid;

	snprintf(tid.s, sizeof(tid.s), "%" PRIu64, thread->thread->tid);
	return table_cells(table, (const char *const[]){
		tid.s, format_name(thread->thread->comm, NAME_WIDTH, style).s,
		format_time(thread->ready_ns, style).s, format_time(thread->worst_ns, style).s,
		format_share(thread->use_ns[CORE_OURS], thread->ready_ns).s,
		format_share(thread->use_ns[CORE_OTHER], thread->ready_ns).s,
		format_share(thread->use_ns[CORE_IDLE], thread->ready_ns).s,
		format_share(unclear_ns, thread->ready_ns).s,
		format_share(thread->stranded_ns, thread->ready_ns).s,
		format_count(thread->moves_cnt).s, NULL });
}

static int threads_print(const struct report *report, struct style style, FILE *out)
{
	const struct runqueue *rq = &report->analysis->runqueue;
	struct table *table = table_new("rnrrrrrrrr");
	size_t rows = 0, all = 0;
	int err = table ? 0 : -ENOMEM;

	if (!err)
		err = table_cells(table, (const char *const[]){
			"", "", "", "", "", "", "", "not", "core", "",
			"tid", "name", "ready", "longest", "ours", "other", "idle", "known", "left",
			"moves", NULL });
	for (size_t i = 0; !err && i < rq->ranking_cnt; i++) {
		if (!report_lists_thread(report, rq->ranking[i]->thread) || (all++, rows == report->top))
			continue;
		rows++;
		err = thread_row(table, rq->ranking[i], style);
	}
	if (!err && rows) {
		fprintf(out, "\n  Who waited longest; %% of that by what had its core\n");
		table_print(table, style, "    ", out);
		left_out_print(rows, all, out);
	}
	if (!err)
		no_thread_print(report, style, out);
	table_free(table);
	return err;
}

static struct text antagonist_text(const struct rq_antagonist *antagonist, struct style style)
{
	const char *name = antagonist->name;

	if (antagonist->group)
		return party_group(antagonist->group, style);
	return party_many(*name ? name : "unnamed", antagonist->programs_cnt, style);
}

static const char *antagonist_says(const struct rq_antagonist *antagonist)
{
	if (antagonist->group)
		return "";
	return antagonist->programs_cnt == 1 ? "another program" : "other programs";
}

static int antagonists_print(const struct report *report, struct style style, FILE *out)
{
	const struct runqueue *rq = &report->analysis->runqueue;
	size_t rows = report_rows(report, rq->antagonists_cnt);
	struct table *table = table_new("nlrr");
	int err = table ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < rows; i++) {
		const struct rq_antagonist *antagonist = &rq->antagonists[i];

		err = table_cells(table, (const char *const[]){
			antagonist_text(antagonist, style).s, antagonist_says(antagonist),
			format_time(antagonist->caused_ns, style).s,
			format_percent(antagonist->caused_ns, rq->ready_ns).s, NULL });
	}
	if (!err && rows) {
		fprintf(out, "\n  What had the cores meanwhile\n");
		table_print(table, style, "    ", out);
		left_out_print(rows, rq->antagonists_cnt, out);
	}
	table_free(table);
	return err;
}

static int runqueue_text(const struct report *report, struct style style, FILE *out)
{
	const struct runqueue *rq = &report->analysis->runqueue;
	int err;

	answer_print(report, style, out);
	err = latencies_print(rq, style, out);
	if (err)
		return err;
	moves_print(rq, out);
	err = antagonists_print(report, style, out);
	return err ? err : threads_print(report, style, out);
}

static json_t *uses_json(struct json_out *out, const uint64_t use_ns[CORE_USE_CNT], uint64_t nowhere_ns)
{
	json_t *object = json_object();

	put_number(out, object, "ours", use_ns[CORE_OURS]);
	put_number(out, object, "other", use_ns[CORE_OTHER]);
	put_number(out, object, "idle", use_ns[CORE_IDLE]);
	put_number(out, object, "unknown", use_ns[CORE_UNKNOWN]);
	put_number(out, object, "nowhere", nowhere_ns);
	return object;
}

static json_t *thread_json(struct json_out *out, const struct rq_thread *thread)
{
	json_t *object = json_object();

	put_number(out, object, "thread", thread->thread->id);
	put_number(out, object, "tid", thread->thread->tid);
	put_text(out, object, "name", thread->thread->comm);
	put_number(out, object, "ready_ns", thread->ready_ns);
	put_number(out, object, "worst_ns", thread->worst_ns);
	put(out, object, "by_core_ns", uses_json(out, thread->use_ns, thread->nowhere_ns));
	put_number(out, object, "room_ns", thread->room_ns);
	put_number(out, object, "stranded_ns", thread->stranded_ns);
	put_number(out, object, "caused_ns", thread->caused_ns);
	put_number(out, object, "elsewhere", thread->elsewhere_cnt);
	put_number(out, object, "moves", thread->moves_cnt);
	put_number(out, object, "ready_moves", thread->ready_moves_cnt);
	return object;
}

static json_t *antagonist_json(struct json_out *out, const struct rq_antagonist *antagonist)
{
	const struct thread_group *group = antagonist->group;
	json_t *object = json_object();

	put_text(out, object, "name", antagonist->name);
	put_maybe(out, object, "thread", group, group ? group->first->id : 0);
	put_maybe(out, object, "threads", group, group ? group->threads_cnt : 0);
	put_maybe(out, object, "program", !group, antagonist->program);
	put_maybe(out, object, "programs", !group, antagonist->programs_cnt);
	put_number(out, object, "caused_ns", antagonist->caused_ns);
	return object;
}

static json_t *runqueue_json(struct json_out *out, const struct report *report)
{
	const struct runqueue *rq = &report->analysis->runqueue;
	json_t *object = json_object(), *threads = json_array(), *antagonists = json_array();

	for (size_t i = 0; i < rq->ranking_cnt && json_array_size(threads) < ROWS_MAX; i++)
		if (report_lists_thread(report, rq->ranking[i]->thread))
			append(out, threads, thread_json(out, rq->ranking[i]));
	for (size_t i = 0; i < rq->antagonists_cnt && i < ROWS_MAX; i++)
		append(out, antagonists, antagonist_json(out, &rq->antagonists[i]));
	put_number(out, object, "ready_ns", rq->ready_ns);
	put(out, object, "woken", spread_json(out, &rq->woken));
	put(out, object, "preempted", spread_json(out, &rq->preempted));
	put_number(out, object, "cut", rq->cut_cnt);
	put(out, object, "by_core_ns", uses_json(out, rq->use_ns, rq->nowhere_ns));
	put(out, object, "room", spread_json(out, &rq->room.spread));
	put(out, object, "waste", spread_json(out, &rq->waste.spread));
	put_number(out, object, "wasted_ns", rq->wasted_ns);
	put_number(out, object, "comings", rq->comings_cnt);
	put_number(out, object, "elsewhere", rq->elsewhere_cnt);
	put_number(out, object, "moves", rq->moves_cnt);
	put_number(out, object, "ready_moves", rq->ready_moves_cnt);
	put(out, object, "antagonists", antagonists);
	put(out, object, "threads", threads);
	return object;
}

const struct section runqueue_section = {
	.name = "runqueue",
	.says = "how long threads waited for a core, and what had it meanwhile",
	.any = runqueue_any,
	.text = runqueue_text,
	.json = runqueue_json,
};
