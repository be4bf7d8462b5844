// SPDX-License-Identifier: BSD-2-Clause
/*
 * Columns to records. The directory of a block is checked when it is loaded; the columns are
 * checked as they are read, since reading them is all the work there is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "trace/decode.h"
#include "trace/varint.h"

#define BAD(ret_wrong, text) (*(ret_wrong) = (text), -EBADMSG)

/* A walk through a block's directory and, in step, its data. */
struct walk {
	const uint8_t *at, *end;
	const uint8_t *data, *data_end;
};

/* One head of the directory. False: there is none, or it promises more than there is. */
static bool head_get(struct walk *walk, enum format_form *ret_form, struct column *ret_column)
{
	uint64_t head, len;

	walk->at = varint_get(walk->at, walk->end, &head);
	if (!walk->at)
		return false;
	len = head >> 2;
	if (len > (uint64_t)(walk->data_end - walk->data) || (head & 3) > FORMAT_FORM_EACH ||
	    ((head & 3) == FORMAT_FORM_ZERO && len > 0))
		return false;
	*ret_form = head & 3;
	ret_column->at = walk->data;
	ret_column->end = walk->data + len;
	walk->data += len;
	return true;
}

/* The columns that all kinds share: where every value is the same, the column is NULL. */
static bool common_get(struct walk *walk, struct column *column, uint64_t *ret_same)
{
	enum format_form form;

	*ret_same = 0;
	if (!head_get(walk, &form, column))
		return false;
	if (form == FORMAT_FORM_SAME &&
	    varint_get(column->at, column->end, ret_same) != column->end)
		return false;
	if (form != FORMAT_FORM_EACH)
		column->at = column->end = NULL;
	return true;
}

static inline void *field_at(struct trace_record *record, uint32_t offset)
{
	return (char *)record + offset;
}

static bool bytes_get(struct column *column, struct trace_bytes *ret_bytes)
{
	uint64_t len;
	const uint8_t *at = varint_get(column->at, column->end, &len);

	if (!at || len > (uint64_t)(column->end - at))
		return false;
	*ret_bytes = (struct trace_bytes){ (const char *)at, (size_t)len };
	column->at = at + len;
	return true;
}

/* A column of one value is that value in the record, from now on. */
static bool same_get(struct kind_cursor *kc, struct column *column, enum trace_coding coding)
{
	void *value = field_at(&kc->record, column->offset);

	if (coding == TRACE_CODING_BYTES)
		return bytes_get(column, value) && column->at == column->end;
	return varint_get(column->at, column->end, value) == column->end;
}

/* Columns stand in the order of their codings, so that the records' loop need not look at these. */
static void column_insert(struct kind_cursor *kc, const struct column *column,
			  enum trace_coding coding)
{
	uint32_t delta_at = kc->plain_cnt, bytes_at = kc->plain_cnt + kc->delta_cnt;
	uint32_t end = bytes_at + kc->bytes_cnt;

	if (coding != TRACE_CODING_BYTES) {
		kc->columns[end] = kc->columns[bytes_at];
		end = bytes_at;
	}
	if (coding == TRACE_CODING_PLAIN) {
		kc->columns[end] = kc->columns[delta_at];
		end = delta_at;
	}
	kc->columns[end] = *column;
	kc->plain_cnt += coding == TRACE_CODING_PLAIN;
	kc->delta_cnt += coding == TRACE_CODING_DELTA;
	kc->bytes_cnt += coding == TRACE_CODING_BYTES;
}

/* One kind's heads; kc is NULL when its records are skipped. */
static bool kind_load(const struct schema_kind *kind, struct kind_cursor *kc, struct walk *walk)
{
	for (uint32_t i = 0; i < kind->fields_cnt; i++) {
		enum format_form form;
		struct column column;

		if (!head_get(walk, &form, &column))
			return false;
		if (!kind->fields[i] || form == FORMAT_FORM_ZERO)
			continue;
		column.offset = (uint32_t)kind->fields[i]->offset;
		if (form == FORMAT_FORM_EACH)
			column_insert(kc, &column, kind->codings[i]);
		else if (!same_get(kc, &column, kind->codings[i]))
			return false;
	}
	return true;
}

/* A cursor for a kind that this program knows: all 0, bytes empty but never NULL. */
static struct kind_cursor *kind_add(struct cursor *cursor, const struct trace_kind_info *info)
{
	struct kind_cursor *kc;

	if (cursor->kinds_cnt == cursor->kinds_cap) {
		uint32_t cap = cursor->kinds_cap ? cursor->kinds_cap * 2 : 4;
		void *kinds = reallocarray(cursor->kinds, cap, sizeof(*cursor->kinds));

		if (!kinds)
			return NULL;
		cursor->kinds = kinds;
		cursor->kinds_cap = cap;
	}
	kc = &cursor->kinds[cursor->kinds_cnt++];
	memset(&kc->record, 0, sizeof(kc->record));
	kc->record.kind = info->id;
	kc->plain_cnt = kc->delta_cnt = kc->bytes_cnt = 0;
	for (size_t i = 0; i < info->fields_cnt; i++) {
		struct trace_bytes *bytes = field_at(&kc->record, (uint32_t)info->fields[i].offset);

		if (info->fields[i].coding == TRACE_CODING_BYTES)
			bytes->data = "";
	}
	return kc;
}

static int kinds_load(struct cursor *cursor, const struct scan *scan, struct walk *walk,
		      const char **ret_wrong)
{
	uint64_t kinds_cnt, id, prev_id = 0;

	cursor->kinds_cnt = 0;
	memset(cursor->slots, CURSOR_ABSENT, sizeof(cursor->slots));
	walk->at = varint_get(walk->at, walk->end, &kinds_cnt);
	if (!walk->at)
		return BAD(ret_wrong, "its directory is cut");
	for (; kinds_cnt > 0; kinds_cnt--, prev_id = id) {
		struct kind_cursor *kc = NULL;
		const struct schema_kind *kind;

		walk->at = varint_get(walk->at, walk->end, &id);
		if (!walk->at || id <= prev_id || id > FORMAT_ID_MAX || !scan->schema.kinds[id])
			return BAD(ret_wrong, "its directory names a kind wrongly");
		kind = scan->schema.kinds[id];
		cursor->slots[id] = CURSOR_SKIPPED;
		if (kind->info) {
			cursor->slots[id] = (uint8_t)cursor->kinds_cnt;
			kc = kind_add(cursor, kind->info);
			if (!kc)
				return -ENOMEM;
		}
		if (!kind_load(kind, kc, walk))
			return BAD(ret_wrong, "its directory has a wrong column");
	}
	if (walk->at != walk->end || walk->data != walk->data_end)
		return BAD(ret_wrong, "its directory does not add up");
	return 0;
}

static int body_unpack(struct cursor *cursor, ZSTD_DCtx *zstd, const struct scan *scan,
		       const struct scan_block *block, const char **ret_wrong)
{
	const uint8_t *stored = scan->data + block->offset + FORMAT_BLOCK_LEN;
	size_t len;

	if (block->codec == FORMAT_CODEC_NONE) {
		cursor->body = stored;
		return 0;
	}
	if (block->raw_len > cursor->raw_cap) {
		free(cursor->raw);
		cursor->raw = malloc(block->raw_len);
		cursor->raw_cap = cursor->raw ? block->raw_len : 0;
		if (!cursor->raw)
			return -ENOMEM;
	}
	len = ZSTD_decompressDCtx(zstd, cursor->raw, block->raw_len, stored, block->stored_len);
	if (len != block->raw_len)
		return BAD(ret_wrong, "it does not decompress");
	cursor->body = cursor->raw;
	return 0;
}

int cursor_load(struct cursor *cursor, ZSTD_DCtx *zstd, const struct scan *scan,
		const struct scan_block *block, const char **ret_wrong)
{
	struct walk walk;
	uint64_t directory_len;
	int rc = body_unpack(cursor, zstd, scan, block, ret_wrong);

	if (rc)
		return rc;
	walk.data_end = cursor->body + block->raw_len;
	walk.at = varint_get(cursor->body, walk.data_end, &directory_len);
	if (!walk.at || directory_len > (uint64_t)(walk.data_end - walk.at))
		return BAD(ret_wrong, "its directory is cut");
	walk.data = walk.end = walk.at + directory_len;
	if (!common_get(&walk, &cursor->kind, &cursor->kind_same) ||
	    !common_get(&walk, &cursor->time, &cursor->time_same))
		return BAD(ret_wrong, "its directory is cut");
	rc = kinds_load(cursor, scan, &walk, ret_wrong);
	if (rc)
		return rc;
	cursor->left = block->records_cnt;
	cursor->ts_ns = block->first_ns;
	cursor->last_ns = block->last_ns;
	return 0;
}

/* The next value of a column that all kinds share. */
static inline bool common_next(struct column *column, uint64_t same, uint64_t *ret_value)
{
	if (!column->at) {
		*ret_value = same;
		return true;
	}
	column->at = varint_get(column->at, column->end, ret_value);
	return column->at;
}

static inline bool kind_next(struct kind_cursor *kc)
{
	struct column *column = kc->columns, *end = column + kc->plain_cnt;
	uint64_t entry;

	for (; column < end; column++) {
		column->at = varint_get(column->at, column->end, &entry);
		if (__builtin_expect(!column->at, 0))
			return false;
		*(uint64_t *)field_at(&kc->record, column->offset) = entry;
	}
	for (end += kc->delta_cnt; column < end; column++) {
		column->at = varint_get(column->at, column->end, &entry);
		if (__builtin_expect(!column->at, 0))
			return false;
		*(uint64_t *)field_at(&kc->record, column->offset) += zigzag_decode(entry);
	}
	for (end += kc->bytes_cnt; column < end; column++) {
		if (!bytes_get(column, field_at(&kc->record, column->offset)))
			return false;
	}
	return true;
}

/* At the end of a block nothing may be left over, and the time must be where the head says. */
static bool cursor_is_consumed(const struct cursor *cursor)
{
	if (cursor->ts_ns != cursor->last_ns || cursor->kind.at != cursor->kind.end ||
	    cursor->time.at != cursor->time.end)
		return false;
	for (uint32_t i = 0; i < cursor->kinds_cnt; i++) {
		const struct kind_cursor *kc = &cursor->kinds[i];
		uint32_t columns_cnt = kc->plain_cnt + kc->delta_cnt + kc->bytes_cnt;

		for (uint32_t j = 0; j < columns_cnt; j++) {
			if (kc->columns[j].at != kc->columns[j].end)
				return false;
		}
	}
	return true;
}

int cursor_next(struct cursor *cursor, struct trace_record *ret_record, const char **ret_wrong)
{
	struct kind_cursor *kc = NULL;
	uint64_t id = 0, step = 0;
	uint8_t slot;

	if (!common_next(&cursor->kind, cursor->kind_same, &id) || id > FORMAT_ID_MAX)
		return BAD(ret_wrong, "its column of kinds is damaged");
	slot = cursor->slots[id];
	if (slot == CURSOR_ABSENT)
		return BAD(ret_wrong, "a record is of a kind that its directory does not name");
	if (slot != CURSOR_SKIPPED) {
		kc = &cursor->kinds[slot];
		if (!kind_next(kc))
			return BAD(ret_wrong, "a column is damaged");
		kc->record.ts_ns = cursor->ts_ns;
	}
	if (--cursor->left > 0) {
		if (!common_next(&cursor->time, cursor->time_same, &step) ||
		    step > cursor->last_ns - cursor->ts_ns)
			return BAD(ret_wrong, "its times exceed its head's");
		cursor->ts_ns += step;
	} else if (!cursor_is_consumed(cursor)) {
		return BAD(ret_wrong, "its columns do not end with its records");
	}
	if (!kc)
		return 0;
	*ret_record = kc->record;
	return 1;
}

void cursor_empty(struct cursor *cursor)
{
	free(cursor->kinds);
	free(cursor->raw);
}
