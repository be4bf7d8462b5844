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
	const char *name;	/* for --section, and of the JSON's member */
	const char *says;	/* one line that explains it, without a full stop at its end */
	/* Whether there is anything to say in the text; NULL: always. */
	bool (*any)(const struct report *report);
	/* Everything below the heading and `says`, at most 80 columns; 0 or -ENOMEM. */
	int (*text)(const struct report *report, struct style style, FILE *out);
	/* Its value, also where `any` says no; NULL when there is no memory (see json_out.h). */
	json_t *(*json)(struct json_out *out, const struct report *report);
};

/* In the order of the report; ends with NULL. */
extern const struct section *const sections[];

#endif
