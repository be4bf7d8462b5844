// SPDX-License-Identifier: BSD-2-Clause
/* A file's blocks and its index, checked in file order. The header has a file of its own. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

#include "trace/header.h"
#include "trace/scan.h"
#include "trace/varint.h"

void fault_set(struct trace_fault *fault, uint64_t offset, const char *format, ...)
{
	va_list args;

	fault->offset = offset;
	va_start(args, format);
	vsnprintf(fault->reason, sizeof(fault->reason), format, args);
	va_end(args);
}

/* The readable part ends before this offset. */
#define CUT(scan, offset, ...) \
	(fault_set(&(scan)->cut, (offset), __VA_ARGS__), (scan)->is_cut = true, -EBADMSG)

static void block_parse(const uint8_t *head, uint64_t offset, struct scan_block *ret_block)
{
	*ret_block = (struct scan_block){
		.offset = offset,
		.stream = le32_get(head + 4),
		.first_ns = le64_get(head + 8),
		.last_ns = le64_get(head + 16),
		.records_cnt = le32_get(head + 24),
		.raw_len = le32_get(head + 28),
		.stored_len = le32_get(head + 32),
		.codec = le32_get(head + 36),
		.next = SCAN_NONE,
	};
}

/* What is wrong with the numbers of a block's head, or NULL. */
static const char *block_check(const struct scan_block *block)
{
	if (block->stream > FORMAT_STREAM_MAX)
		return "no such stream";
	if (block->first_ns > block->last_ns)
		return "it ends before it begins";
	if (block->last_ns > FORMAT_TIME_MAX)
		return "impossible time";
	if (block->records_cnt == 0 || block->records_cnt > FORMAT_RECORDS_MAX)
		return "impossible number of records";
	if (block->raw_len > FORMAT_RAW_MAX || block->stored_len > block->raw_len)
		return "impossible length";
	if (block->codec > FORMAT_CODEC_ZSTD ||
	    (block->codec == FORMAT_CODEC_NONE && block->stored_len != block->raw_len))
		return "impossible compression";
	return NULL;
}

/* Binary search; where it is, or where it must be put. */
static uint32_t stream_find(const struct scan *scan, uint32_t id)
{
	uint32_t low = 0, high = scan->streams_cnt;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (scan->streams[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int array_grow(void **array, uint32_t cnt, uint32_t *cap, size_t size)
{
	uint32_t wanted = *cap ? *cap * 2 : 64;
	void *grown;

	if (cnt < *cap)
		return 0;
	if (wanted <= *cap)
		return -ENOMEM;
	grown = reallocarray(*array, wanted, size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*cap = wanted;
	return 0;
}

static int stream_insert(struct scan *scan, uint32_t at, uint32_t id)
{
	void *streams = scan->streams;
	int rc = array_grow(&streams, scan->streams_cnt, &scan->streams_cap,
			    sizeof(*scan->streams));

	if (rc)
		return rc;
	scan->streams = streams;
	memmove(scan->streams + at + 1, scan->streams + at,
		(scan->streams_cnt - at) * sizeof(*scan->streams));
	scan->streams[at] = (struct scan_stream){ .id = id, .first = SCAN_NONE, .last = SCAN_NONE };
	scan->streams_cnt++;
	return 0;
}

/*
 * A block beside the ones before it. *ret_grown: what its raw length adds to the sum of all
 * streams.
 */
static int block_compare(struct scan *scan, const struct scan_block *block,
			 const struct scan_stream *stream, uint32_t *ret_grown)
{
	uint32_t number = scan->blocks_cnt + 1, raw_max = stream ? stream->raw_max : 0;

	*ret_grown = block->raw_len > raw_max ? block->raw_len - raw_max : 0;
	if (stream && scan->blocks[stream->last].last_ns > block->first_ns)
		return CUT(scan, block->offset, "block %u: time runs backwards in stream %u",
			   number, block->stream);
	if (scan->raw_sum + *ret_grown > SCAN_MEMORY_MAX)
		return CUT(scan, block->offset, "block %u: the streams take too much memory",
			   number);
	return 0;
}

/* A block to the list and to its stream; a stream is there only when it has a block. */
static int block_append(struct scan *scan, const struct scan_block *block)
{
	uint32_t at = stream_find(scan, block->stream), i = scan->blocks_cnt, grown;
	bool is_new = at == scan->streams_cnt || scan->streams[at].id != block->stream;
	struct scan_stream *stream;
	void *blocks = scan->blocks;
	int rc = block_compare(scan, block, is_new ? NULL : &scan->streams[at], &grown);

	if (!rc)
		rc = array_grow(&blocks, i, &scan->blocks_cap, sizeof(*scan->blocks));
	if (rc)
		return rc;
	scan->blocks = blocks;
	if (is_new) {
		rc = stream_insert(scan, at, block->stream);
		if (rc)
			return rc;
	}
	stream = &scan->streams[at];
	if (is_new)
		stream->first = i;
	else
		scan->blocks[stream->last].next = i;
	stream->last = i;
	stream->raw_max += grown;
	scan->raw_sum += grown;
	scan->blocks[i] = *block;
	scan->blocks_cnt++;
	return 0;
}

static int block_scan(struct scan *scan, size_t *at)
{
	const uint8_t *head = scan->data + *at;
	size_t left = scan->len - *at;
	uint32_t number = scan->blocks_cnt + 1;
	struct scan_block block;
	const char *wrong;
	int rc;

	if (left < FORMAT_BLOCK_LEN)
		return CUT(scan, *at, "cut in block %u", number);
	block_parse(head, *at, &block);
	wrong = block_check(&block);
	if (wrong)
		return CUT(scan, *at, "block %u is damaged: %s", number, wrong);
	if (left - FORMAT_BLOCK_LEN < block.stored_len)
		return CUT(scan, *at, "cut in block %u", number);
	if (le64_get(head + FORMAT_BLOCK_SUMMED) !=
	    XXH64(head + FORMAT_BLOCK_LEN, block.stored_len, XXH64(head, FORMAT_BLOCK_SUMMED, 0)))
		return CUT(scan, *at, "block %u is damaged: checksum mismatch", number);
	rc = block_append(scan, &block);
	if (rc)
		return rc;
	*at += FORMAT_BLOCK_LEN + block.stored_len;
	scan_touched(scan, FORMAT_BLOCK_LEN + block.stored_len);
	return 0;
}

static bool entry_agrees(const uint8_t *entry, const struct scan_block *block)
{
	return le64_get(entry) == block->offset && le32_get(entry + 8) == block->stream &&
	       le32_get(entry + 12) == block->records_cnt &&
	       le64_get(entry + 16) == block->first_ns && le64_get(entry + 24) == block->last_ns;
}

static int index_scan(struct scan *scan, size_t at)
{
	const uint8_t *index = scan->data + at;
	uint64_t index_len = FORMAT_INDEX_LEN + (uint64_t)scan->blocks_cnt * FORMAT_ENTRY_LEN;
	size_t left = scan->len - at;

	if (left < FORMAT_INDEX_LEN)
		return CUT(scan, at, "cut in the index, after block %u", scan->blocks_cnt);
	if (le32_get(index + 4) != scan->blocks_cnt)
		return CUT(scan, at, "the index names %u blocks, there are %u", le32_get(index + 4),
			   scan->blocks_cnt);
	if (left < index_len + FORMAT_TRAILER_LEN)
		return CUT(scan, at, "cut in the index, after block %u", scan->blocks_cnt);
	if (le64_get(index + index_len) != at ||
	    le64_get(index + index_len + 8) != XXH64(index, index_len + 8, 0) ||
	    memcmp(index + index_len + 16, FORMAT_END_MAGIC, 8) != 0)
		return CUT(scan, at, "the index is damaged: checksum mismatch");
	for (uint32_t i = 0; i < scan->blocks_cnt; i++) {
		if (!entry_agrees(index + FORMAT_INDEX_LEN + (size_t)i * FORMAT_ENTRY_LEN,
				  &scan->blocks[i]))
			return CUT(scan, at, "the index disagrees with block %u", i + 1);
	}
	if (left > index_len + FORMAT_TRAILER_LEN)
		return CUT(scan, at + index_len + FORMAT_TRAILER_LEN,
			   "something follows the end of the trace");
	return 0;
}

/* 0: the file is whole; -EBADMSG: scan->cut says where it ends; -ENOMEM. */
static int blocks_scan(struct scan *scan, size_t at)
{
	for (;;) {
		size_t left = scan->len - at;
		const uint8_t *magic = scan->data + at;
		int rc;

		if (left == 0)
			return CUT(scan, at, "cut after block %u: the index is missing",
				   scan->blocks_cnt);
		if (left < 4)
			return CUT(scan, at, "cut after block %u", scan->blocks_cnt);
		if (memcmp(magic, FORMAT_INDEX_MAGIC, 4) == 0)
			return index_scan(scan, at);
		if (memcmp(magic, FORMAT_BLOCK_MAGIC, 4) != 0)
			return CUT(scan, at, "neither a block nor the index after block %u",
				   scan->blocks_cnt);
		rc = block_scan(scan, &at);
		if (rc)
			return rc;
	}
}

void scan_touched(struct scan *scan, size_t bytes)
{
	scan->touched_bytes += bytes;
	if (!scan->is_mapping || scan->touched_bytes < SCAN_PAGES_MAX)
		return;
	/* If it cannot be done, the pages stay: that costs memory and nothing else. */
	madvise((void *)scan->data, scan->len, MADV_DONTNEED);
	scan->touched_bytes = 0;
}

int scan_file(struct scan *scan, const void *data, size_t len, bool is_mapping,
	      struct trace_fault *fault)
{
	size_t at;
	int rc;

	*scan = (struct scan){ .data = data, .len = len, .is_mapping = is_mapping };
	rc = header_scan(scan, &at, fault);
	if (rc)
		return rc;
	rc = blocks_scan(scan, at);
	return rc == -EBADMSG ? 0 : rc;
}

void scan_empty(struct scan *scan)
{
	schema_empty(&scan->schema);
	free(scan->facts);
	free(scan->text);
	free(scan->blocks);
	free(scan->streams);
}
