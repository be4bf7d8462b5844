/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The critical path: what the wall time is made of, through which waits it goes, and whose it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/array.h"
#include "analyzer/json_scope.h"
#include "analyzer/sections/lock_name.h"
#include "analyzer/sections/section.h"
#include "analyzer/wrap.h"

/* Rows of the lists behind the threads, unless --top says how many. */
#define OBJECTS 4
#define LONGEST 3

/* The kinds of time on the path, as columns and in words. */
enum part {
	PART_WORK, PART_SPIN, PART_READY, PART_GIL, PART_IO, PART_SLEEP, PART_WAIT, PART_UNKNOWN, PART_CNT
};

static const struct {
	const char *column, *says;
} part_infos[PART_CNT] = {
	[PART_WORK] = { "work", "makes progress on a core" },
	[PART_SPIN] = { "spin", "fights for a lock on a core" },
	[PART_READY] = { "ready", "waits for a core" },
	[PART_GIL] = { "GIL", "waits for the GIL until its time is up" },
	[PART_IO] = { "I/O", "waits for I/O" },
	[PART_SLEEP] = { "sleep", "sleeps by its own wish" },
	[PART_WAIT] = { "wait", "waits for something that no thread ended" },
	[PART_UNKNOWN] = { "?", "is not known" },
};

static enum part part_of(enum thread_state state)
{
	switch (state) {
	case STATE_RUN_GIL:
	case STATE_RUN_FREE:
		return PART_WORK;
	case STATE_RUN_SPIN:
		return PART_SPIN;
	case STATE_READY_WOKEN:
	case STATE_READY_PREEMPTED:
		return PART_READY;
	case STATE_WAIT_GIL:
		return PART_GIL;
	case STATE_WAIT_IO:
	case STATE_WAIT_LISTEN:
		return PART_IO;
	case STATE_WAIT_SLEEP:
		return PART_SLEEP;
	case STATE_UNKNOWN:
		return PART_UNKNOWN;
	default:
		return PART_WAIT;
	}
}

static void parts_sum(const uint64_t state_ns[STATE_CNT], uint64_t ret_parts[PART_CNT])
{
	memset(ret_parts, 0, PART_CNT * sizeof(*ret_parts));
	for (int state = 0; state < STATE_CNT; state++)
		ret_parts[part_of((enum thread_state)state)] += state_ns[state];
}

static const struct path *path_of(const struct report *report)
{
	return &report->analysis->path;
}

/* One thread that never waits for another is its own path. */
static bool path_any(const struct report *report)
{
	return path_of(report)->ranking_cnt > 1;
}

/* "Of 2.03 s, 61.0 % makes progress on a core, 23.1 % waits for a core, ..." */
static void parts_print(const struct path *path, struct style style, FILE *out)
{
	uint64_t parts[PART_CNT];
	char line[600];
	size_t len;

	parts_sum(path->state_ns, parts);
	len = (size_t)snprintf(line, sizeof(line), "Of its %s", format_time(path->length_ns, style).s);
	for (int part = 0; part < PART_CNT; part++)
		if (parts[part])
			len += (size_t)snprintf(line + len, sizeof(line) - len, ", %s %s",
						format_percent(parts[part], path->length_ns).s,
						part_infos[part].says);
	snprintf(line + len, sizeof(line) - len, ".");
	wrap_print("  ", line, out);
}

/* "For 84.0 % of it the next thread on it was waiting already: 82.1 % wait.gil (205 times), ..." */
static void hops_print(const struct path *path, FILE *out)
{
	uint64_t wait_ns = 0;
	char line[1000];
	const char *before = ": ";
	size_t len;

	for (int state = 0; state < STATE_CNT; state++)
		wait_ns += path->hops[state].wait_ns;
	if (!wait_ns)
		return;
	len = (size_t)snprintf(line, sizeof(line), "For %s of it the next thread on it was waiting already",
			       format_percent(wait_ns, path->length_ns).s);
	for (int state = 0; state < STATE_CNT; state++) {
		const struct path_hops *hops = &path->hops[state];

		if (!hops->wait_ns)
			continue;
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s %s (%s)", before,
					format_percent(hops->wait_ns, path->length_ns).s,
					state_infos[state].name,
					format_noun(hops->cnt, "time", "times").s);
		before = ", ";
	}
	snprintf(line + len, sizeof(line) - len, ".");
	wrap_print("  ", line, out);
}

/* What is worth a look: the first of these that is a third of the path or more. */
static void next_print(const struct path *path, struct style style, FILE *out)
{
	const struct path_thread *first = path->ranking[0];
	uint64_t parts[PART_CNT], enough_ns = path->length_ns / 3;
	uint64_t locks_ns = path->hops[STATE_WAIT_LOCK].wait_ns + path->hops[STATE_WAIT_KLOCK].wait_ns;
	uint64_t work_ns = first->state_ns[STATE_RUN_GIL] + first->state_ns[STATE_RUN_FREE];

	parts_sum(path->state_ns, parts);
	if (parts[PART_UNKNOWN] >= enough_ns)
		sentence_print(out, "  ", "Too much of it is not known to say where to look.");
	else if (path->hops[STATE_WAIT_GIL].wait_ns + parts[PART_GIL] >= enough_ns)
		sentence_print(out, "  ", "Where to look: what runs under the GIL meanwhile.");
	else if (locks_ns >= enough_ns)
		sentence_print(out, "  ", "Where to look: what is done under these locks.");
	else if (parts[PART_READY] >= enough_ns)
		sentence_print(out, "  ", "Where to look: who has the cores then: other programs, or too many "
			       "threads at once.");
	else if (parts[PART_IO] >= enough_ns)
		sentence_print(out, "  ", "Where to look: I/O that is waited for one after the other.");
	else if (parts[PART_SLEEP] >= enough_ns)
		sentence_print(out, "  ", "Where to look: what sleeps instead of being woken.");
	else if (work_ns >= enough_ns)
		sentence_print(out, "  ", "Where to look: the work of %s alone is %s of the path.",
			       format_name(first->thread->comm, NAME_WIDTH, style).s,
			       format_percent(work_ns, path->length_ns).s);
}

static void doubt_print(const struct report *report, struct style style, FILE *out)
{
	uint64_t unknown_ns = report->tree.state_ns[STATE_UNKNOWN];

	if (unknown_ns)
		sentence_print(out, "  ", "For %s nothing is known of some thread: there, the path may be "
			       "another one.", format_time(unknown_ns, style).s);
}

static int threads_head(struct table *table, const uint64_t parts[PART_CNT])
{
	int err = table_cells(table, (const char *const[]){ "tid", "name", "% of path", NULL });

	for (int part = 0; !err && part < PART_CNT; part++)
		if (parts[part])
			err = table_cell(table, part_infos[part].column);
	return err;
}

static int thread_row(const struct path *path, const struct path_thread *row, const uint64_t shown[PART_CNT],
		      struct style style, struct table *table)
{
	uint64_t parts[PART_CNT];
	struct text tid;
	int err;

	parts_sum(row->state_ns, parts);
	snprintf(tid.s, sizeof(tid.s), "%" PRIu64, row->thread->tid);
	err = table_cells(table, (const char *const[]){
		tid.s, format_name(row->thread->comm, NAME_WIDTH, style).s,
		format_share(row->ns, path->length_ns).s, NULL });
	for (int part = 0; !err && part < PART_CNT; part++)
		if (shown[part])
			err = table_cell(table, format_share(parts[part], path->length_ns).s);
	return err;
}

static int threads_text(const struct report *report, struct style style, FILE *out)
{
	const struct path *path = path_of(report);
	size_t listed = 0, rows;
	char align[3 + PART_CNT + 1] = "rnr";
	uint64_t parts[PART_CNT];
	struct table *table;
	int err;

	for (size_t i = 0; i < path->ranking_cnt; i++)
		listed += report_lists_thread(report, path->ranking[i]->thread);
	rows = report_rows(report, listed);
	if (no_thread_print(report, style, out) || !rows)
		return 0;
	parts_sum(path->state_ns, parts);
	for (int part = 0; part < PART_CNT; part++)
		if (parts[part])
			strcat(align, "r");
	table = table_new(align);
	err = table ? threads_head(table, parts) : -ENOMEM;
	for (size_t i = 0, row = 0; !err && row < rows; i++) {
		if (!report_lists_thread(report, path->ranking[i]->thread))
			continue;
		err = thread_row(path, path->ranking[i], parts, style, table);
		row++;
	}
	if (!err) {
		table_print(table, style, "    ", out);
		left_out_print(rows, listed, out);
	}
	table_free(table);
	return err;
}

static struct text object_name(const struct report *report, enum thread_state state, uint64_t object,
			       struct style style)
{
	struct text text = { "" };

	if (!object)
		return text;
	if (state != STATE_RUN_GIL && state != STATE_WAIT_GIL)
		return lock_name(report, report->analysis->timeline.words.words[object - 1], style);
	if (report->gils_cnt > 1)
		snprintf(text.s, sizeof(text.s), "GIL %" PRIu64, object);
	else
		snprintf(text.s, sizeof(text.s), "the GIL");
	return text;
}

static uint64_t object_number(const struct path_object *object)
{
	return object->gil ? object->id : object->id + 1;
}

static uint64_t object_ns(const struct path_object *object)
{
	return object->hops.wait_ns + object->wait_ns;
}

static int objects_text(const struct report *report, struct style style, FILE *out)
{
	const struct path *path = path_of(report);
	struct table *table = table_new("nrrr");
	int err = table ? table_cells(table, (const char *const[]){
			"through waits for", "hops", "waited", "% of path", NULL }) : -ENOMEM;
	size_t all = 0, rows;

	while (all < path->objects_cnt && object_ns(path->objects[all]))
		all++;
	rows = report_rows_beside(report, all, OBJECTS);
	for (size_t i = 0; !err && i < rows; i++) {
		const struct path_object *object = path->objects[i];
		uint64_t wait_ns = object_ns(object);

		err = table_cells(table, (const char *const[]){
			object_name(report, object->gil ? STATE_WAIT_GIL : STATE_WAIT_LOCK,
				    object_number(object), style).s,
			format_count(object->hops.cnt).s, format_time(wait_ns, style).s,
			format_share(wait_ns, path->length_ns).s, NULL });
	}
	if (!err && rows) {
		table_print(table, style, "    ", out);
		left_out_print(rows, all, out);
	}
	table_free(table);
	return err;
}

static int longest_text(const struct report *report, struct style style, FILE *out)
{
	const struct path *path = path_of(report);
	struct table *table = table_new("rrlnl");
	int err = table ? table_cells(table, (const char *const[]){
			"longest", "at", "state", "name", "", NULL }) : -ENOMEM;

	for (size_t i = 0; !err && i < report_rows_beside(report, path->longest_cnt, LONGEST); i++) {
		const struct path_segment *segment = &path->longest[i];

		err = table_cells(table, (const char *const[]){
			format_time(segment->to_ns - segment->from_ns, style).s,
			format_time(segment->from_ns - report->run->start_ns, style).s,
			state_infos[segment->state].name,
			segment->thread ? format_name(segment->thread->comm, NAME_WIDTH, style).s : "",
			object_name(report, segment->state, segment->object, style).s, NULL });
	}
	if (!err)
		table_print(table, style, "    ", out);
	table_free(table);
	return err;
}

static int path_text(const struct report *report, struct style style, FILE *out)
{
	const struct path *path = path_of(report);
	int err;

	if (!path->ranking_cnt) {
		fputs("  There was no thread.\n", out);
		return 0;
	}
	parts_print(path, style, out);
	hops_print(path, out);
	next_print(path, style, out);
	doubt_print(report, style, out);
	err = threads_text(report, style, out);
	if (!err)
		err = objects_text(report, style, out);
	return err ? err : longest_text(report, style, out);
}

static void hops_put(struct json_out *out, json_t *object, const struct path_hops *hops)
{
	put_number(out, object, "hops", hops->cnt);
	put_number(out, object, "hop_wait_ns", hops->wait_ns);
}

static json_t *hops_json(struct json_out *out, const struct path *path)
{
	json_t *array = json_array();

	for (int state = 0; state <= STATE_CNT; state++) {
		json_t *object;

		if (!path->hops[state].cnt)
			continue;
		object = json_object();
		put(out, object, "ended", state == STATE_CNT ? json_null() : json_string(state_infos[state].name));
		hops_put(out, object, &path->hops[state]);
		append(out, array, object);
	}
	return array;
}

static json_t *threads_json(struct json_out *out, const struct path *path)
{
	json_t *array = json_array();

	for (size_t i = 0; i < path->ranking_cnt; i++) {
		const struct path_thread *row = path->ranking[i];
		json_t *object = json_object();

		put_number(out, object, "id", row->thread->id);
		put_number(out, object, "tid", row->thread->tid);
		put_text(out, object, "comm", row->thread->comm);
		put_number(out, object, "ns", row->ns);
		put_number(out, object, "segments", row->segments_cnt);
		put(out, object, "states", states_json(out, row->state_ns));
		append(out, array, object);
	}
	return array;
}

/* Of GILs or of words: who it is, then what they have in common. */
static json_t *objects_json(struct json_out *out, const struct report *report, bool gil)
{
	const struct path *path = path_of(report);
	json_t *array = json_array();

	for (size_t i = 0; i < path->objects_cnt; i++) {
		const struct path_object *row = path->objects[i];
		json_t *object;

		if (row->gil != gil)
			continue;
		object = json_object();
		if (gil) {
			put_number(out, object, "id", row->id);
			put_number(out, object, "run_ns", row->run_ns);
		} else {
			const struct futex_word *word = report->analysis->timeline.words.words[row->id];

			put_number(out, object, "process", word->process->id);
			put_number(out, object, "address", word->address);
		}
		put_number(out, object, "wait_ns", row->wait_ns);
		hops_put(out, object, &row->hops);
		append(out, array, object);
	}
	return array;
}

static json_t *longest_json(struct json_out *out, const struct path *path)
{
	json_t *array = json_array();

	for (size_t i = 0; i < path->longest_cnt; i++) {
		const struct path_segment *segment = &path->longest[i];
		json_t *object = json_object();

		put_number(out, object, "from_ns", segment->from_ns);
		put_number(out, object, "to_ns", segment->to_ns);
		put_maybe(out, object, "thread", segment->thread, segment->thread ? segment->thread->id : 0);
		put(out, object, "state", json_string(state_infos[segment->state].name));
		append(out, array, object);
	}
	return array;
}

static json_t *path_json(struct json_out *out, const struct report *report)
{
	const struct path *path = path_of(report);
	json_t *object = json_object();

	put_number(out, object, "length_ns", path->length_ns);
	put_number(out, object, "nobody_ns", path->nobody_ns);
	put_number(out, object, "segments", path->segments_cnt);
	put(out, object, "states", states_json(out, path->state_ns));
	put(out, object, "hops", hops_json(out, path));
	put(out, object, "threads", threads_json(out, path));
	put(out, object, "gils", objects_json(out, report, true));
	put(out, object, "words", objects_json(out, report, false));
	put(out, object, "longest", longest_json(out, path));
	return object;
}

const struct section path_section = {
	.name = "path",
	.member = "critical_path",
	.says = "the chain of waits, back from the end, that the wall time is made of",
	.any = path_any,
	.text = path_text,
	.json = path_json,
};
