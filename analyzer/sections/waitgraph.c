/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wait-for graph: who turns in circles, then the pairs with the longest waits, before and after these
 * are handed on.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/analysis.h"
#include "analyzer/sections/lock_name.h"
#include "analyzer/sections/party.h"
#include "analyzer/sections/section.h"
#include "analyzer/wrap.h"

/* In the text: knots, and of each so many threads by name. */
#define KNOTS 3
#define MEMBERS 3
/* In the JSON, which is kept in memory. */
#define EDGES_LISTED 32
#define KNOTS_LISTED 8
#define MEMBERS_LISTED 32

static const struct waitgraph *graph_of(const struct report *report)
{
	return &report->analysis->waitgraph;
}

static const struct thread *thread_of(const struct report *report, uint32_t slot)
{
	return report->analysis->blame.threads[slot].thread;
}

static bool waitgraph_any(const struct report *report)
{
	return graph_of(report)->edges_cnt;
}

static struct text object_text(const struct report *report, const struct wait_knot *knot, struct style style)
{
	const struct locks *locks = &report->analysis->locks;
	struct text text;

	if (knot->word)
		snprintf(text.s, sizeof(text.s), "%s %.80s", locks_have(locks, knot->word) ? "lock" : "futex word",
			 lock_name(report, knot->word, style).s);
	else if (knot->gil && report->gils_cnt > 1)
		snprintf(text.s, sizeof(text.s), "GIL %" PRIu64, knot->gil);
	else
		snprintf(text.s, sizeof(text.s), "%s", knot->gil ? "the GIL" : knot->state == STATE_CNT ?
			 "what is not known" : state_infos[knot->state].name);
	return text;
}

static void knot_print(const struct report *report, const struct wait_knot *knot, struct style style, FILE *out)
{
	char names[400];
	size_t len = 0, shown = knot->members_cnt < MEMBERS ? knot->members_cnt : MEMBERS;
	bool all = shown == knot->members_cnt;

	for (size_t i = 0; i < shown; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					!i ? "" : all && i + 1 == shown ? " and " : ", ",
					party_thread(thread_of(report, knot->members[i]), style).s);
	if (!all)
		snprintf(names + len, sizeof(names) - len, " and %s more",
			 format_count(knot->members_cnt - shown).s);
	sentence_print(out, "  ", "Knot: %s wait%s and for no other thread: %s, mostly for %s.", names,
		       knot->members_cnt > 1 ? " for each other" : "s for itself",
		       format_time(knot->waits_ns, style).s, object_text(report, knot, style).s);
}

static void knots_print(const struct report *report, struct style style, FILE *out)
{
	const struct waitgraph *graph = graph_of(report);

	for (size_t i = 0; i < graph->knots_cnt && i < KNOTS; i++)
		knot_print(report, &graph->knots[i], style, out);
	if (graph->knots_cnt > KNOTS)
		fprintf(out, "  ... and %s more\n",
			format_noun(graph->knots_cnt - KNOTS, "knot", "knots").s);
	if (!graph->knots_cnt)
		sentence_print(out, "  ", "No knot: no threads wait in a circle for each other alone, in waits of "
			       "at least %s.", format_time(graph->trim_ns, style).s);
	if (report->analysis->blame.handed_together_ns)
		sentence_print(out, "  ", "Knots may be missing: for %s too many waited at once to tell who for "
			       "whom.", format_time(report->analysis->blame.handed_together_ns, style).s);
	if (report->tree.state_ns[STATE_UNKNOWN])
		fprintf(out, "  For %s nothing is known of some thread: waits may be missing.\n",
			format_time(report->tree.state_ns[STATE_UNKNOWN], style).s);
}

static int waitgraph_text(const struct report *report, struct style style, FILE *out)
{
	const struct waitgraph *graph = graph_of(report);
	size_t rows = report_rows(report, graph->edges_cnt);
	struct table *table = table_new("nnrr");
	int err = table ? table_cells(table, (const char *const[]){
			"who waits", "for whom", "waited", "handed on", NULL }) : -ENOMEM;

	knots_print(report, style, out);
	for (size_t i = 0; !err && i < rows; i++) {
		const struct wait_edge *edge = &graph->edges[i];

		err = table_cells(table, (const char *const[]){
			party_of_blame(report, edge->from, style).s, party_of_blame(report, edge->to, style).s,
			edge->waits_ns ? format_time(edge->waits_ns, style).s : ".",
			edge->handed_ns ? format_time(edge->handed_ns, style).s : ".", NULL });
	}
	if (!err) {
		table_print(table, style, "    ", out);
		left_out_print(rows, graph->edges_cnt, out);
	}
	table_free(table);
	return err;
}

static json_t *edges_json(struct json_out *out, const struct report *report)
{
	const struct waitgraph *graph = graph_of(report);
	json_t *array = json_array();

	for (size_t i = 0; i < graph->edges_cnt && i < EDGES_LISTED; i++) {
		const struct wait_edge *edge = &graph->edges[i];
		size_t threads_cnt = report->analysis->blame.threads_cnt;
		bool from = edge->from < threads_cnt, to = edge->to < threads_cnt;
		json_t *object = json_object();

		put_maybe(out, object, "waiter", from, from ? thread_of(report, edge->from)->id : 0);
		put_maybe(out, object, "thread", to, to ? thread_of(report, edge->to)->id : 0);
		put(out, object, "nobody", to ? json_null() : json_string(nobody_key(edge->to - threads_cnt)));
		put_number(out, object, "waits_ns", edge->waits_ns);
		put_number(out, object, "handed_ns", edge->handed_ns);
		append(out, array, object);
	}
	return array;
}

static json_t *knot_json(struct json_out *out, const struct report *report, const struct wait_knot *knot)
{
	json_t *object = json_object(), *members = json_array();
	const struct futex_word *word = knot->word;

	for (size_t i = 0; i < knot->members_cnt && i < MEMBERS_LISTED; i++)
		append(out, members, json_integer((json_int_t)thread_of(report, knot->members[i])->id));
	put_number(out, object, "threads_cnt", knot->members_cnt);
	put(out, object, "threads", members);
	put_number(out, object, "waits_ns", knot->waits_ns);
	put_maybe(out, object, "gil", knot->gil, knot->gil);
	put_maybe(out, object, "address", word, word ? word->address : 0);
	put_maybe(out, object, "process", word, word ? word->process->id : 0);
	put(out, object, "state", knot->state < STATE_CNT ? json_string(state_infos[knot->state].name) :
							    json_null());
	return object;
}

static json_t *waitgraph_json(struct json_out *out, const struct report *report)
{
	const struct waitgraph *graph = graph_of(report);
	json_t *object = json_object(), *knots = json_array();

	for (size_t i = 0; i < graph->knots_cnt && i < KNOTS_LISTED; i++)
		append(out, knots, knot_json(out, report, &graph->knots[i]));
	put_number(out, object, "trim_ns", graph->trim_ns);
	put_number(out, object, "trimmed_ns", graph->trimmed_ns);
	put_number(out, object, "together_ns", report->analysis->blame.handed_together_ns);
	put_number(out, object, "knots_cnt", graph->knots_cnt);
	put(out, object, "knots", knots);
	put_number(out, object, "edges_cnt", graph->edges_cnt);
	put(out, object, "edges", edges_json(out, report));
	return object;
}

const struct section waitgraph_section = {
	.name = "waitgraph",
	.member = "wait_for_graph",
	.says = "waits handed on to what those wait for who are waited for, and knots",
	.any = waitgraph_any,
	.text = waitgraph_text,
	.json = waitgraph_json,
};
