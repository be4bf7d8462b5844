// SPDX-License-Identifier: BSD-2-Clause
/* FORMAT.md lists the kinds and fields of records.h: the document cannot fall behind the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/records.h"

#define BEGIN "<!-- kinds: begin -->\n"
#define END "<!-- kinds: end -->\n"

static char *kinds_text(void)
{
	static const char letters[] = {
		[TRACE_CODING_DELTA] = 'd', [TRACE_CODING_PLAIN] = 'p', [TRACE_CODING_BYTES] = 'b',
	};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fprintf(out, "| id | kind | field | coding | what it says |\n|---|---|---|---|---|\n");
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		const struct trace_kind_info *info = trace_kind_info(kind);

		if (!info)
			continue;
		fprintf(out, "| %u | **%s** | | | %s |\n", info->id, info->name, info->doc);
		for (size_t i = 0; i < info->fields_cnt; i++)
			fprintf(out, "| | | %s | %c | %s |\n", info->fields[i].name,
				letters[info->fields[i].coding], info->fields[i].doc);
	}
	fclose(out);
	return text;
}

static char *file_text(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *file = fopen(path, "r");

	if (!file)
		fail_msg("cannot open %s: run from the root of the tree", path);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

static void test_table_of_kinds(void **state)
{
	char *document = file_text("trace/FORMAT.md"), *wanted = kinds_text();
	char *begin = strstr(document, BEGIN), *end = strstr(document, END);

	(void)state;
	assert_non_null(begin);
	assert_non_null(end);
	begin += strlen(BEGIN);
	if ((size_t)(end - begin) != strlen(wanted) || memcmp(begin, wanted, strlen(wanted)) != 0) {
		/* cmocka's own printing cuts long texts. */
		fprintf(stderr, "between the marks, trace/FORMAT.md must say:\n%s", wanted);
		fail();
	}
	free(document);
	free(wanted);
}

/* Ids and places in the struct are what the rest relies on. */
static void test_descriptors(void **state)
{
	const struct trace_kind_info *info = trace_kind_info(TRACE_COMM);
	size_t cnt = 0;

	(void)state;
	assert_string_equal(info->name, "comm");
	assert_int_equal(info->fields_cnt, 2);
	assert_int_equal(info->fields[0].offset, offsetof(struct trace_record, comm.thread));
	assert_int_equal(info->fields[1].offset, offsetof(struct trace_record, comm.comm));
	assert_int_equal(info->fields[1].coding, TRACE_CODING_BYTES);
	for (uint32_t kind = 0; kind < 1000; kind++) {
		info = trace_kind_info(kind);
		cnt += info != NULL;
		assert_true(!info || (info->id == kind && info->fields_cnt > 0));
		assert_true(!info || kind < TRACE_KIND_MAX);
	}
	assert_true(cnt >= 17);
	assert_null(trace_kind_info(0));
	assert_null(trace_kind_info(TRACE_KIND_MAX));
	assert_null(trace_kind_info(UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_of_kinds),
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
