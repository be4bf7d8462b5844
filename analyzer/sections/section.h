/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A section of the report: one analysis, as text and as JSON, in its own file and one row of the table
 * in sections.c. Sections render what the analyses found and compute nothing that another output could
 * compute otherwise.
 */
#ifndef ANALYZER_SECTIONS_SECTION_H
#define ANALYZER_SECTIONS_SECTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analyzer/json_out.h"
#include "analyzer/report.h"
#include "analyzer/table.h"

struct section {
	const char *name;	/* for --section */
	const char *member;	/* its name in the JSON; NULL: `name` */
	const char *title;	/* as a heading; NULL: `name`, with a capital */
	const char *says;	/* one line that explains it, without a full stop at its end */
	/* Whether there is anything to say in the text; NULL: always. */
	bool (*any)(const struct report *report);
	/* What stands there where it has nothing to say but was asked for; NULL: that there is nothing. */
	void (*none)(const struct report *report, FILE *out);
	/* Everything below the heading and `says`, at most 80 columns; 0 or -ENOMEM. */
	int (*text)(const struct report *report, struct style style, FILE *out);
	/*
	 * Its value, also where `any` says no; NULL when there is no memory (see json_out.h). No function
	 * where `rows` has it, or where other members of the report have all that is shown.
	 */
	json_t *(*json)(struct json_out *out, const struct report *report);
	/* An array in place of `json`, for lists that may be very long: so many elements, each by itself. */
	size_t (*rows)(const struct report *report);
	json_t *(*row)(struct json_out *out, const struct report *report, size_t i);
};

/* "  Nothing to fix.", "  Inconclusive: ...": a line of its own; nothing where there is something to fix. */
void verdict_print(const struct report *report, FILE *out);

/* Columns of names in lists. */
#define NAME_WIDTH 15

/*
 * Lists without rows would leave it open whether there is nothing or something went wrong: says so where
 * no thread is what the user asked for, and returns whether that is so.
 */
bool no_thread_print(const struct report *report, struct style style, FILE *out);

/* In the order of the report; ends with NULL. No more than 64. */
extern const struct section *const sections[];

static inline const char *section_member(const struct section *section)
{
	return section->member ? section->member : section->name;
}

/*
 * The sections of a list with commas, `all` for all of them, as bits by their place in the table; or
 * 0, and the name that is wrong with its length.
 */
uint64_t sections_find(const char *list, const char **ret_wrong, size_t *ret_len);

#endif
