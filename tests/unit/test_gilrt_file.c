// SPDX-License-Identifier: BSD-2-Clause
/*
 * Buffered files: what is read and written, with which system calls, and what may go wrong.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "tests/unit/gilrt_drops.h"
#include "tests/unit/gilrt_io.h"
#include "tests/unit/gilrt_noise.h"
#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/file.h"

#define CONTENT_BYTES	300000

/* Sizes that end before, at and behind the ends of blocks. */
static size_t next_size(uint32_t *x)
{
	static const size_t sizes[] = { 1, 10, 100, 4095, 4096, 4097, 12288, 20000, 0 };

	*x = *x * 1664525 + 1013904223;
	return sizes[(*x >> 24) % ARRAY_SIZE(sizes)];
}

static void test_file_reads_what_is_there(void **state)
{
	uint8_t *content = noise(CONTENT_BYTES), *copy = malloc(CONTENT_BYTES + 1);
	char path[64];
	struct gilrt_file *file;
	uint32_t x = 7;
	size_t done = 0, size, expected;

	(void)state;
	assert_non_null(copy);
	begin();
	file_make(path, content, CONTENT_BYTES);
	assert_int_equal(gilrt_file_open(path, O_RDONLY, &file), 0);
	while (done < CONTENT_BYTES) {
		size = next_size(&x);
		expected = size < CONTENT_BYTES - done ? size : CONTENT_BYTES - done;
		assert_int_equal(gilrt_file_read(file, copy, size), expected);
		assert_memory_equal(copy, content + done, expected);
		done += expected;
	}
	assert_int_equal(gilrt_file_read(file, copy, 1), 0);
	assert_int_equal(gilrt_file_write(file, "x", 1), -EBADF);
	assert_int_equal(gilrt_file_close(file), 0);

	/* All at once, and more than there is. */
	assert_int_equal(gilrt_file_open(path, O_RDONLY, &file), 0);
	assert_int_equal(gilrt_file_read(file, copy, CONTENT_BYTES + 1), CONTENT_BYTES);
	assert_memory_equal(copy, content, CONTENT_BYTES);
	assert_int_equal(gilrt_file_close(file), 0);
	end();
	unlink(path);
	free(copy);
	free(content);
}

static void test_file_writes_all(void **state)
{
	uint8_t *content = noise(CONTENT_BYTES), *copy = malloc(CONTENT_BYTES + 1);
	char path[64];
	struct gilrt_file *file;
	size_t done = 0, size;
	uint32_t x = 7;
	int fd;

	(void)state;
	assert_non_null(copy);
	begin();
	file_make(path, "to be overwritten", 17);
	assert_int_equal(gilrt_file_open(path, O_WRONLY | O_TRUNC, &file), 0);
	while (done < CONTENT_BYTES) {
		size = next_size(&x);
		if (size > CONTENT_BYTES - done)
			size = CONTENT_BYTES - done;
		assert_int_equal(gilrt_file_write(file, content + done, size), size);
		done += size;
	}
	assert_int_equal(gilrt_file_read(file, copy, 1), -EBADF);
	assert_int_equal(gilrt_file_close(file), 0);
	end();
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, copy, CONTENT_BYTES + 1), CONTENT_BYTES);
	assert_memory_equal(copy, content, CONTENT_BYTES);
	close(fd);
	unlink(path);
	free(copy);
	free(content);
}

/* A pipe that gives what was written piece by piece. */
static void test_file_goes_on_after_a_short_read(void **state)
{
	struct gilrt_file *file;
	char path[64], text[8];
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_DIRECT), 0);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	assert_int_equal(write(fds[1], "defg", 4), 4);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	begin();
	assert_int_equal(gilrt_file_open(path, O_RDONLY, &file), 0);
	assert_int_equal(gilrt_file_read(file, text, 5), 5);
	assert_memory_equal(text, "abcde", 5);
	close(fds[1]);
	assert_int_equal(gilrt_file_read(file, text, sizeof(text)), 2);
	assert_memory_equal(text, "fg", 2);
	assert_int_equal(gilrt_file_close(file), 0);
	end();
	close(fds[0]);
}

static uint64_t drops_of_read(struct gilrt_file *file, size_t size)
{
	char *buffer = malloc(size);
	uint64_t drops = own_stats().drops;

	assert_int_equal(gilrt_file_read(file, buffer, size), size);
	free(buffer);
	return own_stats().drops - drops;
}

static uint64_t drops_of_write(struct gilrt_file *file, size_t size)
{
	char *zeros = calloc(1, size);
	uint64_t drops = own_stats().drops;

	assert_int_equal(gilrt_file_write(file, zeros, size), size);
	free(zeros);
	return own_stats().drops - drops;
}

/* Which calls the buffer saves: those that Python's saves. */
static void test_file_calls(void **state)
{
	struct gilrt_file *file;
	char path[64];
	struct stat s;
	size_t block;

	(void)state;
	begin();
	file_make(path, "", 0);
	assert_int_equal(gilrt_stat(path, &s), 0);
	block = (size_t)s.st_blksize;

	assert_int_equal(gilrt_file_open(path, O_WRONLY, &file), 0);
	assert_int_equal(drops_of_write(file, 1), 0);
	assert_int_equal(drops_of_write(file, block - 1), 0);	/* full, not yet written */
	assert_int_equal(drops_of_write(file, 1), 1);
	assert_int_equal(drops_of_write(file, 50 * block), 2);	/* the buffer; all the rest */
	assert_int_equal(drops_of_write(file, 10), 0);
	assert_int_equal(gilrt_file_close(file), 0);

	assert_int_equal(gilrt_file_open(path, O_RDONLY, &file), 0);
	assert_int_equal(drops_of_read(file, 10), 1);
	assert_int_equal(drops_of_read(file, 4 * block + 10), 2); /* 3 blocks; one more */
	assert_int_equal(drops_of_read(file, 100), 0);
	assert_int_equal(gilrt_file_close(file), 0);
	end();
	unlink(path);
}

static int lowest_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static void test_file_errors(void **state)
{
	struct gilrt_file *file = NULL;
	int fd = lowest_fd();

	(void)state;
	begin();
	assert_int_equal(gilrt_file_open("/tmp", O_RDONLY, &file), -EISDIR);
	assert_int_equal(gilrt_file_open("/nowhere/to/be/found", O_RDONLY, &file), -ENOENT);
	assert_int_equal(gilrt_file_open("/dev/zero", O_RDWR, &file), -EINVAL);
	assert_null(file);

	/* The disk is full: known when the buffer is, or else at the end. */
	assert_int_equal(gilrt_file_open("/dev/full", O_WRONLY, &file), 0);
	assert_int_equal(gilrt_file_write(file, "x", 1), 1);
	assert_int_equal(gilrt_file_close(file), -ENOSPC);
	end();
	assert_int_equal(lowest_fd(), fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_reads_what_is_there),
		cmocka_unit_test(test_file_writes_all),
		cmocka_unit_test(test_file_goes_on_after_a_short_read),
		cmocka_unit_test(test_file_calls),
		cmocka_unit_test(test_file_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
