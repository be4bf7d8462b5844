/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_WORK_H
#define GILRT_WORK_H

/*
 * Work to be done with the GIL: a small program in a bytecode, run by an interpreter that passes a
 * checkpoint where CPython's does. It computes on a state that nobody can predict without doing the
 * work, so the compiler cannot leave it out; the state depends on nothing but the seed, what was
 * fed, and how many units were run.
 *
 * One unit takes some 20 us on a core of 2020. A struct work belongs to one thread at a time.
 */

#include <stdint.h>

#include "workloads/gilrt/object.h"

#define WORK_REG_CNT	4
#define WORK_CELL_CNT	16

struct gilrt_work {
	struct gilrt_object object;	/* what makes access to cells as dear as Python's lists */
	uint64_t reg[WORK_REG_CNT];
	uint64_t cell[WORK_CELL_CNT];
	uint64_t unit_cnt;	/* run so far */
};

void gilrt_work_init(struct gilrt_work *work, uint64_t seed);

/* Mixes a value from outside into the state. */
void gilrt_work_feed(struct gilrt_work *work, uint64_t value);

void gilrt_work_run(struct gilrt_work *work, uint64_t unit_cnt);

/* Less than a unit: so many of its thousand loops, of ten instructions each. */
void gilrt_work_run_loops(struct gilrt_work *work, unsigned int loop_cnt);

/*
 * Less than a loop: so many straight lines of five instructions. Under GILRT_BACKEDGE_AND_CALL there
 * is no checkpoint in them.
 */
void gilrt_work_run_lines(struct gilrt_work *work, unsigned int line_cnt);

/* Depends on all of the state. */
uint32_t gilrt_work_checksum(const struct gilrt_work *work);

#endif
