/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records to the columns of one block (FORMAT.md). Records come in the order of time and go
 * straight into their columns, so that a block in the making costs little more than its encoded
 * size.
 */
#ifndef TRACE_ENCODE_H
#define TRACE_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "trace/records.h"
#include "trace/writer.h"

struct encoder;

struct encoder *encoder_new(void);
void encoder_free(struct encoder *encoder);

/* The record's kind exists, and its time is not before the last one's. 0 or -ENOMEM (not added). */
int encoder_add(struct encoder *encoder, const struct trace_record *record);
/* Records since the last seal. */
uint32_t encoder_count(const struct encoder *encoder);

/*
 * The block of what was added; then the encoder is empty. There is at least one record. After
 * -ENOMEM nothing has changed.
 */
int encoder_seal(struct encoder *encoder, uint32_t stream, struct trace_block **ret_block);

#endif
