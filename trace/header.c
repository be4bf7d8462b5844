// SPDX-License-Identifier: BSD-2-Clause
/* The header of a file: what it is, its facts, its schema. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "trace/header.h"
#include "trace/varint.h"

#define BAD(fault, offset, ...) (fault_set((fault), (offset), __VA_ARGS__), -EBADMSG)

const struct scan_fact *header_fact(const struct scan *scan, const char *key)
{
	for (size_t i = 0; i < scan->facts_cnt; i++) {
		if (strcmp(scan->facts[i].key, key) == 0)
			return &scan->facts[i];
	}
	return NULL;
}

/* One length and its bytes; NULL when they do not lie before `end`. */
static const uint8_t *chunk_get(const uint8_t *at, const uint8_t *end, const uint8_t **ret_data,
				size_t *ret_len)
{
	uint64_t len;

	at = varint_get(at, end, &len);
	if (!at || len > (uint64_t)(end - at))
		return NULL;
	*ret_data = at;
	*ret_len = (size_t)len;
	return at + len;
}

static const char *text_add(char **at, const uint8_t *data, size_t len)
{
	char *text = *at;

	memcpy(text, data, len);
	text[len] = '\0';
	*at = text + len + 1;
	return text;
}

static bool key_is_valid(const uint8_t *key, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!(key[i] >= 'a' && key[i] <= 'z') && !(key[i] >= '0' && key[i] <= '9') &&
		    key[i] != '_')
			return false;
	}
	return len > 0 && len <= FORMAT_KEY_MAX;
}

/* What the two lengths of a fact take in the file is enough for the two NULs in memory. */
static int facts_scan(struct scan *scan, const uint8_t *at, const uint8_t *end,
		      struct trace_fault *fault)
{
	size_t len = (size_t)(end - at);
	char *text;

	scan->text = text = malloc(len + 1);
	scan->facts = calloc(FORMAT_KEYS_MAX, sizeof(*scan->facts));
	if (!scan->text || !scan->facts)
		return -ENOMEM;
	while (at < end) {
		uint64_t offset = (uint64_t)(at - scan->data);
		struct scan_fact *fact = &scan->facts[scan->facts_cnt];
		const uint8_t *key, *value;
		size_t key_len;

		if (scan->facts_cnt == FORMAT_KEYS_MAX)
			return BAD(fault, offset, "the header is damaged: too many facts");
		at = chunk_get(at, end, &key, &key_len);
		if (!at || !key_is_valid(key, key_len))
			return BAD(fault, offset, "the header is damaged: bad key");
		at = chunk_get(at, end, &value, &fact->len);
		if (!at)
			return BAD(fault, offset, "the header is damaged: bad value");
		fact->key = text_add(&text, key, key_len);
		fact->value = text_add(&text, value, fact->len);
		if (header_fact(scan, fact->key))
			return BAD(fault, offset, "the header is damaged: a key stands twice");
		scan->facts_cnt++;
	}
	return 0;
}

static int schema_scan(struct scan *scan, struct trace_fault *fault)
{
	const struct scan_fact *fact = header_fact(scan, "schema");
	unsigned int line;
	int rc;

	if (!fact)
		return BAD(fault, FORMAT_HEADER_LEN, "the header is damaged: it has no schema");
	rc = schema_parse(&scan->schema, fact->value, fact->len, &line);
	if (rc == -EBADMSG)
		return BAD(fault, FORMAT_HEADER_LEN, "the header is damaged: line %u of the schema",
			   line);
	return rc;
}

int header_scan(struct scan *scan, size_t *ret_len, struct trace_fault *fault)
{
	const uint8_t *data = scan->data;
	size_t magic_len = scan->len < FORMAT_MAGIC_LEN ? scan->len : FORMAT_MAGIC_LEN;
	uint32_t version, facts_len;
	size_t sum_at;
	int rc;

	if (scan->len == 0)
		return BAD(fault, 0, "the file is empty");
	if (memcmp(data, FORMAT_MAGIC, magic_len) != 0)
		return BAD(fault, 0, "not a trace");
	if (scan->len < FORMAT_HEADER_LEN)
		return BAD(fault, scan->len, "cut in the header");
	version = le32_get(data + 8);
	if (version == 0 || version > FORMAT_VERSION)
		return BAD(fault, 8, "version %u, this program reads version %u", version,
			   FORMAT_VERSION);
	facts_len = le32_get(data + 12);
	if (facts_len > FORMAT_FACTS_MAX)
		return BAD(fault, 12, "the header is damaged: impossible length");
	sum_at = FORMAT_HEADER_LEN + (size_t)facts_len;
	if (scan->len < sum_at + FORMAT_CHECKSUM_LEN)
		return BAD(fault, scan->len, "cut in the header");
	if (le64_get(data + sum_at) != XXH64(data, sum_at, 0))
		return BAD(fault, sum_at, "the header is damaged: checksum mismatch");
	rc = facts_scan(scan, data + FORMAT_HEADER_LEN, data + sum_at, fault);
	if (!rc)
		rc = schema_scan(scan, fault);
	*ret_len = sum_at + FORMAT_CHECKSUM_LEN;
	return rc;
}
