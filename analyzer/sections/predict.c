/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a change would gain: one line for each replay, as a factor of the run's time.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/analysis.h"
#include "analyzer/sections/section.h"
#include "analyzer/words.h"
#include "analyzer/wrap.h"

static const char *const kind_names[] = {
	[PREDICTION_GIL] = "gil_removed",
	[PREDICTION_LOCK] = "lock_removed",
	[PREDICTION_CORES] = "cores",
	[PREDICTION_HALF] = "work_halved",
};

static const struct predict *predict_of(const struct report *report)
{
	return &report->analysis->predict;
}

static bool any(const struct report *report)
{
	return predict_of(report)->predictions_cnt > 0;
}

static const char *process_name(const struct process *process)
{
	return process->leader ? process->leader->comm : "";
}

static struct text label(const struct prediction *prediction, struct style style)
{
	struct text text = { "" }, name;

	switch (prediction->kind) {
	case PREDICTION_GIL:
		if (!prediction->process)
			return (struct text){ "without a GIL" };
		name = format_name(process_name(prediction->process), 20, style);
		snprintf(text.s, sizeof(text.s), "without the GIL of %.60s %" PRIu64, name.s,
			 prediction->process->pid);
		break;
	case PREDICTION_LOCK:
		name = format_name(process_name(prediction->word->process), 15, style);
		snprintf(text.s, sizeof(text.s), "lock 0x%" PRIx64 " of %.45s lets all in",
			 prediction->word->address, name.s);
		break;
	case PREDICTION_CORES:
		snprintf(text.s, sizeof(text.s), "on %.60s",
			 format_noun(prediction->cores, "core", "cores").s);
		break;
	case PREDICTION_HALF:
		name = format_name(prediction->member->comm, 20, style);
		snprintf(text.s, sizeof(text.s), "half the work of %.60s",
			 prediction->members_cnt == 1 ? name.s : "");
		if (prediction->members_cnt > 1)
			snprintf(text.s, sizeof(text.s), "half the work of %.50s and %" PRIu32 " like it",
				 name.s, prediction->members_cnt - 1);
		break;
	}
	return text;
}

/* The run's own time, changed as the replay's was. */
static uint64_t wall_of(const struct predict *predict, const struct prediction *prediction,
			uint64_t wall_ns)
{
	if (!predict->base.wall_ns)
		return wall_ns;
	return (uint64_t)((unsigned __int128)wall_ns * prediction->result.wall_ns / predict->base.wall_ns);
}

static void trust_text(const struct report *report, struct style style, FILE *out)
{
	const struct predict *predict = predict_of(report);
	uint64_t own_ns = predict_own_ns(predict);
	char line[400];
	size_t len;

	len = (size_t)snprintf(line, sizeof(line), "Replayed with nothing changed it takes %s, recorded were %s",
			       format_time(predict->base.wall_ns, style).s,
			       format_time(own_ns, style).s);
	if (own_ns != predict->base.recorded_ns)
		len += (size_t)snprintf(line + len, sizeof(line) - len, " without the share of other programs");
	len += (size_t)snprintf(line + len, sizeof(line) - len, ": %s apart.",
				format_percent(predict_error_ns(predict), own_ns).s);
	if (!predict->whole)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
					" Of the first %s changes and wakings only.",
					format_count(PREDICT_ENTRIES).s);
	if (predict->unknown_ns)
		snprintf(line + len, sizeof(line) - len,
			 " Of the threads' time %s is unknown, and taken to stay as it was.",
			 format_percent(predict->unknown_ns, predict->life_ns).s);
	wrap_print("  ", line, out);
}

static int text(const struct report *report, struct style style, FILE *out)
{
	const struct predict *predict = predict_of(report);
	struct table *table = table_new("nrrl");
	int err = table ? table_cells(table, (const char *const[]){ "change", "times as fast", "takes",
							  "", NULL }) : -ENOMEM;

	for (size_t i = 0; !err && i < predict->predictions_cnt; i++) {
		const struct prediction *prediction = &predict->predictions[i];

		err = table_cells(table, (const char *const[]){
			label(prediction, style).s,
			format_average(predict->base.wall_ns, prediction->result.wall_ns).s,
			format_time(wall_of(predict, prediction, report->tree.wall_ns), style).s,
			prediction->result.held_back ? "or less" : "", NULL });
	}
	if (!err) {
		table_print(table, style, "  ", out);
		trust_text(report, style, out);
	}
	table_free(table);
	return err;
}

static json_t *prediction_json(struct json_out *out, const struct report *report,
			       const struct prediction *prediction)
{
	json_t *object = json_object();

	put_text(out, object, "change", kind_names[prediction->kind]);
	put_maybe(out, object, "process", prediction->process, prediction->process ?
		  prediction->process->id : 0);
	put_maybe(out, object, "lock_address", prediction->word, prediction->word ?
		  prediction->word->address : 0);
	put_maybe(out, object, "lock_process", prediction->word, prediction->word ?
		  prediction->word->process->id : 0);
	put_maybe(out, object, "cores", prediction->cores, prediction->cores);
	put_maybe(out, object, "thread", prediction->member, prediction->member ?
		  prediction->member->id : 0);
	put_maybe(out, object, "threads_cnt", prediction->member, prediction->members_cnt);
	put_number(out, object, "replay_ns", prediction->result.wall_ns);
	put_number(out, object, "wall_ns", wall_of(predict_of(report), prediction, report->tree.wall_ns));
	put_bool(out, object, "at_least", prediction->result.held_back);
	return object;
}

static json_t *json(struct json_out *out, const struct report *report)
{
	const struct predict *predict = predict_of(report);
	json_t *object = json_object(), *rows = json_array();

	put_number(out, object, "cores_cnt", predict->cores);
	put_number(out, object, "recorded_ns", predict->base.recorded_ns);
	put_number(out, object, "own_ns", predict_own_ns(predict));
	put_number(out, object, "replay_ns", predict->base.wall_ns);
	put_number(out, object, "error_ns", predict_error_ns(predict));
	put_bool(out, object, "whole", predict->whole);
	put_number(out, object, "unknown_ns", predict->unknown_ns);
	for (size_t i = 0; i < predict->predictions_cnt; i++)
		append(out, rows, prediction_json(out, report, &predict->predictions[i]));
	put(out, object, "changes", rows);
	return object;
}

const struct section predict_section = {
	.name = "predictions",
	.says = "The same work replayed with one thing changed, other programs aside",
	.any = any,
	.text = text,
	.json = json,
};
