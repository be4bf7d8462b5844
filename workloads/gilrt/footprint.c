// SPDX-License-Identifier: BSD-2-Clause
/*
 * Cache lines that are read one after the other, each because of the one before, as code is.
 */

#include "workloads/gilrt/footprint.h"

#define LINES_PER_PAGE	4
#define LINES		(FOOTPRINT_PAGES * LINES_PER_PAGE)

static uint32_t read_zero(const struct footprint *footprint, uint32_t at)
{
	return *(const volatile uint32_t *)&footprint->page[at % FOOTPRINT_PAGES].line[at * 11 % 63].zero;
}

void footprint_touch(const struct footprint *footprint)
{
	uint32_t at = 0;

	/* A generator that comes by each place once; the zero makes it wait for the line. */
	for (int i = 0; i < LINES; i++)
		at = (at * 77 + 13 + read_zero(footprint, at)) % LINES;
}
