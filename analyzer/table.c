/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats times, numbers, names and bars, and aligns cells in columns.
 */
#include "analyzer/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/array.h"
#include "analyzer/escape.h"

#define BAR_WIDTH_MAX 24

struct text format_time(uint64_t ns, struct style style)
{
	static const struct {
		uint64_t ns;
		const char *utf8, *ascii;
	} units[] = {
		{ UINT64_C(1000000000), "s", "s" },
		{ 1000000, "ms", "ms" },
		{ 1000, "µs", "us" },
	};
	struct text text;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		double value = (double)ns / (double)units[i].ns;
		const char *unit = style.utf8 ? units[i].utf8 : units[i].ascii;

		/* 999.5 and more would be rounded to four digits. */
		if (value < 0.9995)
			continue;
		snprintf(text.s, sizeof(text.s), "%.*f %s",
			 value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, unit);
		return text;
	}
	snprintf(text.s, sizeof(text.s), "%" PRIu64 " ns", ns);
	return text;
}

struct text format_count(uint64_t cnt)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, cnt);
	struct text text;
	char *to = text.s;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}

static struct text share_text(uint64_t part, uint64_t whole, const char *zero, const char *sign)
{
	struct text text;
	double percent;

	if (!whole || !part) {
		snprintf(text.s, sizeof(text.s), "%s", whole ? zero : "-");
		return text;
	}
	percent = 100.0 * (double)part / (double)whole;
	if (percent < 0.05)
		snprintf(text.s, sizeof(text.s), "<0.1%s", sign);
	else
		snprintf(text.s, sizeof(text.s), "%.*f%s", percent < 99.95 ? 1 : 0, percent, sign);
	return text;
}

struct text format_percent(uint64_t part, uint64_t whole)
{
	return share_text(part, whole, "0 %", " %");
}

struct text format_share(uint64_t part, uint64_t whole)
{
	return share_text(part, whole, ".", "");
}

struct text format_average(uint64_t integral_ns, uint64_t over_ns)
{
	double value = over_ns ? (double)integral_ns / (double)over_ns : 0;
	struct text text;

	snprintf(text.s, sizeof(text.s), "%.2f", value);
	return text;
}

struct text format_bar(uint64_t part, uint64_t whole, unsigned int width, struct style style)
{
	static const char *const eighths[8] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	struct text text = { "" };
	unsigned int steps, full;

	if (!whole || width > BAR_WIDTH_MAX)
		return text;
	if (part > whole)
		part = whole;
	steps = (unsigned int)((double)part / (double)whole * width * 8 + 0.5);
	/* Something is never nothing. */
	if (part && !steps)
		steps = 1;
	full = style.utf8 ? steps / 8 : (steps + 4) / 8;
	for (unsigned int i = 0; i < full; i++)
		strcat(text.s, style.utf8 ? "█" : "#");
	if (style.utf8)
		strcat(text.s, eighths[steps % 8]);
	return text;
}

size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

/* Bytes that the first `width` characters take. */
static size_t width_bytes(const char *text, size_t width)
{
	size_t at = 0;

	while (text[at]) {
		if ((text[at] & 0xc0) != 0x80 && !width--)
			break;
		at++;
	}
	return at;
}

struct text format_name(const char *name, unsigned int width, struct style style)
{
	char escaped[ESCAPE_SIZE(256)];
	struct text text;
	size_t len;

	if (width > sizeof(text.s) / 4 - 1)
		width = sizeof(text.s) / 4 - 1;
	escape_text(name, strnlen(name, 256), escaped, sizeof(escaped));
	if (!style.utf8)
		for (char *at = escaped; *at; at++)
			if (*at & 0x80)
				*at = '?';
	len = width_bytes(escaped, width);
	if (escaped[len]) {
		/* The last character says that there was more. */
		len = width_bytes(escaped, width - 1);
		snprintf(text.s, sizeof(text.s), "%.*s%s", (int)len, escaped,
			 style.utf8 ? "…" : "~");
		return text;
	}
	memcpy(text.s, escaped, len);
	text.s[len] = '\0';
	return text;
}

struct text format_noun(uint64_t cnt, const char *noun, const char *nouns)
{
	struct text text;

	snprintf(text.s, sizeof(text.s), "%.30s %.60s", format_count(cnt).s,
		 cnt == 1 ? noun : nouns);
	return text;
}

struct table {
	char *align;
	size_t columns;
	size_t *widths;
	char **cells;
	size_t cells_cap, cells_cnt;
};

struct table *table_new(const char *align)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->align = strdup(align);
	table->columns = strlen(align);
	table->widths = calloc(table->columns + 1, sizeof(*table->widths));
	if (!table->align || !table->widths) {
		table_free(table);
		return NULL;
	}
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->cells_cnt; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table->widths);
	free(table->align);
	free(table);
}

int table_cell(struct table *table, const char *text)
{
	int err = array_reserve(&table->cells, &table->cells_cap, table->cells_cnt + 1,
				sizeof(*table->cells));
	size_t *width = &table->widths[table->cells_cnt % table->columns];
	char *cell;

	if (err)
		return err;
	cell = strdup(text);
	if (!cell)
		return -ENOMEM;
	if (text_width(cell) > *width)
		*width = text_width(cell);
	table->cells[table->cells_cnt++] = cell;
	return 0;
}

static void spaces_print(size_t cnt, FILE *out)
{
	while (cnt--)
		fputc(' ', out);
}

static void row_print(const struct table *table, size_t first, const char *indent, FILE *out)
{
	size_t pending = 0;

	fputs(indent, out);
	for (size_t i = 0; i < table->columns && first + i < table->cells_cnt; i++) {
		const char *cell = table->cells[first + i];
		size_t fill = table->widths[i] - text_width(cell);

		if (table->align[i] == 'r')
			pending += fill;
		/* Spaces are printed only in front of something. */
		if (*cell) {
			spaces_print(pending, out);
			pending = 0;
			fputs(cell, out);
		} else {
			pending += text_width(cell);
		}
		if (table->align[i] != 'r')
			pending += fill;
		pending += 2;
	}
	fputc('\n', out);
}

void table_print(const struct table *table, const char *indent, FILE *out)
{
	for (size_t i = 0; i < table->cells_cnt; i += table->columns)
		row_print(table, i, indent, out);
}
