/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a change would gain: one line for each replay, as a factor of the run's time.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/analyses/measured.h"
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
		if (!prediction->word)
			return (struct text){ "all locks let all in" };
		name = format_name(process_name(prediction->word->process), 15, style);
		snprintf(text.s, sizeof(text.s), "lock 0x%" PRIx64 " of %.45s lets all in",
			 prediction->word->address, name.s);
		break;
	case PREDICTION_CORES:
		snprintf(text.s, sizeof(text.s), "on %.60s",
			 format_noun(prediction->cores, "core", "cores").s);
		break;
	case PREDICTION_HALF:
		name = format_name(*prediction->group->first->comm ? prediction->group->first->comm :
				   "an unnamed thread", 20, style);
		snprintf(text.s, sizeof(text.s), "half the work of %.60s", name.s);
		if (prediction->group->threads_cnt > 1)
			snprintf(text.s, sizeof(text.s), "half the work of %.40s and %zu like it",
				 name.s, prediction->group->threads_cnt - 1);
		break;
	}
	return text;
}

/* How far off such predictions were. */
static struct text error_of(const struct prediction *prediction)
{
	const struct measured *error = &measured[prediction->kind];
	struct text text = { "not measured" };

	if (error->cases_cnt)
		snprintf(text.s, sizeof(text.s), "%.20s, at most %.20s",
			 format_percent(error->median_permille, 1000).s,
			 format_percent(error->worst_permille, 1000).s);
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

static void sooner_text(const struct predict *predict, struct style style, FILE *out)
{
	for (size_t i = 0; i < predict->sooner_cnt; i++) {
		const struct predict_sooner *sooner = &predict->sooner[i];

		sentence_print(out, "  ", "Without a GIL, %s is done %s times as fast, after %s.",
			       format_name(sooner->group->name, 20, style).s,
			       format_average(sooner->base_ns, sooner->without_ns).s,
			       format_time(sooner->without_ns, style).s);
	}
}

static void trust_text(const struct report *report, struct style style, FILE *out)
{
	const struct predict *predict = predict_of(report);
	uint64_t own_ns = predict_own_ns(predict);
	char line[480];
	size_t len;

	len = (size_t)snprintf(line, sizeof(line), "Takes: all of the recorded time, changed as the replay's is.  "
			       "Replayed with nothing changed it is %s, recorded were %s",
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
	if (predict->base.kept_ns)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
					" Waits that no thread ended are taken to last as long as ever: %s of the "
					"threads' time.", format_percent(predict->base.kept_ns, predict->life_ns).s);
	if (predict->unknown_ns)
		snprintf(line + len, sizeof(line) - len, " Unknown, and taken to stay as it was: %s of it.",
			 format_percent(predict->unknown_ns, predict->life_ns).s);
	wrap_print("  ", line, out);
	if (predict->gil_cost_permille)
		sentence_print(out, "  ", "Without a GIL, work that was done under it is taken to last %s longer "
			       "(--gil-cost).", format_percent(predict->gil_cost_permille, 1000).s);
}

static int text(const struct report *report, struct style style, FILE *out)
{
	const struct predict *predict = predict_of(report);
	struct table *table = table_new("nrrll");
	int err = table ? table_cells(table, (const char *const[]){ "change", "times as fast", "takes",
							  "error of such", "", NULL }) : -ENOMEM;

	for (size_t i = 0; !err && i < predict->predictions_cnt; i++) {
		const struct prediction *prediction = &predict->predictions[i];

		err = table_cells(table, (const char *const[]){
			label(prediction, style).s,
			format_average(predict->base.wall_ns, prediction->result.wall_ns).s,
			format_time(wall_of(predict, prediction, report->tree.wall_ns), style).s,
			error_of(prediction).s,
			prediction->result.held_back ? "or less" : "", NULL });
	}
	if (!err) {
		table_print(table, style, "  ", out);
		sooner_text(predict, style, out);
		trust_text(report, style, out);
	}
	table_free(table);
	return err;
}

static json_t *prediction_json(struct json_out *out, const struct report *report,
			       const struct prediction *prediction)
{
	const struct measured *error = &measured[prediction->kind];
	json_t *object = json_object();

	put_text(out, object, "change", kind_names[prediction->kind]);
	put_maybe(out, object, "process", prediction->process, prediction->process ?
		  prediction->process->id : 0);
	put_maybe(out, object, "lock_address", prediction->word, prediction->word ?
		  prediction->word->address : 0);
	put_maybe(out, object, "lock_process", prediction->word, prediction->word ?
		  prediction->word->process->id : 0);
	put_maybe(out, object, "cores", prediction->cores, prediction->cores);
	put_maybe(out, object, "thread", prediction->group, prediction->group ?
		  prediction->group->first->id : 0);
	put_maybe(out, object, "threads_cnt", prediction->group, prediction->group ?
		  prediction->group->threads_cnt : 0);
	put_number(out, object, "replay_ns", prediction->result.wall_ns);
	put_number(out, object, "wall_ns", wall_of(predict_of(report), prediction, report->tree.wall_ns));
	put_bool(out, object, "at_least", prediction->result.held_back);
	put_number(out, object, "error_cases_cnt", error->cases_cnt);
	put(out, object, "error_median_percent", error->cases_cnt ?
	    json_real(error->median_permille / 10.0) : json_null());
	put(out, object, "error_worst_percent", error->cases_cnt ?
	    json_real(error->worst_permille / 10.0) : json_null());
	return object;
}

static json_t *sooner_json(struct json_out *out, const struct predict_sooner *sooner)
{
	json_t *object = json_object();

	put_number(out, object, "thread", sooner->group->first->id);
	put_number(out, object, "threads_cnt", sooner->group->threads_cnt);
	put_number(out, object, "replay_ns", sooner->base_ns);
	put_number(out, object, "without_ns", sooner->without_ns);
	return object;
}

static json_t *json(struct json_out *out, const struct report *report)
{
	const struct predict *predict = predict_of(report);
	json_t *object = json_object(), *rows = json_array(), *sooner = json_array();

	put_number(out, object, "cores_cnt", predict->cores);
	put_number(out, object, "recorded_ns", predict->base.recorded_ns);
	put_number(out, object, "own_ns", predict_own_ns(predict));
	put_number(out, object, "replay_ns", predict->base.wall_ns);
	put_number(out, object, "error_ns", predict_error_ns(predict));
	put_bool(out, object, "whole", predict->whole);
	put_number(out, object, "kept_ns", predict->base.kept_ns);
	put_number(out, object, "unknown_ns", predict->unknown_ns);
	put(out, object, "gil_cost_percent", json_real((double)predict->gil_cost_permille / 10));
	for (size_t i = 0; i < predict->predictions_cnt; i++)
		append(out, rows, prediction_json(out, report, &predict->predictions[i]));
	put(out, object, "changes", rows);
	for (size_t i = 0; i < predict->sooner_cnt; i++)
		append(out, sooner, sooner_json(out, &predict->sooner[i]));
	put(out, object, "sooner_without_gil", sooner);
	return object;
}

const struct section predict_section = {
	.name = "predictions",
	.says = "The same work replayed with one thing changed, other programs aside",
	.any = any,
	.text = text,
	.json = json,
};
