/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for machines: all facts, by names that stay (docs/report.schema.json).
 *
 * Processes and threads are written one by one, a line each: a tree of a million threads takes
 * gigabytes.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/answer.h"
#include "analyzer/json_out.h"
#include "analyzer/render.h"
#include "analyzer/sections/section.h"

#define JSON_SCHEMA 1

static double average(uint64_t integral_ns, uint64_t over_ns)
{
	return over_ns ? (double)integral_ns / (double)over_ns : 0;
}

static json_t *states_json(struct json_out *out, const uint64_t state_ns[STATE_CNT])
{
	json_t *states = json_object();

	for (int state = 0; state < STATE_CNT; state++)
		put_number(out, states, state_infos[state].name, state_ns[state]);
	return states;
}

static json_t *curves_json(struct json_out *out, const struct report_scope *scope)
{
	json_t *curves = json_object();

	for (int i = 0; i < CURVE_CNT; i++) {
		json_t *curve = json_object();
		const struct scope *from = scope->curves;

		put(out, curve, "avg_wall",
		    json_real(average(from->integral_ns[i], scope->wall_ns)));
		put(out, curve, "avg_active",
		    json_real(average(from->active_integral_ns[i], from->active_ns)));
		put_number(out, curve, "integral_ns", from->integral_ns[i]);
		put_number(out, curve, "active_integral_ns", from->active_integral_ns[i]);
		put(out, curves, curve_names[i], curve);
	}
	return curves;
}

static json_t *histogram_json(struct json_out *out, const struct scope *curves)
{
	json_t *histogram = json_array();

	for (size_t i = 0; i < curves->levels_cnt; i++) {
		json_t *level = json_object();

		put_number(out, level, "level", i);
		put_number(out, level, "ns", curves->level_ns[i]);
		append(out, histogram, level);
	}
	return histogram;
}

/* What the whole run and a process have in common. */
static void scope_put(struct json_out *out, json_t *object, const struct report_scope *scope)
{
	put_number(out, object, "wall_ns", scope->wall_ns);
	put_number(out, object, "active_ns", scope->curves->active_ns);
	put_number(out, object, "any_on_core_ns", scope->curves->any_on_core_ns);
	put_number(out, object, "sampled_ns", scope->sampled_ns);
	put(out, object, "curves", curves_json(out, scope));
	put(out, object, "states", states_json(out, scope->state_ns));
	put(out, object, "histogram", histogram_json(out, scope->curves));
}

static json_t *process_json(struct json_out *out, const struct report_process *row)
{
	const struct process *process = row->process;
	json_t *object = json_object();

	put_number(out, object, "id", process->id);
	put_number(out, object, "pid", process->pid);
	put_text(out, object, "comm", row->comm);
	put_number(out, object, "threads", row->threads_cnt);
	put_number(out, object, "birth_ns", process->birth_ns);
	put_number(out, object, "death_ns", process->death_ns);
	put_number(out, object, "run_ns", row->on_core_ns);
	put_number(out, object, "gil_pending_ns", process->gil_pending_ns);
	scope_put(out, object, &row->scope);
	return object;
}

static json_t *thread_json(struct json_out *out, const struct report_thread *row)
{
	const struct thread *thread = row->thread;
	json_t *object = json_object();

	put_number(out, object, "id", thread->id);
	put_number(out, object, "process", thread->process->id);
	put_number(out, object, "tid", thread->tid);
	put_number(out, object, "pid", thread->pid);
	put_text(out, object, "comm", thread->comm);
	put_number(out, object, "birth_ns", thread->birth_ns);
	put_number(out, object, "death_ns", thread->death_ns);
	put_bool(out, object, "birth_lost", thread->birth_lost);
	put_bool(out, object, "left_alive", thread->left_alive);
	put(out, object, "states", states_json(out, row->state_ns));
	put_number(out, object, "sampled_ns", row->sampled_ns);
	put_number(out, object, "run_ns", thread->on_core_ns);
	put_maybe(out, object, "kernel_run_ns", thread->has_usage, thread->kernel_run_ns);
	put_maybe(out, object, "kernel_delay_ns", thread->has_usage, thread->kernel_delay_ns);
	put_number(out, object, "gil_wait_episode_ns", thread->gil_wait.total_ns);
	put_number(out, object, "gil_waits", thread->gil_wait.cnt);
	put_maybe(out, object, "gil_hold_episode_ns", thread->exact.ever, thread->gil_hold.total_ns);
	put_maybe(out, object, "gil_holds", thread->exact.ever, thread->gil_hold.cnt);
	put_number(out, object, "lock_wait_episode_ns", thread->lock_wait.total_ns);
	put_number(out, object, "lock_waits", thread->lock_wait.cnt);
	put_number(out, object, "gil_held_off_core_ns", thread->gil_held_off_core_ns);
	put_number(out, object, "switches", thread->switch_outs);
	put_number(out, object, "switch_ins", thread->switch_ins);
	put_number(out, object, "idle_switch_ins", thread->idle_switch_ins);
	put_number(out, object, "woken_switch_ins", thread->woken_switch_ins);
	put_number(out, object, "migrations", thread->migrations);
	put_maybe(out, object, "exit_code", thread->has_exit, thread->exit_code);
	return object;
}

static json_t *core_json(struct json_out *out, const struct report_core *core)
{
	json_t *object = json_object(), *guests = json_array();

	put_number(out, object, "core", core->core);
	put_number(out, object, "ours_ns", core->ours_ns);
	put_number(out, object, "true_ns", core->true_ns);
	put_number(out, object, "spin_ns", core->spin_ns);
	put_number(out, object, "other_ns", core->other_ns);
	put_number(out, object, "idle_ns", core->idle_ns);
	put_number(out, object, "unknown_ns", core->unknown_ns);
	put_number(out, object, "steal_ns", core->steal_ns);
	for (size_t i = 0; i < REPORT_GUESTS && core->guests[i].ns; i++) {
		json_t *guest = json_object();

		put_number(out, guest, "pid", core->guests[i].pid);
		put_text(out, guest, "comm", core->guests[i].comm ? core->guests[i].comm : "");
		put_number(out, guest, "ns", core->guests[i].ns);
		append(out, guests, guest);
	}
	put(out, object, "others", guests);
	return object;
}

static json_t *idle_json(struct json_out *out, const struct report_idle *idle)
{
	json_t *object = json_object();

	put_number(out, object, "total_ns", idle->idle_ns);
	put_number(out, object, "work_ready_ns", idle->ready_ns);
	put_number(out, object, "threads_waiting_ns", idle->waiting_ns);
	put_number(out, object, "no_threads_ns", idle->nobody_ns);
	put(out, object, "waiting", states_json(out, idle->wait_ns));
	return object;
}

static json_t *gil_json(struct json_out *out, const struct gil_count *gil)
{
	json_t *object = json_object();

	put_number(out, object, "id", gil->id);
	put_number(out, object, "process", gil->process);
	put_number(out, object, "address", gil->address);
	put_number(out, object, "run_ns", gil->run_ns);
	put_number(out, object, "doubled_ns", gil->doubled_ns);
	put_number(out, object, "peeks", gil->peeks);
	put_number(out, object, "switches_seen", gil->seen);
	put_number(out, object, "switches_missed", gil->missed);
	put_number(out, object, "takes", gil->takes);
	put_number(out, object, "changes", gil->changes);
	put_number(out, object, "requests", gil->requests);
	return object;
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

/* All but the processes and threads. */
static json_t *facts_json(struct json_out *out, const struct report *report, const char *file)
{
	json_t *cores = json_array(), *calls = json_array(), *gils = json_array();
	json_t *root = json_object();

	run_put(out, root, report, file);
	scope_put(out, root, &report->tree);
	for (size_t i = 0; i < report->cores_cnt; i++)
		append(out, cores, core_json(out, &report->cores[i]));
	for (size_t i = 0; i < report->calls_cnt; i++)
		append(out, calls, call_json(out, &report->calls[i]));
	for (size_t i = 0; i < report->gils_cnt; i++)
		append(out, gils, gil_json(out, report->gils[i]));
	put(out, root, "cores", cores);
	put(out, root, "gils", gils);
	put(out, root, "idle", idle_json(out, &report->idle));
	put(out, root, "waits_by_call", calls);
	put(out, root, "quality", quality_json(out, report));
	for (size_t i = 0; sections[i]; i++)
		put(out, root, sections[i]->name, sections[i]->json(out, report));
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

static void processes_dump(struct json_out *out, const struct report *report, FILE *to)
{
	fputs(",\n \"processes\": [", to);
	for (size_t i = 0; i < report->processes_listed && !out->failed && !ferror(to); i++) {
		fputs(i ? ",\n  " : "\n  ", to);
		dump(out, process_json(out, &report->processes[i]), 0, to);
	}
	fputs("\n ]", to);
}

static void threads_dump(struct json_out *out, const struct report *report, FILE *to)
{
	fputs(",\n \"threads\": [", to);
	for (size_t i = 0; i < report->threads_listed && !out->failed && !ferror(to); i++) {
		fputs(i ? ",\n  " : "\n  ", to);
		dump(out, thread_json(out, &report->threads[i]), 0, to);
	}
	fputs("\n ]", to);
}

int render_json(const struct report *report, const char *file, FILE *out)
{
	struct json_out state = { 0 };
	json_t *facts = facts_json(&state, report, file);

	fputs("{", out);
	dump(&state, facts, JSON_INDENT(1) | JSON_EMBED, out);
	if (!state.failed)
		processes_dump(&state, report, out);
	if (!state.failed)
		threads_dump(&state, report, out);
	fputs("\n}\n", out);
	return state.failed ? -ENOMEM : 0;
}
