/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace's quality: sums of what its parts say, and one word for it all.
 *
 * high: nothing is missing and the clocks agree. low: more than 1 % of the threads' time is
 * unknown, records contradict each other, or some are missing and nothing says where. medium:
 * anything between; also if the program's own probes took more than a tenth of its time on cores.
 */
#include "analyzer/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/table.h"

const char *const confidence_names[] = {
	[CONFIDENCE_HIGH] = "high",
	[CONFIDENCE_MEDIUM] = "medium",
	[CONFIDENCE_LOW] = "low",
};

/* How far our on-core time may be from the kernel's: that starts at the wake-up's last clock reading. */
#define CLOCK_SLACK_NS UINT64_C(2000000)
#define CLOCK_SLACK_SWITCH_NS UINT64_C(10000)
#define CLOCK_SLACK_PART 200	/* 0.5 % */

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* How far a thread's two clocks may be apart. */
static uint64_t clock_slack_ns(const struct thread *thread, uint64_t steal_ns)
{
	uint64_t slack_ns = CLOCK_SLACK_NS + thread->on_core_ns / CLOCK_SLACK_PART;

	slack_ns += CLOCK_SLACK_SWITCH_NS * thread->woken_switch_ins;
	return slack_ns + steal_ns > slack_ns ? slack_ns + steal_ns : slack_ns;
}

/* The worst thread is that with the most beyond its own slack; if all are within, the farthest. */
static void clock_fill(struct report *report, uint64_t steal_ns)
{
	struct report_clock *clock = &report->quality.clock;

	for (size_t i = 0; i < report->threads_listed; i++) {
		const struct thread *thread = report->threads[i].thread;
		uint64_t off_ns = distance(thread->on_core_ns, thread->kernel_run_ns);
		uint64_t slack_ns = clock_slack_ns(thread, steal_ns);
		uint64_t excess_ns = off_ns > slack_ns ? off_ns - slack_ns : 0;

		/* Where events were lost, our clock stood still for a known reason. */
		if (!thread->has_usage || thread->birth_lost ||
		    report->threads[i].state_ns[STATE_UNKNOWN])
			continue;
		clock->threads_cnt++;
		clock->run_ns += thread->on_core_ns;
		clock->kernel_run_ns += thread->kernel_run_ns;
		if (!clock->worst || excess_ns > clock->excess_ns ||
		    (excess_ns == clock->excess_ns && off_ns > clock->worst_ns)) {
			clock->worst = thread;
			clock->worst_ns = off_ns;
			clock->excess_ns = excess_ns;
		}
	}
}

static void doubt(struct report_quality *quality, enum confidence at_most, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void doubt(struct report_quality *quality, enum confidence at_most, const char *format, ...)
{
	size_t len = strlen(quality->doubts);
	va_list args;

	if (quality->confidence < at_most)
		quality->confidence = at_most;
	if (len)
		len += (size_t)snprintf(quality->doubts + len, sizeof(quality->doubts) - len, ", ");
	if (len >= sizeof(quality->doubts))
		return;
	va_start(args, format);
	vsnprintf(quality->doubts + len, sizeof(quality->doubts) - len, format, args);
	va_end(args);
}

static void doubts_fill(struct report *report)
{
	struct report_quality *quality = &report->quality;
	uint64_t alive_ns = report->tree.curves->integral_ns[CURVE_ALIVE];
	uint64_t unknown_ns = report->tree.state_ns[STATE_UNKNOWN];

	if (quality->lost)
		doubt(quality, CONFIDENCE_MEDIUM, "%s lost",
		      format_noun(quality->lost, "event", "events").s);
	if (unknown_ns)
		doubt(quality, unknown_ns > alive_ns / 100 ? CONFIDENCE_LOW :
			       unknown_ns > alive_ns / 1000 ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH,
		      "%s of thread time unknown", format_percent(unknown_ns, alive_ns).s);
	if (report->run->cut)
		doubt(quality, CONFIDENCE_MEDIUM, "file cut");
	else if (!quality->balances)
		doubt(quality, CONFIDENCE_LOW, "counts do not balance");
	if (quality->untracked)
		doubt(quality, CONFIDENCE_LOW, "%s not followed",
		      format_noun(quality->untracked, "thread", "threads").s);
	if (quality->missed)
		doubt(quality, CONFIDENCE_MEDIUM, "%s skipped",
		      format_noun(quality->missed, "probe run", "probe runs").s);
	if (quality->hits_cost_ns > report->tree.curves->integral_ns[CURVE_SCHEDULED] / 10)
		doubt(quality, CONFIDENCE_MEDIUM, "probes in the program slowed it down");
	if (quality->contradictions)
		doubt(quality, CONFIDENCE_LOW, "%s the others",
		      format_noun(quality->contradictions, "record contradicts",
				  "records contradict").s);
	if (quality->clock.excess_ns)
		doubt(quality, CONFIDENCE_MEDIUM, "the kernel's clock disagrees");
}

static void gils_fill(struct report_quality *quality, const struct analysis *analysis)
{
	const struct gils *gils = &analysis->timeline.gils;

	for (size_t i = 0; i < gils->counts_cnt; i++) {
		quality->gil_switches_seen += gils->counts[i]->seen;
		quality->gil_switches_missed += gils->counts[i]->missed;
		quality->gil_peeks += gils->counts[i]->peeks;
		quality->gil_takes += gils->counts[i]->takes;
		quality->gil_changes += gils->counts[i]->changes;
		quality->gil_by_looks |= gils->counts[i]->peeks && !gils->counts[i]->taker;
		quality->gil_doubled_ns += gils->counts[i]->doubled_ns;
	}
	for (size_t i = 0; i < analysis->people.processes_cnt; i++)
		quality->gil_pending_ns += analysis->people.processes[i]->gil_pending_ns;
}

void judge_quality(struct report *report, const struct analysis *analysis)
{
	struct report_quality *quality = &report->quality;
	const struct quality *from = &analysis->quality;

	*quality = (struct report_quality){
		.records_cnt = from->records_cnt,
		.switches_cnt = from->kinds[TRACE_SWITCH],
		.wakings_cnt = from->kinds[TRACE_WAKING],
		.samples_cnt = from->kinds[TRACE_SAMPLE],
		.lost = quality_lost(from),
		.gaps_cnt = from->gaps_cnt,
		.balances = quality_balances(from),
		.untracked = from->untracked,
		.unread = from->unread,
		.unseen = from->unseen,
		.contradictions = analysis->timeline.contradictions +
				  quality_contradictions(from),
		.steal_ns = run_share_ns(&analysis->run, quality_steal_ns(from)),
		.has_cost = from->has_cost,
		.probe_ns = run_share_ns(&analysis->run, from->probe_ns),
		.probe_runs = from->probe_runs,
		.collector_ns = run_share_ns(&analysis->run, from->collector_ns),
		.missed = from->missed,
		.hits = from->hits,
		.hits_cost_ns = run_share_ns(&analysis->run, from->hits *
					     analysis->run.probe_hit_ns + from->hits_ns),
	};
	memcpy(quality->causes, analysis->tally.causes, sizeof(quality->causes));
	for (size_t i = 0; i < report->threads_listed; i++) {
		quality->births_lost += report->threads[i].thread->birth_lost;
		quality->left_alive += report->threads[i].thread->left_alive;
	}
	gils_fill(quality, analysis);
	clock_fill(report, quality_steal_ns(from));
	doubts_fill(report);
	if (from->steal_backwards)
		doubt(quality, CONFIDENCE_MEDIUM, "steal time ran backwards");
}
