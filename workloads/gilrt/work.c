// SPDX-License-Identifier: BSD-2-Clause
/*
 * An interpreter of ten instructions and the program it runs.
 */

#include <stddef.h>

#include "workloads/gilrt/thread.h"
#include "workloads/gilrt/work.h"

enum op {
	OP_ADD,		/* a += b */
	OP_MUL,		/* a *= b, made odd: so nothing is ever lost */
	OP_XOR,		/* a ^= b */
	OP_ROT,		/* rotate a left by imm */
	OP_GET,		/* a += the cell that b selects */
	OP_PUT,		/* the cell that b selects ^= a */
	OP_CALL,	/* go on at imm, until ... */
	OP_RET,
	OP_LOOP,	/* a -= 1; if not 0, back to imm */
	OP_HALT,
};

struct insn {
	uint8_t op, a, b;
	uint16_t imm;
};

#define LOOPS_PER_UNIT	1000
#define LOOP_REG	3
#define LOOPS		0	/* where what begins in the program */
#define MIX		6

static const struct insn program[] = {
	{ OP_CALL, 0, 0, MIX },
	{ OP_GET, 0, 1, 0 },
	{ OP_MUL, 0, 2, 0 },
	{ OP_PUT, 0, 1, 0 },
	{ OP_LOOP, LOOP_REG, 0, 0 },
	{ OP_HALT, 0, 0, 0 },
	/* MIX: */
	{ OP_ADD, 1, 0, 0 },
	{ OP_ROT, 1, 0, 23 },
	{ OP_XOR, 2, 1, 0 },
	{ OP_ADD, 2, 0, 0 },
	{ OP_RET, 0, 0, 0 },
};

static uint64_t rotate_left(uint64_t value, unsigned int bits)
{
	return value << bits | value >> (64 - bits);
}

static uint64_t *select_cell(struct gilrt_work *work, uint64_t value)
{
	return &work->cell[value % WORK_CELL_CNT];
}

static void get_cell(struct gilrt_work *work, uint64_t selector, uint64_t *value)
{
	gilrt_object_ref(&work->object);
	*value += *select_cell(work, selector);
	gilrt_object_unref(&work->object);
}

static void put_cell(struct gilrt_work *work, uint64_t selector, uint64_t value)
{
	struct gilrt_critical critical;

	gilrt_critical_begin(&critical, &work->object);
	*select_cell(work, selector) ^= value;
	gilrt_critical_end(&critical);
}

static void run_program(struct gilrt_work *work, unsigned int start,
			enum gilrt_checkpoints policy)
{
	struct gilrt_thread *self = gilrt_thread_current();
	struct gil *gil_every_op = policy == GILRT_EVERY_OP && self ? self->gil : NULL;
	const struct insn *insn = &program[start], *link = NULL;
	uint64_t *reg = work->reg;

	for (;;) {
		const struct insn *i = insn++;

		if (gil_every_op && gil_is_wanted(gil_every_op))
			gil_yield(self);
		switch ((enum op)i->op) {
		case OP_ADD:
			reg[i->a] += reg[i->b];
			break;
		case OP_MUL:
			reg[i->a] *= reg[i->b] | 1;
			break;
		case OP_XOR:
			reg[i->a] ^= reg[i->b];
			break;
		case OP_ROT:
			reg[i->a] = rotate_left(reg[i->a], i->imm);
			break;
		case OP_GET:
			get_cell(work, reg[i->b], &reg[i->a]);
			break;
		case OP_PUT:
			put_cell(work, reg[i->b], reg[i->a]);
			break;
		case OP_CALL:
			link = insn;
			insn = &program[i->imm];
			gilrt_checkpoint();
			break;
		case OP_RET:
			if (!link)
				return;
			insn = link;
			break;
		case OP_LOOP:
			if (--reg[i->a] == 0)
				break;
			insn = &program[i->imm];
			gilrt_checkpoint();
			break;
		case OP_HALT:
			return;
		}
	}
}

/* Spreads the bits of a value over all of the result. */
static uint64_t hash64(uint64_t value)
{
	value = (value ^ value >> 31) * UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ value >> 29) * UINT64_C(0xd6e8feb86659fd93);
	return value ^ value >> 32;
}

void gilrt_work_init(struct gilrt_work *work, uint64_t seed)
{
	size_t i;

	*work = (struct gilrt_work){ .unit_cnt = 0 };
	gilrt_object_init(&work->object);
	for (i = 0; i < WORK_REG_CNT; i++)
		work->reg[i] = hash64(seed + 1 + i);
	for (i = 0; i < WORK_CELL_CNT; i++)
		work->cell[i] = hash64(work->reg[0] + i);
}

void gilrt_work_feed(struct gilrt_work *work, uint64_t value)
{
	work->reg[0] ^= hash64(value);
}

void gilrt_work_run_loops(struct gilrt_work *work, unsigned int loop_cnt)
{
	if (!loop_cnt)
		return;
	work->reg[LOOP_REG] = loop_cnt;
	run_program(work, LOOPS, gilrt_checkpoint_policy());
}

void gilrt_work_run_lines(struct gilrt_work *work, unsigned int line_cnt)
{
	while (line_cnt--)
		run_program(work, MIX, gilrt_checkpoint_policy());
}

void gilrt_work_run(struct gilrt_work *work, uint64_t unit_cnt)
{
	uint64_t i;

	for (i = 0; i < unit_cnt; i++)
		gilrt_work_run_loops(work, LOOPS_PER_UNIT);
	work->unit_cnt += unit_cnt;
}

uint32_t gilrt_work_checksum(const struct gilrt_work *work)
{
	uint64_t sum = hash64(work->unit_cnt);
	size_t i;

	for (i = 0; i < WORK_REG_CNT; i++)
		sum = hash64(sum ^ work->reg[i]);
	for (i = 0; i < WORK_CELL_CNT; i++)
		sum = hash64(sum ^ work->cell[i]);
	return (uint32_t)(sum ^ sum >> 32);
}
