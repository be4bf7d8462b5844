// SPDX-License-Identifier: BSD-2-Clause
/*
 * A stream's records on their way into blocks. The newest few wait in a ring, in the order of time,
 * so that a late one can still be put in its place; what leaves the ring is encoded at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/encode.h"
#include "trace/format.h"
#include "trace/writer.h"

/* More than was promised: memory is cheap here, and a record that comes too late is lost. */
#define RING_CNT 64

/* Bytes fields of one block; keeps a block far below FORMAT_RAW_MAX whatever its strings. */
#define BLOCK_BYTES (1u << 20)

_Static_assert((RING_CNT & (RING_CNT - 1)) == 0, "the ring's size is a power of two");
_Static_assert(RING_CNT > TRACE_REORDER && RING_CNT < TRACE_BLOCK_RECORDS, "the ring's size");
_Static_assert(TRACE_BLOCK_RECORDS * (TRACE_FIELD_MAX + 2) * 10 + BLOCK_BYTES +
	       TRACE_FIELD_MAX * TRACE_BYTES_MAX + 65536 < FORMAT_RAW_MAX, "blocks outgrow the limit");
_Static_assert(TRACE_BLOCK_RECORDS <= FORMAT_RECORDS_MAX, "blocks outgrow the limit");

struct waiting {
	struct trace_record record;
	char *bytes;		/* what its bytes fields point into, or NULL */
};

struct trace_builder {
	struct encoder *encoder;
	uint32_t stream;
	uint32_t head, cnt;	/* of the ring: oldest, how many */
	size_t bytes_cnt;	/* in bytes fields since the last seal */
	uint64_t encoded_ns;	/* newest record that left the ring */
	uint64_t oldest_ns;	/* oldest record in the encoder */
	struct waiting ring[RING_CNT];
};

static struct waiting *ring_at(struct trace_builder *builder, uint32_t i)
{
	return &builder->ring[(builder->head + i) % RING_CNT];
}

int trace_builder_new(uint32_t stream, struct trace_builder **ret_builder)
{
	struct trace_builder *builder;

	if (stream > FORMAT_STREAM_MAX)
		return -EINVAL;
	builder = calloc(1, sizeof(*builder));
	if (!builder)
		return -ENOMEM;
	builder->stream = stream;
	builder->encoder = encoder_new();
	if (!builder->encoder) {
		free(builder);
		return -ENOMEM;
	}
	*ret_builder = builder;
	return 0;
}

void trace_builder_free(struct trace_builder *builder)
{
	if (!builder)
		return;
	for (uint32_t i = 0; i < builder->cnt; i++)
		free(ring_at(builder, i)->bytes);
	encoder_free(builder->encoder);
	free(builder);
}

static size_t records_cnt(const struct trace_builder *builder)
{
	return encoder_count(builder->encoder) + builder->cnt;
}

static int is_full(const struct trace_builder *builder)
{
	return records_cnt(builder) >= TRACE_BLOCK_RECORDS || builder->bytes_cnt >= BLOCK_BYTES;
}

static size_t record_bytes(const struct trace_record *record, const struct trace_kind_info *info)
{
	size_t sum = 0;

	for (size_t i = 0; i < info->fields_cnt; i++) {
		if (info->fields[i].coding == TRACE_CODING_BYTES)
			sum += ((const struct trace_bytes *)((const char *)record +
							     info->fields[i].offset))->len;
	}
	return sum;
}

/* -E2BIG: a bytes field is too long. */
static int bytes_check(const struct trace_record *record, const struct trace_kind_info *info)
{
	for (size_t i = 0; i < info->fields_cnt; i++) {
		const void *field = (const char *)record + info->fields[i].offset;

		if (info->fields[i].coding == TRACE_CODING_BYTES &&
		    ((const struct trace_bytes *)field)->len > TRACE_BYTES_MAX)
			return -E2BIG;
	}
	return 0;
}

static int encode(struct trace_builder *builder, const struct trace_record *record)
{
	int rc = encoder_add(builder->encoder, record);

	if (rc)
		return rc;
	if (encoder_count(builder->encoder) == 1)
		builder->oldest_ns = record->ts_ns;
	builder->encoded_ns = record->ts_ns;
	return 0;
}

/* Oldest of the ring to the encoder. */
static int ring_shift(struct trace_builder *builder)
{
	struct waiting *oldest = ring_at(builder, 0);
	int rc = encode(builder, &oldest->record);

	if (rc)
		return rc;
	free(oldest->bytes);
	oldest->bytes = NULL;
	builder->head = (builder->head + 1) % RING_CNT;
	builder->cnt--;
	return 0;
}

/* Makes a free place in the ring for a record of this time; records of the same time stay before it. */
static struct waiting *ring_place(struct trace_builder *builder, uint64_t ts_ns)
{
	uint32_t i = builder->cnt++;

	for (; i > 0 && ring_at(builder, i - 1)->record.ts_ns > ts_ns; i--)
		*ring_at(builder, i) = *ring_at(builder, i - 1);
	return ring_at(builder, i);
}

/* The record's bytes fields move into memory of the ring. */
static void bytes_copy(struct waiting *waiting, const struct trace_kind_info *info, char *memory)
{
	waiting->bytes = memory;
	for (size_t i = 0; i < info->fields_cnt; i++) {
		struct trace_bytes *bytes;

		if (info->fields[i].coding != TRACE_CODING_BYTES)
			continue;
		bytes = (struct trace_bytes *)((char *)&waiting->record + info->fields[i].offset);
		if (bytes->len == 0)
			continue;
		memcpy(memory, bytes->data, bytes->len);
		bytes->data = memory;
		memory += bytes->len;
	}
}

int trace_builder_add(struct trace_builder *builder, const struct trace_record *record)
{
	const struct trace_kind_info *info = trace_kind_info(record->kind);
	struct waiting *waiting;
	char *memory = NULL;
	size_t bytes_cnt;
	int rc;

	if (!info)
		return -EINVAL;
	rc = bytes_check(record, info);
	if (rc)
		return rc;
	if (record->ts_ns < builder->encoded_ns)
		return -ESTALE;
	if (is_full(builder))
		return -ENOBUFS;
	bytes_cnt = record_bytes(record, info);
	if (builder->cnt == RING_CNT) {
		bool is_oldest = record->ts_ns < ring_at(builder, 0)->record.ts_ns;

		rc = is_oldest ? encode(builder, record) : ring_shift(builder);
		if (!rc && is_oldest)
			builder->bytes_cnt += bytes_cnt;
		if (rc || is_oldest)
			return rc ? rc : is_full(builder);
	}
	if (bytes_cnt > 0) {
		memory = malloc(bytes_cnt);
		if (!memory)
			return -ENOMEM;
	}
	waiting = ring_place(builder, record->ts_ns);
	waiting->record = *record;
	bytes_copy(waiting, info, memory);
	builder->bytes_cnt += bytes_cnt;
	return is_full(builder);
}

/* What the records that stay behind hold counts for the next block. */
static size_t ring_bytes(struct trace_builder *builder)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < builder->cnt; i++) {
		const struct trace_record *record = &ring_at(builder, i)->record;

		sum += record_bytes(record, trace_kind_info(record->kind));
	}
	return sum;
}

int trace_builder_seal(struct trace_builder *builder, bool last, struct trace_block **ret_block)
{
	uint32_t stay = last ? 0 : TRACE_REORDER;
	struct trace_block *block = NULL;
	int rc;

	while (builder->cnt > stay) {
		rc = ring_shift(builder);
		if (rc)
			return rc;
	}
	if (encoder_count(builder->encoder) > 0) {
		rc = encoder_seal(builder->encoder, builder->stream, &block);
		if (rc)
			return rc;
		builder->bytes_cnt = ring_bytes(builder);
	}
	*ret_block = block;
	return 0;
}

size_t trace_builder_pending(const struct trace_builder *builder, uint64_t *ret_oldest_ns)
{
	if (encoder_count(builder->encoder) > 0)
		*ret_oldest_ns = builder->oldest_ns;
	else
		*ret_oldest_ns = builder->cnt > 0 ? builder->ring[builder->head].record.ts_ns : 0;
	return records_cnt(builder);
}
