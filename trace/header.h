/* SPDX-License-Identifier: BSD-2-Clause */
/* A file's header: the part without which nothing can be read. */
#ifndef TRACE_HEADER_H
#define TRACE_HEADER_H

#include <stddef.h>

#include "trace/scan.h"

/* Fills facts and schema; *ret_len is the header's length. -EBADMSG with *fault, or -ENOMEM. */
int header_scan(struct scan *scan, size_t *ret_len, struct trace_fault *fault);

/* NULL when there is no such fact. */
const struct scan_fact *header_fact(const struct scan *scan, const char *key);

#endif
