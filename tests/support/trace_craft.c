// SPDX-License-Identifier: BSD-2-Clause
/* Trace files byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <xxhash.h>

#include <cmocka.h>

#include "tests/support/trace_craft.h"

void craft_bytes(struct craft *craft, const void *data, size_t len)
{
	assert_true(len <= sizeof(craft->data) - craft->len);
	if (len > 0)
		memcpy(craft->data + craft->len, data, len);
	craft->len += len;
}

void craft_varint(struct craft *craft, uint64_t value)
{
	do {
		uint8_t byte = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);

		craft_bytes(craft, &byte, 1);
		value >>= 7;
	} while (value > 0);
}

static void craft_fixed(struct craft *craft, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i);

		craft_bytes(craft, &byte, 1);
	}
}

void craft_fact(struct craft *facts, const char *key, const char *value)
{
	craft_varint(facts, strlen(key));
	craft_bytes(facts, key, strlen(key));
	craft_varint(facts, strlen(value));
	craft_bytes(facts, value, strlen(value));
}

void craft_facts(struct craft *craft, const struct craft *facts)
{
	craft->len = 0;
	craft_bytes(craft, "\x89PLX\r\n\x1a\n", 8);
	craft_fixed(craft, 1, 4);
	craft_fixed(craft, facts->len, 4);
	craft_bytes(craft, facts->data, facts->len);
	craft_fixed(craft, XXH64(craft->data, craft->len, 0), 8);
}

void craft_header(struct craft *craft, const char *schema)
{
	struct craft facts = { .len = 0 };

	craft_fact(&facts, "schema", schema);
	craft_facts(craft, &facts);
}

void craft_any_block(struct craft *craft, const struct craft_head *head, const void *stored,
		     size_t stored_len)
{
	size_t start = craft->len;

	craft_bytes(craft, "PLXB", 4);
	craft_fixed(craft, head->stream, 4);
	craft_fixed(craft, head->first_ns, 8);
	craft_fixed(craft, head->last_ns, 8);
	craft_fixed(craft, head->records_cnt, 4);
	craft_fixed(craft, head->raw_len, 4);
	craft_fixed(craft, head->stored_len, 4);
	craft_fixed(craft, head->codec, 4);
	craft_fixed(craft, XXH64(stored, stored_len, XXH64(craft->data + start, 40, 0)), 8);
	craft_bytes(craft, stored, stored_len);
}

void craft_block(struct craft *craft, uint64_t first_ns, uint64_t last_ns, uint32_t records_cnt,
		 const void *body, size_t body_len)
{
	const struct craft_head head = {
		.first_ns = first_ns, .last_ns = last_ns, .records_cnt = records_cnt,
		.raw_len = (uint32_t)body_len, .stored_len = (uint32_t)body_len,
	};

	craft_any_block(craft, &head, body, body_len);
}

static void column_add(struct craft *directory, struct craft *data,
		       const struct craft_column *column)
{
	craft_varint(directory, column->len << 2 | column->form);
	craft_bytes(data, column->data, column->len);
}

void craft_body(struct craft *craft, struct craft_column kinds, struct craft_column times,
		const struct craft_kind *kind, size_t kinds_cnt)
{
	struct craft directory = { .len = 0 }, data = { .len = 0 };

	column_add(&directory, &data, &kinds);
	column_add(&directory, &data, &times);
	craft_varint(&directory, kinds_cnt);
	for (size_t i = 0; i < kinds_cnt; i++) {
		craft_varint(&directory, kind[i].id);
		for (size_t j = 0; j < kind[i].columns_cnt; j++)
			column_add(&directory, &data, &kind[i].columns[j]);
	}
	craft->len = 0;
	craft_varint(craft, directory.len);
	craft_bytes(craft, directory.data, directory.len);
	craft_bytes(craft, data.data, data.len);
}
