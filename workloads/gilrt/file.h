/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_FILE_H
#define GILRT_FILE_H

/*
 * Files as Python's open() gives them in binary mode: a buffer of the file's block size between the
 * caller and the system calls, for reading or for writing. Opening and closing one lets go of the
 * GIL five times; reading from the buffer, or writing into it, not at all.
 *
 * Threads may share a file: a lock of its own keeps their operations apart.
 */

#include <stddef.h>
#include <sys/types.h>

struct gilrt_file;

/*
 * flags: O_RDONLY, or O_WRONLY with O_CREAT, O_TRUNC, O_EXCL, but not O_RDWR: -EINVAL. -EISDIR for
 * a directory, otherwise what open() says.
 */
int gilrt_file_open(const char *path, int flags, struct gilrt_file **ret_file);

/*
 * As many bytes as there are, up to size; fewer only at the end of the file. 0: it is there. -EBADF
 * for a file that is written, and from the next function for one that is read.
 */
ssize_t gilrt_file_read(struct gilrt_file *file, void *buffer, size_t size);

/* All of size, some of which may only be in the buffer. After an error it is unknown how much. */
ssize_t gilrt_file_write(struct gilrt_file *file, const void *data, size_t size);

/* Writes what is in the buffer and ends the file in any case. The first error of both. */
int gilrt_file_close(struct gilrt_file *file);

#endif
