// SPDX-License-Identifier: BSD-2-Clause
/* The writer when the disk is full or the facts are wrong. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/trace_build.h"

static struct trace_block *block_at(uint64_t ts_ns)
{
	const struct trace_record record = { .ts_ns = ts_ns, .kind = TRACE_CORE };

	return block_of(0, &record, 1);
}

static void test_full_disk(void **state)
{
	struct trace_writer *writer = NULL;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(trace_writer_new(fd, NULL, 0, &writer), -ENOSPC);
	assert_null(writer);
	close(fd);
}

/* Writes up to the limit, then fails in the middle of a block, as a disk does that fills up. */
static void test_torn_block(void **state)
{
	FILE *file = tmpfile();
	struct trace_block *first = block_at(1), *second = block_at(2);
	struct trace_writer *writer;
	struct trace_reader *reader;
	struct trace_record record;
	struct rlimit limit, old;
	char path[64];
	uint64_t end;

	(void)state;
	assert_non_null(file);
	assert_int_equal(trace_writer_new(fileno(file), NULL, 0, &writer), 0);
	assert_int_equal(trace_writer_put(writer, first), 0);
	end = trace_writer_bytes(writer);

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){ end + second->len_bytes / 2, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(trace_writer_put(writer, second), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);

	/* There is room again, but the file must not go on behind half a block. */
	assert_int_equal(trace_writer_bytes(writer), end + second->len_bytes / 2);
	assert_int_equal(trace_writer_put(writer, second), -EFBIG);
	assert_int_equal(trace_writer_finish(writer), -EFBIG);
	assert_int_equal(trace_writer_bytes(writer), end + second->len_bytes / 2);
	trace_writer_free(writer);
	free(first);
	free(second);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
	assert_int_equal(trace_reader_open(path, &reader, NULL), 0);
	assert_non_null(trace_reader_cut(reader));
	assert_int_equal(trace_reader_cut(reader)->offset, end);
	assert_int_equal(trace_reader_next(reader, &record), 1);
	assert_int_equal(record.ts_ns, 1);
	assert_int_equal(trace_reader_next(reader, &record), 0);
	trace_reader_free(reader);
	fclose(file);
}

static void test_wrong_facts(void **state)
{
	static const struct {
		struct trace_fact facts[2];
		size_t cnt;
	} cases[] = {
		{ { { "schema", "x", 1 } }, 1 },
		{ { { "", "x", 1 } }, 1 },
		{ { { "Upper", "x", 1 } }, 1 },
		{ { { "with space", "x", 1 } }, 1 },
		{ { { "a2345678901234567890123456789012345678901234567890123456789012345",
		      "x", 1 } }, 1 },
		{ { { "twice", "x", 1 }, { "twice", "y", 1 } }, 2 },
	};
	static char large[9 << 20];
	const struct trace_fact fact = { "large", large, sizeof(large) };
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct trace_writer *writer = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(trace_writer_new(fd, cases[i].facts, cases[i].cnt, &writer),
				 -EINVAL);
	assert_int_equal(trace_writer_new(fd, &fact, 1, &writer), -E2BIG);
	assert_null(writer);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_torn_block),
		cmocka_unit_test(test_wrong_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
