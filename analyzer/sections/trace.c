/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far the report can be trusted: what was recorded, what not, what recording cost. Lines that say
 * nothing of this trace are left out.
 */
#include <inttypes.h>

#include "analyzer/sections/section.h"
#include "analyzer/wrap.h"

static void clock_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_clock *clock = &report->quality.clock;
	char over[300] = "";

	if (!clock->threads_cnt)
		return;
	if (clock->threads_cnt < report->threads_cnt)
		snprintf(over, sizeof(over), " over %s of %s (the others have unknown time or were "
			 "not seen to end)", format_count(clock->threads_cnt).s,
			 format_noun(report->threads_cnt, "thread", "threads").s);
	sentence_print(out, "  ", "Clock check%s: %s on cores by the switches, %s by the kernel's "
		       "own clock; largest difference of a thread %s.", over,
		       format_time(clock->run_ns, style).s,
		       format_time(clock->kernel_run_ns, style).s,
		       format_time(clock->worst_ns, style).s);
}

/* How its holders are known, and what that has cost the program. */
static void gil_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_quality *quality = &report->quality;

	if (quality->gil_takes)
		sentence_print(out, "  ", "GIL: exact, %s of hands.",
			       format_noun(quality->gil_changes, "change", "changes").s);
	if (quality->gil_by_looks)
		sentence_print(out, "  ", "GIL: %s, %s of holder seen, %s unseen.",
			       format_noun(quality->gil_peeks, "look", "looks").s,
			       format_noun(quality->gil_switches_seen, "change", "changes").s,
			       format_count(quality->gil_switches_missed).s);
	if (quality->hits)
		sentence_print(out, "  ", "Probes in the program: %s, about %s in it, %s of its time"
			       " on cores.", format_noun(quality->hits, "hit", "hits").s,
			       format_time(quality->hits_cost_ns, style).s,
			       format_percent(quality->hits_cost_ns,
				report->tree.curves->integral_ns[CURVE_SCHEDULED]).s);
	/* At each hand-over looks may be apart by a moment. */
	if (quality->gil_doubled_ns > report->tree.wall_ns / 1000)
		sentence_print(out, "  ", "For %s two threads seemed to run under one GIL.",
			       format_time(quality->gil_doubled_ns, style).s);
}

static int trace_text(const struct report *report, struct style style, FILE *out)
{
	const struct report_quality *quality = &report->quality;
	const struct trace_fault *cut = report->run->cut;

	if (cut)
		sentence_print(out, "  ", "The file is cut at byte %" PRIu64 ": %s.  What a core"
			       " did after its last record in it is unknown.", cut->offset,
			       cut->reason);
	if (quality->left_alive)
		sentence_print(out, "  ", "%s still alive when the recording ended.",
			       format_noun(quality->left_alive, "thread was", "threads were").s);
	clock_print(report, style, out);
	gil_print(report, style, out);
	/* Where nobody has a GIL, looking for one has cost nothing that is worth a line. */
	if (quality->gil_pending_ns && quality->gil_peeks)
		sentence_print(out, "  ", "Until the GIL was located, futex waits are unknown: %s.",
			       format_time(quality->gil_pending_ns, style).s);
	if (quality->unseen)
		sentence_print(out, "  ", "%s on a core not shown by the kernel, but inferred.",
			       format_noun(quality->unseen, "arrival", "arrivals").s);
	if (quality->steal_ns)
		sentence_print(out, "  ", "The hypervisor took %s from the cores meanwhile.",
			       format_time(quality->steal_ns, style).s);
	return 0;
}

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

static json_t *quality_json(struct json_out *out, const struct report *report)
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

const struct section trace_section = {
	.name = "trace",
	.member = "quality",
	.says = "what was recorded, and how far it can be trusted",
	.text = trace_text,
	.json = quality_json,
};
