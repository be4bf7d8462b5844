// SPDX-License-Identifier: BSD-2-Clause
/* The schema as text: written from the table of kinds, read into a map by name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/schema.h"

static const char coding_letters[] = {
	[TRACE_CODING_DELTA] = 'd',
	[TRACE_CODING_PLAIN] = 'p',
	[TRACE_CODING_BYTES] = 'b',
};

char *schema_text(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		const struct trace_kind_info *info = trace_kind_info(kind);

		if (!info)
			continue;
		fprintf(out, "%u %s", info->id, info->name);
		for (size_t i = 0; i < info->fields_cnt; i++)
			fprintf(out, " %s:%c", info->fields[i].name,
				coding_letters[info->fields[i].coding]);
		putc('\n', out);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* What is left of one line. */
struct scanner {
	const char *at, *end;
};

struct name {
	const char *text;
	size_t len;
};

static bool name_equals(struct name name, const char *text)
{
	return strlen(text) == name.len && memcmp(text, name.text, name.len) == 0;
}

static bool scan_char(struct scanner *scanner, char wanted)
{
	if (scanner->at == scanner->end || *scanner->at != wanted)
		return false;
	scanner->at++;
	return true;
}

static bool scan_id(struct scanner *scanner, uint32_t *ret_id)
{
	uint32_t id = 0;

	while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9') {
		id = id * 10 + (uint32_t)(*scanner->at++ - '0');
		if (id > FORMAT_ID_MAX)
			return false;
	}
	*ret_id = id;
	return id > 0;
}

static bool scan_name(struct scanner *scanner, struct name *ret_name)
{
	const char *start = scanner->at;

	while (scanner->at < scanner->end &&
	       ((*scanner->at >= 'a' && *scanner->at <= 'z') ||
		(*scanner->at >= '0' && *scanner->at <= '9') || *scanner->at == '_'))
		scanner->at++;
	*ret_name = (struct name){ start, (size_t)(scanner->at - start) };
	return ret_name->len > 0 && ret_name->len <= FORMAT_NAME_MAX;
}

static const struct trace_kind_info *kind_find(struct name name)
{
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		const struct trace_kind_info *info = trace_kind_info(kind);

		if (info && name_equals(name, info->name))
			return info;
	}
	return NULL;
}

/* NULL when this program has no such field, or another type of value in it. */
static const struct trace_field *field_find(const struct trace_kind_info *info, struct name name,
					    char letter)
{
	if (!info || !memchr(coding_letters, letter, sizeof(coding_letters)))
		return NULL;
	for (size_t i = 0; i < info->fields_cnt; i++) {
		const struct trace_field *field = &info->fields[i];

		if (!name_equals(name, field->name))
			continue;
		return (field->coding == TRACE_CODING_BYTES) == (letter == 'b') ? field : NULL;
	}
	return NULL;
}

static enum trace_coding coding_find(char letter)
{
	return letter == 'd' ? TRACE_CODING_DELTA :
	       letter == 'b' ? TRACE_CODING_BYTES : TRACE_CODING_PLAIN;
}

/* Twice the same name would mean two columns for one field. */
static bool name_is_new(const struct name *names, size_t names_cnt, struct name name)
{
	for (size_t i = 0; i < names_cnt; i++) {
		if (names[i].len == name.len && memcmp(names[i].text, name.text, name.len) == 0)
			return false;
	}
	return true;
}

static bool fields_parse(struct schema_kind *kind, struct scanner *scanner)
{
	struct name names[FORMAT_FIELDS_MAX];

	while (scanner->at < scanner->end) {
		uint32_t i = kind->fields_cnt;

		if (i == FORMAT_FIELDS_MAX || !scan_char(scanner, ' ') ||
		    !scan_name(scanner, &names[i]) || !scan_char(scanner, ':') ||
		    scanner->at == scanner->end || !name_is_new(names, i, names[i]))
			return false;
		kind->fields[i] = field_find(kind->info, names[i], *scanner->at);
		kind->codings[i] = coding_find(*scanner->at);
		kind->fields_cnt++;
		scanner->at++;
	}
	return true;
}

/* The names of the kinds so far, so that none comes twice. */
struct kind_names {
	struct name names[FORMAT_ID_MAX];
	size_t cnt;
};

static int line_parse(struct schema *schema, struct scanner *scanner, struct kind_names *seen)
{
	struct schema_kind *kind;
	struct name name;
	uint32_t id;

	if (!scan_id(scanner, &id) || schema->kinds[id] || !scan_char(scanner, ' ') ||
	    !scan_name(scanner, &name) || !name_is_new(seen->names, seen->cnt, name))
		return -EBADMSG;
	seen->names[seen->cnt++] = name;

	kind = calloc(1, sizeof(*kind));
	if (!kind)
		return -ENOMEM;
	schema->kinds[id] = kind;
	kind->id = id;
	kind->info = kind_find(name);
	return fields_parse(kind, scanner) ? 0 : -EBADMSG;
}

int schema_parse(struct schema *schema, const char *text, size_t len, unsigned int *ret_line)
{
	struct kind_names seen = { .cnt = 0 };
	const char *end = text + len;
	unsigned int line = 0;

	while (text < end) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		struct scanner scanner = { text, lf };
		int rc;

		line++;
		rc = lf ? line_parse(schema, &scanner, &seen) : -EBADMSG;
		if (rc) {
			*ret_line = line;
			return rc;
		}
		text = lf + 1;
	}
	return 0;
}

void schema_empty(struct schema *schema)
{
	for (size_t id = 0; id <= FORMAT_ID_MAX; id++) {
		free(schema->kinds[id]);
		schema->kinds[id] = NULL;
	}
}
