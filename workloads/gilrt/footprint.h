/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_FOOTPRINT_H
#define GILRT_FOOTPRINT_H

#include <stdint.h>

/*
 * What an interpreter touches for a call of a method that is written in C: opcodes, types, the parsing
 * of arguments, the objects that are made. As long as it lies in the core's caches it costs next to
 * nothing. After a wait of some milliseconds it does not lie there any more, and a thread that has got
 * the GIL keeps it for 20 to 30 microseconds before the call lets go of it: enough for others to wake
 * and be there when it does.
 */
#define FOOTPRINT_PAGES	32

struct footprint_page {
	struct {
		_Alignas(64) uint32_t zero;
	} line[64];
};

struct footprint {
	struct footprint_page page[FOOTPRINT_PAGES];
};

/* Not all zero, or the kernel could show one page at all places. */
#define FOOTPRINT_INIT	{ .page = { [0 ... FOOTPRINT_PAGES - 1] = { .line[63].zero = 1 } } }

void footprint_touch(const struct footprint *footprint);

#endif
