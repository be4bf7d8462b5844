// SPDX-License-Identifier: BSD-2-Clause
/*
 * Buffered files, with the system calls of Python's io module in its order.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/file.h"
#include "workloads/gilrt/lock.h"

struct gilrt_file {
	struct gilrt_lock *lock;	/* for all below */
	int fd;
	bool writing;
	char *buffer;
	size_t capacity;
	size_t begin, end;		/* of what was read ahead, or is yet to be written */
};

static void file_free(struct gilrt_file *file)
{
	if (!file)
		return;
	gilrt_lock_destroy(file->lock);
	free(file->buffer);
	free(file);
}

static int file_create(int fd, bool writing, size_t capacity, struct gilrt_file **ret_file)
{
	struct gilrt_file *file;

	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->fd = fd;
	file->writing = writing;
	file->capacity = capacity;
	file->buffer = malloc(capacity);
	if (!file->buffer || gilrt_lock_create(&file->lock)) {
		file_free(file);
		return -ENOMEM;
	}
	*ret_file = file;
	return 0;
}

int gilrt_file_open(const char *path, int flags, struct gilrt_file **ret_file)
{
	bool writing = (flags & O_ACCMODE) == O_WRONLY;
	struct stat stat;
	int fd, err;

	if ((flags & O_ACCMODE) == O_RDWR)
		return -EINVAL;
	fd = gilrt_open(path, flags, 0666);
	if (fd < 0)
		return fd;
	err = gilrt_fstat(fd, &stat);
	if (!err && S_ISDIR(stat.st_mode))
		err = -EISDIR;
	if (err)
		goto out;
	/* Python asks for two things more that do not matter here, but let go of the GIL. */
	gilrt_isatty(fd);
	gilrt_lseek(fd, 0, SEEK_CUR);
	err = file_create(fd, writing, (size_t)stat.st_blksize, ret_file);
out:
	if (err)
		gilrt_close(fd);
	return err;
}

static size_t take_buffered(struct gilrt_file *file, char *to, size_t size)
{
	size_t n = file->end - file->begin;

	if (n > size)
		n = size;
	memcpy(to, file->buffer + file->begin, n);
	file->begin += n;
	return n;
}

/*
 * Whole blocks go to the caller directly, the last part by way of the buffer. A short read is no
 * end: only one that gives nothing is, and so a file's last bytes take two.
 */
static ssize_t read_unbuffered(struct gilrt_file *file, char *to, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (size - done >= file->capacity) {
		n = gilrt_read(file->fd, to + done, (size - done) / file->capacity * file->capacity);
		if (n <= 0)
			return n < 0 ? n : (ssize_t)done;
		done += (size_t)n;
	}
	while (done < size && file->end < file->capacity) {
		n = gilrt_read(file->fd, file->buffer + file->end, file->capacity - file->end);
		if (n <= 0)
			return n < 0 ? n : (ssize_t)done;
		file->end += (size_t)n;
		done += take_buffered(file, to + done, size - done);
	}
	return (ssize_t)done;
}

ssize_t gilrt_file_read(struct gilrt_file *file, void *buffer, size_t size)
{
	size_t buffered;
	ssize_t n = 0;

	if (file->writing)
		return -EBADF;
	gilrt_lock_acquire(file->lock, GILRT_FOREVER);
	buffered = take_buffered(file, buffer, size);
	if (buffered < size) {
		file->begin = file->end = 0;
		n = read_unbuffered(file, (char *)buffer + buffered, size - buffered);
	}
	gilrt_lock_release(file->lock);
	return n < 0 ? n : (ssize_t)buffered + n;
}

static int write_all(int fd, const char *data, size_t size)
{
	ssize_t n;

	while (size > 0) {
		n = gilrt_write(fd, data, size);
		if (n < 0)
			return (int)n;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int flush(struct gilrt_file *file)
{
	size_t size = file->end;

	file->end = 0;
	return write_all(file->fd, file->buffer, size);
}

/* What is larger than the buffer does not take the way through it. */
static int write_buffered(struct gilrt_file *file, const char *data, size_t size)
{
	int err;

	if (size > file->capacity - file->end) {
		err = flush(file);
		if (err)
			return err;
	}
	if (size > file->capacity)
		return write_all(file->fd, data, size);
	memcpy(file->buffer + file->end, data, size);
	file->end += size;
	return 0;
}

ssize_t gilrt_file_write(struct gilrt_file *file, const void *data, size_t size)
{
	int err;

	if (!file->writing)
		return -EBADF;
	gilrt_lock_acquire(file->lock, GILRT_FOREVER);
	err = write_buffered(file, data, size);
	gilrt_lock_release(file->lock);
	return err ? err : (ssize_t)size;
}

int gilrt_file_close(struct gilrt_file *file)
{
	int err = 0, close_err;

	if (file->writing)
		err = flush(file);
	close_err = gilrt_close(file->fd);
	file_free(file);
	return err ? err : close_err;
}
