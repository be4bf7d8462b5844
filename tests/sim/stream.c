/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each core has a builder of its own, as in the recorder; full blocks go to the file as they come.
 */
#include "tests/sim/stream.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sim/memory.h"
#include "tests/sim/recorder.h"
#include "trace/writer.h"

struct sim_stream {
	struct trace_writer *writer;
	struct trace_builder **builders;	/* by core; the recorder's own is the last */
	size_t builders_cnt;
	uint64_t records_cnt;
};

struct sim_stream *stream_open(int fd, uint32_t cores_cnt)
{
	char cores[16];
	const struct trace_fact facts[] = {
		{ "cores", cores, (size_t)snprintf(cores, sizeof(cores), "%u", (unsigned)cores_cnt) },
		{ "command", "played", sizeof("played") },
		{ "machine", "x86_64", 6 },
		{ "clock", "monotonic", 9 },
	};
	struct sim_stream *stream = zalloc(1, sizeof(*stream));

	stream->builders_cnt = cores_cnt + 1;
	stream->builders = zalloc(stream->builders_cnt, sizeof(*stream->builders));
	assert_int_equal(trace_writer_new(fd, facts, sizeof(facts) / sizeof(*facts), &stream->writer), 0);
	return stream;
}

static void block_seal(struct sim_stream *stream, struct trace_builder *builder, bool last)
{
	struct trace_block *block;

	assert_int_equal(trace_builder_seal(builder, last, &block), 0);
	if (block)
		assert_int_equal(trace_writer_put(stream->writer, block), 0);
	free(block);
}

void stream_add(struct sim_stream *stream, const struct trace_record *record)
{
	size_t at = record->stream == TRACE_STREAM_COLLECTOR ? stream->builders_cnt - 1 : record->stream;
	int full;

	if (!stream->builders[at])
		assert_int_equal(trace_builder_new(record->stream, &stream->builders[at]), 0);
	full = trace_builder_add(stream->builders[at], record);
	assert_true(full >= 0);
	if (full)
		block_seal(stream, stream->builders[at], false);
	stream->records_cnt++;
}

uint64_t stream_records(const struct sim_stream *stream)
{
	return stream->records_cnt;
}

uint64_t stream_close(struct sim_stream *stream)
{
	uint64_t len;

	for (size_t i = 0; i < stream->builders_cnt; i++) {
		if (stream->builders[i])
			block_seal(stream, stream->builders[i], true);
		trace_builder_free(stream->builders[i]);
	}
	assert_int_equal(trace_writer_finish(stream->writer), 0);
	len = trace_writer_bytes(stream->writer);
	trace_writer_free(stream->writer);
	free(stream->builders);
	free(stream);
	return len;
}

void *recorder_image(const struct sim_recorder *recorder, size_t *ret_len)
{
	int fd = memfd_create("played", MFD_CLOEXEC);
	struct sim_stream *stream;
	void *image;

	assert_true(fd >= 0);
	stream = stream_open(fd, recorder->cores_cnt);
	for (size_t i = 0; i < recorder->records_cnt; i++)
		stream_add(stream, &recorder->records[i]);
	*ret_len = stream_close(stream);
	image = zalloc(*ret_len, 1);
	assert_int_equal(pread(fd, image, *ret_len, 0), *ret_len);
	close(fd);
	return image;
}
