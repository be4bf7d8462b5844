/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats times, numbers, names and bars, and aligns cells in columns.
 */
#include "analyzer/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "analyzer/array.h"
#include "analyzer/escape.h"

#define BAR_WIDTH_MAX 24
#define TABLE_COLUMNS_MAX 16
/* Names are not cut below this. */
#define TABLE_NAME_MIN 6

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
	else if (part < whole && percent >= 99.95)
		snprintf(text.s, sizeof(text.s), ">99.9%s", sign);
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

uint64_t average_hundredths(uint64_t integral_ns, uint64_t over_ns)
{
	unsigned __int128 product = (unsigned __int128)integral_ns * 100 + over_ns / 2;

	return over_ns ? (uint64_t)(product / over_ns) : 0;
}

struct text format_hundredths(uint64_t hundredths)
{
	int decimals = hundredths < 10000 ? 2 : hundredths < 99995 ? 1 : 0;
	struct text text;

	snprintf(text.s, sizeof(text.s), "%.*f", decimals, (double)hundredths / 100);
	return text;
}

struct text format_average(uint64_t integral_ns, uint64_t over_ns)
{
	return format_hundredths(average_hundredths(integral_ns, over_ns));
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

struct text format_level(uint64_t part, uint64_t whole, struct style style)
{
	static const char *const utf8[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { " ", ".", ":", "-", "=", "+", "*", "%", "#" };
	struct text text;
	size_t step = 0;

	/* Something is never nothing. */
	if (part && whole)
		step = part < whole ? (size_t)((double)part / (double)whole * 7.5) + 1 : 8;
	snprintf(text.s, sizeof(text.s), "%s", style.utf8 ? utf8[step] : ascii[step]);
	return text;
}

/* The bytes of the next character, and the columns that it takes: two in some scripts. */
static size_t character_size(const char *text, size_t *ret_width)
{
	unsigned char first = (unsigned char)*text;
	size_t bytes = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t code = bytes == 1 ? first : first & (0x7fu >> bytes);
	int width;

	for (size_t i = 1; i < bytes; i++) {
		if ((text[i] & 0xc0) != 0x80) {
			bytes = i;
			break;
		}
		code = code << 6 | (text[i] & 0x3f);
	}
	/* The C locale knows nothing but ASCII. */
	width = wcwidth((wchar_t)code);
	*ret_width = width < 0 ? 1 : (size_t)width;
	return bytes;
}

size_t text_width_bytes(const char *text, size_t bytes)
{
	size_t at = 0, width = 0, one;

	while (at < bytes) {
		at += character_size(text + at, &one);
		width += one;
	}
	return width;
}

size_t text_width(const char *text)
{
	return text_width_bytes(text, strlen(text));
}

/* Bytes of the characters that fit in `width` columns. */
static size_t width_bytes(const char *text, size_t width)
{
	size_t at = 0, one;

	while (text[at]) {
		size_t bytes = character_size(text + at, &one);

		if (one > width)
			break;
		width -= one;
		at += bytes;
	}
	return at;
}

/* Of a text that is too wide, the last character says that there was more. */
static struct text text_cut(const char *whole, size_t width, struct style style)
{
	size_t len = width_bytes(whole, width);
	struct text text;

	if (whole[len])
		snprintf(text.s, sizeof(text.s), "%.*s%s",
			 (int)width_bytes(whole, width - 1), whole, style.utf8 ? "…" : "~");
	else
		snprintf(text.s, sizeof(text.s), "%s", whole);
	return text;
}

struct text format_name(const char *name, unsigned int width, struct style style)
{
	char escaped[ESCAPE_SIZE(256)];
	struct text text;

	if (width > sizeof(text.s) / 4 - 1)
		width = sizeof(text.s) / 4 - 1;
	escape_text(name, strnlen(name, 256), escaped, sizeof(escaped));
	if (!style.utf8)
		for (char *at = escaped; *at; at++)
			if (*at & 0x80)
				*at = '?';
	return text_cut(escaped, width, style);
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
	struct table *table = strlen(align) <= TABLE_COLUMNS_MAX ? calloc(1, sizeof(*table)) : NULL;

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

int table_cells(struct table *table, const char *const *cells)
{
	int err = 0;

	for (; !err && *cells; cells++)
		err = table_cell(table, *cells);
	return err;
}

static void spaces_print(size_t cnt, FILE *out)
{
	while (cnt--)
		fputc(' ', out);
}

static void row_print(const struct table *table, const size_t *widths, size_t first,
		      struct style style, const char *indent, FILE *out)
{
	size_t pending = 0;

	fputs(indent, out);
	for (size_t i = 0; i < table->columns && first + i < table->cells_cnt; i++) {
		const char *cell = table->cells[first + i];
		struct text cut;
		size_t fill;

		if (table->align[i] == 'n' && text_width(cell) > widths[i]) {
			cut = text_cut(cell, widths[i], style);
			cell = cut.s;
		}
		fill = widths[i] - text_width(cell);
		if (table->align[i] == 'r')
			pending += fill;
		/* Spaces are printed only in front of something. */
		if (*cell) {
			spaces_print(pending, out);
			pending = 0;
			fputs(cell, out);
		}
		if (table->align[i] != 'r')
			pending += fill;
		pending += 2;
	}
	fputc('\n', out);
}

void table_print(const struct table *table, struct style style, const char *indent, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX];
	size_t whole = strlen(indent);

	for (size_t i = 0; i < table->columns; i++) {
		widths[i] = table->widths[i];
		whole += widths[i] + (i ? 2 : 0);
	}
	for (size_t i = 0; i < table->columns; i++) {
		if (table->align[i] != 'n')
			continue;
		for (; whole > REPORT_COLUMNS && widths[i] > TABLE_NAME_MIN; whole--)
			widths[i]--;
	}
	for (size_t i = 0; i < table->cells_cnt; i += table->columns)
		row_print(table, widths, i, style, indent, out);
}

void left_out_print(size_t rows, size_t all, FILE *out)
{
	if (all > rows)
		fprintf(out, "    ... and %s more\n", format_count(all - rows).s);
}
