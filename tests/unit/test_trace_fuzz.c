// SPDX-License-Identifier: BSD-2-Clause
/* Some ten thousand mutated files, the same ones every time: the reader never breaks a promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fuzz/fuzz_reader.h"
#include "tests/support/trace_build.h"
#include "tests/support/trace_craft.h"
#include "trace/format.h"

#define ROUNDS 20000
#define GROWTH 512

/* Each file gets memory of its own size, so that a sanitizer sees what is read behind it. */
static size_t fuzz_round(const uint8_t *seed, size_t len, bool mend, uint64_t *random)
{
	uint8_t *data = malloc(len + GROWTH), *exact;
	struct trace_reader *reader;
	size_t size, opened = 0;

	memcpy(data, seed, len);
	size = data_mutate(data, len, len + GROWTH, random);
	if (mend)
		checksums_mend(data, size);
	exact = malloc(size + !size);
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	if (trace_reader_open_memory(exact, size, &reader, NULL) == 0) {
		trace_reader_free(reader);
		opened = 1;
	}
	free(exact);
	free(data);
	return opened;
}

static size_t fuzz(const uint8_t *seed, size_t len, size_t rounds, bool mend)
{
	uint64_t random = len;
	size_t opened = 0;

	LLVMFuzzerTestOneInput(seed, len);
	for (size_t i = 0; i < rounds; i++)
		opened += fuzz_round(seed, len, mend, &random);
	return opened;
}

/* Two streams, all kinds, compressed. */
static void test_written_file(void **state)
{
	struct trace_record records[34];
	struct trace_block *blocks[4];
	struct trace_image image;
	uint64_t random = 17;

	(void)state;
	for (size_t b = 0; b < 4; b++) {
		for (size_t i = 0; i < 34; i++) {
			record_fill(&records[i], 1 + i % 17, &random);
			records[i].ts_ns = 100 * b + i;
		}
		blocks[b] = block_of(b % 2, records, 34);
	}
	image_write(&image, blocks, 4, true);
	assert_true(fuzz(image.data, image.len, ROUNDS / 4, false) > 0);
	assert_true(fuzz(image.data, image.len, ROUNDS / 2, true) > ROUNDS / 4);
	image_free(&image);
}

/* Blocks that are stored as they are: mutations reach directory and columns. */
static void test_stored_file(void **state)
{
	const struct craft_kind kinds[] = {
		{ 8, { { FORMAT_FORM_EACH, "\x05", 1 },
		       { FORMAT_FORM_EACH, "\x03" "abc", 4 } }, 2 },
		{ 13, { { FORMAT_FORM_EACH, "\x04\x03", 2 }, { FORMAT_FORM_SAME, "\x80\x01", 2 },
			{ FORMAT_FORM_ZERO, "", 0 } }, 3 },
		{ 77, { { FORMAT_FORM_EACH, "\x01", 1 } }, 1 },
	};
	const struct craft_column ids = { FORMAT_FORM_EACH, "\x0d\x08\x4d\x0d", 4 };
	const struct craft_column times = { FORMAT_FORM_EACH, "\x01\x00\x81\x01", 4 };
	struct craft file, body;

	(void)state;
	craft_header(&file, "8 comm thread:p comm:b\n13 gap first:d last:d count:p\n77 new x:p\n");
	craft_body(&body, ids, times, kinds, 3);
	for (uint64_t b = 0; b < 3; b++)
		craft_block(&file, 1000 * b, 1000 * b + 130, 4, body.data, body.len);
	assert_true(fuzz(file.data, file.len, ROUNDS, true) > ROUNDS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_file),
		cmocka_unit_test(test_stored_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
