/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blame: a matrix of who waits for whom, and the worst culprits with what they did meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/analysis.h"
#include "analyzer/sections/party.h"
#include "analyzer/sections/section.h"
#include "analyzer/wrap.h"

#define COLUMNS 4
#define COLUMN_WIDTH 10
#define CULPRITS 4
#define DOINGS 3
/* In the JSON, for each culprit. */
#define WAITERS_LISTED 32

static const char *const part_keys[SHARE_PART_CNT] = {
	[SHARE_CONTENTION] = "contention_ns", [SHARE_REST] = "rest_ns",
};

/* Waiters and culprits: threads, or groups where these are many. */
struct matrix {
	const struct report *report;
	const struct shares *shares;
	bool by_group;
	size_t parties_cnt;	/* culprits that are none follow */
	enum share_part part;
	uint64_t *waited_ns, *caused_ns;	/* by party */
};

static const struct blame *blame_of(const struct report *report)
{
	return &report->analysis->blame;
}

static uint64_t waits_sum(const struct report *report, enum share_part part)
{
	const struct blame *blame = blame_of(report);
	uint64_t sum_ns = 0;

	for (size_t i = 0; i < blame->threads_cnt; i++)
		sum_ns += blame->threads[i].waits_ns[part];
	return sum_ns;
}

static bool blame_any(const struct report *report)
{
	return blame_of(report)->shares.cnt;
}

static struct text party_text(const struct matrix *matrix, uint32_t party, struct style style)
{
	if (party < matrix->parties_cnt && matrix->by_group)
		return party_group(&matrix->report->analysis->groups.groups[party], style);
	if (matrix->by_group && party != SEVERAL)
		party += (uint32_t)(blame_of(matrix->report)->threads_cnt - matrix->parties_cnt);
	return party_of_blame(matrix->report, party, style);
}

/* Short: a thread is a number there, that stands in its row. */
static struct text column_text(const struct matrix *matrix, uint32_t party, struct style style)
{
	struct text text;

	if (party >= matrix->parties_cnt)
		return party_text(matrix, party, style);
	if (matrix->by_group)
		return format_name(matrix->report->analysis->groups.groups[party].name, COLUMN_WIDTH, style);
	snprintf(text.s, sizeof(text.s), "%llu",
		 (unsigned long long)blame_of(matrix->report)->threads[party].thread->tid);
	return text;
}

/* The biggest, from there on those that come next in order; returns how many were found. */
static size_t biggest(const uint64_t *ns, size_t cnt, uint32_t *ret_list, size_t list_max)
{
	size_t found, last = cnt;

	for (found = 0; found < list_max; found++) {
		size_t most = cnt;

		for (size_t i = 0; i < cnt; i++) {
			bool listed = last < cnt && (ns[i] > ns[last] || (ns[i] == ns[last] && i <= last));

			if (!listed && ns[i] && (most == cnt || ns[i] > ns[most]))
				most = i;
		}
		if (most == cnt)
			break;
		ret_list[found] = (uint32_t)most;
		last = most;
	}
	return found;
}

static uint64_t cell_ns(const struct matrix *matrix, uint32_t from, uint32_t to)
{
	size_t cnt;
	const struct share *shares = shares_of(matrix->shares, to, &cnt);

	for (size_t i = 0; i < cnt; i++)
		if (shares[i].from == from)
			return shares[i].ns[matrix->part];
	return 0;
}

static int matrix_row(const struct matrix *matrix, uint32_t from, const uint32_t *columns, size_t columns_cnt,
		      struct style style, struct table *table)
{
	uint64_t waited_ns = matrix->waited_ns[from], left_ns = waited_ns;
	int err = table_cells(table, (const char *const[]){ party_text(matrix, from, style).s,
							    format_time(waited_ns, style).s, NULL });

	for (size_t i = 0; !err && i < columns_cnt; i++) {
		uint64_t ns = cell_ns(matrix, from, columns[i]);

		left_ns -= ns;
		err = table_cell(table, format_share(ns, waited_ns).s);
	}
	return err ? err : table_cell(table, format_share(left_ns, waited_ns).s);
}

static int matrix_print(const struct matrix *matrix, struct style style, FILE *out)
{
	size_t rows_max = matrix->report->top < matrix->parties_cnt ? matrix->report->top : matrix->parties_cnt;
	size_t all = 0, rows_cnt, columns_cnt;
	uint32_t columns[COLUMNS], *rows = calloc(rows_max + 1, sizeof(*rows));
	char align[COLUMNS + 4] = "nrrrrrr";
	struct table *table;
	int err;

	columns_cnt = biggest(matrix->caused_ns, matrix->parties_cnt + BLAME_NOBODY_CNT, columns, COLUMNS);
	align[columns_cnt + 3] = '\0';
	table = table_new(align);
	if (!rows || !table) {
		free(rows);
		table_free(table);
		return -ENOMEM;
	}
	rows_cnt = biggest(matrix->waited_ns, matrix->parties_cnt, rows, rows_max);
	for (size_t i = 0; i < matrix->parties_cnt; i++)
		all += matrix->waited_ns[i] > 0;
	err = table_cells(table, (const char *const[]){ "who waits", "waited", NULL });
	for (size_t i = 0; !err && i < columns_cnt; i++)
		err = table_cell(table, column_text(matrix, columns[i], style).s);
	if (!err)
		err = table_cell(table, "others");
	for (size_t i = 0; !err && i < rows_cnt; i++)
		err = matrix_row(matrix, rows[i], columns, columns_cnt, style, table);
	if (!err) {
		fprintf(out, "    %% of the waits that are for:\n");
		table_print(table, style, "    ", out);
		left_out_print(rows_cnt, all, out);
	}
	free(rows);
	table_free(table);
	return err;
}

static int matrix_text(const struct report *report, enum share_part part, struct style style, FILE *out)
{
	const struct blame *blame = blame_of(report);
	struct matrix matrix = { .report = report, .shares = &blame->shares, .part = part,
				 .parties_cnt = blame->threads_cnt };
	int err;

	if (report->threads_cnt > report->top) {
		matrix.by_group = true;
		matrix.shares = &blame->of_groups;
		matrix.parties_cnt = report->analysis->groups.groups_cnt;
	}
	matrix.waited_ns = calloc(matrix.parties_cnt + BLAME_NOBODY_CNT, sizeof(uint64_t));
	matrix.caused_ns = calloc(matrix.parties_cnt + BLAME_NOBODY_CNT, sizeof(uint64_t));
	for (size_t i = 0; matrix.waited_ns && matrix.caused_ns && i < matrix.shares->cnt; i++) {
		const struct share *share = &matrix.shares->shares[i];

		matrix.caused_ns[share->to] += share->ns[part];
		if (share->from != SEVERAL)
			matrix.waited_ns[share->from] += share->ns[part];
	}
	err = matrix.waited_ns && matrix.caused_ns ? matrix_print(&matrix, style, out) : -ENOMEM;
	free(matrix.waited_ns);
	free(matrix.caused_ns);
	return err;
}

static void doing_print(const struct blame_thread *culprit, enum share_part part, struct style style, FILE *out)
{
	uint32_t doings[DOINGS];
	size_t cnt = biggest(culprit->doing_ns[part], STATE_CNT + 1, doings, DOINGS), len;
	char line[256];

	len = (size_t)snprintf(line, sizeof(line), "%s:", party_thread(culprit->thread, style).s);
	for (size_t i = 0; i < cnt; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s %s %s", i ? "," : "",
					doings[i] == STATE_CNT ? "not born yet" : state_infos[doings[i]].name,
					format_percent(culprit->doing_ns[part][doings[i]],
						       culprit->caused_ns[part]).s);
	wrap_print("    ", line, out);
}

static int culprits_print(const struct report *report, enum share_part part, struct style style, FILE *out)
{
	const struct blame *blame = blame_of(report);
	uint64_t *caused_ns = calloc(blame->threads_cnt + 1, sizeof(*caused_ns));
	size_t cnt, cnt_max = report_rows_beside(report, blame->threads_cnt, CULPRITS);
	uint32_t *list = calloc(cnt_max + 1, sizeof(*list));

	if (!caused_ns || !list) {
		free(caused_ns);
		free(list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < blame->threads_cnt; i++)
		caused_ns[i] = blame->threads[i].caused_ns[part];
	cnt = biggest(caused_ns, blame->threads_cnt, list, cnt_max);
	if (cnt)
		fprintf(out, "    What those did meanwhile for whom others waited longest:\n");
	for (size_t i = 0; i < cnt; i++)
		doing_print(&blame->threads[list[i]], part, style, out);
	free(list);
	free(caused_ns);
	return 0;
}

static int blame_text(const struct report *report, struct style style, FILE *out)
{
	uint64_t contention_ns = waits_sum(report, SHARE_CONTENTION);
	uint64_t together_ns = blame_of(report)->together_ns;
	enum share_part part = contention_ns ? SHARE_CONTENTION : SHARE_REST;
	int err;

	if (contention_ns)
		fprintf(out, "  Waits with work in hand, for a GIL or a lock: %s.\n",
			format_time(contention_ns, style).s);
	else
		fprintf(out, "  Nobody waited with work in hand; waits for other things: %s.\n",
			format_time(waits_sum(report, SHARE_REST), style).s);
	if (report->tree.state_ns[STATE_UNKNOWN])
		fprintf(out, "  For %s nothing is known of some thread: waits may be missing.\n",
			format_time(report->tree.state_ns[STATE_UNKNOWN], style).s);
	err = matrix_text(report, part, style, out);
	if (!err && together_ns)
		sentence_print(out, "    ", "Not in it: %s of waits where too many waited at once to tell who for "
			       "whom.", format_time(together_ns, style).s);
	return err ? err : culprits_print(report, part, style, out);
}

static void parts_put(struct json_out *out, json_t *object, const uint64_t ns[SHARE_PART_CNT])
{
	for (int i = 0; i < SHARE_PART_CNT; i++)
		put_number(out, object, part_keys[i], ns[i]);
}

static json_t *doing_json(struct json_out *out, const struct blame_thread *own)
{
	json_t *object = json_object();

	for (int i = 0; i <= STATE_CNT; i++) {
		const uint64_t ns[] = { own->doing_ns[SHARE_CONTENTION][i], own->doing_ns[SHARE_REST][i] };
		json_t *parts = json_object();

		parts_put(out, parts, ns);
		put(out, object, i == STATE_CNT ? "not_born" : state_infos[i].name, parts);
	}
	return object;
}

static json_t *waiters_json(struct json_out *out, const struct blame *blame, uint32_t culprit)
{
	json_t *array = json_array();
	size_t cnt;
	const struct share *shares = shares_of(&blame->shares, culprit, &cnt);

	for (size_t i = 0; i < cnt && i < WAITERS_LISTED; i++) {
		bool told = shares[i].from != SEVERAL;
		json_t *object = json_object();

		put_maybe(out, object, "waiter", told, told ? blame->threads[shares[i].from].thread->id : 0);
		parts_put(out, object, shares[i].ns);
		append(out, array, object);
	}
	return array;
}

static size_t blame_rows(const struct report *report)
{
	return blame_of(report)->listed_cnt + BLAME_NOBODY_CNT;
}

static json_t *blame_row(struct json_out *out, const struct report *report, size_t i)
{
	static const struct blame_thread nothing;
	const struct blame *blame = blame_of(report);
	bool thread = i < blame->listed_cnt;
	size_t code = thread ? 0 : i - blame->listed_cnt;
	size_t culprit = thread ? blame->listed[i] : blame->threads_cnt + code;
	const struct blame_thread *own = thread ? &blame->threads[culprit] : &nothing;
	json_t *object = json_object();

	put_maybe(out, object, "thread", thread, thread ? own->thread->id : 0);
	put(out, object, "nobody", thread ? json_null() : json_string(nobody_key(code)));
	parts_put(out, object, thread ? own->caused_ns : blame->nobody_ns[code]);
	put(out, object, "doing", doing_json(out, own));
	put(out, object, "waiters", waiters_json(out, blame, (uint32_t)culprit));
	return object;
}

const struct section blame_section = {
	.name = "blame",
	.says = "who waits for whom",
	.any = blame_any,
	.text = blame_text,
	.rows = blame_rows,
	.row = blame_row,
};
