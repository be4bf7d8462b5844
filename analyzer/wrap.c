/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breaks sentences in lines, at their spaces.
 */
#include "analyzer/wrap.h"

#include <stdarg.h>
#include <string.h>

#include "analyzer/array.h"
#include "analyzer/table.h"

/* How much of the text stays together: a word, and the unit behind a number. */
static size_t piece_bytes(const char *text)
{
	static const char *const units[] = { "%", "ns", "µs", "us", "ms", "s" };
	size_t bytes = strcspn(text, " ");
	const char *next = text + bytes + 1;

	if (!bytes || !text[bytes] || text[bytes - 1] < '0' || text[bytes - 1] > '9')
		return bytes;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strncmp(next, units[i], strlen(units[i])) && strchr(" .,;:)", next[strlen(units[i])]))
			return bytes + 1 + strcspn(next, " ");
	return bytes;
}

void wrap_print(const char *indent, const char *text, FILE *out)
{
	size_t column = 0;

	while (*text) {
		size_t blanks = strspn(text, " ");
		size_t bytes = piece_bytes(text + blanks);
		size_t width = text_width_bytes(text + blanks, bytes);

		if (column && column + blanks + width > REPORT_COLUMNS - 2) {
			fputc('\n', out);
			column = 0;
		}
		if (!column)
			column = (size_t)fprintf(out, "%s", indent);
		else
			column += (size_t)fprintf(out, "%*s", (int)blanks, "");
		fwrite(text + blanks, 1, bytes, out);
		column += width;
		text += blanks + bytes;
	}
	fputc('\n', out);
}

void sentence_print(FILE *out, const char *indent, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	wrap_print(indent, line, out);
}
