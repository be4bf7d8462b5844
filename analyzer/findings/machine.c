/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not the program's doing: other programs, the hypervisor, cores that it may not use, and what
 * the recording does not know.
 */
#include <stdio.h>

#include "analyzer/analysis.h"
#include "analyzer/findings/kinds.h"

static const struct style ascii = { .utf8 = false };

/* The program that threads lost most to; NULL: none, or it has no name. */
static const struct program *most_costly(const struct report *report)
{
	const struct stack *stack = &report->analysis->stack;

	return stack->programs_cnt ? run_program(report->run, stack->programs[0].program) : NULL;
}

static bool others_look(const struct report *report, const struct core_time *time,
			struct finding *finding)
{
	const struct program *program = most_costly(report);

	finding->cost_ns = time->others_ns;
	cost_open(finding, report->analysis->trust.parts[STACK_OTHERS_READY]);
	cost_away(finding, report->analysis->room.others_away);
	if (!finding->cost_ns)
		return false;
	if (program && *program->comm)
		finding_say(finding->place, "mostly %s",
			    format_name(program->comm, FINDING_NAME, ascii).s);
	finding_say(finding->evidence, "Other programs had cores for %s while "
		    "threads were ready for them.", format_time(finding->cost_ns, ascii).s);
	finding->next = "measure on a machine that is quiet, or give it cores of its own";
	return true;
}

const struct finding_kind others_kind = {
	.name = "other_programs",
	.title = "Other programs",
	.look = others_look,
	.outside = true,
};

/* Idle cores that it did not use: that it may not is somebody's will, for all that is known. */
static bool away_look(const struct report *report, const struct core_time *time, struct finding *finding)
{
	uint64_t away_ns = report->analysis->room.bounds[ROOM_AWAY].ranges[ROOM_READY].down_ns;
	uint64_t away = report->cores_cnt - report->cores_at_work_cnt;

	if (!away || away_ns < finding_threshold_ns(time, finding->kind))
		return false;
	finding->note = true;
	finding_say(finding->place, "%s", format_noun(away, "core", "cores").s);
	finding_say(finding->evidence, "Threads were ready for %s while as many of the cores stood idle "
		    "that they did not use.", format_time(away_ns, ascii).s);
	finding->next = "allow it the other cores (taskset, cpuset, container limits)";
	return true;
}

static bool idle_ready_look(const struct report *report, const struct core_time *time,
			    struct finding *finding)
{
	const uint64_t *state_ns = report->tree.state_ns;

	/* Else it is wake-ups that take their time. */
	if (state_ns[STATE_READY_WOKEN] > state_ns[STATE_READY_PREEMPTED])
		return away_look(report, time, finding);
	ready_cost(report, finding);
	if (finding->cost_ns < finding_threshold_ns(time, finding->kind) && away_look(report, time, finding))
		return true;
	finding_say(finding->evidence, "Threads were ready for %s while as many cores stood idle that they "
		    "used.", format_time(finding->cost_ns, ascii).s);
	finding->next = "look for affinity masks that keep threads together on a core";
	return finding->cost_ns;
}

const struct finding_kind idle_ready_kind = {
	.name = "idle_while_ready",
	.title = "Cores idle while threads are ready",
	.look = idle_ready_look,
	.outside = true,
};

static bool steal_look(const struct report *report, const struct core_time *time,
		       struct finding *finding)
{
	(void)time;
	finding->cost_ns = report->quality.steal_ns;
	if (!finding->cost_ns)
		return false;
	finding_say(finding->evidence, "The hypervisor gave %s of the cores' "
		    "time to others; it looks like run time in all that is said here.",
		    format_time(finding->cost_ns, ascii).s);
	finding->next = "a machine of its own, or fewer virtual ones on the host";
	return true;
}

const struct finding_kind steal_kind = {
	.name = "steal",
	.title = "Hypervisor",
	.look = steal_look,
	.outside = true,
	.part_all = FINDING_PART_BUSY,
};

static bool unknown_look(const struct report *report, const struct core_time *time,
			 struct finding *finding)
{
	uint64_t unknown_ns = report->tree.state_ns[STATE_UNKNOWN];
	uint64_t alive_ns = report->tree.curves->integral_ns[CURVE_ALIVE];

	(void)time;
	if (!unknown_ns || unknown_ns < alive_ns / FINDING_PART_BUSY)
		return false;
	finding->note = true;
	finding_say(finding->evidence, "%s of the threads' time is unknown, "
		    "%s lost%s.", format_percent(unknown_ns, alive_ns).s,
		    format_noun(report->quality.lost, "event was", "events were").s,
		    report->run->cut ? ", and the file is cut" : "");
	/* Room in the buffers is no help against what else makes it unknown. */
	finding->next = report->quality.lost ? "record again, with larger buffers (trace-run --ring-size)" :
			report->run->cut ? "record again, and let trace-run end before the file is copied" :
			"look in the section trace for what is missing, and record again";
	return true;
}

const struct finding_kind unknown_kind = {
	.name = "unknown",
	.title = "Too much is unknown",
	.look = unknown_look,
	.outside = true,
};
