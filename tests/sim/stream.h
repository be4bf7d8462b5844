/* SPDX-License-Identifier: BSD-2-Clause */
/* Records on their way to a file, by the library's own writer: memory for one block of each core. */
#ifndef TESTS_SIM_STREAM_H
#define TESTS_SIM_STREAM_H

#include <stdint.h>

#include "trace/records.h"

struct sim_stream;

/* fd stays the caller's. Whatever goes wrong ends the program: it is a test's or a measurement's. */
struct sim_stream *stream_open(int fd, uint32_t cores_cnt);
/* Records of a core in the order of telling; what was told late is sorted in. */
void stream_add(struct sim_stream *stream, const struct trace_record *record);
uint64_t stream_records(const struct sim_stream *stream);
/* Returns the file's length. */
uint64_t stream_close(struct sim_stream *stream);

#endif
