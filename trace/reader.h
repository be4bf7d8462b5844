/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a trace, from a file or from memory, as one stream of records in the order of time.
 *
 * Everything is checked once, here: a reader never trusts a length, a count or an id in the file. A
 * file that was cut (kill -9, full disk) reads up to its last whole block and says that it is cut;
 * a damaged block ends the readable part of the file the same way, with the offset and the reason.
 * Records of equal time come in the order of their streams, within a stream as written.
 *
 * Memory: the index and one decompressed block for each stream. A file is mapped, not copied: it
 * may grow while it is open (what is new is not seen), but must not be truncated.
 */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/records.h"

/* Why a file is unusable or ends early. */
struct trace_fault {
	uint64_t offset;	/* bytes from the file's start */
	char reason[160];	/* one line, without the file's name */
};

struct trace_reader;

/*
 * -EBADMSG: not a trace, or its header is damaged (fault says which); other negative errno values
 * from open, fstat, mmap, or -ENOMEM (fault says nothing). `fault` may be NULL.
 */
int trace_reader_open(const char *path, struct trace_reader **ret_reader,
		      struct trace_fault *fault);
/* The memory must outlive the reader. */
int trace_reader_open_memory(const void *data, size_t len, struct trace_reader **ret_reader,
			     struct trace_fault *fault);
void trace_reader_free(struct trace_reader *reader);

/* 1: a record; 0: the end; -ENOMEM. Bytes fields live until the next call. */
int trace_reader_next(struct trace_reader *reader, struct trace_record *ret_record);
/* Start again from the first record. */
int trace_reader_rewind(struct trace_reader *reader);

/* A fact of the header, NUL-terminated, or NULL. len (may be NULL) is without the NUL. */
const char *trace_reader_fact(const struct trace_reader *reader, const char *key, size_t *ret_len);

/*
 * NULL when the file is whole; else where and why its readable part ends. All but one reason are
 * known when the trace is opened: a block that passes its checksum and does not decode is found
 * while reading. So ask (again) after the last record.
 */
const struct trace_fault *trace_reader_cut(const struct trace_reader *reader);

struct trace_size {
	uint64_t file_bytes;
	uint64_t blocks_cnt;
	uint64_t records_cnt;
	uint64_t first_ns, last_ns;	/* 0 when there are no records */
};
void trace_reader_size(const struct trace_reader *reader, struct trace_size *ret_size);

#endif
