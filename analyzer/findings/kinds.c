/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the looks of several kinds of findings need.
 */
#include "analyzer/findings/kinds.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "analyzer/analysis.h"
#include "analyzer/shown.h"

/* Findings go to all outputs, and each of these has its own alphabet. */
static const struct style ascii = { .utf8 = false };

void finding_say(char line[FINDING_LINE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(line, FINDING_LINE, format, args);
	va_end(args);
}

struct text thread_place(const struct thread *thread)
{
	struct text text;

	snprintf(text.s, sizeof(text.s), "%.60s (tid %" PRIu64 ")",
		 format_name(thread->comm, FINDING_NAME, ascii).s, thread->tid);
	return text;
}

struct text process_place(const struct report_process *row)
{
	struct text text;

	snprintf(text.s, sizeof(text.s), "%.60s (pid %" PRIu64 ")",
		 format_name(row->comm, FINDING_NAME, ascii).s, row->process->pid);
	return text;
}

const struct report_process *process_most(const struct report *report, enum thread_state state)
{
	const struct report_process *most = NULL;

	for (size_t i = 0; i < report->processes_listed; i++) {
		const struct report_process *row = &report->processes[i];

		if (row->scope.state_ns[state] &&
		    (!most || row->scope.state_ns[state] > most->scope.state_ns[state]))
			most = row;
	}
	return most;
}

struct text threads_share(const struct report *report, enum thread_state state)
{
	struct shown shown;
	struct text text;

	shown_make(&shown, report);
	snprintf(text.s, sizeof(text.s), "%.20s of %.20s", format_hundredths(shown.states[state]).s,
		 format_hundredths(shown.curves[CURVE_APPARENT]).s);
	return text;
}

const struct prediction *gain_find(const struct report *report, enum prediction_kind kind,
				   const struct futex_word *word)
{
	const struct predict *predict = &report->analysis->predict;

	for (size_t i = 0; i < predict->predictions_cnt; i++) {
		const struct prediction *prediction = &predict->predictions[i];

		if (prediction->kind == kind && !prediction->process && prediction->word == word)
			return prediction;
	}
	return NULL;
}

uint64_t gil_spin_ns(const struct report *report)
{
	uint64_t spin_ns = 0;

	for (size_t i = 0; i < report->processes_listed; i++)
		if (report->processes[i].process->gil == GIL_LOCATED)
			spin_ns += report->processes[i].scope.state_ns[STATE_RUN_SPIN];
	return spin_ns;
}

void wait_range(const struct report *report, struct finding *finding, uint64_t wait_ns)
{
	uint64_t away_ns = report->idle.away_ns, other_ns = 0;

	for (size_t i = 0; i < report->cores_cnt; i++)
		other_ns += report->cores[i].other_ns;
	if (other_ns > wait_ns)
		other_ns = wait_ns;
	finding->high_ns = finding->cost_ns + other_ns;
	if (other_ns)
		finding_say(finding->doubt, "other programs had cores that it could have used");
	if (!away_ns)
		return;
	finding->low_ns = finding->cost_ns > away_ns ? finding->cost_ns - away_ns : 0;
	finding_say(finding->doubt, "its threads used %s of %s cores, and may not be allowed on the "
		    "others", format_count(report->cores_at_work_cnt).s,
		    format_count(report->cores_cnt).s);
}
