/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Too few threads with work, or more than there are cores.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/findings/kinds.h"

static const struct style ascii = { .utf8 = false };

/* While a thread was the only one that had work. */
struct alone {
	uint64_t sum_ns, most_ns;	/* of all threads, of the one of which that was so for longest: */
	const struct thread *most;	/* NULL: none */
};

static void alone_find(const struct report *report, struct alone *alone)
{
	const struct room *room = &report->analysis->room;
	size_t slot;

	*alone = (struct alone){ .most_ns = room_alone(room, &slot) };
	for (size_t i = 0; i < room->alone_cap; i++)
		alone->sum_ns += room->alone_ns[i];
	if (alone->most_ns)
		alone->most = report->analysis->people.threads[slot];
}

/* Where several take turns, none of them is the one. */
static bool alone_is_one(const struct alone *alone)
{
	return alone->most_ns > alone->sum_ns / 4 * 3;
}

/* "worker-3 (tid 1234) alone had work for 61.0 % of the run." */
static void alone_tell(const struct report *report, struct finding *finding)
{
	uint64_t busy_ns = report->analysis->room.busy_ns, wall_ns = report->tree.wall_ns;
	uint64_t apparent_ns = report->tree.curves->integral_ns[CURVE_APPARENT];
	struct alone alone;

	alone_find(report, &alone);
	if (alone.most && alone_is_one(&alone) && alone.most_ns >= finding->cost_ns / report->cores_cnt / 2)
		finding_say(finding->place, "thread %s", thread_place(alone.most).s);
	if (alone.most && (*finding->place || alone.sum_ns >= busy_ns / 2))
		finding_say(finding->evidence, "For %s of the run only one thread had work, %s for %s of it.",
			    format_percent(alone.sum_ns, wall_ns).s, *finding->place ? "this one" :
			    thread_place(alone.most).s, format_percent(alone.most_ns, alone.sum_ns).s);
	else if (apparent_ns / report->cores_cnt < busy_ns)
		finding_say(finding->evidence, "%s threads had work on average while any had, for %s.",
			    format_average(apparent_ns, busy_ns).s,
			    format_noun(report->cores_cnt, "core", "cores").s);
	else
		finding_say(finding->evidence, "At times fewer threads had work than the %s could take, "
			    "though on average %s had, while any did.",
			    format_noun(report->cores_cnt, "core", "cores").s,
			    format_average(apparent_ns, busy_ns).s);
}

/* Of a run that is parallel elsewhere, the phases in which hardly more than one thread has work. */
struct serial_phases {
	const struct phase *longest;	/* NULL: none */
	uint64_t ns, rest_ns;		/* wall time of them, and of the others */
	uint64_t true_ns, rest_true_ns;
	uint64_t spare_ns, all_spare_ns;	/* core time that no thread had work for */
	struct range open;		/* of these: threads that are unknown may have had work */
};

static bool phase_is_serial(const struct phase *phase)
{
	uint64_t ns = phase->end_ns - phase->start_ns;

	return phase->sums.integral_ns[CURVE_TRUE] < ns / 4 * 5 &&
	       phase->sums.integral_ns[CURVE_APPARENT] < ns / 2 * 3;
}

static void serial_phases_find(const struct report *report, struct serial_phases *serial)
{
	const struct phases *phases = &report->analysis->phases;
	uint64_t unknown_ns = report->tree.state_ns[STATE_UNKNOWN];
	bool parallel = false;

	*serial = (struct serial_phases){ .open = { unknown_ns, unknown_ns } };
	for (size_t i = 0; i < phases->phases_cnt; i++) {
		const struct phase *phase = &phases->phases[i];
		uint64_t ns = phase->end_ns - phase->start_ns, true_ns = phase->sums.integral_ns[CURVE_TRUE];
		uint64_t work_ns = phase->sums.integral_ns[CURVE_APPARENT];
		uint64_t spare_ns = ns * report->cores_cnt > work_ns ? ns * report->cores_cnt - work_ns : 0;
		bool is_serial = phase_is_serial(phase);

		parallel |= true_ns >= ns / 2 * 3;
		serial->all_spare_ns += spare_ns;
		serial->spare_ns += is_serial ? spare_ns : 0;
		*(is_serial ? &serial->ns : &serial->rest_ns) += ns;
		*(is_serial ? &serial->true_ns : &serial->rest_true_ns) += true_ns;
		if (is_serial && (!serial->longest ||
				  ns > serial->longest->end_ns - serial->longest->start_ns))
			serial->longest = phase;
	}
	if (!parallel) {
		serial->longest = NULL;
		serial->spare_ns = 0;
	}
}

bool has_serial_phase(const struct report *report)
{
	struct serial_phases serial;

	serial_phases_find(report, &serial);
	return serial.longest;
}

/* Amdahl (AFIPS 1967): what is serial takes as long, however many cores there are. */
static bool serial_phase_look(const struct report *report, const struct core_time *time,
			      struct finding *finding)
{
	uint64_t start_ns = report->run->start_ns, wall_ns = report->tree.wall_ns;
	struct serial_phases serial;
	struct alone alone;
	size_t len;

	(void)time;
	serial_phases_find(report, &serial);
	if (!serial.longest)
		return false;
	alone_find(report, &alone);
	cost_part(report, finding, ROOM_FEW, serial.spare_ns, serial.all_spare_ns, serial.open);
	finding_say(finding->place, "from %s to %s",
		    format_time(serial.longest->start_ns - start_ns, ascii).s,
		    format_time(serial.longest->end_ns - start_ns, ascii).s);
	finding_say(finding->evidence, "For %s of the run %s threads make progress on average, else %s.  "
		    "While that is so, the run can become %s times as fast at most, on any number of "
		    "cores.", format_percent(serial.ns, wall_ns).s,
		    format_average(serial.true_ns, serial.ns).s,
		    format_average(serial.rest_true_ns, serial.rest_ns).s,
		    format_average(wall_ns, serial.ns).s);
	/* Who is alone is so in these phases, but for moments. */
	if (alone_is_one(&alone) && alone.most_ns >= serial.ns / 2) {
		len = strlen(finding->place);
		snprintf(finding->place + len, sizeof(finding->place) - len, ", thread %s",
			 thread_place(alone.most).s);
		len = strlen(finding->evidence);
		snprintf(finding->evidence + len, sizeof(finding->evidence) - len,
			 "  This thread alone had work for %s.", format_time(alone.most_ns, ascii).s);
	}
	finding->next = "share the work of this phase out, or let the rest begin while it lasts";
	return true;
}

const struct finding_kind serial_phase_kind = {
	.name = "serial_phase",
	.title = "Serial phase",
	.look = serial_phase_look,
};

/* Threads in input or output do without a core: there is no lack of threads then. */
static bool serial_look(const struct report *report, const struct core_time *time,
			struct finding *finding)
{
	const struct room *room = &report->analysis->room;
	bool waited = room->few_sync_ns > room->few_nobody_ns;
	struct serial_phases serial;

	(void)time;
	serial_phases_find(report, &serial);
	if (serial.longest)
		cost_part(report, finding, ROOM_FEW, serial.all_spare_ns - serial.spare_ns,
			  serial.all_spare_ns, serial.open);
	else
		cost_whole(report, finding, ROOM_FEW);
	cost_unbound(report, finding);
	/* None was seen where others had the cores that more of them could have used. */
	if (!finding_high(finding))
		return false;
	alone_tell(report, finding);
	finding->next = !waited ? "more threads for what takes this time" :
			*finding->place ? "share its work out among those that wait meanwhile" :
			"let threads go on without waiting for each other so often";
	return true;
}

const struct finding_kind serial_kind = {
	.name = "serial",
	.title = "Too few threads with work",
	.look = serial_look,
	.part_all = 10,
};

/* Ready for so large a part of all core time, not counting what is others' doing. */
#define OVERSUBSCRIBED_PART 4

static bool oversubscribed_look(const struct report *report, const struct core_time *time,
				struct finding *finding)
{
	const uint64_t *state_ns = report->tree.state_ns;
	uint64_t ready_ns = state_ns[STATE_READY_WOKEN] + state_ns[STATE_READY_PREEMPTED];
	uint64_t elsewhere_ns = report->idle.ready_ns + time->others_ns;
	uint64_t waits_ns = state_ns[STATE_WAIT_LOCK] + state_ns[STATE_WAIT_GIL] +
			    state_ns[STATE_WAIT_KLOCK];

	ready_ns -= ready_ns < elsewhere_ns ? ready_ns : elsewhere_ns;
	if (!ready_ns || ready_ns < time->all_ns / OVERSUBSCRIBED_PART)
		return false;
	finding->note = true;
	finding_say(finding->evidence, "%s threads are ready on average while all cores work for this "
		    "program.%s", format_average(ready_ns, report->tree.wall_ns).s,
		    waits_ns < ready_ns / 10 ? "  No lock is at fault." : "");
	finding->next = "as many threads as cores, or more cores";
	return true;
}

const struct finding_kind oversubscribed_kind = {
	.name = "oversubscribed",
	.title = "More threads than cores",
	.look = oversubscribed_look,
};

/* Cores that stand idle for the moment that it takes to wake them, again and again. */
static bool wake_up_look(const struct report *report, const struct core_time *time,
			 struct finding *finding)
{
	const uint64_t *state_ns = report->tree.state_ns;
	const struct range *states = report->analysis->trust.states;
	uint64_t wakings = 0;

	(void)time;
	if (state_ns[STATE_READY_WOKEN] <= state_ns[STATE_READY_PREEMPTED])
		return false;
	for (size_t i = 0; i < report->threads_listed; i++)
		wakings += report->threads[i].thread->woken_switch_ins;
	ready_cost(report, finding);
	/* Else it is threads kept together on a core. */
	if (range_low(state_ns[STATE_READY_WOKEN], states[STATE_READY_WOKEN]) <=
	    range_high(state_ns[STATE_READY_PREEMPTED], states[STATE_READY_PREEMPTED]))
		cost_open(finding, (struct range){ finding->cost_ns, 0 });
	finding_say(finding->evidence, "Threads came to a core %s after a waking, %s after it on "
		    "average; cores stood idle meanwhile.", format_noun(wakings, "time", "times").s,
		    format_time(wakings ? state_ns[STATE_READY_WOKEN] / wakings : 0, ascii).s);
	finding->next = "hand over more at once, so that fewer threads are woken";
	return true;
}

const struct finding_kind wake_up_kind = {
	.name = "wake_ups",
	.title = "Slow to wake up",
	.look = wake_up_look,
};
