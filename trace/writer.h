/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing a trace. Two halves, so that several threads can encode while one writes:
 *
 *   trace_builder   one per stream and thread: takes records, gives encoded, compressed,
 *                   checksummed blocks. Touches no file.
 *   trace_writer    one per file: header, blocks in the order they come, index. Not thread-safe.
 *
 * Errors are negative errno values (-ENOMEM, or what write(2) said). Nothing is printed.
 */
#ifndef TRACE_WRITER_H
#define TRACE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/records.h"

/* Records in a full block. */
#define TRACE_BLOCK_RECORDS 4096
/* How far, in records, a record may come too late in its stream and still be put in order. */
#define TRACE_REORDER 16
/* Longest value of a bytes field. */
#define TRACE_BYTES_MAX 16384

/* A finished block, ready to be written; owned by whoever got it, freed with free(). */
struct trace_block {
	uint32_t stream;
	uint32_t records_cnt;
	uint64_t first_ns, last_ns;
	size_t len_bytes;
	uint8_t bytes[];
};

struct trace_builder;

/* -EINVAL: stream is above 65535. */
int trace_builder_new(uint32_t stream, struct trace_builder **ret_builder);
void trace_builder_free(struct trace_builder *builder);

/*
 * Copies the record (stream is ignored: the builder's own is written) and its bytes fields. Records
 * should come in the order of time; one that up to TRACE_REORDER others overtook is sorted in,
 * behind those of its own time. Returns 1 when the block is full and must be sealed before the next
 * add, 0 when there is room.
 *
 * Nothing was added when the value is negative: -ESTALE, the record is older than what is already
 * encoded (the caller counts it as lost; its time is never bent); -EINVAL, no such kind; -E2BIG, a
 * bytes field above TRACE_BYTES_MAX; -ENOBUFS, the block is full; -ENOMEM.
 */
int trace_builder_add(struct trace_builder *builder, const struct trace_record *record);

/*
 * Encodes what is there. With `last` false the newest TRACE_REORDER records stay for the next
 * block, so that a late record can still be sorted in. *ret_block is NULL when there is nothing to
 * write. After -ENOMEM all records are still there.
 */
int trace_builder_seal(struct trace_builder *builder, bool last, struct trace_block **ret_block);

/* Records waiting in the builder, and the time of the oldest (0 when there is none). */
size_t trace_builder_pending(const struct trace_builder *builder, uint64_t *ret_oldest_ns);

/* Text facts of the header, in order; the writer adds what it knows itself (version, schema). */
struct trace_fact {
	const char *key;	/* see FORMAT.md for the keys in use */
	const void *value;
	size_t len;
};

struct trace_writer;

/*
 * Writes the header to fd at its current position (0). fd stays the caller's. -EINVAL: a key is not
 * made of a-z, 0-9 and _, is longer than 64 bytes, stands twice, or is the writer's own ("schema");
 * -E2BIG: the facts take more than 16 MiB.
 *
 * After a failed write the file is cut; put and finish then return the same error and write
 * nothing.
 */
int trace_writer_new(int fd, const struct trace_fact *facts, size_t facts_cnt,
		     struct trace_writer **ret_writer);
int trace_writer_put(struct trace_writer *writer, const struct trace_block *block);
/* Writes the index and the trailer: without them a file counts as cut. */
int trace_writer_finish(struct trace_writer *writer);
uint64_t trace_writer_bytes(const struct trace_writer *writer);
void trace_writer_free(struct trace_writer *writer);

#endif
