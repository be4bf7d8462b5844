/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breaks sentences in lines, at their spaces.
 */
#include "analyzer/wrap.h"

#include <stdarg.h>
#include <string.h>

#include "analyzer/table.h"

void wrap_print(const char *indent, const char *text, FILE *out)
{
	size_t column = 0;

	while (*text) {
		size_t blanks = strspn(text, " ");
		size_t bytes = strcspn(text + blanks, " ");
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
