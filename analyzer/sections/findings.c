/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is worth fixing, with all that is known of it.
 */
#include "analyzer/analysis.h"
#include "analyzer/sections/section.h"
#include "analyzer/wrap.h"

void verdict_print(const struct report *report, FILE *out)
{
	const struct findings *findings = &report->findings;

	if (findings->verdict == VERDICT_NOTHING)
		fprintf(out, "  Nothing to fix%s.\n", findings->cnt ? " in the program" : "");
	else if (findings->verdict == VERDICT_INCONCLUSIVE)
		sentence_print(out, "  ", "Inconclusive: %s.", reason_phrases[findings->reason]);
}

static void finding_print(const struct report *report, size_t i, struct style style, FILE *out)
{
	const struct finding *finding = &report->findings.list[i];
	const struct core_time *time = &report->findings.time;
	uint64_t low_ns = finding_low(finding);
	bool placed = *finding->place;

	fprintf(out, "  %zu. %s%s%s\n", i + 1, finding->kind->title, placed ? ": " : "",
		finding->place);
	if (!finding->note)
		sentence_print(out, "     ", "Cost: %s of core time, %s of the loss, %s of all "
			       "there was%s.", format_time(finding->cost_ns, style).s,
			       format_percent(finding->cost_ns, time->lost_ns).s,
			       format_percent(finding->cost_ns, time->all_ns).s,
			       finding->inconclusive ? "; inconclusive" : "");
	if (!finding->note && low_ns < finding->cost_ns)
		sentence_print(out, "     ", "Of that %s is certain: %s.",
			       low_ns ? format_time(low_ns, style).s : "nothing", finding->doubt);
	else if (!finding->note && finding->inconclusive)
		sentence_print(out, "     ", "Up to %s is possible: %s.",
			       format_time(finding_high(finding), style).s, finding->doubt);
	wrap_print("     ", finding->evidence, out);
	sentence_print(out, "     ", "Next: %s.", finding->next);
}

static int findings_text(const struct report *report, struct style style, FILE *out)
{
	const struct findings *findings = &report->findings;
	size_t rows = report_rows(report, findings->cnt);

	for (size_t i = 0; i < rows; i++)
		finding_print(report, i, style, out);
	left_out_print(rows, findings->cnt, out);
	return 0;
}

static json_t *finding_json(struct json_out *out, const struct report *report, size_t i)
{
	const struct finding *finding = &report->findings.list[i];
	json_t *object = json_object();

	put(out, object, "kind", json_string(finding->kind->name));
	put(out, object, "title", json_string(finding->kind->title));
	put_number(out, object, "cost_ns", finding->cost_ns);
	put_number(out, object, "low_ns", finding_low(finding));
	put_number(out, object, "high_ns", finding_high(finding));
	put_bool(out, object, "note", finding->note);
	put_bool(out, object, "inconclusive", finding->inconclusive);
	put_text(out, object, "place", finding->place);
	put_text(out, object, "evidence", finding->evidence);
	put_text(out, object, "doubt", finding->doubt);
	put_text(out, object, "next", finding->next);
	put(out, object, "times_as_fast", finding->gain && finding->gain->result.wall_ns ?
	    json_real((double)report->analysis->predict.base.wall_ns /
		      (double)finding->gain->result.wall_ns) : json_null());
	return object;
}

static json_t *findings_json(struct json_out *out, const struct report *report)
{
	const struct findings *findings = &report->findings;
	json_t *object = json_object(), *list = json_array();

	put(out, object, "verdict", json_string(verdict_names[findings->verdict]));
	put_number(out, object, "available_ns", findings->time.all_ns);
	put_number(out, object, "busy_ns", findings->time.busy_ns);
	put_number(out, object, "lost_ns", findings->time.lost_ns);
	put_text(out, object, "reason", reason_names[findings->reason]);
	put_number(out, object, "hidden_ns", report->analysis->room.hidden_ns);
	for (size_t i = 0; i < findings->cnt; i++)
		append(out, list, finding_json(out, report, i));
	put(out, object, "list", list);
	return object;
}

static bool findings_any(const struct report *report)
{
	return report->findings.cnt;
}

const struct section findings_section = {
	.name = "findings",
	.says = "what is worth fixing, the most expensive first",
	.any = findings_any,
	.none = verdict_print,
	.text = findings_text,
	.json = findings_json,
};
