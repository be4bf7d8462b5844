/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes hand-made records with the library's own writer to a file in memory.
 */
#include "tests/support/tb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/array.h"
#include "analyzer/render.h"
#include "trace/reader.h"
#include "trace/writer.h"

void tb_init(struct tb *tb, const char *cores)
{
	*tb = (struct tb){ .cores = cores, .command = "prog" };
}

void tb_free(struct tb *tb)
{
	report_clear(&tb->report);
	analysis_clear(&tb->analysis);
	trace_reader_free(tb->reader);
	free(tb->image);
	free(tb->records);
	*tb = (struct tb){ 0 };
}

void tb_reset(struct tb *tb)
{
	const char *cores = tb->cores;

	tb_free(tb);
	tb_init(tb, cores);
}

int tb_setup(void **state)
{
	static struct tb tb;

	tb_init(&tb, *state);
	*state = &tb;
	return 0;
}

int tb_setup_exec(void **state)
{
	tb_setup(state);
	tb_exec(*state, 1000, 0, 1);
	return 0;
}

int tb_teardown(void **state)
{
	tb_free(*state);
	return 0;
}

struct trace_record *tb_add(struct tb *tb, uint64_t ts_ns, uint32_t stream, uint32_t kind)
{
	struct trace_record *record;

	assert_int_equal(array_reserve(&tb->records, &tb->cap, tb->cnt + 1, sizeof(*record)), 0);
	record = &tb->records[tb->cnt++];
	*record = (struct trace_record){ .ts_ns = ts_ns, .stream = stream, .kind = kind };
	return record;
}

static struct trace_bytes bytes_of(const char *text)
{
	return (struct trace_bytes){ text, strlen(text) };
}

struct trace_thread *tb_thread(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t parent,
			       uint64_t id, uint64_t process)
{
	struct trace_thread *thread = &tb_add(tb, ts_ns, core, TRACE_THREAD)->thread;

	thread->id = id;
	thread->parent = parent;
	thread->process = process;
	thread->tid = 1000 + id;
	thread->pid = 1000 + process;
	thread->comm = bytes_of("thread");
	return thread;
}

struct trace_exec *tb_exec(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t id)
{
	struct trace_exec *exec;

	tb_thread(tb, ts_ns, core, 0, id, id);
	exec = &tb_add(tb, ts_ns, core, TRACE_EXEC)->exec;
	exec->thread = id;
	exec->tid = 1000 + id;
	exec->comm = bytes_of("prog");
	return exec;
}

void tb_second(struct tb *tb, uint64_t process)
{
	tb_thread(tb, 2000, 0, 1, 2, process);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
}

struct trace_sched_switch *tb_switch(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t prev,
				     enum trace_how how, uint64_t next)
{
	struct trace_sched_switch *sw = &tb_add(tb, ts_ns, core, TRACE_SWITCH)->sched_switch;

	sw->prev = prev;
	sw->how = how;
	sw->next = next;
	return sw;
}

struct trace_sched_switch *tb_block(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t prev,
				    uint64_t nr, uint64_t arg0, uint64_t arg1)
{
	struct trace_sched_switch *sw = tb_switch(tb, ts_ns, core, prev, TRACE_HOW_BLOCKED, 0);

	sw->sysno = 1 + nr;
	sw->arg0 = arg0;
	sw->arg1 = arg1;
	return sw;
}

struct trace_waking *tb_waking(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t waker,
			       uint64_t wakee, uint64_t nr, uint64_t arg0, uint64_t arg1)
{
	struct trace_waking *waking = &tb_add(tb, ts_ns, core, TRACE_WAKING)->waking;

	waking->waker = waker;
	waking->wakee = wakee;
	waking->sysno = 1 + nr;
	waking->arg0 = arg0;
	waking->arg1 = arg1;
	return waking;
}

struct trace_sample *tb_sample(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t thread)
{
	struct trace_sample *sample = &tb_add(tb, ts_ns, core, TRACE_SAMPLE)->sample;

	sample->thread = thread;
	return sample;
}

void tb_gap(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t first_ns, uint64_t last_ns,
	    uint64_t cnt)
{
	struct trace_gap *gap = &tb_add(tb, ts_ns, core, TRACE_GAP)->gap;

	gap->first = first_ns;
	gap->last = last_ns;
	gap->count = cnt;
}

void tb_end(struct tb *tb, uint64_t ts_ns, enum trace_end_reason reason)
{
	size_t cnt = tb->cnt;
	uint32_t cores = 0;

	for (size_t i = 0; i < cnt; i++)
		if (tb->records[i].stream < 64 && tb->records[i].stream >= cores)
			cores = tb->records[i].stream + 1;
	for (uint32_t core = 0; core < cores; core++) {
		struct trace_tally tally = { .core = core };

		for (size_t i = 0; i < cnt; i++) {
			const struct trace_record *record = &tb->records[i];

			if (record->stream == core && record->kind == TRACE_GAP)
				tally.lost += record->gap.count;
			else if (record->stream == core && record->kind != TRACE_PROGRAM)
				tally.counted++;
		}
		tally.counted += tally.lost;
		tb_add(tb, ts_ns, TRACE_STREAM_COLLECTOR, TRACE_TALLY)->tally = tally;
	}
	tb_add(tb, ts_ns, TRACE_STREAM_COLLECTOR, TRACE_END)->end.reason = reason;
}

void tb_both_die(struct tb *tb, uint64_t ts_ns)
{
	tb_switch(tb, ts_ns, 0, 1, TRACE_HOW_DEAD, 0);
	tb_switch(tb, ts_ns, 1, 2, TRACE_HOW_DEAD, 0);
	tb_end(tb, ts_ns + 50, TRACE_END_TREE);
}

struct trace_gil *tb_gil(struct tb *tb, uint64_t ts_ns, uint32_t stream, uint64_t id, uint64_t process)
{
	struct trace_gil *gil = &tb_add(tb, ts_ns, stream, TRACE_GIL)->gil;

	gil->id = id;
	gil->process = process;
	return gil;
}

void tb_gil_step(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t thread, uint64_t gil,
		 enum trace_gil_op op)
{
	struct trace_gilop *gilop = &tb_add(tb, ts_ns, core, TRACE_GILOP)->gilop;

	gilop->thread = thread;
	gilop->gil = gil;
	gilop->op = op;
}

/* By time; equal times as they were added. */
static void records_sort(struct tb *tb)
{
	for (size_t i = 1; i < tb->cnt; i++) {
		struct trace_record record = tb->records[i];
		size_t at = i;

		for (; at && tb->records[at - 1].ts_ns > record.ts_ns; at--)
			tb->records[at] = tb->records[at - 1];
		tb->records[at] = record;
	}
}

static void stream_write(const struct tb *tb, struct trace_writer *writer, uint32_t stream)
{
	struct trace_builder *builder;
	struct trace_block *block;
	int full = 0;

	assert_int_equal(trace_builder_new(stream, &builder), 0);
	for (size_t i = 0; i <= tb->cnt; i++) {
		if (i < tb->cnt && tb->records[i].stream != stream)
			continue;
		if (full || i == tb->cnt) {
			assert_int_equal(trace_builder_seal(builder, i == tb->cnt, &block), 0);
			if (block)
				assert_int_equal(trace_writer_put(writer, block), 0);
			free(block);
		}
		if (i < tb->cnt) {
			full = trace_builder_add(builder, &tb->records[i]);
			assert_true(full >= 0);
		}
	}
	trace_builder_free(builder);
}

static void file_write(const struct tb *tb, int fd)
{
	const struct trace_fact facts[] = {
		{ "cores", tb->cores, strlen(tb->cores) },
		{ "command", tb->command, strlen(tb->command) + 1 },
		{ "machine", "x86_64", 6 },
		{ "clock", "monotonic", 9 },
	};
	struct trace_writer *writer;
	uint32_t stream = 0;

	assert_int_equal(trace_writer_new(fd, facts, ARRAY_SIZE(facts), &writer), 0);
	for (; stream <= TRACE_STREAM_COLLECTOR; stream++) {
		bool any = false;

		for (size_t i = 0; i < tb->cnt && !any; i++)
			any = tb->records[i].stream == stream;
		if (any)
			stream_write(tb, writer, stream);
		/* Tests use few cores. */
		if (stream == 64)
			stream = TRACE_STREAM_COLLECTOR - 1;
	}
	assert_int_equal(trace_writer_finish(writer), 0);
	trace_writer_free(writer);
}

void tb_open(struct tb *tb)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	off_t len;

	assert_true(fd >= 0);
	records_sort(tb);
	file_write(tb, fd);
	len = lseek(fd, 0, SEEK_END);
	assert_true(len > (off_t)tb->cut_bytes);
	tb->image_len = (size_t)len - tb->cut_bytes;
	tb->image = malloc(tb->image_len);
	assert_non_null(tb->image);
	assert_int_equal(pread(fd, tb->image, tb->image_len, 0), tb->image_len);
	close(fd);
	assert_int_equal(trace_reader_open_memory(tb->image, tb->image_len, &tb->reader, NULL), 0);
}

int tb_try(struct tb *tb)
{
	tb_open(tb);
	return analysis_run(&tb->analysis, tb->reader);
}

void tb_analyze(struct tb *tb)
{
	int err = tb_try(tb);

	if (err)
		print_error("%s\n", tb->analysis.identity.broken);
	assert_int_equal(err, 0);
	assert_int_equal(report_make(&tb->report, &tb->analysis, &(struct report_filter){ 0 }), 0);
}

const struct report_thread *tb_row(const struct tb *tb, uint64_t id)
{
	for (size_t i = 0; i < tb->report.threads_listed; i++)
		if (tb->report.threads[i].thread->id == id)
			return &tb->report.threads[i];
	fail_msg("no thread %d in the report", (int)id);
	return NULL;
}

uint64_t tb_state(const struct tb *tb, uint64_t id, enum thread_state state)
{
	return tb_row(tb, id)->state_ns[state];
}

char *tb_text(const struct tb *tb, int utf8)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(render_text(&tb->report, "dir/prog.plx", (struct style){ utf8 }, out), 0);
	fclose(out);
	return text;
}

char *tb_json(const struct tb *tb)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(render_json(&tb->report, "dir/prog.plx", out), 0);
	fclose(out);
	return text;
}
