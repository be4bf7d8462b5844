// SPDX-License-Identifier: BSD-2-Clause
/* Every record as one line: for eyes, for grep, and for tests that compare whole traces. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "analyzer/dump.h"
#include "analyzer/escape.h"
#include "trace/records.h"

/* The longest kind's name and the two spaces before it. */
#define NAME_WIDTH 14

/* Fields that may hold an address; a small number in one is a descriptor or the like. */
static bool field_is_address(const struct trace_field *field)
{
	return strcmp(field->name, "arg0") == 0 || strcmp(field->name, "arg1") == 0 ||
	       strcmp(field->name, "address") == 0;
}

/* Prints nothing for 0 and empty. `pad` is what is still to come before the line's first field. */
static void field_print(const struct trace_record *record, const struct trace_field *field,
			int *pad, FILE *out)
{
	const void *at = (const char *)record + field->offset;
	const struct trace_bytes *bytes = field->coding == TRACE_CODING_BYTES ? at : NULL;
	uint64_t number = bytes ? 0 : *(const uint64_t *)at;

	if (bytes ? bytes->len == 0 : number == 0)
		return;
	fprintf(out, "%*s %s=", *pad, "", field->name);
	*pad = 0;
	if (bytes) {
		putc('"', out);
		escape_print(bytes->data, bytes->len, "\"", out);
		putc('"', out);
	} else if (number > 0xffff && field_is_address(field)) {
		fprintf(out, "%#" PRIx64, number);
	} else {
		fprintf(out, "%" PRIu64, number);
	}
}

static void record_print(const struct trace_record *record, uint64_t start_ns, FILE *out)
{
	const struct trace_kind_info *info = trace_kind_info(record->kind);
	uint64_t ns = record->ts_ns - start_ns;
	int pad;

	fprintf(out, "%4" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
	if (record->stream == TRACE_STREAM_COLLECTOR)
		fprintf(out, "  rec");
	else
		fprintf(out, " %4u", record->stream);
	pad = NAME_WIDTH - fprintf(out, "  %s", info->name);
	for (size_t i = 0; i < info->fields_cnt; i++)
		field_print(record, &info->fields[i], &pad, out);
	putc('\n', out);
}

int dump_records(struct trace_reader *reader, FILE *out)
{
	struct trace_record record;
	struct trace_size size;
	int rc;

	trace_reader_size(reader, &size);
	while ((rc = trace_reader_next(reader, &record)) > 0) {
		record_print(&record, size.first_ns, out);
		if (ferror(out))
			return -EIO;
	}
	if (fflush(out) != 0)
		return -EIO;
	return rc;
}
