/* SPDX-License-Identifier: BSD-2-Clause */
/* The numbers of FORMAT.md: magics, sizes, limits. For the library's own files and its tests. */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#define FORMAT_MAGIC "\x89PLX\r\n\x1a\n"
#define FORMAT_MAGIC_LEN 8
#define FORMAT_VERSION 1

#define FORMAT_HEADER_LEN 16	/* before the facts */
#define FORMAT_CHECKSUM_LEN 8
#define FORMAT_FACTS_MAX (16u << 20)
#define FORMAT_KEYS_MAX 1024	/* facts in a header */
#define FORMAT_KEY_MAX 64	/* bytes of a key */

#define FORMAT_NAME_MAX 32	/* bytes of a kind's or field's name */
#define FORMAT_ID_MAX 255
#define FORMAT_FIELDS_MAX 64

#define FORMAT_BLOCK_MAGIC "PLXB"
#define FORMAT_BLOCK_SUMMED 40	/* bytes of the block's head that its checksum covers */
#define FORMAT_BLOCK_LEN 48
#define FORMAT_RECORDS_MAX 65536u
#define FORMAT_RAW_MAX (4u << 20)
#define FORMAT_TIME_MAX (UINT64_C(1) << 62)
#define FORMAT_STREAM_MAX 65535u

#define FORMAT_INDEX_MAGIC "PLXI"
#define FORMAT_INDEX_LEN 8	/* before the entries */
#define FORMAT_ENTRY_LEN 32
#define FORMAT_TRAILER_LEN 24
#define FORMAT_END_MAGIC "PLXEND\r\n"

enum format_codec { FORMAT_CODEC_NONE, FORMAT_CODEC_ZSTD };

enum format_form { FORMAT_FORM_ZERO, FORMAT_FORM_SAME, FORMAT_FORM_EACH };

#endif
