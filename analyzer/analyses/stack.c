/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts the parts of the cores' time together, and names the programs that had the rest.
 */
#include "analyzer/analyses/stack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/array.h"
#include "analyzer/run.h"
#include "analyzer/share.h"

_Static_assert(STACK_IDLE_OTHER - STACK_IDLE_GIL == STATE_WAIT_OTHER - STATE_WAIT_GIL,
	       "a part for each wait");

static void parts_fill(struct stack *stack, uint64_t *ret_other_ns)
{
	const struct cores *cores = stack->cores;
	uint64_t *part_ns = stack->part_ns;
	uint64_t other_ns = 0;

	for (size_t i = 0; i < cores->cores_cnt; i++) {
		const struct core_tally *core = &cores->cores[i];

		part_ns[STACK_TRUE] += core->true_ns;
		part_ns[STACK_SPIN] += core->spin_ns;
		part_ns[STACK_UNKNOWN] += core->use_ns[CORE_UNKNOWN] + core->unsure_ns;
		other_ns += core->use_ns[CORE_OTHER];
	}
	part_ns[STACK_OTHERS_READY] = cores->other_ready_ns;
	part_ns[STACK_OTHERS] = other_ns - cores->other_ready_ns;
	part_ns[STACK_IDLE_READY] = cores->idle_ready_ns;
	for (int state = STATE_WAIT_GIL; state <= STATE_WAIT_OTHER; state++)
		part_ns[STACK_IDLE_GIL + state - STATE_WAIT_GIL] = cores->idle_wait_ns[state];
	part_ns[STACK_IDLE_NOBODY] = cores->idle_nobody_ns;
	*ret_other_ns = other_ns;
}

static int program_compare_id(const void *left, const void *right)
{
	const struct stack_program *a = left, *b = right;

	return (a->program > b->program) - (a->program < b->program);
}

static int program_compare(const void *left, const void *right)
{
	const struct stack_program *a = left, *b = right;

	if (a->ready_ns != b->ready_ns)
		return a->ready_ns > b->ready_ns ? -1 : 1;
	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	return program_compare_id(left, right);
}

/* One row for each core that it was on; ready_ns is the weight of its share until then. */
static int programs_collect(struct stack *stack)
{
	const struct cores *cores = stack->cores;
	size_t all = 0;
	int err;

	for (size_t i = 0; i < cores->cores_cnt; i++)
		all += cores->cores[i].guests_cnt;
	err = array_reserve(&stack->programs, &stack->programs_cap, all + 1,
			    sizeof(*stack->programs));
	if (err)
		return err;
	for (size_t i = 0; i < cores->cores_cnt; i++)
		for (size_t j = 0; j < cores->cores[i].guests_cnt; j++) {
			const struct core_guest *guest = cores->cores[i].guests[j];

			stack->programs[stack->programs_cnt++] = (struct stack_program){
				guest->program, guest->ns, guest->crowded_ns,
			};
		}
	return 0;
}

/* The rows of one program become one. */
static void programs_merge(struct stack *stack)
{
	struct stack_program *programs = stack->programs;
	size_t cnt = 0;

	qsort(programs, stack->programs_cnt, sizeof(*programs), program_compare_id);
	for (size_t i = 0; i < stack->programs_cnt; i++) {
		if (cnt && programs[cnt - 1].program == programs[i].program) {
			programs[cnt - 1].ns += programs[i].ns;
			programs[cnt - 1].ready_ns += programs[i].ready_ns;
		} else {
			programs[cnt++] = programs[i];
		}
	}
	stack->programs_cnt = cnt;
}

static int programs_share(struct stack *stack)
{
	size_t cnt = stack->programs_cnt;
	uint64_t *weights = calloc(2 * cnt + 1, sizeof(*weights));
	uint64_t *parts;
	int err;

	if (!weights)
		return -ENOMEM;
	parts = weights + cnt;
	for (size_t i = 0; i < cnt; i++)
		weights[i] = stack->programs[i].ready_ns;
	err = share_split(stack->part_ns[STACK_OTHERS_READY], weights, cnt, parts);
	for (size_t i = 0; !err && i < cnt; i++)
		stack->programs[i].ready_ns = parts[i];
	free(weights);
	qsort(stack->programs, cnt, sizeof(*stack->programs), program_compare);
	return err;
}

static int programs_check(struct stack *stack, uint64_t other_ns)
{
	uint64_t sum_ns = 0, ready_ns = 0;

	for (size_t i = 0; i < stack->programs_cnt; i++) {
		sum_ns += stack->programs[i].ns;
		ready_ns += stack->programs[i].ready_ns;
	}
	return identity_check(stack->identity, sum_ns == other_ns &&
				      ready_ns == stack->part_ns[STACK_OTHERS_READY],
			      "identity 5: other programs had %" PRIu64 " ns of cores, %" PRIu64
			      " of it lost to us; by name %" PRIu64 " and %" PRIu64 " ns", other_ns,
			      stack->part_ns[STACK_OTHERS_READY], sum_ns, ready_ns);
}

static int stack_end(void *ctx, const struct run *run)
{
	struct stack *stack = ctx;
	uint64_t sum_ns = 0, other_ns;
	int err;

	stack->whole_ns = stack->cores->cores_cnt * (run->end_ns - run->start_ns);
	parts_fill(stack, &other_ns);
	for (int part = 0; part < STACK_PART_CNT; part++)
		sum_ns += stack->part_ns[part];
	err = identity_check(stack->identity, sum_ns == stack->whole_ns,
			     "identity 5: the parts of the cores' time sum to %" PRIu64
			     " ns, cores x wall time is %" PRIu64 " ns", sum_ns, stack->whole_ns);
	if (!err)
		err = programs_collect(stack);
	if (err)
		return err;
	programs_merge(stack);
	err = programs_share(stack);
	return err ? err : programs_check(stack, other_ns);
}

void stack_clear(struct stack *stack)
{
	free(stack->programs);
	*stack = (struct stack){ 0 };
}

const struct sink stack_sink = {
	.name = "stack",
	.end = stack_end,
};
