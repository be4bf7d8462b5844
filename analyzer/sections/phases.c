/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * True parallelism over time as a row of heights, the phases under it, and what is true of each.
 */
#include <errno.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/array.h"
#include "analyzer/sections/section.h"

#define HEIGHTS_CNT 76

static const struct phases *phases_of(const struct report *report)
{
	return &report->analysis->phases;
}

static bool phases_any(const struct report *report)
{
	return phases_of(report)->phases_cnt > 0;
}

/* When bucket i begins; the end of the run for the one behind the last. */
static uint64_t bucket_start_ns(const struct report *report, size_t i)
{
	const struct phases *phases = phases_of(report);

	return i < phases->buckets_cnt ? phases->start_ns + i * phases->width_ns : report->run->end_ns;
}

/* The average of the buckets that one height stands for, in hundredths. */
static uint64_t height_find(const struct report *report, size_t at, size_t cnt)
{
	const struct phases *phases = phases_of(report);
	size_t first = phases->buckets_cnt * at / cnt, next = phases->buckets_cnt * (at + 1) / cnt;
	uint64_t sum_ns = 0;

	for (size_t i = first; i < next; i++)
		sum_ns += phases->buckets[i].integral_ns[CURVE_TRUE];
	return average_hundredths(sum_ns, bucket_start_ns(report, next) -
				  bucket_start_ns(report, first));
}

/* Under the heights, each phase's number stands where it begins. */
static void numbers_print(const struct report *report, size_t cnt, FILE *out)
{
	const struct phases *phases = phases_of(report);
	size_t column = 0;

	fputs("  ", out);
	for (size_t i = 0; i < phases->phases_cnt; i++) {
		size_t bucket = (phases->phases[i].start_ns - phases->start_ns) / phases->width_ns;
		size_t at = bucket * cnt / phases->buckets_cnt;

		/* Where there is room for it. */
		if (i && at < column + 1)
			continue;
		column += (size_t)fprintf(out, "%*s%zu", (int)(at - column), "", i + 1);
	}
	fputs("\n", out);
}

static void heights_print(const struct report *report, struct style style, FILE *out)
{
	const struct phases *phases = phases_of(report);
	size_t cnt = phases->buckets_cnt < HEIGHTS_CNT ? phases->buckets_cnt : HEIGHTS_CNT;
	uint64_t heights[HEIGHTS_CNT], most = 0;
	int blanks = 2;

	for (size_t i = 0; i < cnt; i++) {
		heights[i] = height_find(report, i, cnt);
		most = heights[i] > most ? heights[i] : most;
	}
	for (size_t i = 0; i < cnt; i++) {
		struct text level = format_level(heights[i], most, style);

		/* Spaces are printed only in front of something. */
		if (!strcmp(level.s, " ")) {
			blanks++;
			continue;
		}
		fprintf(out, "%*s%s", blanks, "", level.s);
		blanks = 0;
	}
	fputs("\n", out);
	numbers_print(report, cnt, out);
	fprintf(out, "  the highest is %s; from left to right %s\n", format_hundredths(most).s,
		format_time(report->tree.wall_ns, style).s);
}

static int texts_add(struct table *table, const struct text *cells, size_t cnt)
{
	int err = 0;

	for (size_t i = 0; !err && i < cnt; i++)
		err = table_cell(table, cells[i].s);
	return err;
}

static int head_add(struct table *table)
{
	struct text cells[4 + CURVE_CNT] = { { "" }, { "from" }, { "for" }, { "%" } };

	for (int i = 0; i < CURVE_CNT; i++)
		snprintf(cells[4 + i].s, sizeof(cells[i].s), "%s", curve_names[i]);
	return texts_add(table, cells, ARRAY_SIZE(cells));
}

static int phase_row(struct table *table, const struct report *report, size_t number,
		     struct style style)
{
	const struct phase *phase = &phases_of(report)->phases[number];
	uint64_t long_ns = phase->end_ns - phase->start_ns;
	struct text cells[4 + CURVE_CNT] = {
		format_count(number + 1),
		format_time(phase->start_ns - report->run->start_ns, style),
		format_time(long_ns, style),
		format_share(long_ns, report->tree.wall_ns),
	};

	for (int i = 0; i < CURVE_CNT; i++)
		cells[4 + i] = format_average(phase->sums.integral_ns[i], long_ns);
	return texts_add(table, cells, ARRAY_SIZE(cells));
}

/* Where threads were unknown, more of them may have made progress than were seen to. */
static void unknown_print(const struct report *report, FILE *out)
{
	const struct phases *phases = phases_of(report);

	for (size_t i = 0; i < phases->phases_cnt; i++) {
		const struct phase *phase = &phases->phases[i];

		if (phase->sums.unknown_ns)
			fprintf(out, "  In phase %zu, %s more threads are unknown.\n", i + 1,
				format_average(phase->sums.unknown_ns,
					       phase->end_ns - phase->start_ns).s);
	}
}

static int phases_text(const struct report *report, struct style style, FILE *out)
{
	size_t all = phases_of(report)->phases_cnt, rows = report_rows(report, all);
	struct table *table = table_new("rrrrrrrrr");
	int err = table ? head_add(table) : -ENOMEM;

	for (size_t i = 0; !err && i < rows; i++)
		err = phase_row(table, report, i, style);
	if (!err) {
		heights_print(report, style, out);
		table_print(table, style, "  ", out);
		left_out_print(rows, all, out);
		unknown_print(report, out);
	}
	table_free(table);
	return err;
}

static json_t *phases_json(struct json_out *out, const struct report *report)
{
	const struct phases *phases = phases_of(report);
	json_t *array = json_array();

	for (size_t i = 0; i < phases->phases_cnt; i++) {
		const struct phase *phase = &phases->phases[i];
		json_t *object = json_object(), *integrals = json_object();

		for (int curve = 0; curve < CURVE_CNT; curve++)
			put_number(out, integrals, curve_names[curve], phase->sums.integral_ns[curve]);
		put_number(out, object, "start_ns", phase->start_ns);
		put_number(out, object, "end_ns", phase->end_ns);
		put(out, object, "integrals_ns", integrals);
		put_number(out, object, "unknown_ns", phase->sums.unknown_ns);
		append(out, array, object);
	}
	return array;
}

const struct section phases_section = {
	.name = "phases",
	.says = "true parallelism over time, and when it changed for long",
	.any = phases_any,
	.text = phases_text,
	.json = phases_json,
};
