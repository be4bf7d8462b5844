/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace files byte by byte, as FORMAT.md has them and without the writer: files of other versions,
 * and files that no writer makes.
 */
#ifndef TESTS_SUPPORT_TRACE_CRAFT_H
#define TESTS_SUPPORT_TRACE_CRAFT_H

#include <stddef.h>
#include <stdint.h>

struct craft {
	uint8_t data[16384];
	size_t len;
};

void craft_bytes(struct craft *craft, const void *data, size_t len);
void craft_varint(struct craft *craft, uint64_t value);

/* Starts the file, with these facts. */
void craft_facts(struct craft *craft, const struct craft *facts);
void craft_fact(struct craft *facts, const char *key, const char *value);
/* Starts the file: its header holds nothing but the schema. */
void craft_header(struct craft *craft, const char *schema);
/* A block as its head says, whatever it says; the magic and the checksum are right. */
struct craft_head {
	uint64_t first_ns, last_ns;
	uint32_t stream, records_cnt, raw_len, stored_len, codec;
};
void craft_any_block(struct craft *craft, const struct craft_head *head, const void *stored,
		     size_t stored_len);
/* A block of stream 0, stored as it is. */
void craft_block(struct craft *craft, uint64_t first_ns, uint64_t last_ns, uint32_t records_cnt,
		 const void *body, size_t body_len);

/* One column of a body. */
struct craft_column {
	unsigned int form;	/* enum format_form */
	const char *data;
	size_t len;
};

/* A body: columns of kinds, of times, then for each kind its id and columns. */
struct craft_kind {
	unsigned int id;
	struct craft_column columns[8];
	size_t columns_cnt;
};
void craft_body(struct craft *craft, struct craft_column kinds, struct craft_column times,
		const struct craft_kind *kind, size_t kinds_cnt);

#endif
