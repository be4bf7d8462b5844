/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the header's facts, and keeps the names of programs that are not traced.
 */
#include "analyzer/run.h"

#include <stdlib.h>


static const char *fact_text(const struct trace_reader *reader, const char *key)
{
	const char *text = trace_reader_fact(reader, key, NULL);

	return text ? text : "";
}

static uint64_t fact_number(const struct trace_reader *reader, const char *key)
{
	return strtoull(fact_text(reader, key), NULL, 10);
}

void run_init(struct run *run, const struct trace_reader *reader, uint32_t cores_min)
{
	uint64_t cores = fact_number(reader, "cores");

	*run = (struct run){ 0 };
	run->machine = fact_text(reader, "machine");
	run->kernel = fact_text(reader, "kernel");
	run->hostname = fact_text(reader, "hostname");
	run->tool = fact_text(reader, "tool");
	run->command = trace_reader_fact(reader, "command", &run->command_len);
	if (!run->command) {
		run->command = "";
		run->command_len = 0;
	}
	run->start_realtime_ns = fact_number(reader, "start_realtime_ns");
	run->gil_watch = fact_text(reader, "gil");
	run->probe_hit_ns = fact_number(reader, "probe_hit_ns");
	/* A header that claims more cores than there are stream numbers is not believed. */
	if (cores >= TRACE_STREAM_COLLECTOR)
		cores = 0;
	run->cores_cnt = cores > cores_min ? (uint32_t)cores : cores_min;
	run->cut = trace_reader_cut(reader);
}

int run_program_add(struct run *run, const struct trace_program *record)
{
	struct program *program;
	int made = idmap_item(&run->program_ids, record->id, IDMAP_LIST(run, programs), &program);

	if (made < 0)
		return made;
	program->id = record->id;
	program->pid = record->pid;
	name_copy(program->comm, &record->comm);
	return 0;
}

const struct program *run_program(const struct run *run, uint64_t id)
{
	return idmap_get(&run->program_ids, id);
}

uint64_t run_share_ns(const struct run *run, uint64_t ns)
{
	uint64_t whole_ns = run->whole_end_ns - run->whole_start_ns;

	if (!run->windowed || !whole_ns)
		return ns;
	return (uint64_t)((unsigned __int128)ns * (run->end_ns - run->start_ns) / whole_ns);
}

void run_clear(struct run *run)
{
	for (size_t i = 0; i < run->programs_cnt; i++)
		free(run->programs[i]);
	free(run->programs);
	idmap_clear(&run->program_ids);
	*run = (struct run){ 0 };
}
