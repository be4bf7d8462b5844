/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wires reader, timeline and sinks together.
 */
#include "analyzer/analysis.h"

#include "analyzer/array.h"

static int records_read(struct analysis *analysis, struct trace_reader *reader)
{
	struct trace_record record;
	int err;

	while ((err = trace_reader_next(reader, &record)) > 0) {
		err = quality_record(&analysis->quality, &record);
		if (!err)
			err = timeline_record(&analysis->timeline, &record);
		if (err)
			return err;
	}
	return err;
}

/* What they need of each other. */
static void sinks_link(struct analysis *analysis)
{
	struct identity *identity = &analysis->identity;

	analysis->tally.identity = identity;
	analysis->curves.identity = identity;
	analysis->cores.identity = identity;
	analysis->stack.identity = identity;
	analysis->stack.cores = &analysis->cores;
	analysis->phases.identity = identity;
	analysis->phases.curves = &analysis->curves;
	analysis->room.identity = identity;
	analysis->room.cores = &analysis->cores;
	analysis->room.prescan = &analysis->prescan;
	analysis->room.trust = &analysis->trust;
	analysis->gil.identity = identity;
	analysis->gil.gils = &analysis->timeline.gils;
	analysis->gil.people = &analysis->people;
	analysis->runqueue.identity = identity;
	analysis->runqueue.groups = &analysis->groups;
	analysis->runqueue.run = &analysis->run;
	analysis->gil.trust = &analysis->trust;
	analysis->trust.prescan = &analysis->prescan;
	analysis->trust.cores = &analysis->cores;
	analysis->trust.stack = &analysis->stack;
	analysis->span.identity = identity;
	analysis->span.gils = &analysis->timeline.gils;
	analysis->locks.identity = identity;
	analysis->locks.cores = &analysis->cores;
	analysis->locks.tally = &analysis->tally;
	analysis->bottles.identity = identity;
	analysis->bottles.groups = &analysis->groups;
	analysis->blame.identity = identity;
	analysis->blame.history = &analysis->history;
	analysis->blame.groups = &analysis->groups;
	analysis->blame.people = &analysis->people;
	analysis->blame.gil_uses = &analysis->gil;
	analysis->waitgraph.blame = &analysis->blame;
	analysis->waitgraph.words = &analysis->timeline.words;
	analysis->path.identity = identity;
	analysis->quality.window = &analysis->people.window;
}

/* Those that need the whole history before they begin. */
static int history_analyze(struct analysis *analysis)
{
	int err = locks_look_back(&analysis->locks, &analysis->history, &analysis->people);

	if (!err)
		err = path_find(&analysis->path, &analysis->history, &analysis->run, &analysis->people);
	if (!err)
		err = predict_make(&analysis->predict, &analysis->history, &analysis->people,
				   &analysis->groups, &analysis->cores, &analysis->span,
				   &analysis->run);
	return err;
}

static int records_analyze(struct analysis *analysis, struct trace_reader *reader,
			   const struct sink_use *sinks, size_t sinks_cnt)
{
	int err = timeline_init(&analysis->timeline, &analysis->run, &analysis->people,
				&analysis->prescan, sinks, sinks_cnt);

	if (!err)
		err = records_read(analysis, reader);
	if (!err)
		err = timeline_finish(&analysis->timeline);
	return err;
}

/* The sinks see a part of the run, and so do all who come after them. */
static int window_analyze(struct analysis *analysis, struct trace_reader *reader)
{
	struct run *run = &analysis->run;
	int err = records_analyze(analysis, reader, &(struct sink_use){
		&window_sink, &analysis->window }, 1);

	if (!run->started)
		return err;
	run->windowed = true;
	run->whole_start_ns = run->start_ns;
	run->whole_end_ns = run->end_ns;
	run->start_ns = analysis->window.run.start_ns;
	run->end_ns = analysis->window.run.end_ns;
	return err;
}

int analysis_run_with(struct analysis *analysis, struct trace_reader *reader,
		      const struct analysis_setup *setup)
{
	const struct sink_use sinks[] = {
		{ &tally_sink, &analysis->tally },
		{ &curves_sink, &analysis->curves },
		{ &cores_sink, &analysis->cores },
		{ &stack_sink, &analysis->stack },
		{ &phases_sink, &analysis->phases },
		{ &room_sink, &analysis->room },
		{ &gils_sink, &analysis->timeline.gils },
		{ &gil_sink, &analysis->gil },
		{ &history_sink, &analysis->history },
		{ &span_sink, &analysis->span },
		{ &locks_sink, &analysis->locks },
		{ &groups_sink, &analysis->groups },
		{ &runqueue_sink, &analysis->runqueue },
		{ &bottle_sink, &analysis->bottles },
		{ &predict_sink, &analysis->predict },
		{ &blame_sink, &analysis->blame },
		{ &waitgraph_sink, &analysis->waitgraph },
		{ &trust_sink, &analysis->trust },
	};
	int err;

	*analysis = (struct analysis){ .predict = { .gil_cost_permille = setup->gil_cost_permille } };
	sinks_link(analysis);
	err = prescan_read(&analysis->prescan, reader);
	if (!err)
		err = trace_reader_rewind(reader);
	if (err)
		return err;
	run_init(&analysis->run, reader, analysis->prescan.cores_cnt);
	if (analysis->run.cut)
		err = prescan_cut(&analysis->prescan, analysis->run.cores_cnt);
	if (err)
		return err;
	if (setup->window) {
		analysis->window.wanted = *setup->window;
		analysis->window.people = &analysis->people;
		analysis->window.sinks = sinks;
		analysis->window.sinks_cnt = ARRAY_SIZE(sinks);
		err = window_analyze(analysis, reader);
	} else {
		err = records_analyze(analysis, reader, sinks, ARRAY_SIZE(sinks));
	}
	return err ? err : history_analyze(analysis);
}

int analysis_run(struct analysis *analysis, struct trace_reader *reader)
{
	return analysis_run_with(analysis, reader, &(struct analysis_setup){ 0 });
}

void analysis_clear(struct analysis *analysis)
{
	timeline_clear(&analysis->timeline);
	window_clear(&analysis->window);
	quality_clear(&analysis->quality);
	stack_clear(&analysis->stack);
	cores_clear(&analysis->cores);
	trust_clear(&analysis->trust);
	path_clear(&analysis->path);
	predict_clear(&analysis->predict);
	room_clear(&analysis->room);
	span_clear(&analysis->span);
	gil_uses_clear(&analysis->gil);
	runqueue_clear(&analysis->runqueue);
	history_clear(&analysis->history);
	locks_clear(&analysis->locks);
	bottle_clear(&analysis->bottles);
	blame_clear(&analysis->blame);
	waitgraph_clear(&analysis->waitgraph);
	groups_clear(&analysis->groups);
	tally_clear(&analysis->tally);
	curves_clear(&analysis->curves);
	people_clear(&analysis->people);
	run_clear(&analysis->run);
	prescan_clear(&analysis->prescan);
}
