/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How times, numbers and tables look: the one place, so that all parts of a report look alike.
 *
 * Formatted values come as a struct text, by value, so that they can stand in an argument list.
 */
#ifndef ANALYZER_TABLE_H
#define ANALYZER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define REPORT_COLUMNS 80

struct text {
	char s[96];
};

/* Bars, units and signs: with UTF-8, or plain ASCII where the terminal's locale has none. */
struct style {
	bool utf8;
};

/* "870 ns", "12.3 ms", "2.03 s": three digits. */
struct text format_time(uint64_t ns, struct style style);
/* "4,812" */
struct text format_count(uint64_t cnt);
/* "12.3 %"; what is not 0 never looks like 0, and less than all never like 100. "-" of nothing. */
struct text format_percent(uint64_t part, uint64_t whole);
/* The same without the sign, for columns that say so: "12.3", "." for exactly 0. */
struct text format_share(uint64_t part, uint64_t whole);
/* So many thread-nanoseconds over a time, in hundredths, to the nearest. */
uint64_t average_hundredths(uint64_t integral_ns, uint64_t over_ns);
/* "3.98"; fewer decimals from 100 on: "123.4", "1999". */
struct text format_hundredths(uint64_t hundredths);
/* The same of the average. */
struct text format_average(uint64_t integral_ns, uint64_t over_ns);
/* part/whole of `width` characters, in eighths. */
struct text format_bar(uint64_t part, uint64_t whole, unsigned int width, struct style style);
/* part/whole as the height of one character; a space for exactly 0. */
struct text format_level(uint64_t part, uint64_t whole, struct style style);
/* A name from outside, escaped and cut to `width` characters. */
struct text format_name(const char *name, unsigned int width, struct style style);
/* "1 thread", "4 threads" */
struct text format_noun(uint64_t cnt, const char *noun, const char *nouns);

/* Columns that it takes on a terminal. */
size_t text_width(const char *text);
size_t text_width_bytes(const char *text, size_t bytes);

struct table;

/*
 * align: one letter for each column: 'l', 'r', or 'n' for names to the left, that are cut where the
 * table would be wider than REPORT_COLUMNS. NULL when there is no memory.
 */
struct table *table_new(const char *align);
void table_free(struct table *table);
/* Fills the table from left to right, row by row. */
int table_cell(struct table *table, const char *text);
/* The same with several, up to a NULL. */
int table_cells(struct table *table, const char *const *cells);
/* Columns are as wide as their widest cell, two spaces apart; rows end without trailing spaces. */
void table_print(const struct table *table, struct style style, const char *indent, FILE *out);
/* A line that says how many rows were left out of a list, if any were. */
void left_out_print(size_t rows, size_t all, FILE *out);

#endif
