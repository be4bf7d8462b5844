/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why cores stood idle.
 */
#include "analyzer/json_scope.h"
#include "analyzer/sections/section.h"
#include "analyzer/shown.h"
#include "analyzer/wrap.h"

/*
 * "Cores idle 0.97 of 2: 0.01 while threads were ready, 0.95 while threads waited (...), ..."
 * A thread that is ready need not be allowed on the core that is idle: nothing is said of a cause.
 */
static int idle_text(const struct report *report, struct style style, FILE *out)
{
	const struct report_idle *idle = &report->idle;
	const char *before = " (";
	struct shown shown;
	char line[600];
	size_t len;

	(void)style;
	shown_make(&shown, report);
	len = (size_t)snprintf(line, sizeof(line), "Cores idle %s of %s",
			       format_hundredths(shown.idle).s,
			       format_count(report->cores_cnt).s);
	if (idle->away_ns)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
					" (%s where its threads %s)",
					format_average(idle->away_ns, report->tree.wall_ns).s,
					!idle->away_known ? "were not seen" :
					report->cores_used_cnt > report->cores_at_work_cnt ?
					"hardly ran" : "never ran");
	len += (size_t)snprintf(line + len, sizeof(line) - len, ": %s while threads were ready,"
				" %s while threads waited", format_hundredths(shown.idle_ready).s,
				format_hundredths(shown.idle_waiting).s);
	for (int state = 0; state < STATE_CNT; state++) {
		/* What rounds to 0.00 is not worth a word. */
		if (!shown.idle_wait[state])
			continue;
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s %s", before,
					format_hundredths(shown.idle_wait[state]).s,
					state_infos[state].name);
		before = ", ";
	}
	snprintf(line + len, sizeof(line) - len, "%s, %s for want of threads.",
		 *before == ',' ? ")" : "", format_hundredths(shown.idle_nobody).s);
	wrap_print("  ", line, out);
	return 0;
}

static json_t *idle_json(struct json_out *out, const struct report *report)
{
	const struct report_idle *idle = &report->idle;
	json_t *object = json_object();

	put_number(out, object, "total_ns", idle->idle_ns);
	put_number(out, object, "work_ready_ns", idle->ready_ns);
	put_number(out, object, "threads_waiting_ns", idle->waiting_ns);
	put_number(out, object, "no_threads_ns", idle->nobody_ns);
	put(out, object, "waiting", states_json(out, idle->wait_ns));
	return object;
}

static bool idle_any(const struct report *report)
{
	return report->idle.idle_ns;
}

const struct section idle_section = {
	.name = "idle",
	.says = "what the threads lacked while cores stood idle",
	.any = idle_any,
	.text = idle_text,
	.json = idle_json,
};
