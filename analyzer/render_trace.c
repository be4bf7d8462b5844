/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far the report can be trusted. Lines that say nothing of this trace are left out.
 */
#include "analyzer/render_trace.h"

#include <inttypes.h>

#include "analyzer/wrap.h"

/* A share, unless the recorder's start alone took longer than the run. */
static struct text cost_text(const struct report *report, struct style style)
{
	const struct report_quality *quality = &report->quality;
	uint64_t cost_ns = quality->probe_ns + quality->collector_ns;
	struct text text = { "unknown" };

	if (quality->has_cost && cost_ns > report->tree.wall_ns)
		snprintf(text.s, sizeof(text.s), "%.40s of CPU time",
			 format_time(cost_ns, style).s);
	else if (quality->has_cost)
		snprintf(text.s, sizeof(text.s), "%.40s of one core",
			 format_percent(cost_ns, report->tree.wall_ns).s);
	return text;
}

static void cost_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_quality *quality = &report->quality;
	bool doubted = *quality->doubts;

	sentence_print(out, "", "Trace: %s, %s lost, tracing cost %s. Confidence: %s%s%s%s.",
		       format_noun(quality->records_cnt, "event", "events").s,
		       format_count(quality->lost).s, cost_text(report, style).s,
		       confidence_names[quality->confidence], doubted ? " (" : "",
		       quality->doubts, doubted ? ")" : "");
}

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

void trace_print(const struct report *report, struct style style, FILE *out)
{
	const struct report_quality *quality = &report->quality;
	const struct trace_fault *cut = report->run->cut;

	fputc('\n', out);
	cost_print(report, style, out);
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
}
