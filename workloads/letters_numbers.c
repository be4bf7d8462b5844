// SPDX-License-Identifier: BSD-2-Clause
/*
 * letters_numbers: a thread that writes letters and one that writes numbers, in turns: a1b2c3...
 *
 * Each has an Event, which the other sets when it has written. Whatever the scheduler and the GIL do,
 * the text is the same; if it is not, the run fails. With more threads they stand in a ring, letters
 * and numbers alternately.
 */

#include <errno.h>
#include <stdlib.h>

#include "workloads/gilrt/event.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

struct writer {
	struct script *script;
	unsigned int number;		/* in the ring; the even ones write letters */
	struct gilrt_event *turn;	/* its own */
	struct gilrt_event *next;	/* of the one after it, borrowed */
	struct gilrt_work work;
	uint64_t written_cnt;
};

/* Belongs to whose turn it is. */
struct script {
	const struct workload *workload;
	struct writer *writers;
	char *text;
	size_t size, capacity;
	_Atomic bool over;
	int err;
};

static struct truth_counter counters[] = {
	{ .name = "letters" },
	{ .name = "numbers" },
};

static int script_append(struct script *script, char c)
{
	size_t capacity = script->capacity ? 2 * script->capacity : 4096;
	char *text;

	if (script->size == script->capacity) {
		text = realloc(script->text, capacity);
		if (!text)
			return -ENOMEM;
		script->text = text;
		script->capacity = capacity;
	}
	script->text[script->size++] = c;
	return 0;
}

static int write_one(struct writer *writer)
{
	const unsigned int ring = writer->script->workload->options.thread_cnt;
	const uint64_t pair = (writer->number + writer->written_cnt * ring) / 2;
	char c;

	if (writer->number % 2)
		c = (char)('0' + (pair + 1) % 10);
	else
		c = (char)('a' + pair % 26);
	gilrt_work_feed(&writer->work, (uint64_t)c);
	gilrt_work_run(&writer->work, 1);
	writer->written_cnt++;
	return script_append(writer->script, c);
}

/* Returns false at the end, which goes round like any turn. The first of the ring watches the time. */
static bool take_turn(struct writer *writer)
{
	struct script *script = writer->script;
	int err;

	err = gilrt_event_wait(writer->turn, GILRT_FOREVER);
	gilrt_event_clear(writer->turn);
	if (writer->number == 0 && workload_is_over(script->workload, writer->written_cnt))
		script->over = true;
	if (!err && !script->over)
		err = write_one(writer);
	if (err) {
		script->err = err;
		script->over = true;
	}
	gilrt_event_set(writer->next);
	return !script->over;
}

static void run(void *arg)
{
	struct writer *writer = arg;

	while (take_turn(writer))
		;
	gilrt_thread_add_work(writer->work.unit_cnt, gilrt_work_checksum(&writer->work));
}

/* A ring that lacks someone cannot turn: all are told at once. */
static void begin(void *arg, unsigned int writer_cnt)
{
	struct script *script = arg;
	unsigned int i;

	if (writer_cnt == script->workload->options.thread_cnt) {
		gilrt_event_set(script->writers[0].turn);
		return;
	}
	script->over = true;
	for (i = 0; i < writer_cnt; i++)
		gilrt_event_set(script->writers[i].turn);
}

static int prepare(struct workload *workload, void *workers)
{
	const unsigned int writer_cnt = workload->options.thread_cnt;
	static struct script script;
	struct writer *writers = workers;
	unsigned int i;
	int err;

	workload->shared = &script;
	script.workload = workload;
	script.writers = writers;
	for (i = 0; i < writer_cnt; i++) {
		writers[i].script = &script;
		writers[i].number = i;
		gilrt_work_init(&writers[i].work, workload->options.seed + (uint64_t)i);
		err = gilrt_event_create(&writers[i].turn);
		if (err)
			return err;
	}
	for (i = 0; i < writer_cnt; i++)
		writers[i].next = writers[(i + 1) % writer_cnt].turn;
	return 0;
}

static bool script_is_right(const struct script *script)
{
	size_t i;

	for (i = 0; i < script->size; i++)
		if (script->text[i] != (i % 2 ? "1234567890"[i / 2 % 10] : 'a' + (char)(i / 2 % 26)))
			return false;
	return true;
}

static int finish(struct workload *workload, void *workers)
{
	const struct script *script = workload->shared;
	const struct writer *writers = workers;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++)
		counters[i % 2].value += writers[i].written_cnt;
	if (script->err)
		return script->err;
	return script_is_right(script) ? 0 : -EPROTO;
}

static void clean_up(struct workload *workload, void *workers)
{
	const struct script *script = workload->shared;
	const struct writer *writers = workers;
	unsigned int i;

	for (i = 0; i < workload->options.thread_cnt; i++)
		gilrt_event_destroy(writers[i].turn);
	free(script->text);
}

static void set_defaults(struct workload_options *options)
{
	options->thread_cnt = 2;
}

static const struct program program = {
	.name = "letters_numbers",
	.doc = "Two threads that write letters and numbers in turns, or more that do so in a ring; "
	       "--threads has to be even. A round is a character by one thread.",
	.task = "write letters and numbers in turns",
	.worker_size = sizeof(struct writer),
	.threads_multiple = 2,
	.set_defaults = set_defaults,
	.prepare = prepare,
	.run = run,
	.meanwhile = begin,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
