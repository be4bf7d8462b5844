/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the first violated identity for the one line that is printed in place of a report.
 */
#include "analyzer/identity.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int identity_check(struct identity *identity, bool holds, const char *format, ...)
{
	va_list args;

	if (holds)
		return 0;
	if (!identity->broken[0]) {
		va_start(args, format);
		vsnprintf(identity->broken, sizeof(identity->broken), format, args);
		va_end(args);
	}
	return -EPROTO;
}
