/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaches to a place of our own and passes it often.
 *
 * A kernel that does not know the 5-byte nop single-steps it, which costs ten times as much; one that
 * does makes a call of it, which is cheaper than the trap. Which it is shows in the time it takes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "collector/calibrate.h"

/* Both nops, as in front of a probe, in a function. */
void calibrate_place(void);
__asm__("	.pushsection .text\n"
	"	.globl calibrate_place\n"
	"	.hidden calibrate_place\n"
	"	.type calibrate_place, @function\n"
	"calibrate_place:\n"
	"	nop\n"
	"	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
	"	ret\n"
	"	.size calibrate_place, . - calibrate_place\n"
	"	.popsection\n");

enum { ROUNDS = 8, HITS = 500 };

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Of an address in our own program. */
static int file_offset(uint64_t address, uint64_t *ret_offset)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t start, end, offset;
	char line[512];
	int err = -ENOENT;

	if (!maps)
		return -errno;
	while (err && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &start, &end, &offset) != 3 ||
		    address < start || address >= end)
			continue;
		*ret_offset = address - start + offset;
		err = 0;
	}
	fclose(maps);
	return err;
}

/* The shortest of several rounds: whoever takes the core meanwhile only makes it longer. */
static uint64_t hit_measure(void)
{
	uint64_t best_ns = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start_ns = now_ns(), ns;

		for (int i = 0; i < HITS; i++)
			calibrate_place();
		ns = now_ns() - start_ns;
		best_ns = ns < best_ns ? ns : best_ns;
	}
	return best_ns / HITS;
}

static int hit_time(struct sites *sites, uint64_t offset, uint64_t *ret_ns)
{
	struct site site = {
		.program = SESSION_GIL_OP, .path = "/proc/self/exe", .offset = offset,
	};
	size_t cnt = sites_cnt(sites);
	int err = sites_attach(sites, &site);

	if (err)
		return err;
	*ret_ns = hit_measure();
	sites_keep(sites, cnt);
	return 0;
}

int calibrate(struct sites *sites, struct probe_cost *ret_cost)
{
	struct probe_cost cost = {};
	uint64_t offset;
	int err = file_offset((uintptr_t)calibrate_place, &offset);

	if (!err)
		err = hit_time(sites, offset, &cost.nop_ns);
	if (err)
		return err;
	/* Where this cannot be had, the other can. */
	if (!hit_time(sites, offset + 1, &cost.nop5_ns))
		cost.at_nop5 = cost.nop5_ns < cost.nop_ns;
	*ret_cost = cost;
	return 0;
}
