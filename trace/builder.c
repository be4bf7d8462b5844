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
	       TRACE_FIELD_MAX * TRACE_BYTES_MAX + 65536 < FORMAT_RAW_MAX,
	       "blocks outgrow the limit");
_Static_assert(TRACE_KIND_MAX <= 64, "the sets of kinds are 64 bits");
_Static_assert(TRACE_BLOCK_RECORDS <= FORMAT_RECORDS_MAX, "blocks outgrow the limit");

struct waiting {
	struct trace_record record;
	char *bytes;		/* what its bytes fields point into, or NULL */
};

struct trace_builder {
	struct encoder *encoder;
	uint32_t stream;
	uint64_t kinds, bytes_kinds;	/* bits: kinds that exist, kinds with bytes fields */
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

static void kinds_note(struct trace_builder *builder)
{
	for (uint32_t kind = 0; kind < TRACE_KIND_MAX; kind++) {
		const struct trace_kind_info *info = trace_kind_info(kind);

		if (!info)
			continue;
		builder->kinds |= 1ull << kind;
		for (size_t i = 0; i < info->fields_cnt; i++) {
			if (info->fields[i].coding == TRACE_CODING_BYTES)
				builder->bytes_kinds |= 1ull << kind;
		}
	}
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
	kinds_note(builder);
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

/* The i-th field of the record when it is a bytes field, else NULL. */
static struct trace_bytes *bytes_at(const struct trace_record *record,
				    const struct trace_kind_info *info, size_t i)
{
	if (info->fields[i].coding != TRACE_CODING_BYTES)
		return NULL;
	return (struct trace_bytes *)((char *)record + info->fields[i].offset);
}

/* Bytes of all bytes fields. Most records have none: they are not worth a look at every field. */
static int bytes_measure(const struct trace_builder *builder, const struct trace_record *record,
			 size_t *ret_cnt)
{
	const struct trace_kind_info *info;

	*ret_cnt = 0;
	if (record->kind >= TRACE_KIND_MAX || !(builder->kinds >> record->kind & 1))
		return -EINVAL;
	if (!(builder->bytes_kinds >> record->kind & 1))
		return 0;
	info = trace_kind_info(record->kind);
	for (size_t i = 0; i < info->fields_cnt; i++) {
		const struct trace_bytes *bytes = bytes_at(record, info, i);

		if (bytes && bytes->len > TRACE_BYTES_MAX)
			return -E2BIG;
		if (bytes)
			*ret_cnt += bytes->len;
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

/*
 * Makes a free place in the ring for a record of this time; records of the same time stay before
 * it.
 */
static struct waiting *ring_place(struct trace_builder *builder, uint64_t ts_ns)
{
	uint32_t i = builder->cnt++;

	for (; i > 0 && ring_at(builder, i - 1)->record.ts_ns > ts_ns; i--)
		*ring_at(builder, i) = *ring_at(builder, i - 1);
	return ring_at(builder, i);
}

/* The record's bytes fields move into memory of the ring. */
static void bytes_move(struct waiting *waiting, char *memory)
{
	const struct trace_kind_info *info = trace_kind_info(waiting->record.kind);

	waiting->bytes = memory;
	for (size_t i = 0; i < info->fields_cnt; i++) {
		struct trace_bytes *bytes = bytes_at(&waiting->record, info, i);

		if (!bytes || bytes->len == 0)
			continue;
		memcpy(memory, bytes->data, bytes->len);
		bytes->data = memory;
		memory += bytes->len;
	}
}

static int ring_insert(struct trace_builder *builder, const struct trace_record *record,
		       size_t bytes_cnt)
{
	struct waiting *waiting;
	char *memory = NULL;

	if (bytes_cnt > 0) {
		memory = malloc(bytes_cnt);
		if (!memory)
			return -ENOMEM;
	}
	waiting = ring_place(builder, record->ts_ns);
	waiting->record = *record;
	waiting->bytes = NULL;
	if (memory)
		bytes_move(waiting, memory);
	return 0;
}

int trace_builder_add(struct trace_builder *builder, const struct trace_record *record)
{
	bool is_oldest = false;
	size_t bytes_cnt;
	int rc = bytes_measure(builder, record, &bytes_cnt);

	if (rc)
		return rc;
	if (record->ts_ns < builder->encoded_ns)
		return -ESTALE;
	if (is_full(builder))
		return -ENOBUFS;
	if (builder->cnt == RING_CNT) {
		is_oldest = record->ts_ns < ring_at(builder, 0)->record.ts_ns;
		rc = is_oldest ? encode(builder, record) : ring_shift(builder);
	}
	if (!rc && !is_oldest)
		rc = ring_insert(builder, record, bytes_cnt);
	if (rc)
		return rc;
	builder->bytes_cnt += bytes_cnt;
	return is_full(builder);
}

/* What the records that stay behind hold counts for the next block. */
static size_t ring_bytes(struct trace_builder *builder)
{
	size_t sum = 0, cnt;

	for (uint32_t i = 0; i < builder->cnt; i++) {
		if (bytes_measure(builder, &ring_at(builder, i)->record, &cnt) == 0)
			sum += cnt;
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
