/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits by system call. The text shows those of which the report cannot say more.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/sections/section.h"

/* Of what the report could not explain better than by its system call. */
static bool call_is_shown(const struct report_call *call)
{
	return call->state == STATE_WAIT_OTHER || call->state == STATE_WAIT_IO ||
	       call->state == STATE_WAIT_LISTEN;
}

static struct text call_text(const struct report_call *call)
{
	struct text text;

	if (!call->sysno)
		snprintf(text.s, sizeof(text.s), "no system call");
	else if (call->name)
		snprintf(text.s, sizeof(text.s), "%s (%" PRIu64 ")", call->name, call->sysno - 1);
	else
		snprintf(text.s, sizeof(text.s), "system call %" PRIu64, call->sysno - 1);
	return text;
}

static int calls_text(const struct report *report, struct style style, FILE *out)
{
	struct table *table = table_new("llrr");
	size_t all = 0;
	int err = table ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < report->calls_cnt; i++) {
		const struct report_call *call = &report->calls[i];

		if (!call_is_shown(call) || all++ >= report->top)
			continue;
		err = table_cells(table, (const char *const[]){
			state_infos[call->state].name, call_text(call).s,
			format_time(call->ns, style).s,
			format_noun(call->cnt, "wait", "waits").s, NULL });
	}
	if (!err) {
		table_print(table, style, "  ", out);
		left_out_print(report_rows(report, all), all, out);
	}
	table_free(table);
	return err;
}

static json_t *call_json(struct json_out *out, const struct report_call *call)
{
	json_t *object = json_object();

	put(out, object, "state", json_string(state_infos[call->state].name));
	put(out, object, "number", call->sysno ? json_integer((json_int_t)call->sysno - 1) :
						 json_null());
	put(out, object, "name", call->name ? json_string(call->name) : json_null());
	put_number(out, object, "ns", call->ns);
	put_number(out, object, "waits", call->cnt);
	return object;
}

static json_t *calls_json(struct json_out *out, const struct report *report)
{
	json_t *calls = json_array();

	for (size_t i = 0; i < report->calls_cnt; i++)
		append(out, calls, call_json(out, &report->calls[i]));
	return calls;
}

static bool calls_any(const struct report *report)
{
	for (size_t i = 0; i < report->calls_cnt; i++)
		if (call_is_shown(&report->calls[i]))
			return true;
	return false;
}

const struct section calls_section = {
	.name = "calls",
	.member = "waits_by_call",
	.says = "the system calls that threads waited in, for input, output and the rest",
	.any = calls_any,
	.text = calls_text,
	.json = calls_json,
};
