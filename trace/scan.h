/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The border: a file's bytes are checked here, once and in file order, and become a list of facts,
 * a schema and a list of blocks that keep their limits. Behind it only the columns are in doubt.
 */
#ifndef TRACE_SCAN_H
#define TRACE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/reader.h"
#include "trace/schema.h"

/* Raw blocks that a reader may have to hold at one time, one for each stream. */
#define SCAN_MEMORY_MAX (1u << 30)

/* Read so much of a mapped file, and its pages are given back: they count as memory used. */
#define SCAN_PAGES_MAX (4u << 20)

#define SCAN_NONE UINT32_MAX

struct scan_fact {
	const char *key;
	const char *value;
	size_t len;
};

struct scan_block {
	uint64_t offset;
	uint64_t first_ns, last_ns;
	uint32_t stream;
	uint32_t records_cnt;
	uint32_t raw_len, stored_len;
	uint32_t codec;			/* enum format_codec */
	uint32_t next;			/* next block of the stream, or SCAN_NONE */
};

struct scan_stream {
	uint32_t id;
	uint32_t first, last;		/* blocks */
	uint32_t raw_max;		/* longest raw length of its blocks */
};

struct scan {
	const uint8_t *data;
	size_t len;
	bool is_mapping;		/* of a file: its pages come again when they are read again */
	size_t touched_bytes;		/* read of it since they were given back */
	char *text;			/* keys and values of the facts, each with its NUL */
	struct scan_fact *facts;
	size_t facts_cnt;
	struct schema schema;
	struct scan_block *blocks;
	uint32_t blocks_cnt, blocks_cap;
	struct scan_stream *streams;	/* in the order of their ids */
	uint32_t streams_cnt, streams_cap;
	uint64_t raw_sum;		/* of the streams' raw_max */
	bool is_cut;
	struct trace_fault cut;
};

/*
 * -EBADMSG: unusable, *fault says why; -ENOMEM. On failure, too, the scan must be emptied. The data
 * stays the caller's and must outlive the scan.
 */
int scan_file(struct scan *scan, const void *data, size_t len, bool is_mapping,
	      struct trace_fault *fault);
/* So many bytes of the data were read. */
void scan_touched(struct scan *scan, size_t bytes);
void scan_empty(struct scan *scan);

__attribute__((format(printf, 3, 4)))
void fault_set(struct trace_fault *fault, uint64_t offset, const char *format, ...);

#endif
