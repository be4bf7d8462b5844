// SPDX-License-Identifier: BSD-2-Clause
/* Traces for tests: random records of every kind, and whole files in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/trace_build.h"

struct trace_bytes *record_bytes(struct trace_record *record, const struct trace_field *field)
{
	return (struct trace_bytes *)((char *)record + field->offset);
}

uint64_t *record_number(struct trace_record *record, const struct trace_field *field)
{
	return (uint64_t *)((char *)record + field->offset);
}

static uint64_t random_number(uint64_t *random)
{
	uint64_t value = random_next(random);

	return value % 3 == 0 ? 0 : random_next(random) >> value % 64;
}

void record_fill(struct trace_record *record, uint32_t kind, uint64_t *random)
{
	static const char text[] = "a\0\n\\\xff comm with spaces, \xc3\xa4, and more of the same";
	const struct trace_kind_info *info = trace_kind_info(kind);

	assert_non_null(info);
	memset(record, 0, sizeof(*record));
	record->kind = kind;
	for (size_t i = 0; i < info->fields_cnt; i++) {
		const struct trace_field *field = &info->fields[i];

		if (field->coding != TRACE_CODING_BYTES)
			*record_number(record, field) = random_number(random);
		else
			*record_bytes(record, field) = (struct trace_bytes){
				text + random_next(random) % 8, random_next(random) % 41,
			};
	}
}

void record_assert_equal(const struct trace_record *got, const struct trace_record *wanted)
{
	const struct trace_kind_info *info = trace_kind_info(wanted->kind);
	struct trace_record a = *got, b = *wanted;

	assert_int_equal(a.kind, b.kind);
	assert_int_equal(a.stream, b.stream);
	assert_int_equal(a.ts_ns, b.ts_ns);
	for (size_t i = 0; i < info->fields_cnt; i++) {
		const struct trace_field *field = &info->fields[i];

		if (field->coding != TRACE_CODING_BYTES) {
			if (*record_number(&a, field) != *record_number(&b, field))
				fail_msg("%s.%s is %llu, not %llu", info->name, field->name,
					 (unsigned long long)*record_number(&a, field),
					 (unsigned long long)*record_number(&b, field));
			continue;
		}
		assert_int_equal(record_bytes(&a, field)->len, record_bytes(&b, field)->len);
		if (record_bytes(&a, field)->len > 0)
			assert_memory_equal(record_bytes(&a, field)->data,
					    record_bytes(&b, field)->data,
					    record_bytes(&a, field)->len);
	}
}

void image_write(struct trace_image *image, struct trace_block **blocks, size_t blocks_cnt,
		 int whole)
{
	static const struct trace_fact facts[] = {
		{ "tool", "test 1", 6 },
		{ "command", "sh\0-c\0exit 0\0", 13 },
		{ "empty", NULL, 0 },
	};
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct trace_writer *writer;

	assert_true(fd >= 0);
	assert_true(blocks_cnt <= sizeof(image->offsets) / sizeof(image->offsets[0]));
	assert_int_equal(trace_writer_new(fd, facts, 3, &writer), 0);
	for (size_t i = 0; i < blocks_cnt; i++) {
		image->offsets[i] = trace_writer_bytes(writer);
		assert_int_equal(trace_writer_put(writer, blocks[i]), 0);
		free(blocks[i]);
	}
	image->blocks_cnt = blocks_cnt;
	if (whole)
		assert_int_equal(trace_writer_finish(writer), 0);
	image->len = trace_writer_bytes(writer);
	trace_writer_free(writer);

	image->data = malloc(image->len);
	assert_non_null(image->data);
	assert_int_equal(pread(fd, image->data, image->len, 0), image->len);
	close(fd);
}

void image_free(struct trace_image *image)
{
	free(image->data);
	image->data = NULL;
}

struct trace_block *block_of(uint32_t stream, const struct trace_record *records, size_t cnt)
{
	struct trace_block *block = NULL;
	struct trace_builder *builder;

	assert_int_equal(trace_builder_new(stream, &builder), 0);
	for (size_t i = 0; i < cnt; i++)
		assert_true(trace_builder_add(builder, &records[i]) >= 0);
	assert_int_equal(trace_builder_seal(builder, true, &block), 0);
	assert_non_null(block);
	trace_builder_free(builder);
	return block;
}

struct trace_reader *image_open(const void *data, size_t len)
{
	struct trace_reader *reader = NULL;
	struct trace_fault fault;

	if (trace_reader_open_memory(data, len, &reader, &fault) != 0)
		fail_msg("offset %llu: %s", (unsigned long long)fault.offset, fault.reason);
	return reader;
}
