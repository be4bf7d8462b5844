/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sentences in the report's width.
 */
#ifndef ANALYZER_WRAP_H
#define ANALYZER_WRAP_H

#include <stdio.h>

/* Prints words in lines that begin with the indent and end before the right edge. */
void wrap_print(const char *indent, const char *text, FILE *out);
/* The same of a sentence of up to a thousand bytes. */
void sentence_print(FILE *out, const char *indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
