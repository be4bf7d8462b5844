// SPDX-License-Identifier: BSD-2-Clause
/*
 * A trace as one stream of records: a heap holds the time of each stream's next record. A stream
 * whose block is not unpacked yet stands there with the block's first time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "trace/decode.h"
#include "trace/header.h"
#include "trace/reader.h"
#include "trace/scan.h"

/* Streams are in the order of their ids: the index of one decides between equal times. */
struct heap_entry {
	uint64_t ts_ns;
	uint32_t stream;
};

struct stream_state {
	struct cursor cursor;
	uint32_t block;		/* in the cursor, or to be loaded next; SCAN_NONE: the end */
};

struct trace_reader {
	struct scan scan;
	void *mapping;			/* NULL when the memory is the caller's */
	size_t mapping_len;
	ZSTD_DCtx *zstd;
	struct stream_state *states;
	struct heap_entry *heap;
	uint32_t heap_cnt;
};

static bool entry_before(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->ts_ns != b->ts_ns ? a->ts_ns < b->ts_ns : a->stream < b->stream;
}

/* The entry at `at` may be later than those below it: moves it down to its place. */
static void heap_sift(struct trace_reader *reader, uint32_t at)
{
	struct heap_entry *heap = reader->heap, entry = heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= reader->heap_cnt)
			break;
		if (child + 1 < reader->heap_cnt && entry_before(&heap[child + 1], &heap[child]))
			child++;
		if (!entry_before(&heap[child], &entry))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = entry;
}

int trace_reader_rewind(struct trace_reader *reader)
{
	const struct scan *scan = &reader->scan;

	for (uint32_t i = 0; i < scan->streams_cnt; i++) {
		reader->states[i].cursor.left = 0;
		reader->states[i].block = scan->streams[i].first;
		reader->heap[i] = (struct heap_entry){
			.ts_ns = scan->blocks[scan->streams[i].first].first_ns,
			.stream = i,
		};
	}
	reader->heap_cnt = scan->streams_cnt;
	for (uint32_t i = reader->heap_cnt / 2; i > 0; i--)
		heap_sift(reader, i - 1);
	return 0;
}

/* Takes over the mapping, whether it succeeds or not. */
static int reader_open(const void *data, size_t len, bool is_mapping,
		       struct trace_reader **ret_reader, struct trace_fault *fault)
{
	struct trace_fault unused;
	struct trace_reader *reader = calloc(1, sizeof(*reader));
	int rc = -ENOMEM;

	if (!reader) {
		if (is_mapping)
			munmap((void *)data, len);
		return -ENOMEM;
	}
	if (is_mapping) {
		reader->mapping = (void *)data;
		reader->mapping_len = len;
	}
	rc = scan_file(&reader->scan, data, len, is_mapping, fault ? fault : &unused);
	if (rc)
		goto fail;
	rc = -ENOMEM;
	reader->zstd = ZSTD_createDCtx();
	reader->states = calloc(reader->scan.streams_cnt + 1, sizeof(*reader->states));
	reader->heap = calloc(reader->scan.streams_cnt + 1, sizeof(*reader->heap));
	if (!reader->zstd || !reader->states || !reader->heap)
		goto fail;
	trace_reader_rewind(reader);
	*ret_reader = reader;
	return 0;
fail:
	trace_reader_free(reader);
	return rc;
}

int trace_reader_open_memory(const void *data, size_t len, struct trace_reader **ret_reader,
			     struct trace_fault *fault)
{
	return reader_open(data, len, false, ret_reader, fault);
}

static int refuse(struct trace_fault *fault, const char *reason)
{
	if (fault)
		fault_set(fault, 0, "%s", reason);
	return -EBADMSG;
}

static int file_map(int fd, void **ret_data, size_t *ret_len, struct trace_fault *fault)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return refuse(fault, "not a trace: a directory");
	if (!S_ISREG(st.st_mode))
		return refuse(fault, "not a trace: not a regular file");
	if (st.st_size == 0)
		return refuse(fault, "the file is empty");
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	*ret_data = data;
	*ret_len = (size_t)st.st_size;
	return 0;
}

int trace_reader_open(const char *path, struct trace_reader **ret_reader, struct trace_fault *fault)
{
	/* Without O_NONBLOCK a FIFO would wait for somebody to write to it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	void *data = NULL;
	size_t len = 0;
	int rc;

	if (fault)
		*fault = (struct trace_fault){ 0 };
	if (fd < 0)
		return -errno;
	rc = file_map(fd, &data, &len, fault);
	close(fd);
	return rc ? rc : reader_open(data, len, true, ret_reader, fault);
}

void trace_reader_free(struct trace_reader *reader)
{
	if (!reader)
		return;
	for (uint32_t i = 0; reader->states && i < reader->scan.streams_cnt; i++)
		cursor_empty(&reader->states[i].cursor);
	free(reader->states);
	free(reader->heap);
	ZSTD_freeDCtx(reader->zstd);
	scan_empty(&reader->scan);
	if (reader->mapping)
		munmap(reader->mapping, reader->mapping_len);
	free(reader);
}

/*
 * A block that passed its checksum and is wrong all the same: the trace ends here, for all streams.
 */
static int reading_end(struct trace_reader *reader, uint32_t block, const char *wrong)
{
	fault_set(&reader->scan.cut, reader->scan.blocks[block].offset, "block %u is damaged: %s",
		  block + 1, wrong);
	reader->scan.is_cut = true;
	reader->heap_cnt = 0;
	return 0;
}

/* The heap's first stream gave a record: what comes next from it, and who is first now. */
static void heap_advance(struct trace_reader *reader, struct stream_state *state)
{
	struct heap_entry *first = &reader->heap[0];

	if (state->cursor.left > 0) {
		first->ts_ns = state->cursor.ts_ns;
	} else {
		state->block = reader->scan.blocks[state->block].next;
		if (state->block != SCAN_NONE)
			first->ts_ns = reader->scan.blocks[state->block].first_ns;
		else
			*first = reader->heap[--reader->heap_cnt];
	}
	heap_sift(reader, 0);
}

static int block_load(struct trace_reader *reader, struct stream_state *state,
		      const char **ret_wrong)
{
	const struct scan_block *block = &reader->scan.blocks[state->block];

	scan_touched(&reader->scan, block->stored_len);
	return cursor_load(&state->cursor, reader->zstd, &reader->scan, block, ret_wrong);
}

int trace_reader_next(struct trace_reader *reader, struct trace_record *ret_record)
{
	const char *wrong;

	while (reader->heap_cnt > 0) {
		uint32_t i = reader->heap[0].stream;
		struct stream_state *state = &reader->states[i];
		int rc = 0;

		if (state->cursor.left == 0)
			rc = block_load(reader, state, &wrong);
		if (!rc)
			rc = cursor_next(&state->cursor, ret_record, &wrong);
		if (rc == -EBADMSG)
			return reading_end(reader, state->block, wrong);
		if (rc < 0)
			return rc;
		heap_advance(reader, state);
		if (rc > 0) {
			ret_record->stream = reader->scan.streams[i].id;
			return 1;
		}
	}
	return 0;
}

const char *trace_reader_fact(const struct trace_reader *reader, const char *key, size_t *ret_len)
{
	const struct scan_fact *fact = header_fact(&reader->scan, key);

	if (fact && ret_len)
		*ret_len = fact->len;
	return fact ? fact->value : NULL;
}

const struct trace_fault *trace_reader_cut(const struct trace_reader *reader)
{
	return reader->scan.is_cut ? &reader->scan.cut : NULL;
}

void trace_reader_size(const struct trace_reader *reader, struct trace_size *ret_size)
{
	const struct scan *scan = &reader->scan;
	struct trace_size size = {
		.file_bytes = scan->len,
		.blocks_cnt = scan->blocks_cnt,
		.first_ns = scan->blocks_cnt > 0 ? UINT64_MAX : 0,
	};

	for (uint32_t i = 0; i < scan->blocks_cnt; i++) {
		const struct scan_block *block = &scan->blocks[i];

		size.records_cnt += block->records_cnt;
		if (block->first_ns < size.first_ns)
			size.first_ns = block->first_ns;
		if (block->last_ns > size.last_ns)
			size.last_ns = block->last_ns;
	}
	*ret_size = size;
}
