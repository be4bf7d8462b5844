// SPDX-License-Identifier: BSD-2-Clause
/* Files that are no traces, or not for this version: refused at once, with a reason. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/trace_build.h"

static char path[] = "/tmp/test_trace_foreign.XXXXXX";

static int path_setup(void **state)
{
	(void)state;
	return mkdtemp(path) && chdir(path) == 0 ? 0 : -1;
}

static int path_teardown(void **state)
{
	(void)state;
	return chdir("/") == 0 && rmdir(path) == 0 ? 0 : -1;
}

static void assert_refused(const char *name, uint64_t offset, const char *reason)
{
	struct trace_reader *reader = NULL;
	struct trace_fault fault;

	assert_int_equal(trace_reader_open(name, &reader, &fault), -EBADMSG);
	assert_null(reader);
	assert_int_equal(fault.offset, offset);
	assert_string_equal(fault.reason, reason);
	assert_int_equal(trace_reader_open(name, &reader, NULL), -EBADMSG);
}

static void assert_content_refused(const void *data, size_t len, off_t size, uint64_t offset,
				   const char *reason)
{
	FILE *file = fopen("file", "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fflush(file), 0);
	assert_int_equal(ftruncate(fileno(file), size), 0);
	fclose(file);
	assert_refused("file", offset, reason);
	unlink("file");
}

static void test_other_files(void **state)
{
	(void)state;
	assert_content_refused("", 0, 0, 0, "the file is empty");
	assert_content_refused("#!/bin/sh\necho not a trace\n", 27, 27, 0, "not a trace");
	assert_content_refused("P", 1, 1, 0, "not a trace");
	assert_content_refused("\x89PLX\n\x1a\n", 7, 7, 0, "not a trace");
	assert_content_refused("", 0, 4ll << 30, 0, "not a trace");
	assert_content_refused("\x89PL", 3, 3, 3, "cut in the header");
}

static void test_not_files(void **state)
{
	struct trace_reader *reader = NULL;

	(void)state;
	assert_refused("/", 0, "not a trace: a directory");
	assert_refused("/dev/null", 0, "not a trace: not a regular file");
	assert_refused("/dev/zero", 0, "not a trace: not a regular file");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_refused("fifo", 0, "not a trace: not a regular file");
	unlink("fifo");
	assert_int_equal(trace_reader_open("absent", &reader, NULL), -ENOENT);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(trace_reader_open("loop", &reader, NULL), -ELOOP);
	unlink("loop");
	assert_null(reader);
}

static void test_other_versions(void **state)
{
	struct trace_image image;

	(void)state;
	image_write(&image, NULL, 0, true);
	image.data[8] = 2;
	assert_content_refused(image.data, image.len, (off_t)image.len, 8,
			       "version 2, this program reads version 1");
	/* The header of a later version need not look like ours behind its version. */
	assert_content_refused(image.data, 16, 16, 8, "version 2, this program reads version 1");
	image.data[8] = 0;
	assert_content_refused(image.data, image.len, (off_t)image.len, 8,
			       "version 0, this program reads version 1");
	image_free(&image);
}

/* A sound beginning and 4 GB of nothing: readable to the last block. */
static void test_sparse_rest(void **state)
{
	const struct trace_record record = { .ts_ns = 7, .kind = TRACE_CORE };
	struct trace_block *block = block_of(0, &record, 1);
	struct trace_image image;
	struct trace_reader *reader;
	struct trace_record got;
	FILE *file = fopen("file", "w");

	(void)state;
	image_write(&image, &block, 1, false);
	assert_int_equal(fwrite(image.data, 1, image.len, file), image.len);
	assert_int_equal(fflush(file), 0);
	assert_int_equal(ftruncate(fileno(file), 4ll << 30), 0);
	fclose(file);
	assert_int_equal(trace_reader_open("file", &reader, NULL), 0);
	unlink("file");
	assert_int_equal(trace_reader_next(reader, &got), 1);
	assert_int_equal(trace_reader_next(reader, &got), 0);
	assert_int_equal(trace_reader_cut(reader)->offset, image.len);
	assert_string_equal(trace_reader_cut(reader)->reason,
			    "neither a block nor the index after block 1");
	trace_reader_free(reader);
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_not_files),
		cmocka_unit_test(test_other_versions),
		cmocka_unit_test(test_sparse_rest),
	};

	return cmocka_run_group_tests(tests, path_setup, path_teardown);
}
