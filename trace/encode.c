// SPDX-License-Identifier: BSD-2-Clause
/* Records to columns, columns to the bytes of a block. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "trace/encode.h"
#include "trace/format.h"
#include "trace/varint.h"

/* Room is made for so many records at once, so that most of them need no check. */
#define ROOM_RECORDS 64
/* Higher levels save 1 to 4 % and take up to three times as long; lower ones grow by a third. */
#define ZSTD_LEVEL 1

#define DIRECTORY_MAX ((3 + TRACE_KIND_MAX * (1 + TRACE_FIELD_MAX)) * VARINT_MAX)

struct column {
	uint8_t *data;
	size_t len, cap;
	uint64_t first;		/* the first value; bytes: the first length */
	uint64_t prev;
	bool differs;		/* some value is not like the first */
};

struct kind_columns {
	const struct trace_kind_info *info;	/* NULL until the first record of the kind */
	struct column *columns;
	uint32_t cnt;
	uint32_t room;		/* records that fit before columns must grow */
	bool has_bytes;
};

struct encoder {
	ZSTD_CCtx *zstd;
	uint8_t *raw;		/* the body before it is compressed */
	size_t raw_cap;
	uint64_t first_ns, last_ns;
	uint32_t cnt;
	uint32_t room;		/* of the two columns below */
	struct column kind_column, time_column;
	struct kind_columns kinds[TRACE_KIND_MAX];
};

struct encoder *encoder_new(void)
{
	struct encoder *encoder = calloc(1, sizeof(*encoder));

	if (!encoder)
		return NULL;
	encoder->zstd = ZSTD_createCCtx();
	if (!encoder->zstd) {
		free(encoder);
		return NULL;
	}
	return encoder;
}

void encoder_free(struct encoder *encoder)
{
	if (!encoder)
		return;
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		struct kind_columns *kc = &encoder->kinds[kind];

		for (size_t i = 0; kc->info && i < kc->info->fields_cnt; i++)
			free(kc->columns[i].data);
		free(kc->columns);
	}
	free(encoder->kind_column.data);
	free(encoder->time_column.data);
	free(encoder->raw);
	ZSTD_freeCCtx(encoder->zstd);
	free(encoder);
}

uint32_t encoder_count(const struct encoder *encoder)
{
	return encoder->cnt;
}

static int column_reserve(struct column *column, size_t need)
{
	size_t cap = column->cap;
	uint8_t *data;

	if (cap - column->len >= need)
		return 0;
	cap = cap * 2 > column->len + need ? cap * 2 : column->len + need;
	data = realloc(column->data, cap);
	if (!data)
		return -ENOMEM;
	column->data = data;
	column->cap = cap;
	return 0;
}

/* From here to column_reset(): there is room. */
static inline void column_put(struct column *column, uint64_t entry)
{
	if (__builtin_expect(entry < 0x80, 1))
		column->data[column->len++] = (uint8_t)entry;
	else
		column->len = (size_t)(varint_put(column->data + column->len, entry) -
				       column->data);
}

static inline void column_add(struct column *column, enum trace_coding coding, uint64_t value)
{
	if (column->len == 0)
		column->first = value;
	column->differs |= value != column->first;
	if (coding == TRACE_CODING_DELTA) {
		column_put(column, zigzag_encode(value - column->prev));
		column->prev = value;
	} else {
		column_put(column, value);
	}
}

static void column_add_bytes(struct column *column, const struct trace_bytes *bytes)
{
	size_t start = column->len, len;

	column_put(column, bytes->len);
	if (bytes->len > 0)
		memcpy(column->data + column->len, bytes->data, bytes->len);
	column->len += bytes->len;
	if (start == 0)
		column->first = column->len;
	len = column->len - start;
	if (len != column->first || memcmp(column->data + start, column->data, len) != 0)
		column->differs = true;
}

static void column_reset(struct column *column)
{
	column->len = 0;
	column->prev = 0;
	column->differs = false;
}

static inline const void *field_at(const struct trace_record *record,
				   const struct trace_field *field)
{
	return (const char *)record + field->offset;
}

static int kind_reserve(struct kind_columns *kc, const struct trace_record *record)
{
	if (!kc->info) {
		const struct trace_kind_info *info = trace_kind_info(record->kind);

		kc->columns = calloc(info->fields_cnt, sizeof(*kc->columns));
		if (!kc->columns)
			return -ENOMEM;
		for (size_t i = 0; i < info->fields_cnt; i++)
			kc->has_bytes |= info->fields[i].coding == TRACE_CODING_BYTES;
		kc->info = info;
	}
	for (size_t i = 0; i < kc->info->fields_cnt; i++) {
		const struct trace_field *field = &kc->info->fields[i];
		const struct trace_bytes *bytes = field_at(record, field);
		size_t need = ROOM_RECORDS * VARINT_MAX;

		if (field->coding == TRACE_CODING_BYTES)
			need = VARINT_MAX + bytes->len;
		if (column_reserve(&kc->columns[i], need) < 0)
			return -ENOMEM;
	}
	kc->room = kc->has_bytes ? 1 : ROOM_RECORDS;
	return 0;
}

static int common_reserve(struct encoder *encoder)
{
	if (column_reserve(&encoder->kind_column, ROOM_RECORDS * VARINT_MAX) < 0 ||
	    column_reserve(&encoder->time_column, ROOM_RECORDS * VARINT_MAX) < 0)
		return -ENOMEM;
	encoder->room = ROOM_RECORDS;
	return 0;
}

int encoder_add(struct encoder *encoder, const struct trace_record *record)
{
	struct kind_columns *kc = &encoder->kinds[record->kind];

	if ((encoder->room == 0 && common_reserve(encoder) < 0) ||
	    (kc->room == 0 && kind_reserve(kc, record) < 0))
		return -ENOMEM;
	encoder->room--;
	kc->room--;

	if (encoder->cnt == 0)
		encoder->first_ns = record->ts_ns;
	else
		column_add(&encoder->time_column, TRACE_CODING_PLAIN,
			   record->ts_ns - encoder->last_ns);
	column_add(&encoder->kind_column, TRACE_CODING_PLAIN, record->kind);
	encoder->last_ns = record->ts_ns;
	encoder->cnt++;
	kc->cnt++;
	for (size_t i = 0; i < kc->info->fields_cnt; i++) {
		const struct trace_field *field = &kc->info->fields[i];
		const void *value = field_at(record, field);

		if (field->coding == TRACE_CODING_BYTES)
			column_add_bytes(&kc->columns[i], value);
		else
			column_add(&kc->columns[i], field->coding, *(const uint64_t *)value);
	}
	return 0;
}

/* The body in the making: directory and data grow in step, column by column. */
struct body {
	uint8_t directory[DIRECTORY_MAX];
	uint8_t *directory_at;
	uint8_t *data_at;	/* in the encoder's raw buffer, behind room for the directory */
};

static void body_add(struct body *body, const struct column *column, enum trace_coding coding)
{
	uint8_t *start = body->data_at;
	enum format_form form = FORMAT_FORM_EACH;

	if (column->differs) {
		memcpy(start, column->data, column->len);
		body->data_at += column->len;
	} else if (coding == TRACE_CODING_BYTES && column->first > 1) {
		form = FORMAT_FORM_SAME;
		memcpy(start, column->data, column->first);
		body->data_at += column->first;
	} else if (coding != TRACE_CODING_BYTES && column->len > 0 && column->first != 0) {
		form = FORMAT_FORM_SAME;
		body->data_at = varint_put(start, column->first);
	} else {
		form = FORMAT_FORM_ZERO;
	}
	body->directory_at = varint_put(body->directory_at,
					(uint64_t)(body->data_at - start) << 2 | form);
}

/*
 * Sum of all columns, and what the directory needs at most; a column of one value takes VARINT_MAX.
 */
static size_t body_bound(const struct encoder *encoder)
{
	size_t bound = VARINT_MAX + DIRECTORY_MAX + 2 * VARINT_MAX + encoder->kind_column.len +
		       encoder->time_column.len;

	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		const struct kind_columns *kc = &encoder->kinds[kind];

		for (size_t i = 0; kc->cnt > 0 && i < kc->info->fields_cnt; i++)
			bound += kc->columns[i].len + VARINT_MAX;
	}
	return bound;
}

/* Returns where the body starts in the raw buffer. */
static uint8_t *body_build(struct encoder *encoder, size_t *ret_len)
{
	struct body body = { .data_at = encoder->raw + VARINT_MAX + DIRECTORY_MAX };
	uint8_t prefix[VARINT_MAX], *start;
	size_t directory_len, prefix_len;
	uint64_t kinds_cnt = 0;

	body.directory_at = body.directory;
	body_add(&body, &encoder->kind_column, TRACE_CODING_PLAIN);
	body_add(&body, &encoder->time_column, TRACE_CODING_PLAIN);
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++)
		kinds_cnt += encoder->kinds[kind].cnt > 0;
	body.directory_at = varint_put(body.directory_at, kinds_cnt);
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		const struct kind_columns *kc = &encoder->kinds[kind];

		if (kc->cnt == 0)
			continue;
		body.directory_at = varint_put(body.directory_at, kind);
		for (size_t i = 0; i < kc->info->fields_cnt; i++)
			body_add(&body, &kc->columns[i], kc->info->fields[i].coding);
	}

	directory_len = (size_t)(body.directory_at - body.directory);
	prefix_len = (size_t)(varint_put(prefix, directory_len) - prefix);
	start = encoder->raw + VARINT_MAX + DIRECTORY_MAX - directory_len - prefix_len;
	memcpy(start, prefix, prefix_len);
	memcpy(start + prefix_len, body.directory, directory_len);
	*ret_len = (size_t)(body.data_at - start);
	return start;
}

static void block_head_put(const struct encoder *encoder, struct trace_block *block, size_t raw_len,
			   size_t stored_len, enum format_codec codec)
{
	uint8_t *head = block->bytes;

	memcpy(head, FORMAT_BLOCK_MAGIC, 4);
	le32_put(head + 4, block->stream);
	le64_put(head + 8, encoder->first_ns);
	le64_put(head + 16, encoder->last_ns);
	le32_put(head + 24, encoder->cnt);
	le32_put(head + 28, (uint32_t)raw_len);
	le32_put(head + 32, (uint32_t)stored_len);
	le32_put(head + 36, codec);
	le64_put(head + FORMAT_BLOCK_SUMMED, XXH64(head + FORMAT_BLOCK_LEN, stored_len,
						   XXH64(head, FORMAT_BLOCK_SUMMED, 0)));
}

static void encoder_reset(struct encoder *encoder)
{
	encoder->cnt = 0;
	column_reset(&encoder->kind_column);
	column_reset(&encoder->time_column);
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		struct kind_columns *kc = &encoder->kinds[kind];

		for (size_t i = 0; kc->cnt > 0 && i < kc->info->fields_cnt; i++)
			column_reset(&kc->columns[i]);
		kc->cnt = 0;
	}
}

int encoder_seal(struct encoder *encoder, uint32_t stream, struct trace_block **ret_block)
{
	size_t bound = body_bound(encoder), raw_len, stored_len;
	enum format_codec codec = FORMAT_CODEC_ZSTD;
	struct trace_block *block, *shrunk;
	uint8_t *raw;

	if (bound > encoder->raw_cap) {
		free(encoder->raw);
		encoder->raw = malloc(bound);
		encoder->raw_cap = encoder->raw ? bound : 0;
		if (!encoder->raw)
			return -ENOMEM;
	}
	raw = body_build(encoder, &raw_len);
	bound = ZSTD_compressBound(raw_len);
	block = malloc(sizeof(*block) + FORMAT_BLOCK_LEN + bound);
	if (!block)
		return -ENOMEM;
	stored_len = ZSTD_compressCCtx(encoder->zstd, block->bytes + FORMAT_BLOCK_LEN, bound, raw,
				       raw_len, ZSTD_LEVEL);
	if (ZSTD_isError(stored_len) || stored_len >= raw_len) {
		memcpy(block->bytes + FORMAT_BLOCK_LEN, raw, raw_len);
		stored_len = raw_len;
		codec = FORMAT_CODEC_NONE;
	}
	block->stream = stream;
	block->records_cnt = encoder->cnt;
	block->first_ns = encoder->first_ns;
	block->last_ns = encoder->last_ns;
	block->len_bytes = FORMAT_BLOCK_LEN + stored_len;
	block_head_put(encoder, block, raw_len, stored_len, codec);
	encoder_reset(encoder);
	shrunk = realloc(block, sizeof(*block) + block->len_bytes);
	*ret_block = shrunk ? shrunk : block;
	return 0;
}
