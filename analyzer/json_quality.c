/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace's quality for machines.
 */
#include "analyzer/json_out.h"
#include "analyzer/report.h"

static json_t *causes_json(struct json_out *out, const uint64_t causes[CAUSE_CNT])
{
	static const char *const names[CAUSE_CNT] = {
		[CAUSE_THREAD] = "thread", [CAUSE_TIMER] = "timer",
		[CAUSE_INTERRUPT] = "interrupt", [CAUSE_PROGRAM] = "program",
		[CAUSE_UNCLEAR] = "unclear",
	};
	json_t *object = json_object();

	for (int i = 0; i < CAUSE_CNT; i++)
		put_number(out, object, names[i], causes[i]);
	return object;
}

static json_t *clock_json(struct json_out *out, const struct report_clock *clock)
{
	json_t *object = json_object();

	put_number(out, object, "threads", clock->threads_cnt);
	put_number(out, object, "run_ns", clock->run_ns);
	put_number(out, object, "kernel_run_ns", clock->kernel_run_ns);
	put_number(out, object, "worst_ns", clock->worst_ns);
	put_maybe(out, object, "worst_tid", clock->worst, clock->worst ? clock->worst->tid : 0);
	return object;
}

json_t *quality_json(struct json_out *out, const struct report *report)
{
	const struct report_quality *quality = &report->quality;
	const struct trace_fault *cut = report->run->cut;
	json_t *object = json_object();

	put_number(out, object, "records", quality->records_cnt);
	put_number(out, object, "switches", quality->switches_cnt);
	put_number(out, object, "wakings", quality->wakings_cnt);
	put_number(out, object, "samples", quality->samples_cnt);
	put_number(out, object, "lost", quality->lost);
	put_number(out, object, "gaps", quality->gaps_cnt);
	put_bool(out, object, "balances", quality->balances);
	put_number(out, object, "untracked", quality->untracked);
	put_number(out, object, "unread", quality->unread);
	put_number(out, object, "unseen", quality->unseen);
	put_number(out, object, "contradictions", quality->contradictions);
	put_number(out, object, "unknown_ns", report->tree.state_ns[STATE_UNKNOWN]);
	put_number(out, object, "steal_ns", quality->steal_ns);
	put_number(out, object, "probe_ns", quality->probe_ns);
	put_number(out, object, "probe_runs", quality->probe_runs);
	put_number(out, object, "probe_runs_skipped", quality->missed);
	put_number(out, object, "program_hits", quality->hits);
	put_number(out, object, "program_hits_cost_ns", quality->hits_cost_ns);
	put_number(out, object, "collector_ns", quality->collector_ns);
	put_bool(out, object, "cost_known", quality->has_cost);
	put_number(out, object, "gil_peeks", quality->gil_peeks);
	put_number(out, object, "gil_switches_seen", quality->gil_switches_seen);
	put_number(out, object, "gil_switches_missed", quality->gil_switches_missed);
	put_number(out, object, "gil_doubled_ns", quality->gil_doubled_ns);
	put_number(out, object, "gil_pending_ns", quality->gil_pending_ns);
	put_number(out, object, "births_lost", quality->births_lost);
	put_number(out, object, "left_alive", quality->left_alive);
	put(out, object, "wakings_by_cause", causes_json(out, quality->causes));
	put(out, object, "clock", clock_json(out, &quality->clock));
	put_bool(out, object, "cut", cut);
	put_maybe(out, object, "cut_offset", cut, cut ? cut->offset : 0);
	put(out, object, "cut_reason", cut ? json_string(cut->reason) : json_null());
	put_bool(out, object, "ended", report->run->ended);
	put(out, object, "confidence", json_string(confidence_names[quality->confidence]));
	put_text(out, object, "doubts", quality->doubts);
	return object;
}
