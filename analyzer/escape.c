// SPDX-License-Identifier: BSD-2-Clause
/* Text from outside, made harmless. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/escape.h"

/* \u{10ffff} is the longest; a character that needs it takes four bytes, so ESCAPE_SIZE holds. */
#define UNIT_SIZE 12

/* Bytes of the UTF-8 character at the start, and its code; 0 when there is no valid one. */
static size_t character_decode(const uint8_t *at, size_t len, uint32_t *ret_code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t need = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 :
		      at[0] >> 3 == 30 ? 4 : 0;
	uint32_t code = need == 1 ? at[0] : at[0] & (0x7fu >> need);

	if (need == 0 || need > len)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if (at[i] >> 6 != 2)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < smallest[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return need;
}

/* Characters that show nothing themselves and change how others are shown. */
static bool code_deceives(uint32_t code)
{
	return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0x061c || code == 0xfeff ||
	       (code >= 0xe0000 && code <= 0xe0fff);
}

/* One character, or one byte that is none; returns how many bytes of the data it was. */
static size_t unit_escape(const uint8_t *at, size_t len, char unit[static UNIT_SIZE])
{
	uint32_t code;
	size_t taken = character_decode(at, len, &code);

	if (taken == 0 || (taken == 1 && (code < 0x20 || code == 0x7f) && code != '\n' &&
			   code != '\t')) {
		snprintf(unit, UNIT_SIZE, "\\x%02x", at[0]);
		return 1;
	}
	if (code == '\n' || code == '\t' || code == '\\')
		snprintf(unit, UNIT_SIZE, "\\%c", code == '\n' ? 'n' : code == '\t' ? 't' : '\\');
	else if (code >= 0x80 && code < 0xa0)
		snprintf(unit, UNIT_SIZE, "\\u%04x", code);
	else if (code_deceives(code))
		snprintf(unit, UNIT_SIZE, code < 0x10000 ? "\\u%04x" : "\\u{%x}", code);
	else
		snprintf(unit, UNIT_SIZE, "%.*s", (int)taken, (const char *)at);
	return taken;
}

size_t escape_text(const char *data, size_t len, char *ret_text, size_t size)
{
	char unit[UNIT_SIZE];
	size_t used = 0;

	for (size_t i = 0; i < len; ) {
		size_t taken = unit_escape((const uint8_t *)data + i, len - i, unit);
		size_t unit_len = strlen(unit);

		if (used + unit_len >= size)
			break;
		memcpy(ret_text + used, unit, unit_len);
		used += unit_len;
		i += taken;
	}
	ret_text[used] = '\0';
	return used;
}

char *escape_dup(const char *data, size_t len)
{
	char *text = malloc(ESCAPE_SIZE(len));

	if (text)
		escape_text(data, len, text, ESCAPE_SIZE(len));
	return text;
}

void escape_print(const char *data, size_t len, const char *also, FILE *out)
{
	char unit[UNIT_SIZE];

	for (size_t i = 0; i < len; ) {
		i += unit_escape((const uint8_t *)data + i, len - i, unit);
		if (unit[1] == '\0' && strchr(also, unit[0]))
			putc('\\', out);
		fputs(unit, out);
	}
}
