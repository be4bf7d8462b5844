/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stream's place in a trace: its current block, unpacked, with a position in each column.
 * Records are made one at a time.
 */
#ifndef TRACE_DECODE_H
#define TRACE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "trace/scan.h"

struct ZSTD_DCtx_s;

struct column {
	const uint8_t *at, *end;
	uint32_t offset;		/* of the field in struct trace_record */
};

/* The position in one kind's columns. Columns of one value are not here: `record` has the value. */
struct kind_cursor {
	struct trace_record record;	/* the last one; differences refer to it */
	/* Plain ones, then differences, then bytes. */
	uint32_t plain_cnt, delta_cnt, bytes_cnt;
	struct column columns[TRACE_FIELD_MAX];
};

/* What the file's kind means in this block: index of a kind_cursor, or one of these. */
#define CURSOR_ABSENT 255		/* not in the block's directory */
#define CURSOR_SKIPPED 254		/* not known to this program */

struct cursor {
	uint32_t left;			/* records not yet read; 0: load a block first */
	uint64_t ts_ns;			/* of the next record, when left > 0 */
	uint64_t last_ns;
	uint64_t kind_same, time_same;	/* the value where the column is NULL */
	struct column kind, time;
	uint8_t slots[FORMAT_ID_MAX + 1];
	struct kind_cursor *kinds;
	uint32_t kinds_cnt, kinds_cap;
	uint8_t *raw;
	size_t raw_cap;
	const uint8_t *body;		/* raw, or in the file */
};

/* 0, -ENOMEM, or -EBADMSG with *ret_wrong. */
int cursor_load(struct cursor *cursor, struct ZSTD_DCtx_s *zstd, const struct scan *scan,
		const struct scan_block *block, const char **ret_wrong);
/*
 * 1: a record (its stream is not set); 0: one that this program does not know was skipped;
 * -EBADMSG.
 */
int cursor_next(struct cursor *cursor, struct trace_record *ret_record, const char **ret_wrong);
void cursor_empty(struct cursor *cursor);

#endif
