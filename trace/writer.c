// SPDX-License-Identifier: BSD-2-Clause
/* The file as a whole: header, blocks as they come, index, trailer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "trace/format.h"
#include "trace/schema.h"
#include "trace/varint.h"
#include "trace/writer.h"

struct trace_writer {
	int fd;
	int error;		/* of the write that failed: nothing may follow a torn block */
	uint64_t offset;
	uint8_t *index;		/* head and entries as they will stand in the file */
	size_t index_len, index_cap;
};

static int write_all(struct trace_writer *writer, const void *data, size_t len)
{
	const char *at = data;

	if (writer->error)
		return writer->error;
	while (len > 0) {
		ssize_t written = write(writer->fd, at, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			writer->error = written < 0 ? -errno : -EIO;
			return writer->error;
		}
		at += written;
		len -= (size_t)written;
		writer->offset += (uint64_t)written;
	}
	return 0;
}

static bool key_is_valid(const char *key)
{
	size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len > 0 && len <= FORMAT_KEY_MAX && key[len] == '\0' && strcmp(key, "schema") != 0;
}

static int facts_check(const struct trace_fact *facts, size_t facts_cnt)
{
	size_t sum = 0;

	if (facts_cnt >= FORMAT_KEYS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < facts_cnt; i++) {
		if (!key_is_valid(facts[i].key))
			return -EINVAL;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(facts[i].key, facts[j].key) == 0)
				return -EINVAL;
		}
		/* Half of the limit leaves room for keys, lengths and the schema. */
		if (facts[i].len > FORMAT_FACTS_MAX / 2 - sum)
			return -E2BIG;
		sum += facts[i].len;
	}
	return 0;
}

static uint8_t *fact_put(uint8_t *at, const struct trace_fact *fact)
{
	size_t key_len = strlen(fact->key);

	at = varint_put(at, key_len);
	at = mempcpy(at, fact->key, key_len);
	at = varint_put(at, fact->len);
	return fact->len > 0 ? mempcpy(at, fact->value, fact->len) : at;
}

static size_t fact_bound(const struct trace_fact *fact)
{
	return 2 * VARINT_MAX + strlen(fact->key) + fact->len;
}

static int header_write(struct trace_writer *writer, const struct trace_fact *facts,
			size_t facts_cnt)
{
	char *text = schema_text();
	struct trace_fact schema = { "schema", text, text ? strlen(text) : 0 };
	size_t bound = FORMAT_HEADER_LEN + FORMAT_CHECKSUM_LEN + fact_bound(&schema);
	uint8_t *header = NULL, *at;
	int rc = -ENOMEM;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < facts_cnt; i++)
		bound += fact_bound(&facts[i]);
	header = malloc(bound);
	if (!header)
		goto out;
	at = fact_put(header + FORMAT_HEADER_LEN, &schema);
	for (size_t i = 0; i < facts_cnt; i++)
		at = fact_put(at, &facts[i]);
	memcpy(header, FORMAT_MAGIC, FORMAT_MAGIC_LEN);
	le32_put(header + 8, FORMAT_VERSION);
	le32_put(header + 12, (uint32_t)(at - header - FORMAT_HEADER_LEN));
	le64_put(at, XXH64(header, (size_t)(at - header), 0));
	rc = write_all(writer, header, (size_t)(at - header) + FORMAT_CHECKSUM_LEN);
out:
	free(header);
	free(text);
	return rc;
}

/* The index starts with its head, and always has room for the trailer. */
static int index_reserve(struct trace_writer *writer, size_t need)
{
	size_t cap = writer->index_cap * 2 + need + FORMAT_INDEX_LEN + FORMAT_TRAILER_LEN;
	uint8_t *index;

	if (writer->index_len + need + FORMAT_TRAILER_LEN <= writer->index_cap)
		return 0;
	index = realloc(writer->index, cap);
	if (!index)
		return -ENOMEM;
	writer->index = index;
	writer->index_cap = cap;
	return 0;
}

int trace_writer_new(int fd, const struct trace_fact *facts, size_t facts_cnt,
		     struct trace_writer **ret_writer)
{
	struct trace_writer *writer;
	int rc = facts_check(facts, facts_cnt);

	if (rc)
		return rc;
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return -ENOMEM;
	writer->fd = fd;
	rc = index_reserve(writer, FORMAT_INDEX_LEN);
	writer->index_len = FORMAT_INDEX_LEN;
	if (!rc)
		rc = header_write(writer, facts, facts_cnt);
	if (rc) {
		trace_writer_free(writer);
		return rc;
	}
	*ret_writer = writer;
	return 0;
}

void trace_writer_free(struct trace_writer *writer)
{
	if (!writer)
		return;
	free(writer->index);
	free(writer);
}

int trace_writer_put(struct trace_writer *writer, const struct trace_block *block)
{
	uint64_t offset = writer->offset;
	uint8_t *entry;
	int rc = index_reserve(writer, FORMAT_ENTRY_LEN);

	if (rc)
		return rc;
	rc = write_all(writer, block->bytes, block->len_bytes);
	if (rc)
		return rc;
	entry = writer->index + writer->index_len;
	le64_put(entry, offset);
	le32_put(entry + 8, block->stream);
	le32_put(entry + 12, block->records_cnt);
	le64_put(entry + 16, block->first_ns);
	le64_put(entry + 24, block->last_ns);
	writer->index_len += FORMAT_ENTRY_LEN;
	return 0;
}

int trace_writer_finish(struct trace_writer *writer)
{
	uint8_t *trailer = writer->index + writer->index_len;
	size_t blocks_cnt = (writer->index_len - FORMAT_INDEX_LEN) / FORMAT_ENTRY_LEN;

	memcpy(writer->index, FORMAT_INDEX_MAGIC, 4);
	le32_put(writer->index + 4, (uint32_t)blocks_cnt);
	le64_put(trailer, writer->offset);
	le64_put(trailer + 8, XXH64(writer->index, writer->index_len + 8, 0));
	memcpy(trailer + 16, FORMAT_END_MAGIC, 8);
	return write_all(writer, writer->index, writer->index_len + FORMAT_TRAILER_LEN);
}

uint64_t trace_writer_bytes(const struct trace_writer *writer)
{
	return writer->offset;
}
