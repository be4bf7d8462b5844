/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a program file keeps its GILs and its own probes. The only user of libelf. */
#ifndef COLLECTOR_ELFSYM_H
#define COLLECTOR_ELFSYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/events.h"

/*
 * Looks for a known GIL object in the ELF file that fd reads; fd stays the caller's. Without one, or
 * if it is no ELF file at all, *ret_gil is all 0 and the result is 0. Negative errno: it could not be
 * read.
 */
int elfsym_find_gil(int fd, struct program_gil *ret_gil);

/* A static probe (USDT, as SystemTap's <sys/sdt.h> makes them). Offsets are in the file. */
struct elfsym_probe {
	char name[32];
	uint64_t offset;	/* of a 1-byte nop */
	bool has_nop5;		/* a 5-byte nop is right behind it */
	uint64_t semaphore;	/* of a 16-bit counter of listeners, 0: there is none */
};

/*
 * The probes of a provider whose arguments lie in %rdi, %rsi, %rdx, as far as there are any. Others, and
 * places that hold no nop, are left out: what lies there might be single-stepped. How many of the
 * provider's were is in *ret_unusable, damaged notes included. The list is the caller's to free; NULL
 * and 0 when there are none.
 */
int elfsym_find_probes(int fd, const char *provider, struct elfsym_probe **ret_probes,
		       size_t *ret_cnt, size_t *ret_unusable);

#endif
