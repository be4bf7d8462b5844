/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for machines: all facts, by names that stay (docs/report.schema.json).
 *
 * Long lists, as of threads, are written one by one, a line each: a tree of a million threads takes
 * gigabytes.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/analysis.h"
#include "analyzer/answer.h"
#include "analyzer/json_scope.h"
#include "analyzer/render.h"
#include "analyzer/sections/section.h"

#define JSON_SCHEMA 1

static json_t *command_json(struct json_out *out, const struct run *run)
{
	json_t *arguments = json_array();
	size_t at = 0;

	while (at < run->command_len) {
		size_t len = strnlen(run->command + at, run->command_len - at);
		char *escaped = escape_dup(run->command + at, len);

		append(out, arguments, escaped ? json_string(escaped) : NULL);
		free(escaped);
		at += len + 1;
	}
	return arguments;
}

static void run_put(struct json_out *out, json_t *root, const struct report *report,
		    const char *file)
{
	const struct run *run = report->run;

	put_number(out, root, "schema", JSON_SCHEMA);
	put_text(out, root, "file", file);
	put_text(out, root, "name", report->name);
	put(out, root, "command", command_json(out, run));
	put_text(out, root, "machine", run->machine);
	put_text(out, root, "kernel", run->kernel);
	put_text(out, root, "hostname", run->hostname);
	put_text(out, root, "tool", run->tool);
	put_number(out, root, "start_realtime_ns", run->start_realtime_ns);
	put_number(out, root, "start_ns", run->start_ns);
	put_number(out, root, "end_ns", run->end_ns);
	put_maybe(out, root, "whole_start_ns", run->windowed, run->whole_start_ns);
	put_maybe(out, root, "whole_end_ns", run->windowed, run->whole_end_ns);
	put_maybe(out, root, "status", run->ended, run->end_status);
	put_number(out, root, "cores_cnt", report->cores_cnt);
	put_number(out, root, "cores_used_cnt", report->cores_used_cnt);
	put_number(out, root, "cores_at_work_cnt", report->cores_at_work_cnt);
	put_number(out, root, "threads_cnt", report->threads_cnt);
	put_number(out, root, "processes_cnt", report->processes_cnt);
	put_text(out, root, "gil_watch", run->gil_watch);
	put_number(out, root, "gil_held_off_core_ns", report->gil_held_off_core_ns);
	put_number(out, root, "gil_wait_episode_ns", report->gil_wait.total_ns);
	put_number(out, root, "gil_waits", report->gil_wait.cnt);
	put_maybe(out, root, "gil_hold_episode_ns", report->exact, report->gil_hold.total_ns);
	put_maybe(out, root, "gil_holds", report->exact, report->gil_hold.cnt);
	put_number(out, root, "lock_wait_episode_ns", report->lock_wait.total_ns);
	put_number(out, root, "lock_waits", report->lock_wait.cnt);
	put(out, root, "answer", json_string(answer_make(report).text));
}

/* All but the lists that may be long. */
static json_t *facts_json(struct json_out *out, const struct report *report, const char *file)
{
	json_t *root = json_object();

	run_put(out, root, report, file);
	scope_put(out, root, &report->tree);
	trust_put(out, root, &report->tree, &report->analysis->trust);
	for (size_t i = 0; sections[i]; i++)
		if (sections[i]->json)
			put(out, root, section_member(sections[i]),
			    sections[i]->json(out, report));
	return root;
}

/*
 * Writes a value and lets go of it. Fails where memory was short; a failed write stays in the
 * stream for the caller.
 */
static void dump(struct json_out *out, json_t *value, size_t flags, FILE *to)
{
	if (!out->failed && json_dumpf(value, to, flags) && !ferror(to))
		out->failed = true;
	json_decref(value);
}

static void rows_dump(struct json_out *out, const struct section *section,
		      const struct report *report, FILE *to)
{
	size_t cnt = section->rows(report);

	fprintf(to, ",\n \"%s\": [", section_member(section));
	for (size_t i = 0; i < cnt && !out->failed && !ferror(to); i++) {
		fputs(i ? ",\n  " : "\n  ", to);
		dump(out, section->row(out, report, i), 0, to);
	}
	fputs("\n ]", to);
}

int render_json(const struct report *report, const char *file, FILE *out)
{
	struct json_out state = { 0 };
	json_t *facts = facts_json(&state, report, file);

	fputs("{", out);
	dump(&state, facts, JSON_INDENT(1) | JSON_EMBED, out);
	for (size_t i = 0; sections[i] && !state.failed; i++)
		if (sections[i]->rows)
			rows_dump(&state, sections[i], report, out);
	fputs("\n}\n", out);
	return state.failed ? -ENOMEM : 0;
}
