/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names come from outside: a thread may call itself what it likes, control sequences included. What
 * is shown to people or machines is made harmless here: the result is valid UTF-8 without control
 * characters. Backslash becomes \\, control characters \n, \t or \x1b, bytes that are not UTF-8
 * \xff, and characters that are invisible or change the direction of writing \u202e.
 */
#ifndef ANALYZER_ESCAPE_H
#define ANALYZER_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/* Bytes that an escaped text of so many bytes takes at most, with the NUL. */
#define ESCAPE_SIZE(len) (4 * (len) + 1)

/*
 * Writes the escaped text and a NUL to `ret_text`, which has `size` bytes, at least 1. What does
 * not fit is left out by whole characters and escapes. Returns the length without the NUL.
 */
size_t escape_text(const char *data, size_t len, char *ret_text, size_t size);

/* The escaped text, malloc'd, or NULL. */
char *escape_dup(const char *data, size_t len);

/* Prints the escaped text; characters of `also` (ASCII, may be "") get a backslash as well. */
void escape_print(const char *data, size_t len, const char *also, FILE *out);

#endif
