// SPDX-License-Identifier: BSD-2-Clause
/* What the reader promises for any bytes at all, as a harness for libFuzzer. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz_reader.h"
#include "trace/reader.h"

static void require(int promise)
{
	if (!promise)
		abort();
}

/* Reads every byte that a bytes field points to, so that a sanitizer sees where it lies. */
static uint64_t record_sum(const struct trace_record *record)
{
	const struct trace_kind_info *info = trace_kind_info(record->kind);
	uint64_t sum = record->ts_ns + record->stream;

	require(info != NULL);
	for (size_t i = 0; i < info->fields_cnt; i++) {
		const void *at = (const char *)record + info->fields[i].offset;
		const struct trace_bytes *bytes = at;

		if (info->fields[i].coding != TRACE_CODING_BYTES) {
			sum = sum * 31 + *(const uint64_t *)at;
			continue;
		}
		require(bytes->data != NULL);
		for (size_t j = 0; j < bytes->len; j++)
			sum = sum * 31 + (uint8_t)bytes->data[j];
	}
	return sum;
}

/* Order and size hold; two passes see the same. */
static uint64_t read_all(struct trace_reader *reader)
{
	struct trace_record record;
	struct trace_size size;
	uint64_t sum = 0, cnt = 0, last_ns = 0;
	uint32_t last_stream = 0;
	int rc;

	trace_reader_size(reader, &size);
	while ((rc = trace_reader_next(reader, &record)) == 1) {
		require(record.ts_ns >= size.first_ns && record.ts_ns <= size.last_ns);
		require(cnt == 0 || record.ts_ns > last_ns ||
			(record.ts_ns == last_ns && record.stream >= last_stream));
		last_ns = record.ts_ns;
		last_stream = record.stream;
		sum = sum * 31 + record_sum(&record);
		cnt++;
	}
	require(rc == 0 && cnt <= size.records_cnt);
	require(trace_reader_next(reader, &record) == 0);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_reader *reader = NULL;
	struct trace_fault fault = { .reason = "" };
	const struct trace_fault *cut;
	uint64_t sum;

	if (trace_reader_open_memory(data, size, &reader, &fault) != 0) {
		require(reader == NULL && fault.reason[0] != '\0' && fault.offset <= size);
		return 0;
	}
	require(trace_reader_fact(reader, "schema", NULL) != NULL);
	sum = read_all(reader);
	require(trace_reader_rewind(reader) == 0);
	require(sum == read_all(reader));
	cut = trace_reader_cut(reader);
	require(!cut || (cut->reason[0] != '\0' && cut->offset <= size));
	trace_reader_free(reader);
	return 0;
}
