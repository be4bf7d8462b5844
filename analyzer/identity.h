/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identities: what must hold of every analysis, checked in all builds. A report that violates one
 * is wrong somewhere, so there is no report, but one line that says which identity it was.
 */
#ifndef ANALYZER_IDENTITY_H
#define ANALYZER_IDENTITY_H

#include <stdbool.h>

struct identity {
	char broken[200];	/* "" = all hold so far */
};

/* 0 when it holds; else -EPROTO, and the first violation is kept. */
int identity_check(struct identity *identity, bool holds, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
