/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections that there are, in the order of the report.
 */
#include "analyzer/sections/section.h"

const struct section *const sections[] = {
	NULL,
};
