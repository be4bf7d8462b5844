/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The schema: the record kinds of a file as text in its header, and what a reader makes of it, a
 * map from the file's kinds and fields to the ones that this program knows, by name.
 */
#ifndef TRACE_SCHEMA_H
#define TRACE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/format.h"
#include "trace/records.h"

/* The schema of this program's table; malloc'd, NUL-terminated. NULL: no memory. */
char *schema_text(void);


struct schema_kind {
	const struct trace_kind_info *info;	/* NULL: the records are skipped */
	uint32_t id;				/* in the file */
	uint32_t fields_cnt;
	const struct trace_field *fields[FORMAT_FIELDS_MAX];	/* NULL: the column is skipped */
	enum trace_coding codings[FORMAT_FIELDS_MAX];		/* in the file */
};

struct schema {
	struct schema_kind *kinds[FORMAT_ID_MAX + 1];	/* by the file's id; NULL: none */
};

/*
 * -EBADMSG when the text is not a schema, with the line's number (from 1) in *ret_line; -ENOMEM. On
 * failure, too, the schema must be emptied.
 */
int schema_parse(struct schema *schema, const char *text, size_t len, unsigned int *ret_line);
void schema_empty(struct schema *schema);

#endif
