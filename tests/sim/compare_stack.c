/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The speed-up stack: its parts, and what was lost to which program.
 */
#include "tests/sim/instants.h"
#include "tests/sim/sides.h"

static bool parts_same(struct sides *sides)
{
	const struct sim_answer *answer = sides->answer;
	const uint64_t *part_ns = sides->analysis->stack.part_ns;
	uint64_t true_ns = 0, spin_ns = 0, other_ns = 0, unknown_ns = 0;

	for (size_t i = 0; i < answer->cores_cnt; i++) {
		true_ns += answer->cores[i].true_ns;
		spin_ns += answer->cores[i].spin_ns;
		other_ns += answer->cores[i].other_ns;
		unknown_ns += answer->cores[i].unknown_ns + answer->cores[i].unsure_ns;
	}
	for (int state = STATE_WAIT_GIL; state <= STATE_WAIT_OTHER; state++)
		if (!same(sides, "stack", 0, state_infos[state].name,
			  part_ns[STACK_IDLE_GIL + state - STATE_WAIT_GIL],
			  of_state(sides, answer->idle_wait_ns, state)))
			return false;
	return same(sides, "stack", 0, "true", part_ns[STACK_TRUE], true_ns) &&
	       same(sides, "stack", 0, "spin", part_ns[STACK_SPIN], spin_ns) &&
	       same(sides, "stack", 0, "unknown", part_ns[STACK_UNKNOWN], unknown_ns) &&
	       same(sides, "stack", 0, "idle while ready", part_ns[STACK_IDLE_READY], answer->idle_ready_ns) &&
	       same(sides, "stack", 0, "no threads", part_ns[STACK_IDLE_NOBODY], answer->idle_nobody_ns) &&
	       same(sides, "stack", 0, "others while ready", part_ns[STACK_OTHERS_READY],
		    answer->other_ready_ns) &&
	       same(sides, "stack", 0, "others", part_ns[STACK_OTHERS], other_ns - answer->other_ready_ns);
}

static const struct stack_program *program_find(const struct stack *stack, uint64_t program)
{
	static const struct stack_program none;

	for (size_t i = 0; i < stack->programs_cnt; i++)
		if (stack->programs[i].program == program)
			return &stack->programs[i];
	return &none;
}

static bool programs_same(struct sides *sides)
{
	const struct sim_answer *answer = sides->answer;
	uint64_t ns[SIM_PROGRAM_NAMELESS + 1] = { 0 }, weights[SIM_PROGRAM_NAMELESS + 1] = { 0 };
	uint64_t parts[SIM_PROGRAM_NAMELESS + 1];

	for (size_t i = 0; i < answer->cores_cnt; i++)
		for (size_t j = 0; j <= SIM_PROGRAM_NAMELESS; j++) {
			ns[j] += answer->cores[i].program_ns[j];
			weights[j] += answer->cores[i].program_crowded_ns[j];
		}
	share_out(answer->other_ready_ns, weights, SIM_PROGRAM_NAMELESS + 1, parts);
	for (uint64_t j = 0; j <= SIM_PROGRAM_NAMELESS; j++) {
		const struct stack_program *program = program_find(&sides->analysis->stack, j);

		if (!same(sides, "program", j, "time on cores", program->ns, ns[j]) ||
		    !same(sides, "program", j, "time lost to it", program->ready_ns, parts[j]))
			return false;
	}
	return true;
}

static bool cores_crowded_same(struct sides *sides)
{
	for (size_t i = 0; i < sides->answer->cores_cnt; i++) {
		uint64_t crowded_ns = 0;

		for (size_t j = 0; j <= SIM_PROGRAM_NAMELESS; j++)
			crowded_ns += sides->answer->cores[i].program_crowded_ns[j];
		if (!same(sides, "core", i, "others while ready", sides->report->cores[i].crowded_ns,
			  crowded_ns))
			return false;
	}
	return true;
}

bool stack_same(struct sides *sides)
{
	return parts_same(sides) && programs_same(sides) && cores_crowded_same(sides);
}
